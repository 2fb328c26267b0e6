//! What a cloud gives a pod so that it can prove who it is: tokens in volumes, and variables that name
//! them. The agent gets both if it logs in with that cloud's auth method.
//!
//! The cloud's own webhook would add them to the agent's containers, too, but only if the API server
//! calls it again after ours.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::pod::{self, PodView};
use crate::vocabulary::objects::Variable;
use crate::vocabulary::paths;

/// A cloud whose auth method needs something from the pod.
#[derive(Debug)]
pub(crate) struct Cloud {
    /// Name of the auth method.
    method: &'static str,
    variables: &'static [&'static str],
    /// Those of them whose value is the path of a file.
    files: &'static [&'static str],
    /// What the paths of its mounts have in them, where that tells.
    path: Option<&'static str>,
    is_audience: fn(&str) -> bool,
}

/// Keys of the application and the address of its storage are left alone: they mostly belong to another
/// service that speaks the protocol of S3.
static CLOUDS: [Cloud; 3] = [
    Cloud {
        method: "aws",
        variables: &[
            "AWS_ROLE_ARN",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_REGION",
            "AWS_DEFAULT_REGION",
            "AWS_STS_REGIONAL_ENDPOINTS",
            "AWS_ENDPOINT_URL_STS",
            "AWS_ROLE_SESSION_NAME",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        ],
        files: &[
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        ],
        path: Some("eks.amazonaws.com"),
        is_audience: |audience| {
            audience.starts_with("sts.amazonaws.com") || audience == "pods.eks.amazonaws.com"
        },
    },
    Cloud {
        method: "azure",
        variables: &[
            "AZURE_CLIENT_ID",
            "AZURE_TENANT_ID",
            "AZURE_FEDERATED_TOKEN_FILE",
            "AZURE_AUTHORITY_HOST",
            "AZURE_POD_IDENTITY_AUTHORITY_HOST",
        ],
        files: &["AZURE_FEDERATED_TOKEN_FILE"],
        path: Some("secrets/azure/tokens"),
        is_audience: |audience| audience.starts_with("api://AzureADTokenExchange"),
    },
    Cloud {
        method: "gcp",
        variables: &[
            "GOOGLE_APPLICATION_CREDENTIALS",
            "GOOGLE_CLOUD_PROJECT",
            "GCE_METADATA_HOST",
            "GCE_METADATA_IP",
            "GCE_METADATA_ROOT",
        ],
        files: &["GOOGLE_APPLICATION_CREDENTIALS"],
        path: None,
        is_audience: |audience| {
            audience.ends_with(".svc.id.goog") || audience.contains("googleapis.com")
        },
    },
];

/// Whether a token is for a cloud, and not for the API server or Vault.
pub(crate) fn is_for_a_cloud(audience: &str) -> bool {
    CLOUDS.iter().any(|cloud| (cloud.is_audience)(audience))
}

/// Whether clouds mount their tokens at such a path.
pub(crate) fn is_path_of_a_cloud(path: &str) -> bool {
    let mut paths = CLOUDS.iter().filter_map(|cloud| cloud.path);
    paths.any(|part| path.contains(part))
}

/// Whether the login with an auth method may need mounts of a cloud.
pub(crate) fn has_mounts(method: &str) -> bool {
    of_method(method).is_some()
}

/// The cloud of an auth method.
pub(crate) fn of_method(method: &str) -> Option<&'static Cloud> {
    CLOUDS.iter().find(|cloud| cloud.method == method)
}

impl Cloud {
    /// The variables of the pod's containers, the first of each name that has a value.
    pub(crate) fn variables<'a>(&self, pod: &'a PodView<'_>) -> Vec<Variable<'a>> {
        let variables = self.variables.iter().filter_map(|name| {
            let found = variable(pod, name)?;
            Some(match found.value_from {
                Some(from) => Variable::from_elsewhere(name, from),
                None => Variable::new(*name, &*found.value),
            })
        });
        variables.collect()
    }

    /// The mounts of the pod's containers with the cloud's tokens, read-only.
    pub(crate) fn mounts(&self, pod: &PodView<'_>) -> Vec<Map<String, Value>> {
        let files: Vec<&str> = self
            .files
            .iter()
            .filter_map(|name| Some(&*variable(pod, name)?.value))
            .collect();
        let volumes = pod.volumes.iter().filter(|volume| {
            let mut tokens = volume.tokens();
            tokens.any(|token| (self.is_audience)(&token.audience))
        });
        let volumes: BTreeSet<&str> = volumes.map(|volume| &*volume.name).collect();
        let is_needed = |mount: &pod::Mount<'_>| {
            let path = &*mount.mount_path;
            self.path.is_some_and(|part| path.contains(part))
                || volumes.contains(&*mount.name)
                || files.iter().any(|file| paths::covers(path, file))
        };
        let lists = pod.containers.iter().map(|it| &it.volume_mounts);
        let copies = lists.flat_map(|mounts| mounts.copies(is_needed));
        copies
            .map(|mut mount| {
                mount.insert("readOnly".to_owned(), Value::Bool(true));
                mount
            })
            .collect()
    }
}

fn variable<'a, 'p>(pod: &'a PodView<'p>, name: &str) -> Option<&'a pod::Variable<'p>> {
    let mut variables = pod.containers.iter().flat_map(|container| &container.env);
    variables.find(|it| &*it.name == name && (!it.value.is_empty() || it.value_from.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_clouds_are_known_by_their_audience() {
        for audience in [
            "sts.amazonaws.com",
            "sts.amazonaws.com.cn",
            "pods.eks.amazonaws.com",
            "api://AzureADTokenExchange",
            "my-project.svc.id.goog",
            "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/k",
        ] {
            assert!(is_for_a_cloud(audience), "{audience}");
        }
        for audience in ["", "vault", "https://kubernetes.default.svc"] {
            assert!(!is_for_a_cloud(audience), "{audience}");
        }
    }
}
