//! The variables of the program.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use tokio::sync::watch;
use zeroize::Zeroizing;

/// All variables with their values, which are secrets.
#[derive(Default, PartialEq, Eq)]
pub(crate) struct Values(BTreeMap<String, Zeroizing<Vec<u8>>>);

/// The latest values; `None` until all of them are there.
pub(crate) type LatestValues = watch::Receiver<Option<Arc<Values>>>;

impl Values {
    /// Name and value, in the order of names.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &OsStr)> {
        let pairs = self.0.iter();
        pairs.map(|(name, value)| (name.as_str(), OsStr::from_bytes(value)))
    }
}

impl FromIterator<(String, Zeroizing<Vec<u8>>)> for Values {
    fn from_iter<I: IntoIterator<Item = (String, Zeroizing<Vec<u8>>)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

/// Only the names show.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_do_not_show() {
        let pair = ("NAME".to_owned(), Zeroizing::new(b"hidden".to_vec()));
        let values: Values = [pair].into_iter().collect();
        assert_eq!(format!("{values:?}"), "{\"NAME\"}");
        assert_eq!(values.pairs().next(), Some(("NAME", OsStr::new("hidden"))));
    }
}
