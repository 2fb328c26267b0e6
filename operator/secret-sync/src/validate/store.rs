//! A `SecretStore` or `ClusterSecretStore`.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use operator_api::{
    AwsSecretRef, CertAuth, GcpAuth, IamAuth, JwtAuth, KubernetesVaultAuth, KvVersion,
    SecretKeySelector, SecretStoreSpec, ServiceAccountSelector, VaultAuth, VaultProvider,
};
use templating::go::Regexp;

use super::{Problems, duration};

/// Whose store it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// One of this namespace.
    Namespace(&'a str),
    /// One of the cluster.
    Cluster,
}

/// Whether the store can be used at all. Who answers at its address is not asked.
///
/// # Errors
/// The first thing that is wrong with it, as upstream; and all intervals and expressions.
pub fn store(spec: &SecretStoreSpec, scope: Scope<'_>) -> Result<(), Problems> {
    let mut texts = Vec::new();
    for condition in &spec.conditions {
        for expression in &condition.namespace_regexes {
            if let Err(error) = Regexp::new(expression) {
                texts.push(format!(
                    "failed to compile namespace regex {expression:?}: {}",
                    error.reveal()
                ));
            }
        }
    }
    if let Err(error) = refresh_interval(spec.refresh_interval.as_ref()) {
        texts.push(error);
    }
    if let Some(vault) = &spec.provider.vault
        && let Err(error) = provider(vault, scope)
    {
        texts.push(error);
    }
    Problems::of(texts)
}

fn refresh_interval(interval: Option<&IntOrString>) -> Result<(), String> {
    match interval {
        Some(IntOrString::Int(seconds)) if *seconds < 0 => Err(format!(
            "invalid refreshInterval {seconds}: must not be negative"
        )),
        Some(IntOrString::Int(_)) | None => Ok(()),
        Some(IntOrString::String(text)) => match duration(text) {
            Err(error) => Err(format!("invalid refreshInterval {text:?}: {error}")),
            Ok(read) if read.as_nanos() < 0 => Err(format!(
                "invalid refreshInterval {text:?}: must not be negative"
            )),
            Ok(_) => Ok(()),
        },
    }
}

fn provider(vault: &VaultProvider, scope: Scope<'_>) -> Result<(), String> {
    if let Some(auth) = &vault.auth {
        login(auth, scope)?;
    }
    if let Some(tls) = &vault.tls {
        match (&tls.cert_secret_ref, &tls.key_secret_ref) {
            (Some(certificate), Some(key)) => {
                selector("ClientTLS.CertSecretRef", certificate, scope)?;
                selector("ClientTLS.SecretRef", key, scope)?;
            }
            (None, None) => {}
            _ => {
                return Err(
                    "when provided, both ClientTLS.ClientCert and ClientTLS.SecretRef should be \
                     provided"
                        .to_owned(),
                );
            }
        }
    }
    let needs_version = vault.check_and_set.as_ref().and_then(|it| it.required);
    if needs_version == Some(true) && vault.version == KvVersion::V1 {
        return Err("checkAndSet is only supported with version v2".to_owned());
    }
    Ok(())
}

fn login(auth: &VaultAuth, scope: Scope<'_>) -> Result<(), String> {
    if let Some(app_role) = &auth.app_role {
        if app_role.role_id.as_deref().unwrap_or_default().is_empty() && app_role.role_ref.is_none()
        {
            return Err(
                "invalid Auth.AppRole: neither `roleId` nor `roleRef` was supplied".to_owned(),
            );
        }
        each("Auth.AppRole.RoleRef", app_role.role_ref.as_ref(), scope)?;
        selector("Auth.AppRole.SecretRef", &app_role.secret_ref, scope)?;
    }
    if let Some(kubernetes) = &auth.kubernetes {
        by_kubernetes(kubernetes, scope)?;
    }
    if let Some(ldap) = &auth.ldap {
        each("Auth.Ldap.SecretRef", ldap.secret_ref.as_ref(), scope)?;
    }
    if let Some(user) = &auth.user_pass {
        each("Auth.UserPass.SecretRef", user.secret_ref.as_ref(), scope)?;
    }
    if let Some(jwt) = &auth.jwt {
        by_jwt(jwt, scope)?;
    }
    if let Some(cert) = &auth.cert {
        by_certificate(cert, scope)?;
    }
    each("Auth.TokenSecretRef", auth.token_secret_ref.as_ref(), scope)?;
    if let Some(iam) = &auth.iam {
        by_iam(iam, scope)?;
    }
    if let Some(gcp) = &auth.gcp {
        by_gcp(gcp, scope)?;
    }
    Ok(())
}

fn by_kubernetes(kubernetes: &KubernetesVaultAuth, scope: Scope<'_>) -> Result<(), String> {
    let account = kubernetes.service_account_ref.as_ref();
    service_account("Auth.Kubernetes.ServiceAccountRef", account, scope)?;
    each(
        "Auth.Kubernetes.SecretRef",
        kubernetes.secret_ref.as_ref(),
        scope,
    )
}

fn by_jwt(jwt: &JwtAuth, scope: Scope<'_>) -> Result<(), String> {
    match (&jwt.secret_ref, &jwt.kubernetes_service_account_token) {
        (Some(secret), _) => selector("Auth.Jwt.SecretRef", secret, scope),
        (None, Some(token)) => service_account(
            "Auth.Jwt.KubernetesServiceAccountToken.ServiceAccountRef",
            Some(&token.service_account_ref),
            scope,
        ),
        (None, None) => Err(
            "neither `secretRef` nor `kubernetesServiceAccountToken` was supplied as token source \
             for jwt authentication"
                .to_owned(),
        ),
    }
}

fn by_certificate(cert: &CertAuth, scope: Scope<'_>) -> Result<(), String> {
    each("Auth.Cert.ClientCert", cert.client_cert.as_ref(), scope)?;
    each("Auth.Cert.SecretRef", cert.secret_ref.as_ref(), scope)
}

fn by_iam(iam: &IamAuth, scope: Scope<'_>) -> Result<(), String> {
    if let Some(AwsSecretRef {
        access_key_id_secret_ref,
        secret_access_key_secret_ref,
        session_token_secret_ref,
    }) = &iam.secret_ref
    {
        each(
            "Auth.Iam.AccessKeyID",
            access_key_id_secret_ref.as_ref(),
            scope,
        )?;
        each(
            "Auth.Iam.SecretAccessKey",
            secret_access_key_secret_ref.as_ref(),
            scope,
        )?;
        each(
            "Auth.Iam.SessionToken",
            session_token_secret_ref.as_ref(),
            scope,
        )?;
    }
    let account = iam
        .jwt
        .as_ref()
        .and_then(|jwt| jwt.service_account_ref.as_ref());
    service_account("Auth.Iam.JWTAuth.ServiceAccountRef", account, scope)
}

fn by_gcp(gcp: &GcpAuth, scope: Scope<'_>) -> Result<(), String> {
    let key = gcp.secret_ref.as_ref();
    let key = key.and_then(|it| it.secret_access_key_secret_ref.as_ref());
    each("Auth.GCP.SecretRef", key, scope)?;
    let identity = gcp.workload_identity.as_ref();
    let account = identity.map(|it| &it.service_account_ref);
    service_account(
        "Auth.GCP.WorkloadIdentity.ServiceAccountRef",
        account,
        scope,
    )?;
    let account = gcp.service_account_ref.as_ref();
    service_account("Auth.GCP.ServiceAccountRef", account, scope)
}

fn each(what: &str, selected: Option<&SecretKeySelector>, scope: Scope<'_>) -> Result<(), String> {
    selected.map_or(Ok(()), |it| selector(what, it, scope))
}

fn selector(what: &str, selected: &SecretKeySelector, scope: Scope<'_>) -> Result<(), String> {
    in_scope(what, selected.namespace.as_deref(), scope)
}

fn service_account(
    what: &str,
    account: Option<&ServiceAccountSelector>,
    scope: Scope<'_>,
) -> Result<(), String> {
    let namespace = account.and_then(|it| it.namespace.as_deref());
    in_scope(what, namespace, scope)
}

/// What a store of one namespace refers to lies in that namespace.
fn in_scope(what: &str, named: Option<&str>, scope: Scope<'_>) -> Result<(), String> {
    match (named, scope) {
        (Some(named), Scope::Namespace(own)) if named != own => Err(format!(
            "invalid {what}: namespace should either be empty or match the namespace of the \
             SecretStore for a namespaced SecretStore"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;

    fn mk_spec(vault: &Value) -> SecretStoreSpec {
        let mut vault = vault.clone();
        vault["server"] = json!("https://vault:8200");
        SecretStoreSpec::deserialize(json!({"provider": {"vault": vault}})).unwrap()
    }

    fn problem(vault: &Value, scope: Scope<'_>) -> Option<String> {
        let problems = store(&mk_spec(vault), scope).err()?;
        Some(problems.to_string())
    }

    /// Each reference to another namespace, by its name in the error.
    fn mk_references() -> Vec<(&'static str, Value)> {
        let other = json!({"name": "x", "key": "y", "namespace": "other"});
        let own = json!({"name": "x", "key": "y"});
        let account = json!({"name": "x", "namespace": "other"});
        let aws = |field: &str| json!({"iam": {"vaultRole": "r", "secretRef": {field: other}}});
        vec![
            ("Auth.TokenSecretRef", json!({"tokenSecretRef": other})),
            (
                "Auth.AppRole.RoleRef",
                json!({"appRole": {"roleRef": other, "secretRef": own}}),
            ),
            (
                "Auth.AppRole.SecretRef",
                json!({"appRole": {"roleId": "r", "secretRef": other}}),
            ),
            (
                "Auth.Kubernetes.SecretRef",
                json!({"kubernetes": {"role": "r", "secretRef": other}}),
            ),
            (
                "Auth.Kubernetes.ServiceAccountRef",
                json!({"kubernetes": {"role": "r", "serviceAccountRef": account}}),
            ),
            (
                "Auth.Ldap.SecretRef",
                json!({"ldap": {"username": "u", "secretRef": other}}),
            ),
            (
                "Auth.UserPass.SecretRef",
                json!({"userPass": {"username": "u", "secretRef": other}}),
            ),
            ("Auth.Jwt.SecretRef", json!({"jwt": {"secretRef": other}})),
            (
                "Auth.Jwt.KubernetesServiceAccountToken.ServiceAccountRef",
                json!({"jwt": {"kubernetesServiceAccountToken": {"serviceAccountRef": account}}}),
            ),
            (
                "Auth.Cert.ClientCert",
                json!({"cert": {"clientCert": other}}),
            ),
            ("Auth.Cert.SecretRef", json!({"cert": {"secretRef": other}})),
            ("Auth.Iam.AccessKeyID", aws("accessKeyIDSecretRef")),
            ("Auth.Iam.SecretAccessKey", aws("secretAccessKeySecretRef")),
            ("Auth.Iam.SessionToken", aws("sessionTokenSecretRef")),
            (
                "Auth.Iam.JWTAuth.ServiceAccountRef",
                json!({"iam": {"vaultRole": "r", "jwt": {"serviceAccountRef": account}}}),
            ),
            (
                "Auth.GCP.SecretRef",
                json!({"gcp": {"role": "r", "secretRef": {"secretAccessKeySecretRef": other}}}),
            ),
            (
                "Auth.GCP.WorkloadIdentity.ServiceAccountRef",
                json!({"gcp": {"role": "r", "workloadIdentity": {"serviceAccountRef": account}}}),
            ),
            (
                "Auth.GCP.ServiceAccountRef",
                json!({"gcp": {"role": "r", "serviceAccountRef": account}}),
            ),
        ]
    }

    #[test]
    fn a_store_of_a_namespace_refers_to_nothing_elsewhere() {
        for (what, auth) in mk_references() {
            let vault = json!({"auth": auth});
            let refused = problem(&vault, Scope::Namespace("here")).unwrap_or_default();
            assert!(
                refused.starts_with(&format!("invalid {what}: ")),
                "{what}: {refused}"
            );
            assert_eq!(problem(&vault, Scope::Namespace("other")), None, "{what}");
            assert_eq!(problem(&vault, Scope::Cluster), None, "{what}");
        }
    }

    #[test]
    fn a_client_certificate_has_both_halves_and_check_and_set_needs_version_2() {
        let own = json!({"name": "x"});
        let halves = json!({"tls": {"keySecretRef": own}});
        let refused = problem(&halves, Scope::Cluster).unwrap();
        assert!(refused.contains("both ClientTLS.ClientCert"), "{refused}");
        let whole = json!({"tls": {"certSecretRef": own, "keySecretRef": own}});
        assert_eq!(problem(&whole, Scope::Cluster), None);
        let mut cas = json!({"checkAndSet": {"required": true}, "version": "v1"});
        assert!(
            problem(&cas, Scope::Cluster)
                .unwrap()
                .contains("version v2")
        );
        cas["version"] = json!("v2");
        assert_eq!(problem(&cas, Scope::Cluster), None);
    }

    #[test]
    fn intervals_and_expressions_are_read() {
        let mut spec = mk_spec(&json!({}));
        for (interval, is_fine) in [
            (IntOrString::Int(0), true),
            (IntOrString::String("10m".to_owned()), true),
            (IntOrString::Int(-1), false),
            (IntOrString::String("-1s".to_owned()), false),
            (IntOrString::String("soon".to_owned()), false),
        ] {
            spec.refresh_interval = Some(interval);
            let outcome = store(&spec, Scope::Cluster);
            assert_eq!(outcome.is_ok(), is_fine, "{:?}", spec.refresh_interval);
        }
        spec.refresh_interval = None;
        let condition = operator_api::StoreCondition {
            namespace_regexes: vec!["team-.*".to_owned(), "(".to_owned()],
            ..Default::default()
        };
        spec.conditions = vec![condition];
        let refused = store(&spec, Scope::Cluster).unwrap_err().to_string();
        assert!(refused.contains("namespace regex \"(\""), "{refused}");
    }
}
