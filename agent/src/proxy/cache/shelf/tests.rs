use hyper::Method;
use vault_client::{Forward, ForwardBody};

use super::super::ask::Ask;
use super::*;

fn mk_key(name: &str) -> Key {
    let request = Forward {
        method: Method::GET,
        target: format!("/v1/{name}"),
        headers: HeaderMap::new(),
        body: ForwardBody::Whole(Bytes::new()),
        retries: 0,
        keeps_off: |_| false,
    };
    Ask::of(&request).unwrap().key
}

fn token(name: &str) -> TokenId {
    TokenId::of(name)
}

fn mk_entry(path: &str, asked_with: &str, holds: Holds, size: usize) -> Entry {
    Entry {
        answer: Kept {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: Bytes::from(vec![0; size]),
            since: Instant::now(),
        },
        path: path.to_owned(),
        namespace: String::new(),
        token: Some(token(asked_with)),
        holds,
        _watch: None,
        used: 0,
    }
}

fn mk_lease(asked_with: &str, id: &str) -> Entry {
    let path = id.rsplit_once('/').unwrap().0;
    mk_entry(path, asked_with, Holds::Lease(LeaseId::new(id).unwrap()), 1)
}

fn mk_token(asked_with: &str, name: &str, parent: Option<&str>) -> Entry {
    let holds = Holds::Token {
        id: token(name),
        accessor: format!("accessor of {name}"),
        parent: parent.map(token),
    };
    let path = if parent.is_some() {
        "auth/token/create"
    } else {
        "auth/app/login"
    };
    mk_entry(path, asked_with, holds, 1)
}

/// root ─▶ lease a; child ─▶ lease b, grandchild ─▶ lease c; a login of its own ─▶ lease d
fn mk_shelf() -> Shelf {
    let mut shelf = Shelf::default();
    for (name, entry) in [
        ("a", mk_lease("root", "db/creds/app/a")),
        ("b", mk_lease("child", "db/creds/app/b")),
        ("c", mk_lease("grandchild", "db/creds/other/c")),
        ("d", mk_lease("login", "db/creds/app/d")),
        ("child", mk_token("root", "child", Some("root"))),
        ("grandchild", mk_token("child", "grandchild", Some("child"))),
        ("login", mk_token("root", "login", None)),
    ] {
        shelf.insert(mk_key(name), entry);
    }
    shelf
}

fn left(shelf: &mut Shelf) -> String {
    let names = ["a", "b", "c", "d", "child", "grandchild", "login"];
    let there = names
        .into_iter()
        .filter(|name| shelf.find(&mk_key(name)).is_some());
    there.collect::<Vec<_>>().join(" ")
}

#[test]
fn what_depends_on_a_credential_goes_with_it() {
    let path = |path: &str| Eviction::Path {
        namespace: String::new(),
        path: path.to_owned(),
    };
    for (eviction, wanted) in [
        (Eviction::All, ""),
        (Eviction::Token(token("root")), "d login"),
        (Eviction::Token(token("child")), "a d login"),
        (
            Eviction::TokenAlone(token("child")),
            "a c d grandchild login",
        ),
        (
            Eviction::Accessor("accessor of grandchild".into()),
            "a b d child login",
        ),
        (
            Eviction::Lease("db/creds/app/b".into()),
            "a c d child grandchild login",
        ),
        (
            Eviction::Prefix("db/creds/app".into()),
            "c child grandchild login",
        ),
        (
            Eviction::Prefix("auth/app/".into()),
            "a b c child grandchild",
        ),
        (path("db/creds/other"), "a b d child grandchild login"),
        (path("auth/app/login"), "a b c child grandchild"),
        (
            Eviction::Lease("nothing".into()),
            "a b c d child grandchild login",
        ),
    ] {
        let mut shelf = mk_shelf();
        let count = shelf.evict(&eviction);
        let there = left(&mut shelf);
        assert_eq!(there, wanted, "{eviction:?}");
        let names = there.split(' ').filter(|name| !name.is_empty()).count();
        assert_eq!((count, shelf.bytes), (7 - names, names), "{eviction:?}");
    }
}

#[test]
fn a_path_is_told_from_the_same_one_in_another_namespace() {
    let mut shelf = Shelf::default();
    let mut entry = mk_lease("root", "db/creds/app/a");
    entry.namespace = "team".to_owned();
    shelf.insert(mk_key("a"), entry);
    let path = |namespace: &str, path: &str| Eviction::Path {
        namespace: namespace.to_owned(),
        path: path.to_owned(),
    };
    assert_eq!(shelf.evict(&path("", "db/creds/app")), 0);
    assert_eq!(shelf.evict(&path("other", "db/creds/app")), 0);
    assert_eq!(shelf.evict(&path("team", "db/creds/app")), 1);
}

#[test]
fn what_was_asked_for_least_recently_makes_way() {
    let mut shelf = Shelf::default();
    for number in 0..ENTRIES {
        let entry = mk_lease("root", &format!("db/creds/{number}"));
        shelf.insert(mk_key(&number.to_string()), entry);
    }
    assert!(shelf.find(&mk_key("0")).is_some());
    shelf.insert(mk_key("more"), mk_lease("root", "db/creds/more"));
    assert!(shelf.find(&mk_key("0")).is_some());
    assert!(shelf.find(&mk_key("1")).is_none());
    let holds = Holds::Lease(LeaseId::new("db/large").unwrap());
    shelf.insert(mk_key("large"), mk_entry("db", "root", holds, BYTES));
    assert!(shelf.entries.len() == 1 && shelf.find(&mk_key("large")).is_some());
}

#[test]
fn tokens_of_kept_answers_are_known() {
    let mut shelf = mk_shelf();
    assert!(shelf.has_token(token("login")) && !shelf.has_token(token("root")));
    shelf.evict(&Eviction::Token(token("login")));
    assert!(!shelf.has_token(token("login")));
}
