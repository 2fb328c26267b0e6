use super::*;

fn rendered(text: &str, entries: &[(&str, &[u8])]) -> Result<String, String> {
    let data = entries
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.to_vec()));
    let output = Template::new("k", text, &Delimiters::default())
        .and_then(|template| template.render(&data.collect()));
    output
        .map(|output| String::from_utf8_lossy(&output).into_owned())
        .map_err(|error| error.to_string())
}

#[test]
fn upstreams_functions_are_all_there_and_no_others() {
    let own = FAMILIES.iter().copied().flatten();
    let mut own: Vec<_> = signatures()
        .chain(own.map(|function| function.signature))
        .map(|signature| signature.name)
        .collect();
    own.sort_unstable();
    for name in ["env", "expandenv", "getHostByName", "secret", "sprig_upper"] {
        assert!(!own.contains(&name), "{name}");
    }
    // 209 of sprig and 18 of upstream's own.
    assert_eq!(own.len(), 227, "{own:?}");
    own.dedup();
    assert_eq!(own.len(), 227, "a name stands there twice");
}

#[test]
fn no_error_shows_a_value() {
    let secret: &[(&str, &[u8])] = &[("p", b"swordfish")];
    for text in [
        "{{ .p.x }}",
        "{{ index .p 99 }}",
        "{{ fail .p }}",
        "{{ mustFromJson .p }}",
        "{{ mustToDate \"2006\" .p }}",
        "{{ semver .p }}",
        "{{ urlParse (print \":\" .p) }}",
        "{{ mustRegexFind (print .p \"(\") .p }}",
        "{{ pkcs12key .p }}",
        "{{ jwkPublicKeyPem .p }}",
        "{{ jwkPublicKeyPem (printf `{\"kty\":\"%s\"}` .p) }}",
        "{{ jwkPrivateKeyPem (printf `{\"kty\":\"EC\",\"d\":\"\",\"crv\":\"%s\"}` .p) }}",
        "{{ rsaDecrypt .p .p .p .p }}",
        "{{ buildCustomCert .p .p }}",
        "{{ genCAWithKey \"c\" 1 .p }}",
        "{{ genSelfSignedCert \"c\" (list .p) nil 1 }}",
        "{{ genSelfSignedCert \"c\" nil (list (print .p \"é\")) 1 }}",
        "{{ certSANs .p }}",
        "{{ decryptAES .p .p }}",
        "{{ template .p }}",
        "{{ dig .p \"x\" .p (dict .p .p) }}",
        "{{ randInt 1 1 }}{{ .p }}",
        "{{ mustDateModify .p now }}",
    ] {
        let error = rendered(text, secret).expect_err(text);
        assert!(!error.contains("swordfish"), "{text}: {error}");
    }
}

#[test]
fn output_time_and_values_are_bounded() {
    for (text, words) in [
        ("{{ repeat 5000000 \"a\" }}", "bytes"),
        (
            "{{ range until 5000 }}{{ repeat 1000 \"a\" }}{{ end }}",
            "bytes",
        ),
        (
            "{{ range until 2000 }}{{ range until 2000 }}{{ end }}{{ end }}",
            "steps",
        ),
        ("{{ randAlphaNum 5000000 }}", "bytes"),
        ("{{ randBytes 5000000 }}", "bytes"),
        (
            "{{ define \"a\" }}{{ template \"a\" }}{{ end }}{{ template \"a\" }}",
            "",
        ),
        (
            "{{ range until 1000 }}{{ $x := genPrivateKey \"ecdsa\" }}{{ end }}",
            "keys and hashes",
        ),
    ] {
        let error = rendered(text, &[]).expect_err(text);
        assert!(error.contains(words), "{text}: {error}");
    }
}

#[test]
fn what_a_secret_may_compute_is_shared_by_its_templates() {
    let hash = "{{ range until 60 }}{{ $x := pkcs12key \"\" }}{{ end }}";
    let data = ["a", "b"].map(|key| (key.to_owned(), hash.to_owned()));
    let one = "{{ if false }}{{ end }}{{ genPrivateKey \"ecdsa\" | trunc 5 }}";
    let keys = ["a", "b", "c", "d"].map(|key| (key.to_owned(), one.to_owned()));
    let outcome = |data: BTreeMap<String, String>| {
        let template = TargetTemplate {
            data,
            ..TargetTemplate::default()
        };
        let desired = Desired {
            template: Some(&template),
            ..Desired::default()
        };
        apply(&desired, &Data::new(), None).map_err(|error| error.to_string())
    };
    assert!(outcome(data.into()).is_err());
    let three = keys[..3].iter().cloned().collect();
    assert_eq!(outcome(three).unwrap().data.len(), 3);
    let error = outcome(keys.into()).unwrap_err();
    assert!(
        error.contains("more keys and hashes than allowed"),
        "{error}"
    );
}

#[test]
fn odd_input_ends_in_an_error_or_a_text_and_never_in_a_panic() {
    let key = rendered("{{ genPrivateKey \"ed25519\" }}", &[]).unwrap();
    let authority = rendered(
        "{{ $k := genPrivateKey \"ecdsa\" }}{{ (genCAWithKey \"c\" 1 $k).Cert }}{{ $k }}",
        &[],
    )
    .unwrap();
    let mut texts = vec![String::new(), String::from("-----BEGIN"), key, authority];
    for text in texts.clone() {
        for cut in 0..text.len().min(60) {
            texts.push(text[..text.len() - cut].to_owned());
            let mut changed = text.clone().into_bytes();
            let at = cut * 31 % changed.len();
            changed[at] = changed[at].wrapping_add(1) & 0x7f;
            texts.push(String::from_utf8(changed).unwrap());
        }
    }
    for text in &texts {
        for template in [
            "{{ .p | filterPEM \"CERTIFICATE\" }}",
            "{{ .p | filterCertChain \"leaf\" }}{{ .p | filterCertChain \"root\" }}",
            "{{ .p | filterCertChain \"intermediate\" }}",
            "{{ .p | certSANs }}",
            "{{ pemToPkcs12 .p .p | b64dec | pkcs12cert }}",
            "{{ fullPemToPkcs12 .p .p }}",
            "{{ pemTruststoreToPKCS12 .p }}",
            "{{ pkcs12key .p }}",
            "{{ rsaDecrypt \"RSA-OAEP\" \"SHA1\" .p .p }}",
            "{{ jwkPublicKeyPem .p }}{{ jwkPrivateKeyPem .p }}",
            "{{ buildCustomCert (b64enc .p) (b64enc .p) }}",
            "{{ fromYaml .p }}",
        ] {
            let _ = rendered(template, &[("p", text.as_bytes())]);
        }
    }
}

#[test]
fn keys_and_stores_are_read_back() {
    for kind in ["ecdsa", "ed25519"] {
        let text = format!(
            "{{{{ $k := genPrivateKey {kind:?} }}}}\
             {{{{ $c := genSelfSignedCertWithKey \"x\" (list \"::1\") (list \"x.test\") 1 $k }}}}\
             {{{{ $s := pemToPkcs12Pass $c.Cert $c.Key \"pw\" | b64dec }}}}\
             {{{{ eq ($s | pkcs12certPass \"pw\") $c.Cert }}}} {{{{ certSANs $c.Cert }}}} \
             {{{{ $s | pkcs12keyPass \"pw\" | trunc 27 }}}}"
        );
        assert_eq!(
            rendered(&text, &[]).unwrap(),
            "true [x.test ::1] -----BEGIN PRIVATE KEY-----"
        );
    }
}

#[test]
fn yaml_becomes_texts_as_upstream_makes_them() {
    let texts = |text: &str| keys_and_values(text.as_bytes());
    let found = texts("1: 0x10\n1.5: 1e3\ntrue: .inf\n'n': n\nz: 12345678901234567890\n").unwrap();
    let found: Vec<_> = found.iter().map(|(key, text)| (&**key, &**text)).collect();
    assert_eq!(
        found,
        [
            ("1", "16"),
            ("1.5", "1000"),
            ("n", "false"),
            ("true", "+Inf"),
            ("z", "12345678901234567890"),
        ]
    );
    assert_eq!(texts("").unwrap().len(), 0);
    assert_eq!(
        texts("- a").unwrap_err(),
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value \
         of type map[string]string"
    );
    assert!(texts("a: [").is_err());
}

#[test]
fn a_template_without_data_of_its_own_keeps_what_was_fetched_beside_labels() {
    let fetched = Data::from([(String::from("u"), b"user".to_vec())]);
    let template = TargetTemplate {
        merge: true,
        from: vec![TemplateFrom {
            literal: Some(String::from("l: '{{ .u }}'")),
            target: Target::named("LABELS").unwrap(),
            ..TemplateFrom::default()
        }],
        ..TargetTemplate::default()
    };
    let desired = Desired {
        template: Some(&template),
        ..Desired::default()
    };
    let secret = apply(&desired, &fetched, None).unwrap();
    assert_eq!(secret.data, fetched);
    assert_eq!(secret.labels["l"], "user");
    assert_eq!(Target::named("spec"), None);
}

#[test]
fn what_templates_come_from_must_be_there() {
    let template = TargetTemplate {
        from: vec![TemplateFrom {
            config_map: Some(TemplateSource {
                name: String::from("cm"),
                ..TemplateSource::default()
            }),
            ..TemplateFrom::default()
        }],
        ..TargetTemplate::default()
    };
    let desired = Desired {
        template: Some(&template),
        ..Desired::default()
    };
    assert_eq!(
        apply(&desired, &Data::new(), None).unwrap_err().to_string(),
        "error fetching templateFrom data: configmaps \"cm\" not found"
    );
}

#[test]
fn no_value_of_a_secret_shows_in_its_debug_form() {
    let canary = || BTreeMap::from([("key".to_owned(), "canary".to_owned())]);
    let parts = SecretParts {
        data: Data::from([("key".to_owned(), b"canary".to_vec())]),
        labels: canary(),
        annotations: canary(),
        ..SecretParts::default()
    };
    let shown = format!("{parts:?}");
    let bytes = format!("{:?}", b"canary".to_vec());
    assert!(
        shown.contains("key") && !shown.contains("canary"),
        "{shown}"
    );
    assert!(!shown.contains(&bytes[1..bytes.len() - 1]), "{shown}");
}
