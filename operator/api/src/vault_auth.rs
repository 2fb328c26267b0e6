//! The login to Vault.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{SecretKeySelector, ServiceAccountSelector};

/// The login to Vault: one of the methods. Of several the first counts, in this order: token, `appRole`,
/// `kubernetes`, `ldap`, `userPass`, `jwt`, `cert`, `iam`, `gcp`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultAuth {
    /// The Vault namespace of the login. Without it that of the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// A token, as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_secret_ref: Option<SecretKeySelector>,
    /// `AppRole`: a role id and a secret id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_role: Option<AppRoleAuth>,
    /// A Kubernetes token, which Vault checks with the API server: of a service account, or in a Secret.
    /// One of them has to be named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<KubernetesVaultAuth>,
    /// A user of LDAP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ldap: Option<LdapAuth>,
    /// A user of Vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_pass: Option<UserPassAuth>,
    /// A JWT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt: Option<JwtAuth>,
    /// A TLS client certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert: Option<CertAuth>,
    /// An AWS identity. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iam: Option<IamAuth>,
    /// A Google Cloud identity. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gcp: Option<GcpAuth>,
}

/// `AppRole`: a role id and a secret id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("required" = ["path", "secretRef"]))]
pub struct AppRoleAuth {
    /// Where the method is mounted.
    #[serde(default = "approle")]
    pub path: String,
    /// The role id. It comes before `roleRef`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_id: Option<String>,
    /// The role id, in a Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_ref: Option<SecretKeySelector>,
    /// The secret id.
    pub secret_ref: SecretKeySelector,
}

fn approle() -> String {
    "approle".to_owned()
}

/// A Kubernetes token: of a service account, or in a Secret. One of them has to be named: the operator's
/// own token is not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("required" = ["mountPath", "role"]))]
pub struct KubernetesVaultAuth {
    /// Where the method is mounted.
    #[serde(default = "kubernetes")]
    pub mount_path: String,
    /// The role in Vault.
    pub role: String,
    /// The service account for which a token is requested, valid for ten minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_ref: Option<ServiceAccountSelector>,
    /// A token in a Secret. Without a key, the Secret's `token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretKeySelector>,
}

fn kubernetes() -> String {
    "kubernetes".to_owned()
}

/// A user of LDAP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("required" = ["path", "username"]))]
pub struct LdapAuth {
    /// Where the method is mounted.
    #[serde(default = "ldap")]
    pub path: String,
    /// The user's name.
    pub username: String,
    /// The user's password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretKeySelector>,
}

fn ldap() -> String {
    "ldap".to_owned()
}

/// A user of Vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("required" = ["path", "username"]))]
pub struct UserPassAuth {
    /// Where the method is mounted.
    #[serde(default = "userpass")]
    pub path: String,
    /// The user's name.
    pub username: String,
    /// The user's password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretKeySelector>,
}

fn userpass() -> String {
    "userpass".to_owned()
}

/// A JWT: in a Secret, or a token of a service account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("required" = ["path"]))]
pub struct JwtAuth {
    /// Where the method is mounted.
    #[serde(default = "jwt")]
    pub path: String,
    /// The role in Vault. Without it the method's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The JWT, in a Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretKeySelector>,
    /// The service account for which a token is requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes_service_account_token: Option<ServiceAccountToken>,
}

fn jwt() -> String {
    "jwt".to_owned()
}

/// A token that is requested for a service account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAccountToken {
    /// The service account.
    pub service_account_ref: ServiceAccountSelector,
    /// Whom the token is for, besides those of the service account's reference. Without it `vault`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audiences: Option<Vec<String>>,
    /// How long the token is valid, in seconds. Without it 600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_seconds: Option<i64>,
}

/// A TLS client certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CertAuth {
    /// Where the method is mounted.
    #[serde(default = "cert")]
    pub path: String,
    /// The role in Vault. Without it any that fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vault_role: Option<String>,
    /// The certificate, in PEM. Without a key, the Secret's `tls.crt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_cert: Option<SecretKeySelector>,
    /// Its private key, in PEM. Without a key, the Secret's `tls.key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretKeySelector>,
}

fn cert() -> String {
    "cert".to_owned()
}

/// An AWS identity: of a service account (`jwt`), or keys in Secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IamAuth {
    /// Where the method is mounted. Without it `aws`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The AWS region. Without it `us-east-1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// An AWS role to assume first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The role in Vault.
    pub vault_role: String,
    /// The external id that the AWS role asks for.
    #[serde(
        rename = "externalID",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub external_id: Option<String>,
    /// The value of the header `X-Vault-AWS-IAM-Server-ID`, where Vault asks for it.
    #[serde(
        rename = "vaultAwsIamServerID",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub vault_aws_iam_server_id: Option<String>,
    /// AWS keys in Secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<AwsSecretRef>,
    /// A service account with an AWS role. It comes before `secretRef`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt: Option<AwsJwtAuth>,
}

/// AWS keys in Secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AwsSecretRef {
    /// The access key id.
    #[serde(
        rename = "accessKeyIDSecretRef",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub access_key_id_secret_ref: Option<SecretKeySelector>,
    /// The secret access key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_access_key_secret_ref: Option<SecretKeySelector>,
    /// The session token, of keys that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_token_secret_ref: Option<SecretKeySelector>,
}

/// A service account with an AWS role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AwsJwtAuth {
    /// The service account, with the annotation `eks.amazonaws.com/role-arn`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_ref: Option<ServiceAccountSelector>,
}

/// A Google Cloud identity: a key in a Secret or a workload identity, else that of the instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GcpAuth {
    /// Where the method is mounted.
    #[serde(default = "gcp")]
    pub path: String,
    /// The role in Vault.
    pub role: String,
    /// The project's id.
    #[serde(rename = "projectID", default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// The location of the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// A service account's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<GcpSecretRef>,
    /// A Kubernetes service account that stands for one of Google Cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload_identity: Option<GcpWorkloadIdentity>,
    /// A Kubernetes service account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_ref: Option<ServiceAccountSelector>,
}

fn gcp() -> String {
    "gcp".to_owned()
}

/// A Google Cloud service account's key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GcpSecretRef {
    /// The key, as the JSON file that Google Cloud gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_access_key_secret_ref: Option<SecretKeySelector>,
}

/// A Kubernetes service account that stands for one of Google Cloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GcpWorkloadIdentity {
    /// The service account, with the annotation `iam.gke.io/gcp-service-account`.
    pub service_account_ref: ServiceAccountSelector,
    /// The location of the cluster. Without it that of the operator's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_location: Option<String>,
    /// The name of the cluster. Without it that of the operator's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_name: Option<String>,
    /// The project of the cluster. Without it that of the operator's.
    #[serde(
        rename = "clusterProjectID",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub cluster_project_id: Option<String>,
}
