//! What an agent does with Vault, as a machine without I/O: the token, the secrets, their leases, and
//! what happens while Vault is away.
//!
//! ```text
//!  Want ─▶ ┌────────┐ ─ Call ──▶ driver ─ HTTP ─▶ Vault
//!          │ Engine │ ◀─ Answer ─ driver ◀────────┘
//!   time ─▶└────────┘ ─ Output ─▶ readings, failures, logins, notes for the log
//! ```
//!
//! The engine owns no clock, timer, random number, file or connection. Time comes in as [`Now`], jitter
//! from a seed, what it wants done goes out as [`Output`]s, and [`Engine::poll_timeout`] names the moment
//! at which it wants to be woken. So a month of an agent's life is a loop, and the same engine serves an
//! agent, an operator and a simulation.
//!
//! Rules that hold throughout:
//!
//! * Back-off belongs to what failed. A path that is rate-limited waits alone, and renewals never wait
//!   for reads.
//! * While Vault as a whole is away, one request at a time finds out whether it is back
//!   ([`CircuitBreaker`]); then renewals go first.
//! * Foreign numbers are bounded where they enter: no lease lasts longer than ten years, one of zero
//!   seconds counts as the render interval, and no sum of times overflows.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use vault_engine::{Call, Engine, Instant, Note, Now, Output, Settings, Want};
//!
//! let at = |seconds| Now {
//!     mono: Instant::new(Duration::from_secs(seconds)),
//!     wall: SystemTime::UNIX_EPOCH + Duration::from_secs(seconds),
//! };
//! let mut engine = Engine::new(Settings::default(), 7);
//! engine.want(at(0), Want::Read { path: "secret/app".into() });
//! engine.start(None);
//! assert!(matches!(engine.poll_output(), Some(Output::Note(Note::LoggingIn))));
//! assert!(matches!(engine.poll_output(), Some(Output::Call(_, Call::LogIn))));
//! ```

#![deny(missing_docs)]

mod backoff;
mod breaker;
mod call;
mod cause;
mod content_hash;
mod engine;
mod jitter;
mod lifespan;
mod lifetime;
mod login;
mod mounts;
mod output;
mod planted;
mod queue;
mod reading;
mod refresh;
mod rotation;
mod secret;
mod time;
mod token;
mod want;

pub use backoff::{Backoff, RetryPolicy, Spread};
pub use breaker::CircuitBreaker;
pub use call::{Answer, Call, CallId, LoginFailure, Recalled};
pub use engine::{Engine, Settings};
pub use jitter::{Jitter, JitterSource};
pub use lifespan::Lifespan;
pub use lifetime::{Effect, End, Event, Lifetime, Tolerance};
pub use login::{GaveUp, Login, LoginPolicy, Predecessor, TokenLife};
pub use output::{Failure, FailureKind, Note, Output, Reading};
#[cfg(feature = "planted-bugs")]
pub use planted::Bug;
pub use refresh::{Refresh, RefreshPolicy};
pub use rotation::{Rotated, Rotation};
pub use time::{Instant, LONGEST, Now};
pub use want::{Fields, SecretId, Want};
