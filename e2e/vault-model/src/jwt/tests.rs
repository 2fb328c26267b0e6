use std::time::Duration;

use super::*;
use crate::state::harness::{Keys, START, Toy};

const HOUR: Duration = Duration::from_secs(3600);

fn check(keys: &Keys, token: &str, now: Timestamp) -> Result<ServiceAccount, JwtError> {
    let key = PublicKey::from_pem(&keys.public_key_pem()).unwrap();
    verify(token, &[key], &Toy, now)
}

#[test]
fn a_minted_token_names_its_service_account() {
    let keys = Keys("mine");
    let token = keys.mint("production", "api", &["vault"], HOUR);
    let account = check(&keys, &token, START).unwrap();
    assert_eq!(
        (account.namespace.as_str(), account.name.as_str()),
        ("production", "api")
    );
    assert_eq!(account.audiences, ["vault"]);
}

#[test]
fn a_token_of_another_key_or_with_other_claims_is_refused() {
    let keys = Keys("mine");
    let token = Keys("other").mint("production", "api", &[], HOUR);
    assert_eq!(check(&keys, &token, START), Err(JwtError::Signature));
    let mine = keys.mint("production", "web", &[], HOUR);
    let others: Vec<&str> = token.split('.').collect();
    let parts: Vec<&str> = mine.split('.').collect();
    let mixed = format!("{}.{}.{}", parts[0], others[1], parts[2]);
    assert_eq!(check(&keys, &mixed, START), Err(JwtError::Signature));
}

#[test]
fn a_token_is_good_only_in_its_time() {
    let keys = Keys("mine");
    let token = keys.mint("production", "api", &[], HOUR);
    assert_eq!(check(&keys, &token, START + HOUR), Err(JwtError::Expired));
    assert_eq!(check(&keys, &token, START - HOUR), Err(JwtError::TooEarly));
}

#[test]
fn text_that_is_not_a_token_is_refused() {
    for text in ["nonsense", "a.b", "!.!.!"] {
        assert_eq!(check(&Keys("mine"), text, START), Err(JwtError::Malformed));
    }
    assert_eq!(
        PublicKey::from_pem("-----BEGIN CERTIFICATE-----").err(),
        Some(JwtError::Key)
    );
}
