//! Certificates in PEM: what they stand for, and how they hang together. Nothing here decides whether
//! one can be trusted.

use std::net::{Ipv4Addr, Ipv6Addr};

use text_template::CallError;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::pem::{self, of_der};

pub(super) const KIND: &str = "CERTIFICATE";

/// Reads a certificate; there must be nothing behind it.
pub(super) fn parse(der: &[u8]) -> Result<X509Certificate<'_>, CallError> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        Ok(_) => Err(CallError::new("x509: trailing data")),
        Err(_) => Err(CallError::new("x509: malformed certificate")),
    }
}

/// A certificate with the identifiers by which a chain is put together.
struct Link {
    der: Vec<u8>,
    /// The key of the issuer; empty where it is not named.
    authority: Vec<u8>,
    /// The certificate's own key; empty where it is not named.
    subject: Vec<u8>,
}

impl Link {
    fn new(der: &[u8]) -> Result<Self, CallError> {
        let certificate = parse(der)?;
        let (mut authority, mut subject) = (Vec::new(), Vec::new());
        for extension in certificate.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::AuthorityKeyIdentifier(identifier) => {
                    let key = identifier.key_identifier.as_ref();
                    authority = key.map(|key| key.0.to_vec()).unwrap_or_default();
                }
                ParsedExtension::SubjectKeyIdentifier(key) => subject = key.0.to_vec(),
                _ => {}
            }
        }
        Ok(Self {
            der: der.to_vec(),
            authority,
            subject,
        })
    }

    fn is_root(&self) -> bool {
        self.authority.is_empty() || self.authority == self.subject
    }

    fn pem(&self) -> String {
        of_der(KIND, &self.der)
    }
}

/// The certificates of a PEM text from the leaf to the root.
fn chain(text: &[u8]) -> Result<Vec<Link>, CallError> {
    let blocks = pem::blocks(text);
    let links: Result<Vec<_>, _> = blocks.iter().map(|block| Link::new(&block.bytes)).collect();
    ordered(links?)
}

fn ordered(links: Vec<Link>) -> Result<Vec<Link>, CallError> {
    let parent_of = |index: usize| {
        let others = links
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index);
        let mut parents = others.filter(|(_, link)| link.subject == links[index].authority);
        parents.next().map(|(parent, _)| parent)
    };
    let parents: Vec<Option<usize>> = (0..links.len()).map(parent_of).collect();
    let mut leaves = (0..links.len()).filter(|index| !parents.contains(&Some(*index)));
    let leaf = leaves
        .next()
        .ok_or_else(|| CallError::new("no leaf certificate found"))?;
    if leaves.next().is_some() {
        return Err(CallError::new(
            "found multiple leaf or disjunct certificates",
        ));
    }
    let mut order = vec![leaf];
    while let Some(parent) = parents[order[order.len() - 1]] {
        if order.len() == links.len() {
            return Err(CallError::new("constructing chain resulted in cycle"));
        }
        order.push(parent);
    }
    let mut links: Vec<_> = links.into_iter().map(Some).collect();
    Ok(order
        .into_iter()
        .filter_map(|index| links[index].take())
        .collect())
}

/// One part of the chain: `leaf`, `intermediate` or `root`; empty if it is not there.
pub(super) fn part_of_chain(part: &str, text: &[u8]) -> Result<String, CallError> {
    let chain = chain(text)?;
    let (Some(leaf), Some(last)) = (chain.first(), chain.last()) else {
        return Ok(String::new());
    };
    Ok(match part {
        "leaf" if !leaf.is_root() => leaf.pem(),
        "intermediate" => {
            let others = chain.iter().skip(1);
            others
                .take_while(|link| !link.is_root())
                .map(Link::pem)
                .collect()
        }
        "root" if last.is_root() => last.pem(),
        _ => String::new(),
    })
}

/// Certificates as PEM, from the leaf to the root if they are one chain, else in the given order.
pub(super) fn chain_pem(certificates: &[&[u8]]) -> String {
    let links = certificates.iter().map(|der| Link::new(der)).collect();
    match Result::and_then(links, ordered) {
        Ok(links) => links.iter().map(Link::pem).collect(),
        Err(_) => certificates.iter().map(|der| of_der(KIND, der)).collect(),
    }
}

/// The names of the first certificate: those of hosts, then addresses, mailboxes and URIs.
pub(super) fn alternative_names(text: &[u8]) -> Result<Vec<String>, CallError> {
    let (block, _) = pem::decode(pem::without_preface(text))
        .ok_or_else(|| CallError::new("failed to decode PEM block"))?;
    let certificate =
        parse(&block.bytes).map_err(|error| error.within("failed to parse certificate: "))?;
    let mut names: [Vec<String>; 4] = Default::default();
    for extension in certificate.extensions() {
        let ParsedExtension::SubjectAlternativeName(alternative) = extension.parsed_extension()
        else {
            continue;
        };
        for name in &alternative.general_names {
            match name {
                GeneralName::DNSName(name) => names[0].push((*name).to_owned()),
                GeneralName::IPAddress(bytes) => names[1].push(address(bytes)?),
                GeneralName::RFC822Name(name) => names[2].push((*name).to_owned()),
                GeneralName::URI(name) => names[3].push((*name).to_owned()),
                _ => {}
            }
        }
    }
    Ok(names.into_iter().flatten().collect())
}

fn address(bytes: &[u8]) -> Result<String, CallError> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Ok(Ipv4Addr::from(four).to_string());
    }
    let sixteen = <[u8; 16]>::try_from(bytes)
        .map_err(|_| CallError::new("x509: cannot parse IP address of the wrong length"))?;
    let address = Ipv6Addr::from(sixteen);
    Ok(address
        .to_ipv4_mapped()
        .map_or_else(|| address.to_string(), |four| four.to_string()))
}
