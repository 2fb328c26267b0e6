//! Which redirect is followed. A standby server answers with the active one's address (Vault's
//! documentation, "High availability: client redirection"); the request, with token and body, is
//! sent there once.

use reqwest::Url;

/// Where a request may be sent on to.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    /// The configured address.
    pub(crate) home: Url,
    /// Servers must show a certificate of a CA that the configuration names: then any `https`
    /// target that connects is one of the same owner's.
    pub(crate) private_ca: bool,
    /// Redirects are followed at all.
    pub(crate) follow: bool,
    /// All requests go to one socket.
    pub(crate) socket: bool,
    /// No other host is asked, whatever certificate it has.
    pub(crate) same_host: bool,
}

impl Policy {
    /// The address to send the request to again, or why not.
    pub(crate) fn target(&self, from: &Url, location: &str) -> Result<Url, String> {
        if !self.follow {
            return Err("redirects are switched off".to_owned());
        }
        if self.socket {
            return Err("no other server is reached through a socket".to_owned());
        }
        let to = from
            .join(location)
            .map_err(|_| "its Location is not an address".to_owned())?;
        if !matches!(to.scheme(), "http" | "https") {
            return Err(format!("{} is not http or https", shown(&to)));
        }
        if let Some(reason) = vault_wire::path_refusal(to.path()) {
            return Err(format!("its Location cannot be asked for: {reason}"));
        }
        if from.scheme() == "https" && to.scheme() == "http" {
            return Err(format!(
                "from https to {}, where the token could be read on the way",
                shown(&to)
            ));
        }
        let same_host = to.host_str() == self.home.host_str();
        if same_host || (self.private_ca && to.scheme() == "https" && !self.same_host) {
            return Ok(to);
        }
        if self.same_host {
            return Err(format!("{} is another host", shown(&to)));
        }
        Err(format!(
            "{} is another host; tokens go there only over https with a configured CA certificate",
            shown(&to)
        ))
    }
}

/// Scheme, host and port: the rest of a foreign address is not ours to print.
fn shown(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(home: &str, private_ca: bool, location: &str) -> Result<String, String> {
        let home = Url::parse(home).unwrap();
        let from = home.join("/v1/secret/data/app").unwrap();
        let follow = true;
        Policy {
            home,
            private_ca,
            follow,
            socket: false,
            same_host: false,
        }
        .target(&from, location)
        .map(String::from)
    }

    #[test]
    fn of_a_server_that_somebody_else_chose_no_other_host_is_asked() {
        let policy = Policy {
            home: Url::parse("https://vault:8200").unwrap(),
            private_ca: true,
            follow: true,
            socket: false,
            same_host: true,
        };
        let from = Url::parse("https://vault:8200/v1/secret/data/app").unwrap();
        let active = "https://vault:8300/v1/secret/data/app";
        assert!(policy.target(&from, active).is_ok());
        let error = policy.target(&from, "https://other:8200/v1").unwrap_err();
        assert!(error.contains("another host"), "{error}");
    }

    #[test]
    fn no_redirect_is_followed_where_they_are_switched_off() {
        let home = Url::parse("https://vault:8200").unwrap();
        let policy = Policy {
            home: home.clone(),
            private_ca: true,
            follow: false,
            socket: false,
            same_host: false,
        };
        let refused = policy.target(&home, "https://vault:8200/v1/x").unwrap_err();
        assert_eq!(refused, "redirects are switched off");
        let policy = Policy {
            follow: true,
            socket: true,
            ..policy
        };
        let refused = policy.target(&home, "https://vault:8200/v1/x").unwrap_err();
        assert_eq!(refused, "no other server is reached through a socket");
    }

    #[test]
    fn the_same_host_is_followed_on_any_port() {
        let location = "https://vault:8300/v1/secret/data/app";
        assert_eq!(
            target("https://vault:8200", false, location).unwrap(),
            location
        );
        assert_eq!(
            target("http://vault:8200", false, "/v1/x").unwrap(),
            "http://vault:8200/v1/x"
        );
        assert_eq!(
            target("http://vault:8200", false, "https://vault/v1/x").unwrap(),
            "https://vault/v1/x"
        );
    }

    #[test]
    fn https_is_never_left() {
        let error = target("https://vault:8200", true, "http://vault:8200/v1/x").unwrap_err();
        assert!(error.contains("from https to http://vault:8200"), "{error}");
    }

    #[test]
    fn another_host_needs_https_and_a_configured_ca() {
        let location = "https://vault-1.vault-internal:8200/v1/x";
        assert_eq!(
            target("https://vault:8200", true, location).unwrap(),
            location
        );
        assert!(target("https://vault:8200", false, location).is_err());
        assert!(target("http://vault:8200", false, "http://10.0.0.7:8200/v1/x").is_err());
        assert!(target("http://vault:8200", true, "http://10.0.0.7:8200/v1/x").is_err());
    }

    #[test]
    fn a_location_that_is_no_web_address_is_refused() {
        assert!(target("http://vault:8200", false, "ftp://vault/x").is_err());
        assert!(target("http://vault:8200", false, "http://[").is_err());
    }

    #[test]
    fn a_location_is_held_to_the_rules_of_a_path() {
        for location in ["/v1/x/..%2fy", "/v1/x%00y", "/v1/%252e%252e/y"] {
            let refused = target("http://vault:8200", false, location).unwrap_err();
            assert!(refused.contains("cannot be asked for"), "{refused}");
        }
    }
}
