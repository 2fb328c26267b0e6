//! Certificates, and the files that a template writes besides its own.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::Arc;

use templating::{
    Certificate, CertificateParts, Context, Found, Options, Outcome, Render, Request, Secrets,
    Template,
};

struct Issued(Option<Request>);

impl Secrets for Issued {
    fn lookup(&self, request: &Request) -> Option<Found> {
        (self.0.as_ref() == Some(request)).then(|| {
            Found::Pki(Arc::new(Certificate::new(CertificateParts {
                cert: "CERT\n",
                key: "KEY\n",
                ca: "CA\n",
                ca_chain: &[String::from("CA\n"), String::from("ROOT\n")],
            })))
        })
    }
}

fn request() -> Request {
    Request::Pki {
        path: "pki/issue/web".into(),
        data: BTreeMap::from([("common_name".into(), "a.example".into())]),
    }
}

fn render(source: &str, known: Option<Request>) -> Render {
    let template = Template::parse(source, Options::default()).unwrap();
    let render = template.render(&Context::new(&Issued(known), &|_| None));
    render.unwrap()
}

fn text(render: &Render) -> String {
    match &render.outcome {
        Outcome::Complete(text) => String::from_utf8(text.to_vec()).unwrap(),
        Outcome::Waiting { missing } => panic!("waits for {missing:?}"),
    }
}

const WITH: &str = r#"{{with pkiCert "/pki/issue/web" "common_name = a.example" ""}}"#;

#[test]
fn a_certificate_is_one_request_of_path_and_arguments() {
    let source = format!("{WITH}{{{{.Data.Cert}}}}{{{{.Key}}}}{{{{end}}}}");
    let waiting = render(&source, None);
    assert_eq!(waiting.used.iter().collect::<Vec<_>>(), [&request()]);
    assert!(matches!(waiting.outcome, Outcome::Waiting { .. }));
    assert_eq!(text(&render(&source, Some(request()))), "CERT\nKEY\n");
}

#[test]
fn files_are_written_only_when_the_pass_is_complete() {
    let source = format!(
        r#"{{{{"x" | writeToFile "/a" "" "" "0644"}}}}{WITH}{{{{.Key | writeToFile "/k" "app" "7" "0600"}}}}{{{{end}}}}"#
    );
    assert!(render(&source, None).effects.is_empty());
    let done = render(&source, Some(request()));
    assert_eq!(text(&done), "");
    let [first, key] = &done.effects[..] else {
        panic!("{:?}", done.effects)
    };
    assert_eq!((first.path.as_str(), first.mode), ("/a", 0o644));
    assert_eq!(
        (
            key.path.as_str(),
            key.user.as_str(),
            key.group.as_str(),
            key.mode,
            key.append
        ),
        ("/k", "app", "7", 0o600, false)
    );
    assert_eq!(key.content.as_slice(), b"KEY\n");
}

#[test]
fn appending_continues_what_the_same_pass_wrote() {
    let done = render(
        r#"{{"1" | writeToFile "/f" "" "" "0600" "newline"}}{{"2" | writeToFile "/f" "" "" "0640" "append,newline"}}{{"3" | writeToFile "/g" "" "" "0600" "append"}}"#,
        None,
    );
    let shown: Vec<_> = done
        .effects
        .iter()
        .map(|file| {
            (
                file.path.as_str(),
                file.mode,
                file.append,
                file.content.as_slice(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("/f", 0o640, false, &b"1\n2\n"[..]),
            ("/g", 0o600, true, &b"3"[..])
        ]
    );
    assert!(!format!("{done:?}").contains("content"));
}

#[test]
fn a_mode_that_is_no_octal_number_is_refused() {
    for mode in ["rw", "0999", "77777", ""] {
        let source = format!(r#"{{{{"x" | writeToFile "/f" "" "" "{mode}"}}}}"#);
        let template = Template::parse(&source, Options::default()).unwrap();
        let error = template
            .render(&Context::new(&Issued(None), &|_| None))
            .unwrap_err();
        assert!(error.message().contains("octal"), "{error}");
    }
}
