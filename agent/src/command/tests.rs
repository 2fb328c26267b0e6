use super::*;

const LIMIT: Duration = Duration::from_secs(30);

fn mk_line(line: &str) -> CommandSpec {
    CommandSpec::new(&Written::Line(line.into()), LIMIT)
        .unwrap()
        .unwrap()
}

fn mk_words(words: &[&str]) -> CommandSpec {
    let words = words.iter().map(ToString::to_string).collect();
    CommandSpec::new(&Written::Words(words), LIMIT)
        .unwrap()
        .unwrap()
}

#[test]
fn an_empty_command_is_none() {
    for written in [
        Written::Line(String::new()),
        Written::Line(" ".into()),
        Written::Words(vec![]),
        Written::Words(vec![" ".into()]),
    ] {
        assert_eq!(CommandSpec::new(&written, LIMIT).unwrap(), None);
    }
}

#[test]
fn a_line_goes_to_the_shell_and_a_list_does_not() {
    let prepare = |spec: CommandSpec| spec.prepare(Shell::Present).unwrap();
    assert_eq!(prepare(mk_line("foo")), ["foo"]);
    assert_eq!(prepare(mk_line("foo bar")), ["/bin/sh", "-c", "foo bar"]);
    assert_eq!(
        prepare(mk_words(&["foo bar"])),
        ["/bin/sh", "-c", "foo bar"]
    );
    assert_eq!(prepare(mk_words(&["foo", "bar baz"])), ["foo", "bar baz"]);
}

#[test]
fn commas_part_a_text_without_blanks_and_belong_to_the_shell_in_a_line() {
    let prepare = |line| mk_line(line).prepare(Shell::Present).unwrap();
    assert_eq!(prepare("pkill,-HUP,app"), ["pkill", "-HUP", "app"]);
    assert_eq!(prepare("echo a,b"), ["/bin/sh", "-c", "echo a,b"]);
}

#[tokio::test]
async fn a_command_gets_the_variables_that_its_block_lets_pass() {
    let written = Written::Words(vec![
        "/bin/sh".into(),
        "-c".into(),
        "test \"$A-$B-${HOME-none}\" = mine-given-none".into(),
    ]);
    let command = CommandSpec::new(&written, LIMIT).unwrap().unwrap();
    let given = [("A", "given"), ("B", "given")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    command.run(&given).await.unwrap_err();
    let variables = Variables {
        denylist: vec!["HOM?".into()],
        custom: vec![("A".into(), "mine".into())],
        ..Variables::default()
    };
    let command = command.with_variables(variables);
    command.run(&given).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_zero_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("fifo");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let written = Written::Words(vec!["/bin/cat".into(), fifo.display().to_string()]);
    let mk = |limit| CommandSpec::new(&written, limit).unwrap().unwrap();
    // On this clock, an hour passes while the program waits for its input.
    let error = mk(Duration::from_secs(3600)).run(&[]).await.unwrap_err();
    assert!(matches!(error, CommandError::TimedOut { .. }), "{error}");
    let command = mk(Duration::ZERO);
    let run = command.run(&[]);
    let feed = async {
        tokio::time::sleep(Duration::from_secs(100_000)).await;
        // Opens when the program has opened its side, and closes at once.
        drop(std::fs::File::options().write(true).open(&fifo).unwrap());
    };
    let (result, ()) = tokio::join!(run, feed);
    result.unwrap();
}

#[test]
fn without_a_shell_a_line_is_split_into_words() {
    let line = mk_line(r#"curl -H 'X-Vault: $yes *' -d "a b" http://127.0.0.1/reload\;"#);
    assert_eq!(
        line.prepare(Shell::Absent).unwrap(),
        [
            "curl",
            "-H",
            "X-Vault: $yes *",
            "-d",
            "a b",
            "http://127.0.0.1/reload;"
        ]
    );
}

#[test]
fn without_a_shell_what_needs_one_is_refused_with_the_ways_out() {
    for (line, culprit) in [
        ("kill -HUP $(pidof app)", '$'),
        ("a && b", '&'),
        ("a; b", ';'),
        ("a | b", '|'),
        ("a > b", '>'),
        ("cp *.pem x", '*'),
        ("echo `id`", '`'),
        ("echo \"$HOME\" x", '$'),
    ] {
        match mk_line(line).prepare(Shell::Absent) {
            Err(CommandError::NeedsShell { character, .. }) => assert_eq!(character, culprit),
            other => panic!("{line}: {other:?}"),
        }
    }
    let error = mk_line("a | b").prepare(Shell::Absent).unwrap_err();
    assert!(error.to_string().contains("-busybox"));
    assert!(mk_line("echo 'open").prepare(Shell::Absent).is_err());
}

#[tokio::test]
async fn a_command_sees_its_variables_and_its_failure_has_its_status() {
    let environment = [("VAULT_ADDR".to_owned(), "http://v".to_owned())];
    let line = mk_line("test \"$VAULT_ADDR\" = http://v || exit 3");
    line.run(&environment).await.unwrap();
    let error = line.run(&[]).await.unwrap_err();
    assert!(error.to_string().contains("exit status: 3"), "{error}");
    let error = mk_line("/no/such/program").run(&[]).await.unwrap_err();
    assert!(matches!(error, CommandError::Start { .. }), "{error}");
}

#[tokio::test]
async fn a_command_that_hangs_is_killed_at_its_limit() {
    let limit = Duration::from_millis(50);
    let written = Written::Words(vec!["sleep".into(), "1000".into()]);
    let command = CommandSpec::new(&written, limit).unwrap().unwrap();
    let error = command.run(&[]).await.unwrap_err();
    assert!(matches!(error, CommandError::TimedOut { .. }), "{error}");
}

#[tokio::test]
async fn a_command_is_killed_with_its_children() {
    let dir = tempfile::tempdir().unwrap();
    let pid_file = dir.path().join("pid");
    let line = format!(
        "sleep 1000 & echo $! > {0}.new; mv {0}.new {0}; wait",
        pid_file.display()
    );
    let command = mk_line(&line);
    let pid = tokio::select! {
        result = command.run(&[]) => panic!("ended: {result:?}"),
        pid = until(|| std::fs::read_to_string(&pid_file).ok()) => pid,
    };
    // The run was dropped: its child must be gone, or wait for its new parent to look at it.
    let stat = format!("/proc/{}/stat", pid.trim());
    until(|| match std::fs::read_to_string(&stat) {
        Ok(stat) => stat.contains(") Z").then_some(()),
        Err(_) => Some(()),
    })
    .await;
}

/// Looks again and again, for ten seconds.
async fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let search = async {
        loop {
            if let Some(found) = look() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), search)
        .await
        .unwrap()
}
