//! `/dev/…`: the switches over HTTP, for whoever runs the server as a process of its own.
//!
//! | request | effect |
//! |---|---|
//! | `POST /dev/faults` with a [`Fault`] | answer so instead |
//! | `POST /dev/latency {"prefix", "milliseconds"}` | answer later |
//! | `DELETE /dev/faults` | clear both |
//! | `POST /dev/clock {"advance_seconds"}` | move time forward |
//! | `POST /dev/seal {"sealed"}`, `POST /dev/standby {"standby"}` | seal, unseal; active or not |
//! | `POST /dev/leases/revoke {"prefix"}` | end leases |
//! | `POST /dev/tokens/revoke {"accessor"}` | end a token; all but root without an accessor |
//! | `POST /dev/service-account-token {"namespace", "name"}` | `{"jwt"}`; also takes `audiences`, `ttl_seconds` |
//! | `GET /dev/requests`, `DELETE /dev/requests` | what was asked so far; forget it |
//! | `GET /dev/leases` | the leases that live |

use std::time::Duration;

use axum::http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use vault_model::Fault;

use crate::faults::Latency;
use crate::server::Shared;

type Parts = (u16, Option<Value>);

/// Answers a switch.
pub(crate) fn handle(shared: &Shared, method: &Method, switch: &str, body: &[u8]) -> Parts {
    act(shared, method, switch, body)
        .unwrap_or_else(|message| (400, Some(json!({ "errors": [message] }))))
}

#[derive(Deserialize)]
struct SlowDown {
    prefix: String,
    milliseconds: u64,
}

#[derive(Deserialize)]
struct Advance {
    advance_seconds: u64,
}

#[derive(Deserialize)]
struct Seal {
    sealed: bool,
}

#[derive(Deserialize)]
struct Standby {
    standby: bool,
}

#[derive(Deserialize)]
struct Prefix {
    prefix: String,
}

#[derive(Deserialize)]
struct Accessor {
    accessor: Option<String>,
}

#[derive(Deserialize)]
struct Mint {
    namespace: String,
    name: String,
    #[serde(default)]
    audiences: Vec<String>,
    ttl_seconds: Option<u64>,
}

fn act(shared: &Shared, method: &Method, switch: &str, body: &[u8]) -> Result<Parts, String> {
    let done = Ok((204, None));
    match (method.as_str(), switch) {
        ("POST", "faults") => {
            shared.lock().switches.faults.add(parse::<Fault>(body)?);
            done
        }
        ("POST", "latency") => {
            let SlowDown {
                prefix,
                milliseconds,
            } = parse(body)?;
            let wait = Duration::from_millis(milliseconds);
            shared.lock().switches.set_latency(Latency { prefix, wait });
            done
        }
        ("DELETE", "faults") => {
            shared.lock().switches.clear();
            done
        }
        ("POST", "clock") => {
            let Advance { advance_seconds } = parse(body)?;
            shared
                .lock()
                .clock
                .advance(Duration::from_secs(advance_seconds));
            done
        }
        ("POST", "seal") => {
            let Seal { sealed } = parse(body)?;
            shared.lock().model.set_sealed(sealed);
            done
        }
        ("POST", "standby") => {
            let Standby { standby } = parse(body)?;
            shared.lock().model.set_standby(standby);
            done
        }
        ("POST", "leases/revoke") => {
            let Prefix { prefix } = parse(body)?;
            let revoked = shared.lock().model.revoke_leases(&prefix);
            Ok((200, Some(json!({ "revoked": revoked }))))
        }
        ("POST", "tokens/revoke") => {
            let Accessor { accessor } = parse(body)?;
            let revoked = shared.lock().model.revoke_tokens(accessor.as_deref());
            Ok((200, Some(json!({ "revoked": revoked }))))
        }
        ("POST", "service-account-token") => {
            let Mint {
                namespace,
                name,
                audiences,
                ttl_seconds,
            } = parse(body)?;
            let audiences: Vec<&str> = audiences.iter().map(String::as_str).collect();
            let ttl = Duration::from_secs(ttl_seconds.unwrap_or(3600));
            let now = shared.lock().clock.now();
            let jwt = shared
                .service_accounts
                .mint_at(&namespace, &name, &audiences, now, ttl);
            Ok((200, Some(json!({ "jwt": jwt }))))
        }
        ("GET", "requests") => Ok((200, Some(json!(shared.lock().switches.log)))),
        ("DELETE", "requests") => {
            shared.lock().switches.log.clear();
            done
        }
        ("GET", "leases") => Ok((200, Some(json!(shared.leases())))),
        _ => Ok((404, Some(json!({ "errors": ["no such switch"] })))),
    }
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}
