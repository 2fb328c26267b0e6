use clap::Parser as _;
use tokio::time::timeout;

use super::*;

/// The flags on a command line of their own.
#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    flags: Flags,
}

fn mk_flags(arguments: &[&str]) -> Flags {
    let all = ["webhook", "--port=0", "--healthz-addr=0"];
    Line::parse_from(all.iter().chain(arguments)).flags
}

fn mk_settings(directory: &Path) -> Settings {
    let directory = format!("--cert-dir={}", directory.display());
    mk_flags(&[&directory]).check().unwrap().1
}

#[test]
fn tls_is_checked_before_the_start() {
    let problem = |argument| mk_flags(&[argument]).check().unwrap_err().to_string();
    assert!(problem("--tls-min-version=2").contains("use 1.2 or 1.3"));
    assert!(problem("--tls-ciphers=A").starts_with("--tls-ciphers: unsupported cipher"));
    for version in ["1.0", "1.2", "1.3"] {
        let version = format!("--tls-min-version={version}");
        mk_flags(&[&version]).check().unwrap();
    }
}

#[test]
fn flags_without_effect_are_named() {
    let flags = mk_flags(&["--check-interval=5m", "--dns-name=webhook.eso.svc"]);
    assert_eq!(flags.unused.given(), ["--dns-name", "--check-interval"]);
}

#[tokio::test(start_paused = true)]
async fn without_a_certificate_it_waits_until_it_is_stopped() {
    let directory = tempfile::tempdir().unwrap();
    let stop = sleep(Duration::from_secs(3600));
    serve(mk_settings(directory.path()), stop).await.unwrap();
}

#[tokio::test(start_paused = true)]
#[expect(
    clippy::disallowed_methods,
    reason = "a certificate for a test is no secret"
)]
async fn a_certificate_that_comes_later_is_served() {
    let directory = tempfile::tempdir().unwrap();
    let settings = mk_settings(directory.path());
    let (ready, mut is_ready) = watch::channel(false);
    let (stopping, stopped) = watch::channel(false);
    let serving = answer(&settings.flags, &settings.policy, &ready, stopped);
    let story = async {
        sleep(Duration::from_secs(10)).await;
        assert!(!*is_ready.borrow());
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(directory.path().join("tls.crt"), made.cert.pem()).unwrap();
        let key = made.signing_key.serialize_pem();
        std::fs::write(directory.path().join("tls.key"), key).unwrap();
        let soon = timeout(Duration::from_secs(5), is_ready.wait_for(|ready| *ready));
        soon.await.unwrap().unwrap();
        stopping.send_replace(true);
        anyhow::Ok(())
    };
    tokio::try_join!(serving, story).unwrap();
}
