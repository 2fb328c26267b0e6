//! Whom Vault's policies are for, as messages name it.

/// The role of a login, and the command that shows its policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// As in `role "app"`.
    pub name: String,
    /// The command that shows its policies, if the role is known.
    pub shown_by: Option<String>,
}

impl Principal {
    /// A login whose role Vault finds by the credential.
    pub(super) fn of_mount(mount_path: &str) -> Self {
        Self {
            name: format!("the login at {mount_path}"),
            shown_by: None,
        }
    }
}
