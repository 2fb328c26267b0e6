//! What happens in a run: drawn from its seed before it begins, so that parts can be left out.

use std::fmt;

use crate::dice::Dice;

/// Milliseconds since the start of the run, by the clock of the world.
pub(crate) type Millis = u64;

pub(crate) const SECOND: Millis = 1000;
pub(crate) const MINUTE: Millis = 60 * SECOND;
pub(crate) const HOUR: Millis = 60 * MINUTE;
pub(crate) const DAY: Millis = 24 * HOUR;

/// A run, as far as it is not chance on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) seed: u64,
    pub(crate) length: Millis,
    /// How often static secrets are read.
    pub(crate) interval: Millis,
    pub(crate) token_ttl: Millis,
    pub(crate) token_max_ttl: Millis,
    /// By their numbers, which stay when others are left out.
    pub(crate) wants: Vec<(usize, Kind)>,
    pub(crate) events: Vec<(Millis, Happening)>,
}

/// A kind of secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Kv2,
    Kv1,
    List,
    Write,
    /// A database credential with a renewable lease.
    Dynamic {
        ttl: Millis,
        max_ttl: Millis,
    },
    /// The same from a plugin that says that its lease lasts for no time.
    ZeroLease,
    Static {
        period: Millis,
        lag: Millis,
        says_next: bool,
    },
    Pki {
        ttl: Millis,
    },
}

/// How Vault is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absence {
    /// No connection.
    Refused,
    /// Connections are taken and nothing is answered.
    Silent,
    Sealed,
    Standby,
    /// All requests get this status.
    Status(u16),
}

/// Something that happens to Vault, the machine or the agent. Durations are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    Outage(Absence, Millis),
    /// One path gets this status, with `Retry-After` in seconds if there is one.
    PathFault {
        want: usize,
        status: u16,
        retry_after: Option<u64>,
        lasts: Millis,
    },
    /// A new value is written.
    Change(usize),
    RevokeLeases(usize),
    RevokeTokens,
    /// The policy does not reach the path for a while.
    PolicyOff(usize, Millis),
    /// Logins are refused for a while.
    RoleOff(Millis),
    /// The wall clock is this wrong, in seconds, for a while.
    WallClock(i64, Millis),
    /// The machine sleeps: the monotonic clock stands still.
    Sleep(Millis),
    NewCredentials,
    /// The process ends without a word, and comes back.
    Crash {
        keeps_state: bool,
        down: Millis,
    },
    /// SIGTERM, and a new process later.
    Stop {
        exit: Exit,
        down: Millis,
    },
    /// A new configuration has the same secret under another name.
    Reload(usize),
    /// A new configuration does without a secret, and one after it has it again.
    Unwant(usize, Millis),
}

/// What a process does with what it holds when it gets a SIGTERM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Token and leases are revoked.
    Revokes,
    /// The leases are; the token is not the agent's own.
    RevokesLeases,
    /// All is left for the next process.
    Leaves,
}

impl Scenario {
    /// The kind of a secret.
    pub(crate) fn kind(&self, want: usize) -> Option<Kind> {
        let found = self.wants.iter().find(|(number, _)| *number == want);
        found.map(|(_, kind)| *kind)
    }

    pub(crate) fn new(seed: u64, days: u64) -> Self {
        let mut dice = Dice::new(seed ^ 0x5eed);
        let length = days * DAY;
        let interval = dice.scaled(MINUTE, HOUR).min(HOUR);
        let token_ttl = dice.scaled(10 * MINUTE, 24 * HOUR);
        let token_max_ttl = token_ttl * dice.between(2, 12);
        let count = usize::try_from(dice.between(4, 10)).unwrap_or(4);
        let wants: Vec<_> = (0..count).map(|n| (n, kind(&mut dice))).collect();
        let mut events = Vec::new();
        let per_day = dice.between(2, 10);
        let mut at = dice.between(0, HOUR);
        while at < length {
            events.push((at, happening(&mut dice, count)));
            at += dice.between(MINUTE, 2 * DAY / per_day);
        }
        Self {
            seed,
            length,
            interval,
            token_ttl,
            token_max_ttl,
            wants,
            events,
        }
    }
}

fn kind(dice: &mut Dice) -> Kind {
    let ttl = dice.scaled(2 * MINUTE, 12 * HOUR);
    match dice.between(0, 9) {
        0 | 1 => Kind::Kv2,
        2 => Kind::Kv1,
        3 => Kind::List,
        4 => Kind::Write,
        5 | 6 => Kind::Dynamic {
            ttl,
            max_ttl: ttl * dice.between(2, 24),
        },
        7 => Kind::ZeroLease,
        8 => Kind::Static {
            period: dice.scaled(10 * MINUTE, 12 * HOUR),
            lag: dice.between(0, 20) * SECOND,
            says_next: dice.once_in(2),
        },
        _ => Kind::Pki {
            ttl: dice.scaled(HOUR, 72 * HOUR),
        },
    }
}

fn happening(dice: &mut Dice, wants: usize) -> Happening {
    let want = usize::try_from(dice.draw() % u64::try_from(wants).unwrap_or(1)).unwrap_or(0);
    let short = dice.scaled(SECOND, 2 * HOUR);
    match dice.between(0, 25) {
        0..=3 => {
            let absence = dice.pick(&[
                Absence::Refused,
                Absence::Silent,
                Absence::Sealed,
                Absence::Standby,
                Absence::Status(429),
                Absence::Status(500),
                Absence::Status(502),
                Absence::Status(503),
                Absence::Status(412),
            ]);
            let lasts = if dice.once_in(8) {
                dice.scaled(HOUR, 3 * DAY)
            } else {
                short
            };
            Happening::Outage(absence, lasts)
        }
        4..=6 => Happening::PathFault {
            want,
            status: dice.pick(&[400, 403, 404, 412, 429, 500, 503]),
            retry_after: dice
                .once_in(2)
                .then(|| dice.pick(&[0, 1, 7, 30, 120, 86_400])),
            lasts: short,
        },
        7..=10 => Happening::Change(want),
        11 => Happening::RevokeLeases(want),
        12 => Happening::RevokeTokens,
        13 => Happening::PolicyOff(want, short),
        14 => Happening::RoleOff(short),
        15 => {
            let seconds = i64::try_from(dice.scaled(10, 864_000)).unwrap_or(10);
            let wrong = if dice.once_in(2) { seconds } else { -seconds };
            Happening::WallClock(wrong, short)
        }
        16 => Happening::Sleep(dice.scaled(SECOND, 12 * HOUR)),
        17 => Happening::NewCredentials,
        18 | 19 => Happening::Crash {
            keeps_state: dice.once_in(2),
            down: dice.scaled(SECOND, HOUR),
        },
        20 | 21 => Happening::Stop {
            exit: dice.pick(&[Exit::Revokes, Exit::RevokesLeases, Exit::Leaves]),
            down: dice.scaled(SECOND, HOUR),
        },
        22 => Happening::Unwant(want, short),
        _ => Happening::Reload(want),
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "seed {}: interval {}, token {} of at most {}",
            self.seed,
            Span(self.interval),
            Span(self.token_ttl),
            Span(self.token_max_ttl)
        )?;
        for (number, kind) in &self.wants {
            writeln!(f, "  secret {number}: {kind:?}")?;
        }
        for (at, event) in &self.events {
            writeln!(f, "  {} {event:?}", Span(*at))?;
        }
        Ok(())
    }
}

/// A time as people read it: days, hours, minutes, seconds.
pub(crate) struct Span(pub(crate) Millis);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(all) = self;
        let (days, hours) = (all / DAY, all % DAY / HOUR);
        let (minutes, millis) = (all % HOUR / MINUTE, all % MINUTE);
        let (seconds, rest) = (millis / SECOND, millis % SECOND);
        write!(f, "{days}d {hours:02}:{minutes:02}:{seconds:02}.{rest:03}")
    }
}
