//! Just enough of DER to write a certificate whose key and signature mean nothing.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::crypto::Subject;
use crate::ids::Ids;

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OID: u8 = 0x06;
const UTF8_STRING: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

/// `id-ecPublicKey`, `prime256v1`, `ecdsa-with-SHA256`, `commonName`, `subjectAltName`.
const EC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];

/// The first second whose year has no place in `UTCTime`: 2050.
const UTC_TIME_ENDS: i64 = 2_524_608_000;

/// A certificate and its PKCS #8 key.
pub(super) fn certificate(subject: &Subject, issuer: &str, ids: &mut Ids) -> (Vec<u8>, Vec<u8>) {
    let signature_algorithm = sequence(&[&item(OID, ECDSA_SHA256)]);
    let key_algorithm = sequence(&[&item(OID, EC_KEY), &item(OID, P256)]);
    let mut point = vec![0x00, 0x04];
    point.extend(bytes(64, ids));
    let mut parts = vec![
        item(0xa0, &item(INTEGER, &[2])),
        number(ids),
        signature_algorithm.clone(),
        name(issuer),
        sequence(&[&time(subject.not_before), &time(subject.not_after)]),
        name(&subject.common_name),
        sequence(&[&key_algorithm, &item(BIT_STRING, &point)]),
    ];
    if !subject.alternative_names.is_empty() {
        let names = item(SEQUENCE, &alternative_names(&subject.alternative_names));
        let extension = sequence(&[&item(OID, ALTERNATIVE_NAMES), &item(OCTET_STRING, &names)]);
        parts.push(item(0xa3, &sequence(&[&extension])));
    }
    let mut signature = vec![0x00];
    signature.extend(sequence(&[&number(ids), &number(ids)]));
    let whole = sequence(&[
        &item(SEQUENCE, &parts.concat()),
        &signature_algorithm,
        &item(BIT_STRING, &signature),
    ]);
    let secret = sequence(&[&item(INTEGER, &[1]), &item(OCTET_STRING, &bytes(32, ids))]);
    let key = sequence(&[
        &item(INTEGER, &[0]),
        &key_algorithm,
        &item(OCTET_STRING, &secret),
    ]);
    (whole, key)
}

fn alternative_names(names: &[String]) -> Vec<u8> {
    let one = |name: &String| match name.parse() {
        Ok(IpAddr::V4(address)) => item(0x87, &address.octets()),
        Ok(IpAddr::V6(address)) => item(0x87, &address.octets()),
        Err(_) => item(0x82, name.as_bytes()),
    };
    names.iter().flat_map(one).collect()
}

fn name(common: &str) -> Vec<u8> {
    let attribute = sequence(&[
        &item(OID, COMMON_NAME),
        &item(UTF8_STRING, common.as_bytes()),
    ]);
    sequence(&[&item(SET, &attribute)])
}

fn time(at: Timestamp) -> Vec<u8> {
    if at.as_second() < UTC_TIME_ENDS {
        item(
            UTC_TIME,
            at.strftime("%y%m%d%H%M%SZ").to_string().as_bytes(),
        )
    } else {
        let text = at.strftime("%Y%m%d%H%M%SZ").to_string();
        item(GENERALIZED_TIME, text.as_bytes())
    }
}

/// A positive number of 32 bytes.
fn number(ids: &mut Ids) -> Vec<u8> {
    let mut value = bytes(32, ids);
    value[0] = value[0] & 0x3f | 0x40;
    item(INTEGER, &value)
}

fn bytes(length: usize, ids: &mut Ids) -> Vec<u8> {
    let numbers = std::iter::repeat_with(|| ids.number().to_be_bytes());
    numbers.flatten().take(length).collect()
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    item(SEQUENCE, &parts.concat())
}

/// A tag, the content's length, the content.
fn item(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut written = Vec::with_capacity(content.len() + 6);
    written.push(tag);
    match length {
        [] => written.push(0),
        [short @ 0..=0x7f] => written.push(*short),
        long => {
            written.push(0x80 | u8::try_from(long.len()).unwrap_or_default());
            written.extend(long);
        }
    }
    written.extend(content);
    written
}
