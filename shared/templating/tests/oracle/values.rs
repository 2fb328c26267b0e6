//! Arguments: those that a parameter is for, and hostile ones.

/// Nothing, too much, other alphabets, broken bytes, other types.
pub(crate) const HOSTILE: &[&str] = &[
    "nil",
    r#""""#,
    r#"" ""#,
    r#""a""#,
    r#""é e\u0301 ß ǆ ﬁ İ ς""#,
    r#""אב 世界 😀""#,
    r#""a\xff\xc3b""#,
    r#""\xffAb-\xe4\xb8 c\xff""#,
    r#""\x00\u2028\u202e<&'>""#,
    r#""%d %!s {{.}} $1 \\ `""#,
    "`a\nb\r\n\n c`",
    r#""'a' 'b'""#,
    r#""&a;b c""#,
    r#"": 1\n_1: 2""#,
    r#""NaN""#,
    r#""-Inf""#,
    r#""0x1F""#,
    r#""1_000""#,
    r#"" 1""#,
    r#""1e400""#,
    r#""٣""#,
    r#""99999999999999999999""#,
    "0",
    "1",
    "-1",
    "7",
    "9223372036854775807",
    "-9223372036854775808",
    "1.5",
    "-0.0",
    "1e-7",
    "1e21",
    "123456789.123456789",
    "'x'",
    "true",
    "false",
    NOT_A_NUMBER,
    r#"(parseFloat "-Inf")"#,
    r#"(parseUint "18446744073709551615")"#,
    r#"(parseInt "42")"#,
    r#"(parseJSON "null")"#,
    r#"(parseJSON "[1,[2.5,{\"a\":null}],\"x\",true]")"#,
    r#"(parseJSON "{\"b\":{\"c\":[1]},\"a\":\"<\"}")"#,
    r#"(parseYAML "{a: {b: 1}, x: ~, c: [y]}")"#,
    r#"(parseYAML "{10: x, 2: y}")"#,
    "sprig_list",
    r#"(sprig_list nil "" 0 false)"#,
    r#"(sprig_list "b" "a" "b")"#,
    "(sprig_list 3 1.0 2)",
    "sprig_dict",
    r#"(sprig_dict "a" 1 "n" nil "l" sprig_list)"#,
    r#"("a,b,a" | split ",")"#,
    r#"("a=1,b=2" | splitToMap "," "=")"#,
    r#"(secret "secret/data/app")"#,
    r#"(secret "secret/data/app").Data.data.port"#,
    r#"(secret "secret/data/app").Data.data.big"#,
    r#"(secret "secret/data/app").Data.data.ratio"#,
    r#"(secret "secret/data/app").Data.data.mixed"#,
    r#"(secret "secret/data/app").Data.data.nested"#,
    r#"(secret "secret/data/app").Data.data.nothing"#,
    r#"(secret "secret/data/app").Data.data.absent"#,
    r#"(secret "secret/data/app").Auth"#,
    r#"(secret "secret/none")"#,
    r#"(secret "secret/missing")"#,
    r#"(secrets "secret/metadata/apps")"#,
    r#"(secrets "secret/metadata/missing")"#,
    r#"(pkiCert "pki/issue/web")"#,
];

/// Hostile values that must not decide how large a result is.
pub(crate) const HUGE: &[&str] = &["9223372036854775807", "-9223372036854775808", "1e21"];

/// Hostile values with maps of several keys.
pub(crate) const SEVERAL_KEYS: &[&str] = &[
    r#"(parseJSON "{\"b\":{\"c\":[1]},\"a\":\"<\"}")"#,
    r#"(parseYAML "{a: {b: 1}, x: ~, c: [y]}")"#,
    r#"(parseYAML "{10: x, 2: y}")"#,
    r#"(sprig_dict "a" 1 "n" nil "l" sprig_list)"#,
    r#"("a=1,b=2" | splitToMap "," "=")"#,
    r#"(secret "secret/data/app")"#,
    r#"(secret "secret/data/app").Data.data.nested"#,
];

pub(crate) const NOT_A_NUMBER: &str = r#"(parseFloat "NaN")"#;

const TEXTS: &[&str] = &[
    r#""abc""#,
    r#""a,b,c""#,
    r#""Hello, wORLD of 3 foo_bar-baz.qux""#,
    r#""  x\ty  ""#,
    r#""HTTPServer2Go camelCase snake_case""#,
    r#""o'neil (ßa) ǆx ﬁre""#,
    r#""ÀÉ ὰί ŉ ΰ""#,
    r#""line one\nline two\n""#,
    r#""aGVsbG8=""#,
    r#""Pz8_""#,
    r#""1.5""#,
    r#""-42""#,
    r#""0755""#,
    r#""true""#,
    r#""k=v""#,
    r#""a/b/../c.tar.gz""#,
    r#""https://u:p%20w@h.example:8080/p/a?q=1&r=%2F#f""#,
    r#""{\"a\":[1,2.50,null,{\"b\":\"<é>\"}],\"z\":1e2}""#,
    "`a: 1\nb: [yes, ~, 0o17, 1_000, .inf, 2001-01-01]\nc: &x {k: v}\nd: *x`",
    r#"(secret "secret/data/app").Data.data.unicode"#,
    r#"(secret "secret/data/app").Data.data.password"#,
    r#"(secret "secret/data/app").Data.data.port"#,
    r#"(file "/etc/app.conf")"#,
];

const PARTS: &[&str] = &[
    r#""a""#, r#"",""#, r#""""#, r#""b,""#, r#"" ""#, r#""é""#, r#""\n""#, r#""-_.""#, r#""/""#,
    r#""=""#,
];

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "-1",
    "-3",
    "5",
    "10",
    "100",
    "2.0",
    "2.5",
    r#"(parseInt "3")"#,
    r#""4""#,
];

const QUANTITIES: &[&str] = &[
    "0",
    "1",
    "2",
    "-2",
    "10",
    "1.5",
    "-2.5",
    "0.1",
    "1e3",
    "1234567890.123",
    r#""3""#,
    r#""2.5""#,
    r#""x""#,
    "true",
    "nil",
    r#"(parseInt "9")"#,
    r#"(parseFloat "0.3")"#,
    r#"(parseUint "8")"#,
    r#"(secret "secret/data/app").Data.data.port"#,
    r#"(secret "secret/data/app").Data.data.ratio"#,
    r#"(secret "secret/data/app").Data.data.big"#,
];

const LISTS: &[&str] = &[
    "sprig_list",
    r#"(sprig_list "b" "a" "c" "a")"#,
    "(sprig_list 3 1 2 1)",
    r#"(sprig_list 1 "1" 1.0 nil "" false)"#,
    r#"(sprig_list (sprig_list 1) sprig_list (sprig_dict "a" 1))"#,
    r#"(parseJSON "[1,\"a\",[],{}]")"#,
    r#"("c,a,b" | split ",")"#,
    r#"(secret "secret/data/app").Data.data.tags"#,
    r#"(secret "secret/data/app").Data.data.mixed"#,
    r#"(secrets "secret/metadata/apps")"#,
    "(sprig_until 4)",
    r#""text""#,
];

const MAPS: &[&str] = &[
    "sprig_dict",
    r#"(sprig_dict "a" 1 "b" "x")"#,
    r#"(sprig_dict "b" nil "c" (sprig_dict "d" 1) "e" (sprig_list 1))"#,
    r#"(sprig_dict "c" (sprig_dict "d" 2 "x" "") "a" 0)"#,
    r#"(parseJSON "{\"a\":1,\"c\":{\"d\":[1]},\"a/b/c\":2,\"n\":null}")"#,
    r#"(parseYAML "a: 1")"#,
    r#"("a=1,b=2" | splitToMap "," "=")"#,
    r#"(sprig_split "," "x,y")"#,
    r#"(secret "secret/data/app").Data.data.nested"#,
    r#"(secret "secret/data/app").Data.data"#,
    r#"(secret "secret/bare").Data"#,
    r#"(sprig_urlParse "http://u@h/p?q#f")"#,
];

const KEYS: &[&str] = &[
    r#""a""#,
    r#""b""#,
    r#""c""#,
    r#""d""#,
    r#""""#,
    r#""absent""#,
    r#""k=v""#,
];

const EXPRESSIONS: &[&str] = &[
    r#""a""#,
    r#""""#,
    r#""[a-z]+""#,
    r#""(\\w)(\\d)?""#,
    r#""^.*$""#,
    r#""(?i)B|c""#,
    r#""(?P<n>b)""#,
    r#""x*""#,
    r#""(""#,
    r#""\\pL+""#,
    r#""[^\\x00-\\x7f]""#,
    r#""(?m)^l""#,
    r#""(?s).""#,
    r#""\\b""#,
    r#""a{2,1}""#,
];

const REPLACEMENTS: &[&str] = &[
    r#""""#,
    r#""-""#,
    r#""$1""#,
    r#""${1}x""#,
    r#""$1x""#,
    r#""$n""#,
    r#""$0$$""#,
    r#""\\1""#,
];

const NAMES: &[&str] = &[
    r#""HOST""#,
    r#""EMPTY""#,
    r#""UNSET""#,
    r#""""#,
    r#""int""#,
    r#""string""#,
    r#""map""#,
    r#""t""#,
    r#""[]interface {}""#,
];

const PATHS: &[&str] = &[
    r#""secret/data/app""#,
    r#""secret/metadata/apps""#,
    r#""/secret/data/app/""#,
    r#""secret/missing""#,
    r#""secret/data/app?version=2""#,
    r#""pki/issue/web""#,
    r#""/etc/app.conf""#,
    r#""/etc/missing.conf""#,
    r#""a/b.tar.gz""#,
    r#""/""#,
    r#""..""#,
    r#""""#,
    r#""a//./b/..""#,
    r#"" /x ""#,
    r#""a:b/c""#,
];

const PAIRS: &[&str] = &[
    r#""plaintext=eA==""#,
    r#""k=v""#,
    r#""""#,
    r#""=v""#,
    r#""k""#,
    r#"" k = v ""#,
    r#""k=a=b""#,
];

const FORMATS: &[&str] = &[
    r#""%v""#,
    r#""%#v""#,
    r#""%+v|%d""#,
    r#""%s %q""#,
    r#""%T""#,
    r#""%""#,
    r#""x""#,
    r#""%5.2f|""#,
];

const VERSIONS: &[&str] = &[
    r#""1.2.3""#,
    r#""v1.2""#,
    r#""1.2.3-beta.1+b""#,
    r#""01.2.3""#,
    r#""1.2.3.4""#,
    r#""""#,
    r#""^1.2""#,
    r#""~1.2.3""#,
    r#"">=1, <2 || 3.x""#,
    r#""1.0 - 2.0""#,
    r#""*""#,
    r#""!=1.2.3""#,
    r#""=v1""#,
    r#""2""#,
];

const ADDRESSES: &[&str] = &[
    r#""GetAllInterfaces | include \"flags\" \"loopback\" | include \"type\" \"IPv4\" | attr \"address\"""#,
    r#""GetPrivateIP""#,
    r#""GetInterfaceIP \"lo\"""#,
    r#""nosuch""#,
    r#""""#,
];

/// The arguments that fit a parameter, by its name in the function's usage.
pub(crate) fn fitting(parameter: &str) -> &'static [&'static str] {
    match parameter {
        "STRING" | "CONTENT" | "MESSAGE" | "DEFAULT" => TEXTS,
        "SEPARATOR" | "KEY_SEPARATOR" | "CUTSET" | "PREFIX" | "SUFFIX" | "FROM" | "TO" | "PART"
        | "ONE" | "MANY" => PARTS,
        "START" | "STOP" | "STEP" | "COUNT" | "WIDTH" | "SPACES" | "END" | "SIZE" | "LENGTH"
        | "OFFSET" | "PLACES" => NUMBERS,
        "NUMBER" | "A" | "B" => QUANTITIES,
        "LIST" | "VALUES" => LISTS,
        "MAP" | "OTHER" => MAPS,
        "KEY" => KEYS,
        "EXPRESSION" => EXPRESSIONS,
        "REPLACEMENT" => REPLACEMENTS,
        "NAME" => NAMES,
        "PATH" => PATHS,
        "KEY=VALUE" => PAIRS,
        "FORMAT" => FORMATS,
        "VERSION" | "RANGE" => VERSIONS,
        "TEMPLATE" => ADDRESSES,
        _ => HOSTILE,
    }
}
