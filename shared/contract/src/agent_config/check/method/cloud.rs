//! Methods that log in with a cloud's identity. Where its credentials come from is the agent's.

use super::super::options::{MethodError, Options};

/// The aws method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aws<'a> {
    /// Vault's role.
    pub role: &'a str,
    /// The region whose STS answers.
    pub region: Option<&'a str>,
    /// Keys that the block holds itself.
    pub keys: Option<AwsKeys<'a>>,
    /// What Vault wants to see signed.
    pub header_value: Option<&'a str>,
}

/// Keys of AWS.
#[derive(Clone, PartialEq, Eq)]
pub struct AwsKeys<'a> {
    /// The key's name.
    pub access_key: &'a str,
    /// The key.
    pub secret_key: &'a str,
    /// The token of keys that last for a while.
    pub session_token: Option<&'a str>,
}

/// Without the secrets.
impl std::fmt::Debug for AwsKeys<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("AwsKeys").field(&self.access_key).finish()
    }
}

impl<'a> Aws<'a> {
    /// Reads the block.
    ///
    /// # Errors
    ///
    /// A setting is missing or wrong.
    pub fn read(options: Options<'a>) -> Result<Self, MethodError> {
        match options.required("type")? {
            "iam" => {}
            "ec2" => {
                return Err(MethodError::value(
                    "type",
                    "\"ec2\" is a machine's identity, not a pod's: use \"iam\"",
                ));
            }
            _ => return Err(MethodError::value("type", "it is \"iam\"")),
        }
        // Credentials are fetched for each login, so nothing polls for new ones.
        options.duration("credential_poll_interval")?;
        let role = options.required("role")?;
        let region = options.text("region")?;
        region.map_or(Ok(()), aws_region)?;
        Ok(Self {
            role,
            region,
            keys: keys(options)?,
            header_value: options.text("header_value")?,
        })
    }
}

fn keys(options: Options<'_>) -> Result<Option<AwsKeys<'_>>, MethodError> {
    match (options.text("access_key")?, options.text("secret_key")?) {
        (Some(access_key), Some(secret_key)) => Ok(Some(AwsKeys {
            access_key,
            secret_key,
            session_token: options.text("session_token")?,
        })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(MethodError::Missing("secret_key")),
        (None, Some(_)) => Err(MethodError::Missing("access_key")),
    }
}

/// Whether a text can be the name of a region, which becomes part of a host's name.
///
/// # Errors
///
/// It cannot.
pub fn aws_region(name: &str) -> Result<(), MethodError> {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    if name.chars().all(is_letter) {
        return Ok(());
    }
    Err(MethodError::value(
        "region",
        "it is a name like eu-central-1",
    ))
}

/// The gcp method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gcp<'a> {
    /// Vault's role.
    pub role: &'a str,
    /// The machine's service account.
    pub service_account: &'a str,
}

impl<'a> Gcp<'a> {
    /// Reads the block.
    ///
    /// # Errors
    ///
    /// A setting is missing or wrong.
    pub fn read(options: Options<'a>) -> Result<Self, MethodError> {
        match options.required("type")? {
            "gce" => {}
            "iam" => {
                return Err(MethodError::value(
                    "type",
                    "\"iam\" signs with a service account's key through Google's API, which this \
                     agent does not do: use \"gce\", and a role of type gce",
                ));
            }
            _ => return Err(MethodError::value("type", "it is \"gce\"")),
        }
        Ok(Self {
            role: options.required("role")?,
            service_account: options.text("service_account")?.unwrap_or("default"),
        })
    }
}

/// The azure method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Azure<'a> {
    /// Vault's role.
    pub role: &'a str,
    /// What the token is for.
    pub resource: &'a str,
    /// The identity, by the object's id.
    pub object_id: Option<&'a str>,
    /// The identity, by the client's id.
    pub client_id: Option<&'a str>,
}

impl<'a> Azure<'a> {
    /// Reads the block.
    ///
    /// # Errors
    ///
    /// A setting is missing or wrong.
    pub fn read(options: Options<'a>) -> Result<Self, MethodError> {
        let (object_id, client_id) = (options.text("object_id")?, options.text("client_id")?);
        if object_id.is_some() && client_id.is_some() {
            return Err(MethodError::value(
                "object_id",
                "only one of object_id and client_id chooses an identity",
            ));
        }
        Ok(Self {
            role: options.required("role")?,
            resource: options.required("resource")?,
            object_id,
            client_id,
        })
    }
}
