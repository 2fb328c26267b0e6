use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use super::*;

const CANARY: &str = r#"{"data":{"password":"canary"}}"#;

fn mk_state(dir: &Path, origin: &str) -> State {
    let directory = dir.join(DIRECTORY);
    let _ = fs::create_dir(&directory);
    State {
        directory: Some(directory),
        _claim: None,
        origin: origin.to_owned(),
        complained: Mutex::new(false),
    }
}

fn mk_token(text: &str) -> Token {
    Token::new(text).unwrap()
}

fn mk_request(path: &str) -> Request {
    Request::Read { path: path.into() }
}

fn mk_kept(is_leased: bool) -> Kept {
    Kept {
        body: Zeroizing::new(CANARY.to_owned()),
        since: SystemTime::now() - Duration::from_secs(30),
        path: "secret/data/app".into(),
        mount: Some(Mount {
            path: "secret/".into(),
            kind: "kv".into(),
            version: Some("2".into()),
        }),
        is_leased,
    }
}

fn files_of(state: &State) -> Vec<PathBuf> {
    let entries = fs::read_dir(state.directory.as_ref().unwrap()).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn what_is_kept_comes_back_to_the_next_process() {
    let dir = tempfile::tempdir().unwrap();
    let (token, request) = (mk_token("hvs.one"), mk_request("secret/app"));
    let first = mk_state(dir.path(), "here");
    assert_eq!(first.token(), None);
    first.keep_token(&token);
    first.keep_secret(&request, &token, mk_kept(true));
    for file in files_of(&first) {
        assert_eq!(
            fs::metadata(file).unwrap().permissions().mode() & 0o7777,
            0o600
        );
    }
    let second = mk_state(dir.path(), "here");
    assert_eq!(second.token(), Some(token.clone()));
    let kept = second.secret(&request, &token).unwrap();
    assert_eq!(
        (kept.body.as_str(), kept.path.as_str()),
        (CANARY, "secret/data/app")
    );
    assert!(kept.mount.unwrap().is_kv_v2() && kept.is_leased);
    assert!(kept.since.elapsed().unwrap() >= Duration::from_secs(29));
    second.clear();
    assert!(second.token().is_none() && second.secret(&request, &token).is_none());
}

#[test]
fn a_lease_belongs_to_its_token_and_all_else_to_any() {
    let dir = tempfile::tempdir().unwrap();
    let state = mk_state(dir.path(), "here");
    let (leased, plain) = (mk_request("database/creds/a"), mk_request("secret/app"));
    let (old, new) = (mk_token("hvs.old"), mk_token("hvs.new"));
    state.keep_secret(&leased, &old, mk_kept(true));
    state.keep_secret(&plain, &old, mk_kept(false));
    assert!(state.secret(&leased, &new).is_none());
    assert!(state.secret(&plain, &new).is_some());
    assert!(
        state.secret(&leased, &old).is_none(),
        "removed when it did not fit"
    );
}

#[test]
fn writes_differ_by_their_data() {
    let dir = tempfile::tempdir().unwrap();
    let state = mk_state(dir.path(), "here");
    let token = mk_token("hvs.one");
    let write = |value: &str| Request::Write {
        path: "transit/decrypt/key".into(),
        data: BTreeMap::from([("ciphertext".to_owned(), value.to_owned())]),
    };
    state.keep_secret(&write("a"), &token, mk_kept(false));
    assert!(state.secret(&write("b"), &token).is_none());
    assert!(state.secret(&write("a"), &token).is_some());
}

#[test]
fn what_does_not_fit_is_ignored_and_removed() {
    let dir = tempfile::tempdir().unwrap();
    let token = mk_token("hvs.one");
    let state = mk_state(dir.path(), "here");
    let file = state.directory.as_ref().unwrap().join(TOKEN);
    let spoil: [&dyn Fn(); 4] = [
        // Another configuration.
        &|| mk_state(dir.path(), "elsewhere").keep_token(&token),
        // One byte differs.
        &|| {
            let text = fs::read_to_string(&file)
                .unwrap()
                .replace("hvs.one", "hvs.two");
            secret_files::Target::new(&file)
                .write(text.as_bytes())
                .unwrap();
        },
        // Another version.
        &|| {
            let text = fs::read_to_string(&file)
                .unwrap()
                .replace("state 1", "state 9");
            secret_files::Target::new(&file)
                .write(text.as_bytes())
                .unwrap();
        },
        // Others could have written it.
        &|| fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap(),
    ];
    for spoil in spoil {
        state.keep_token(&token);
        assert!(state.token().is_some());
        spoil();
        assert!(state.token().is_none());
        assert!(!file.exists());
    }
}

#[test]
fn without_a_volume_nothing_is_kept() {
    let state = State::none();
    state.keep_token(&mk_token("hvs.one"));
    assert!(state.token().is_none() && !state.is_kept());
}
