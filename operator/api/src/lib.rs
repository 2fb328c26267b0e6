//! The operator's Kubernetes API: kinds of External Secrets Operator as Rust types, and their
//! `CustomResourceDefinition`s.
//!
//! The types are those of the stored version: `v1`, or `v1alpha1` where there is no other. An object of
//! `v1beta1` has the same shape and is read into the same type; [`crds`] serves both versions. Fields
//! with a default are plain fields here with that default, so that an object reads the same from a
//! file as from the API server.
//!
//! Descriptions of fields become the reference of the documentation. Durations are Go's (`1h30m`, `15s`).

// Each printer column has a name, a type and a path.
#![allow(clippy::duplicated_attributes)]

mod condition;
mod crds;
mod data;
mod external_secret;
mod fan_out;
mod generator;
mod provider;
mod push_secret;
mod reference;
mod schema;
mod store;
mod template;
mod vault;
mod vault_auth;

pub use condition::{Condition, ConditionType, ReadyCondition};
pub use crds::crds;
pub use data::{
    ConflictPolicy, ConversionStrategy, DataFrom, DataFromSource, DecodingStrategy, Find, FindName,
    MergeRewrite, MergeStrategy, MetadataPolicy, NullBytePolicy, PriorityPolicy, RegexpRewrite,
    RemoteRef, Rewrite, SecretData, SourceRef, TransformRewrite,
};
pub use external_secret::{
    Binding, CreationPolicy, DeletionPolicy, ExternalSecret, ExternalSecretSpec,
    ExternalSecretStatus, RefreshPolicy, SyncWindow, SyncWindowKind, SyncWindows, Target,
    TargetManifest,
};
pub use fan_out::{
    ClusterExternalSecret, ClusterExternalSecretSpec, ClusterExternalSecretStatus,
    ClusterPushSecret, ClusterPushSecretSpec, ClusterPushSecretStatus, NamespaceFailure,
    ObjectMetadata,
};
pub use generator::{
    ClusterGenerator, ClusterGeneratorSpec, GeneratorSpec, GeneratorState, GeneratorStateSpec,
    GeneratorStateStatus, ResultType, VaultDynamicSecret, VaultDynamicSecretSpec,
};
pub use provider::{
    FakeData, FakeProvider, KubernetesAuth, KubernetesCertAuth, KubernetesProvider,
    KubernetesServer, KubernetesTokenAuth, OpenBaoAuth, OpenBaoProvider, Provider,
};
pub use push_secret::{
    PushConversionStrategy, PushData, PushDataMatch, PushDataTo, PushDataToMatch,
    PushDeletionPolicy, PushRemoteRef, PushRewrite, PushSecret, PushSecretSource, PushSecretSpec,
    PushSecretStatus, PushSelector, PushStoreRef, UpdatePolicy,
};
pub use reference::{
    CaProvider, CaProviderType, GeneratorKind, GeneratorRef, SecretKeySelector,
    ServiceAccountSelector, StoreKind, StoreRef,
};
pub use store::{
    ClusterSecretStore, ClusterSecretStoreSpec, RetrySettings, SecretStore, SecretStoreSpec,
    SecretStoreStatus, StoreCondition,
};
pub use template::{
    EngineVersion, MergePolicy, Template, TemplateAs, TemplateFrom, TemplateItem, TemplateMetadata,
    TemplateRef,
};
pub use vault::{CheckAndSet, KvVersion, VaultProvider, VaultTls};
pub use vault_auth::{
    AppRoleAuth, AwsJwtAuth, AwsSecretRef, CertAuth, GcpAuth, GcpSecretRef, GcpWorkloadIdentity,
    IamAuth, JwtAuth, KubernetesVaultAuth, LdapAuth, ServiceAccountToken, UserPassAuth, VaultAuth,
};

/// The API group of the secrets and stores.
pub const GROUP: &str = "external-secrets.io";
/// The API group of the generators.
pub const GENERATORS_GROUP: &str = "generators.external-secrets.io";
/// The version before `v1`, served with `v1`'s fields.
pub const BETA_VERSION: &str = "v1beta1";
