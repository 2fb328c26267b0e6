//! Mistakes that the simulator plants, to show that it finds them. Only it turns on the feature.

/// A mistake.
#[cfg_attr(
    not(feature = "planted-bugs"),
    expect(unreachable_pub, reason = "it is public with the feature")
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A lease of no time is due at once, again and again.
    ZeroLeaseLoop,
    /// A lease that Vault does not know is renewed on and on.
    RenewsDeadLease,
    /// A login that works does not show that Vault is back.
    BreakerIgnoresLogin,
    /// A lease that an earlier process left is not held.
    HandOverForgetsLease,
    /// A value is shown before its lease is held.
    FileBeforeLease,
}

/// The mistake of an engine, if it has one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Planted {
    #[cfg(feature = "planted-bugs")]
    bug: Option<Bug>,
}

impl Planted {
    #[cfg(feature = "planted-bugs")]
    pub(crate) fn new(bug: Bug) -> Self {
        Self { bug: Some(bug) }
    }

    #[cfg(feature = "planted-bugs")]
    pub(crate) fn is(self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    #[cfg(not(feature = "planted-bugs"))]
    #[expect(clippy::unused_self, reason = "it has a bug where the feature is on")]
    pub(crate) fn is(self, _bug: Bug) -> bool {
        false
    }
}
