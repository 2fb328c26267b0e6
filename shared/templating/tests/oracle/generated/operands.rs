//! What generated templates pass to calls: kinds, literals, and fields of the secret.

/// The expected kind of an expression's result.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Int,
    Float,
    Bool,
    List,
    Map,
    Any,
}

/// The kinds, as often as they are wanted.
pub(super) const KINDS: &[Kind] = &[
    Kind::Text,
    Kind::Text,
    Kind::Text,
    Kind::Int,
    Kind::Float,
    Kind::Bool,
    Kind::List,
    Kind::Map,
    Kind::Any,
];

/// Text between actions.
pub(super) const TEXTS: &[&str] = &[
    "a", " b\n", "\n", "  ", "key = ", "é", "}}", "\t\n x", "# ", "{ ", "\r\n",
];

/// What fills a slot: an expression of a kind, or one of some literals.
pub(super) enum Slot {
    Of(Kind),
    Literal(&'static [&'static str]),
}

pub(super) fn slot(name: &str) -> Slot {
    match name {
        "text" => Slot::Of(Kind::Text),
        "int" => Slot::Of(Kind::Int),
        "float" => Slot::Of(Kind::Float),
        "bool" => Slot::Of(Kind::Bool),
        "list" => Slot::Of(Kind::List),
        "map" => Slot::Of(Kind::Map),
        "any" => Slot::Of(Kind::Any),
        "small" => Slot::Literal(&["0", "1", "2", "3", "5", "-1", "12"]),
        "key" => Slot::Literal(&[
            r#""a""#,
            r#""b""#,
            r#""k""#,
            r#""user""#,
            r#""nested""#,
            r#""é""#,
        ]),
        "part" => Slot::Literal(&[
            r#""a""#, r#"",""#, r#""=""#, r#"" ""#, r#""""#, r#""l""#, r#""\n""#,
        ]),
        "regex" => Slot::Literal(&[
            r#""[a-c]+""#,
            r#""(\\w)(\\W|$)""#,
            r#""a*""#,
            r#""(?i)B""#,
            r#""^.""#,
        ]),
        "replacement" => Slot::Literal(&[r#""-""#, r#""<$1>""#, r#""${1}_""#, r#""""#]),
        "format" => Slot::Literal(&[
            r#""%v""#,
            r#""%s""#,
            r#""%q""#,
            r#""%d""#,
            r#""%T""#,
            r#""%5v|""#,
            r#""%-6v|""#,
            r#""%x""#,
            r#""%+v""#,
            r#""%#v""#,
            r#""%.2f""#,
            r#""%t""#,
            r#""%v%%""#,
            r#""%U""#,
            r#""%c""#,
            r#""%e""#,
            r#""%06d""#,
            r#""%!""#,
        ]),
        "two" => Slot::Literal(&[
            r#""%v=%v""#,
            r#""%s %d""#,
            r#""%[2]v %[1]v""#,
            r#""%v""#,
            r#""%q|%v|%v""#,
        ]),
        _ => panic!("no slot {name}"),
    }
}

pub(super) fn literals(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Text => &[
            r#""abc""#,
            r#""a,b,c""#,
            r#""k=v,a=b""#,
            r#""""#,
            r#""Hello World""#,
            "`raw \\ {{`",
            r#""é ß ǆ 世""#,
            r#""x\ty\n""#,
            r#""12""#,
            r#""1.5""#,
            r#""aGVsbG8=""#,
            r#""a/b/c.txt""#,
            r#""{\"a\":[1,{\"b\":null}]}""#,
            r#""a: 1\nb: [x, 'y']\n""#,
            r#""1.2.3""#,
            r#"(env "HOST")"#,
            r#"(file "/etc/app.conf")"#,
            r#"(pkiCert "pki/issue/web").Cert"#,
            r#"(secret "database/creds/app").Data.password"#,
            r#"(secret "database/creds/app").LeaseID"#,
            r#"(secret "transit/encrypt/app" "plaintext=eA==").Data.ciphertext"#,
        ],
        Kind::Int => &[
            "0",
            "1",
            "2",
            "7",
            "-3",
            "100",
            "0x1F",
            "'a'",
            "1_000",
            "2.0",
            "(len \"abc\")",
            r#"(secret "database/creds/app").LeaseDuration"#,
        ],
        Kind::Float => &[
            "1.5",
            "0.1",
            "-2.25",
            "1e3",
            "3.0",
            "1e-7",
            "1e21",
            "0.30000000000000004",
        ],
        Kind::Bool => &[
            "true",
            "false",
            "(not 1)",
            "(eq 1 1)",
            r#"(secret "database/creds/app").Renewable"#,
        ],
        Kind::List => &[
            "sprig_list",
            r#"(sprig_list "b" "a" "c")"#,
            "(sprig_list 1 2.5 nil)",
            r#"(split "," "c,a,b")"#,
            r#"(parseJSON "[1,\"x\",{\"a\":2}]")"#,
            r#"(secrets "secret/metadata/apps")"#,
            "(sprig_until 3)",
            r#"(secret "auth/token").Auth.Policies"#,
            r#"(pkiCert "pki/issue/web").CAChain"#,
        ],
        Kind::Map => &[
            "sprig_dict",
            r#"(sprig_dict "a" 1 "b" "x")"#,
            r#"(sprig_dict "k" (sprig_list 1) "a" nil "b" (sprig_dict "c" true))"#,
            r#"(parseJSON "{\"a\":1.0,\"b\":{\"c\":\"<\"},\"n\":null}")"#,
            r#"(parseYAML "a: 1\nb: no\n")"#,
            r#"("k=v,a=b" | splitToMap "," "=")"#,
            r#"(secret "auth/token").Auth.Metadata"#,
            r#"(secret "database/creds/app").Data"#,
        ],
        Kind::Any => &["nil", "0", r#""""#, "1", r#""x""#, "false", "1.0"],
    }
}

/// The secret's fields of a kind.
pub(super) fn fields(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Text => &[
            "user", "password", "unicode", "empty", "blank", "json", "yaml", "csv", "base64",
            "lines", "user", "port",
        ],
        Kind::Int => &[
            "port",
            "zero",
            "neg",
            "port | sprig_int",
            "neg | sprig_int64",
        ],
        Kind::Float => &["ratio", "exp", "ratio | sprig_float64"],
        Kind::Bool => &["tls", "off"],
        Kind::List => &["tags", "mixed", "list", "nested.l"],
        Kind::Map => &["nested", "map"],
        Kind::Any => &[
            "nothing", "absent", "port", "big", "exp", "tls", "tags", "nested", "user", "nested.n",
            "mixed",
        ],
    }
}
