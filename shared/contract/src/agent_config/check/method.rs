//! The auth methods of our agent, and what each of them needs.

mod cloud;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

pub use self::cloud::{Aws, AwsKeys, Azure, Gcp, aws_region};
use super::options::{MethodError, Options};
use crate::names::SERVICE_ACCOUNT_TOKEN;

/// A method with what its `config` block says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method<'a> {
    /// The pod's service-account token.
    Kubernetes(Kubernetes<'a>),
    /// A JSON Web Token from a file.
    Jwt(Jwt<'a>),
    /// A role's id and a secret id, from files.
    AppRole(AppRole<'a>),
    /// The connection's client certificate.
    Cert(Cert<'a>),
    /// A token that somebody else has made.
    TokenFile(TokenFile<'a>),
    /// An identity of AWS.
    Aws(Aws<'a>),
    /// An identity of Google Cloud.
    Gcp(Gcp<'a>),
    /// An identity of Azure.
    Azure(Azure<'a>),
}

impl<'a> Method<'a> {
    /// The names of all methods.
    pub const KNOWN: &'static [&'static str] = &[
        "kubernetes",
        "jwt",
        "approle",
        "cert",
        "token_file",
        "aws",
        "gcp",
        "azure",
    ];

    /// Names of methods that Vault Agent has and our agent has not.
    pub const REFUSED: &'static [&'static str] =
        &["alicloud", "cf", "kerberos", "ldap", "oci", "tpm"];

    /// Reads the settings of the method called `kind`.
    ///
    /// # Errors
    ///
    /// There is no such method, or a setting is missing or wrong.
    pub fn read(kind: &str, config: &'a BTreeMap<String, Value>) -> Result<Self, MethodError> {
        let options = Options::new(config);
        Ok(match kind {
            "kubernetes" => Self::Kubernetes(Kubernetes::read(options)?),
            "jwt" => Self::Jwt(Jwt::read(options)?),
            "approle" => Self::AppRole(AppRole::read(options)?),
            "cert" => Self::Cert(Cert::read(options)?),
            "token_file" => Self::TokenFile(TokenFile::read(options)?),
            "aws" => Self::Aws(Aws::read(options)?),
            "gcp" => Self::Gcp(Gcp::read(options)?),
            "azure" => Self::Azure(Azure::read(options)?),
            other => {
                return Err(MethodError::Unknown {
                    name: other.to_owned(),
                    known: Self::KNOWN,
                    refused: Self::REFUSED.contains(&other),
                });
            }
        })
    }

    /// Whether there is a login whose answer can be wrapped.
    pub fn can_wrap(&self) -> bool {
        !matches!(self, Self::TokenFile(_))
    }
}

/// The kubernetes method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kubernetes<'a> {
    /// Vault's role.
    pub role: &'a str,
    /// The service-account token.
    pub token_path: &'a str,
}

impl<'a> Kubernetes<'a> {
    /// Reads the block.
    ///
    /// # Errors
    ///
    /// A setting is missing or wrong.
    pub fn read(options: Options<'a>) -> Result<Self, MethodError> {
        let token_path = options.text("token_path")?;
        Ok(Self {
            role: options.required("role")?,
            token_path: token_path.unwrap_or(SERVICE_ACCOUNT_TOKEN),
        })
    }
}

/// The jwt method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwt<'a> {
    /// Vault's role.
    pub role: &'a str,
    /// The token's file.
    pub path: &'a str,
    /// Remove the file once it was read.
    pub removes: bool,
    /// Remove what a symbolic link leads to, not the link.
    pub follows: bool,
    /// How often the file is read again.
    pub read_period: Option<Duration>,
}

impl<'a> Jwt<'a> {
    /// Reads the block.
    ///
    /// # Errors
    ///
    /// A setting is missing or wrong.
    pub fn read(options: Options<'a>) -> Result<Self, MethodError> {
        Ok(Self {
            // What vault-k8s writes for each method that is not told otherwise.
            path: options.required_not_as("path", "token_path")?,
            removes: options.switch("remove_jwt_after_reading", true)?,
            follows: options.switch("remove_jwt_follows_symlinks", false)?,
            role: options.required("role")?,
            read_period: options.duration("jwt_read_period")?,
        })
    }
}

/// The approle method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppRole<'a> {
    /// File with the role's id.
    pub role_id: &'a str,
    /// File with the secret id.
    pub secret_id: Option<&'a str>,
    /// Remove that file once it was read.
    pub removes: bool,
    /// The path whose answer the file's wrapping token holds, without slashes around it.
    pub wrapped_at: Option<&'a str>,
}

impl<'a> AppRole<'a> {
    /// Reads the block.
    ///
    /// # Errors
    ///
    /// A setting is missing or wrong.
    pub fn read(options: Options<'a>) -> Result<Self, MethodError> {
        let role_id = options.required("role_id_file_path")?;
        let removes = options.switch("remove_secret_id_file_after_reading", true)?;
        let wrapped_at = options.text("secret_id_response_wrapping_path")?;
        let secret_id = options.text("secret_id_file_path")?;
        if secret_id.is_none() && wrapped_at.is_some() {
            return Err(MethodError::Missing("secret_id_file_path"));
        }
        Ok(Self {
            role_id,
            secret_id,
            removes,
            wrapped_at: wrapped_at.map(|path| path.trim_matches('/')),
        })
    }
}

/// The cert method. Files that it does not name are those of the `vault` block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cert<'a> {
    /// Vault's role.
    pub name: Option<&'a str>,
    /// File of the authority.
    pub authority: Option<&'a str>,
    /// Files of certificate and key.
    pub identity: Option<(&'a str, &'a str)>,
}

impl<'a> Cert<'a> {
    /// Reads the block.
    ///
    /// # Errors
    ///
    /// A setting is missing or wrong.
    pub fn read(options: Options<'a>) -> Result<Self, MethodError> {
        options.switch("reload", false)?;
        let identity = match (options.text("client_cert")?, options.text("client_key")?) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            (Some(_), None) => return Err(MethodError::Missing("client_key")),
            (None, Some(_)) => return Err(MethodError::Missing("client_cert")),
        };
        Ok(Self {
            name: options.text("name")?,
            authority: options.text("ca_cert")?,
            identity,
        })
    }
}

/// The `token_file` method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFile<'a> {
    /// The file.
    pub path: &'a str,
}

impl<'a> TokenFile<'a> {
    /// Reads the block.
    ///
    /// # Errors
    ///
    /// The path is missing or wrong.
    pub fn read(options: Options<'a>) -> Result<Self, MethodError> {
        let path = options.required("token_file_path")?;
        Ok(Self { path })
    }
}

#[cfg(test)]
mod tests;
