//! The functions that templates have besides Go's own and the pure ones of sprig.

use text_template::{Arguments, CallError, List, Signature, Text, Type, Value};

use super::issue::{self, CERTIFICATE, Wanted};
use super::pkcs12::{self, Take};
use super::{certificate, date, jwk, password, pem, random, rsa, yaml};

/// What a function does. A text that it makes may have as many bytes as the second argument says.
type Body = fn(Arguments<'_>, usize) -> Result<Value, CallError>;

/// A row of the table.
pub(super) struct Function {
    pub(super) signature: Signature,
    /// About how many milliseconds a call takes at most; 0 where that is in proportion to its
    /// arguments.
    pub(super) cost: u32,
    pub(super) body: Body,
}

const fn cheap(name: &'static str, params: &'static [Type], body: Body) -> Function {
    costly(name, params, 0, body)
}

const fn costly(name: &'static str, params: &'static [Type], cost: u32, body: Body) -> Function {
    Function {
        signature: Signature::new(name, params),
        cost,
        body,
    }
}

const ONE: &[Type] = &[Type::String];
const TWO: &[Type] = &[Type::String, Type::String];
const THREE: &[Type] = &[Type::String, Type::String, Type::String];
const FOUR: &[Type] = &[Type::String, Type::String, Type::String, Type::String];
const AUTHORITY: Type = Type::Record(&CERTIFICATE);

/// A new RSA key of 2,048 bits takes so long, and one of 4,096 bits.
const NEW_KEY: u32 = 500;
const NEW_LONG_KEY: u32 = 3000;
/// A key store of others may ask for a million rounds.
const OPEN_STORE: u32 = 500;
const WRITE_STORE: u32 = 10;

/// The families, in the order in which they are called by index.
pub(super) const FAMILIES: &[&[Function]] = &[KEYS, CERTIFICATES, DATES, RANDOM, TEXTS];

const KEYS: &[Function] = &[
    costly("pkcs12key", ONE, OPEN_STORE, |a, _| {
        Ok(pkcs12::key(bytes(&a[0]), "")?.into_value())
    }),
    costly("pkcs12keyPass", TWO, OPEN_STORE, |a, _| {
        Ok(pkcs12::key(bytes(&a[1]), &text(&a[0]))?.into_value())
    }),
    costly("pkcs12cert", ONE, OPEN_STORE, |a, _| {
        Ok(pkcs12::certificates(bytes(&a[0]), "")?.into_value())
    }),
    costly("pkcs12certPass", TWO, OPEN_STORE, |a, _| {
        Ok(pkcs12::certificates(bytes(&a[1]), &text(&a[0]))?.into_value())
    }),
    costly("pemToPkcs12", TWO, WRITE_STORE, |a, _| {
        store(a, Take::First, "")
    }),
    costly("pemToPkcs12Pass", THREE, WRITE_STORE, |a, _| {
        store(a, Take::First, &text(&a[2]))
    }),
    costly("fullPemToPkcs12", TWO, WRITE_STORE, |a, _| {
        store(a, Take::All, "")
    }),
    costly("fullPemToPkcs12Pass", THREE, WRITE_STORE, |a, _| {
        store(a, Take::All, &text(&a[2]))
    }),
    costly("pemTruststoreToPKCS12", ONE, WRITE_STORE, |a, _| {
        Ok(pkcs12::of_trusted(bytes(&a[0]), "")?.into_value())
    }),
    costly("pemTruststoreToPKCS12Pass", TWO, WRITE_STORE, |a, _| {
        Ok(pkcs12::of_trusted(bytes(&a[0]), &text(&a[1]))?.into_value())
    }),
    cheap("filterPEM", TWO, |a, _| {
        Ok(pem::of_kind(&text(&a[0]), bytes(&a[1]))?.into_value())
    }),
    cheap("filterCertChain", TWO, |a, _| {
        Ok(certificate::part_of_chain(&text(&a[0]), bytes(&a[1]))?.into_value())
    }),
    cheap("certSANs", ONE, |a, _| {
        let names = certificate::alternative_names(bytes(&a[0]))?;
        Ok(List::of_strings(names).into())
    }),
    costly("jwkPublicKeyPem", ONE, 1, |a, _| {
        Ok(jwk::public_pem(bytes(&a[0]))?.into_value())
    }),
    costly("jwkPrivateKeyPem", ONE, 10, |a, _| {
        Ok(jwk::private_pem(bytes(&a[0]))?.into_value())
    }),
    costly("rsaDecrypt", FOUR, 50, |a, _| {
        let [scheme, hash, secret, key] = [0, 1, 2, 3].map(|index| bytes(&a[index]));
        Ok(Value::string(rsa::decrypt(scheme, hash, secret, key)?))
    }),
];

const CERTIFICATES: &[Function] = &[
    costly("genPrivateKey", ONE, NEW_LONG_KEY, |a, _| {
        Ok(issue::private_key(&text(&a[0]))?.into_value())
    }),
    costly("buildCustomCert", TWO, 10, |a, _| {
        issue::given(bytes(&a[0]), bytes(&a[1]))
    }),
    costly("genCA", &[Type::String, Type::INT], NEW_KEY, |a, _| {
        authority(a, None)
    }),
    costly(
        "genCAWithKey",
        &[Type::String, Type::INT, Type::String],
        50,
        |a, _| authority(a, Some(bytes(&a[2]))),
    ),
    costly(
        "genSelfSignedCert",
        &[Type::String, Type::ANYS, Type::ANYS, Type::INT],
        NEW_KEY,
        |a, _| self_signed(a, None),
    ),
    costly(
        "genSelfSignedCertWithKey",
        &[
            Type::String,
            Type::ANYS,
            Type::ANYS,
            Type::INT,
            Type::String,
        ],
        50,
        |a, _| self_signed(a, Some(bytes(&a[4]))),
    ),
    costly(
        "genSignedCert",
        &[Type::String, Type::ANYS, Type::ANYS, Type::INT, AUTHORITY],
        NEW_KEY,
        |a, _| signed(a, None),
    ),
    costly(
        "genSignedCertWithKey",
        &[
            Type::String,
            Type::ANYS,
            Type::ANYS,
            Type::INT,
            AUTHORITY,
            Type::String,
        ],
        50,
        |a, _| signed(a, Some(bytes(&a[5]))),
    ),
];

const TEXT_TIME: &[Type] = &[Type::String, date::TIME];
const TEXT_ANY: &[Type] = &[Type::String, Type::Any];
const IN_ZONE: &[Type] = &[Type::String, Type::Any, Type::String];
const ANY: &[Type] = &[Type::Any];
const DAY: &str = "2006-01-02";

const DATES: &[Function] = &[
    cheap("now", &[], |_, _| Ok(date::now())),
    cheap("ago", ANY, |a, _| date::ago(&a[0])),
    cheap("date", TEXT_ANY, |a, _| {
        date::in_zone(&text(&a[0]), &a[1], "UTC")
    }),
    cheap("date_in_zone", IN_ZONE, |a, _| {
        date::in_zone(&text(&a[0]), &a[1], &text(&a[2]))
    }),
    cheap("dateInZone", IN_ZONE, |a, _| {
        date::in_zone(&text(&a[0]), &a[1], &text(&a[2]))
    }),
    cheap("date_modify", TEXT_TIME, |a, _| {
        Ok(date::modified_or_same(&text(&a[0]), &a[1]))
    }),
    cheap("dateModify", TEXT_TIME, |a, _| {
        Ok(date::modified_or_same(&text(&a[0]), &a[1]))
    }),
    cheap("must_date_modify", TEXT_TIME, |a, _| {
        date::modified(&text(&a[0]), &a[1])
    }),
    cheap("mustDateModify", TEXT_TIME, |a, _| {
        date::modified(&text(&a[0]), &a[1])
    }),
    cheap("duration", ANY, |a, _| Ok(date::duration(&a[0]))),
    cheap("durationRound", ANY, |a, _| Ok(date::rounded(&a[0]))),
    cheap("htmlDate", ANY, |a, _| date::in_zone(DAY, &a[0], "UTC")),
    cheap("htmlDateInZone", &[Type::Any, Type::String], |a, _| {
        date::in_zone(DAY, &a[0], &text(&a[1]))
    }),
    cheap("toDate", TWO, |a, _| {
        Ok(date::parsed_or_zero(&text(&a[0]), &text(&a[1])))
    }),
    cheap("mustToDate", TWO, |a, _| {
        date::parsed(&text(&a[0]), &text(&a[1]))
    }),
    cheap("unixEpoch", &[date::TIME], |a, _| date::epoch(&a[0])),
];

const COUNT: &[Type] = &[Type::INT];
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LETTERS_DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const PRINTABLE: &[u8] = b" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`\
    abcdefghijklmnopqrstuvwxyz{|}~";

const RANDOM: &[Function] = &[
    cheap("randAlphaNum", COUNT, |a, limit| {
        Ok(Value::string(random::text(
            LETTERS_DIGITS,
            int(&a[0]),
            limit,
        )?))
    }),
    cheap("randAlpha", COUNT, |a, limit| {
        Ok(Value::string(random::text(LETTERS, int(&a[0]), limit)?))
    }),
    cheap("randAscii", COUNT, |a, limit| {
        Ok(Value::string(random::text(PRINTABLE, int(&a[0]), limit)?))
    }),
    cheap("randNumeric", COUNT, |a, limit| {
        Ok(Value::string(random::text(
            b"0123456789",
            int(&a[0]),
            limit,
        )?))
    }),
    cheap("randBytes", COUNT, |a, limit| {
        Ok(random::bytes(int(&a[0]), limit)?.into_value())
    }),
    cheap("randInt", &[Type::INT, Type::INT], |a, _| {
        Ok(Value::int(random::number(int(&a[0]), int(&a[1]))?))
    }),
    cheap("shuffle", ONE, |a, _| {
        Ok(random::shuffled(&text(&a[0])).into_value())
    }),
    cheap("uuidv4", &[], |_, _| Ok(random::uuid().into_value())),
];

const TEXTS: &[Function] = &[
    cheap("toYaml", ANY, |a, limit| {
        Ok(Value::string(yaml::write(&a[0], limit)))
    }),
    cheap("fromYaml", ONE, |a, _| Ok(yaml::read_map(bytes(&a[0])))),
    cheap("hexdec", ONE, |a, _| Ok(hexadecimal(bytes(&a[0])))),
    costly("bcrypt", ONE, 100, |a, _| {
        Ok(password::bcrypt(bytes(&a[0])).into_value())
    }),
    costly("htpasswd", THREE, 100, |a, _| {
        Ok(password::htpasswd(&text(&a[0]), bytes(&a[1]), bytes(&a[2])).into_value())
    }),
    costly(
        "derivePassword",
        &[
            Type::Uint(text_template::UintKind::Uint),
            Type::String,
            Type::String,
            Type::String,
            Type::String,
        ],
        200,
        |a, _| {
            let counter = match a[0] {
                Value::Uint(_, counter) => u32::try_from(counter).unwrap_or(u32::MAX),
                _ => 0,
            };
            let [password, user, site] = [2, 3, 4].map(|index| bytes(&a[index]));
            Ok(password::derived(counter, &text(&a[1]), password, user, site)?.into_value())
        },
    ),
    cheap("encryptAES", TWO, |a, _| {
        Ok(password::encrypted(bytes(&a[0]), bytes(&a[1])).into_value())
    }),
    cheap("decryptAES", TWO, |a, _| {
        let plain = password::decrypted(bytes(&a[0]), bytes(&a[1]))?;
        Ok(Value::string(plain))
    }),
];

/// The bytes behind hexadecimal digits, or a text that says what is wrong with them.
fn hexadecimal(digits: &[u8]) -> Value {
    let digit = |byte: u8| {
        let digit = char::from(byte).to_digit(16);
        digit.and_then(|digit| u8::try_from(digit).ok())
    };
    if let Some(byte) = digits.iter().find(|byte| digit(**byte).is_none()) {
        let shown = format!("{:?}", char::from(*byte));
        return Value::string(format!("encoding/hex: invalid byte: U+{byte:04X} {shown}"));
    }
    if !digits.len().is_multiple_of(2) {
        return Value::string("encoding/hex: odd length hex string");
    }
    let bytes = digits.chunks_exact(2).map(|pair| {
        let [high, low] = [pair[0], pair[1]].map(|byte| digit(byte).unwrap_or(0));
        high << 4 | low
    });
    Value::string(bytes.collect::<Vec<u8>>())
}

fn store(arguments: Arguments<'_>, take: Take, password: &str) -> Result<Value, CallError> {
    let [certificates, key] = [0, 1].map(|index| bytes(&arguments[index]));
    Ok(pkcs12::of_key(certificates, take, key, password)?.into_value())
}

fn authority(arguments: Arguments<'_>, key: Option<&[u8]>) -> Result<Value, CallError> {
    let wanted = Wanted {
        common_name: &text(&arguments[0]),
        addresses: &Value::Nil,
        hosts: &Value::Nil,
        days: int(&arguments[1]),
        is_authority: true,
    };
    issue::self_signed(&wanted, || issue::key_or_new(key))
}

/// What the first four arguments ask for.
fn of_host<'a>(arguments: Arguments<'a>, common_name: &'a str) -> Wanted<'a> {
    Wanted {
        common_name,
        addresses: &arguments[1],
        hosts: &arguments[2],
        days: int(&arguments[3]),
        is_authority: false,
    }
}

fn self_signed(arguments: Arguments<'_>, key: Option<&[u8]>) -> Result<Value, CallError> {
    let name = text(&arguments[0]);
    issue::self_signed(&of_host(arguments, &name), || issue::key_or_new(key))
}

fn signed(arguments: Arguments<'_>, key: Option<&[u8]>) -> Result<Value, CallError> {
    let Value::Record(authority) = &arguments[4] else {
        return Err(CallError::new("unable to decode certificate"));
    };
    let name = text(&arguments[0]);
    issue::signed(&of_host(arguments, &name), authority, || {
        issue::key_or_new(key)
    })
}

/// Texts become values.
trait IntoValue {
    fn into_value(self) -> Value;
}

impl IntoValue for String {
    fn into_value(self) -> Value {
        Value::string(self)
    }
}

/// An argument that the signature says is a string.
fn bytes(argument: &Value) -> &[u8] {
    argument.as_text().map_or(&[], Text::as_bytes)
}

fn text(argument: &Value) -> String {
    String::from_utf8_lossy(bytes(argument)).into_owned()
}

/// An argument that the signature says is an int.
fn int(argument: &Value) -> i64 {
    match argument {
        Value::Int(_, int) => *int,
        _ => 0,
    }
}
