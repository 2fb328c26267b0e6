//! Certificates that are in the files of templates already, so that a start asks for no others.
//!
//! ```text
//! passes with any certificate ─▶ which files ─▶ what they hold ─▶ certificates ─▶ passes with them
//!                                                     └── the same? then they are taken over ◀──┘
//! ```
//!
//! Whatever the templates make of a certificate, all of their files stay as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use secret_files::{Reader, limit};
use templating::{Certificate, CertificateParts, Found, Outcome, Request, Secrets};
use zeroize::Zeroizing;

use super::page::Page;
use crate::state::Kept;
use crate::store::Store;

/// Certificates alone: at the start nothing else is there.
struct Trial(BTreeMap<Request, Found>);

/// Any certificate, whatever is asked for.
struct Any(Found);

impl Secrets for Trial {
    fn lookup(&self, request: &Request) -> Option<Found> {
        self.0.get(request).cloned()
    }
}

impl Secrets for Any {
    fn lookup(&self, request: &Request) -> Option<Found> {
        matches!(request, Request::Pki { .. }).then(|| self.0.clone())
    }
}

/// What a page makes of certificates.
struct Made {
    /// Its number.
    page: usize,
    /// Those that it uses.
    used: BTreeSet<Request>,
    /// Its files; `None` if it waits for something else, or appends to a file.
    files: Option<BTreeMap<PathBuf, Zeroizing<Vec<u8>>>>,
}

/// The certificates of these pages that their files hold.
pub(super) fn certificates(
    pages: &[Page],
    environment: &dyn Fn(&str) -> Option<String>,
    reader: &Reader,
) -> BTreeMap<Request, Kept> {
    let any = Certificate::new(CertificateParts::default());
    let any = Any(Found::Pki(Arc::new(any)));
    let made = made(pages, &any, environment);
    // One that waits for a secret may use any certificate once it is there.
    let complete: BTreeSet<usize> = made
        .iter()
        .filter(|made| made.files.is_some())
        .map(|made| made.page)
        .collect();
    let mut others = pages
        .iter()
        .enumerate()
        .filter(|(index, _)| !complete.contains(index));
    if others.any(|(_, page)| page.may_use_certificates()) {
        return BTreeMap::new();
    }
    let read = |path: &PathBuf| reader.read_text(path, limit::DOCUMENT).ok();
    let places = made.iter().filter_map(|made| made.files.as_ref());
    let places: BTreeSet<&PathBuf> = places.flat_map(BTreeMap::keys).collect();
    let texts: Vec<Zeroizing<String>> = places.into_iter().filter_map(read).collect();
    let wanted: BTreeSet<&Request> = made.iter().flat_map(|made| &made.used).collect();
    let mut left = BTreeMap::new();
    let mut trial = Trial(BTreeMap::new());
    for request in wanted {
        if let Some((kept, found)) = Store::left_in(request, &texts) {
            left.insert(request.clone(), kept);
            trial.0.insert(request.clone(), found);
        }
    }
    if left.is_empty() {
        return left;
    }
    let is_there = |path: &PathBuf, text: &Zeroizing<Vec<u8>>| {
        read(path).is_some_and(|there| there.as_bytes() == text.as_slice())
    };
    for made in self::made(pages, &trial, environment) {
        let files = made.files.as_ref();
        if !files.is_some_and(|files| files.iter().all(|(path, text)| is_there(path, text))) {
            left.retain(|request, _| !made.used.contains(request));
        }
    }
    left
}

/// What those of the pages make of the secrets that use a certificate.
fn made(
    pages: &[Page],
    secrets: &dyn Secrets,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Vec<Made> {
    let made = pages.iter().enumerate().filter_map(|(index, page)| {
        let render = page.trial(secrets, environment)?;
        let used = render.used.into_iter();
        let used = used.filter(|request| matches!(request, Request::Pki { .. }));
        let appends = render.effects.iter().any(|file| file.append);
        let files = match render.outcome {
            Outcome::Complete(text) if !appends => {
                let others = render.effects.into_iter();
                let others = others.map(|file| (file.path.into(), file.content));
                let own = page.file().map(|path| (path.to_owned(), text));
                Some(others.chain(own).collect())
            }
            _ => None,
        };
        Some(Made {
            page: index,
            used: used.collect(),
            files,
        })
    });
    made.filter(|made| !made.used.is_empty()).collect()
}
