//! The printed account of a scenario, and the one way in which it waits for something to come true.

use std::fmt::Display;
use std::future::Future;
use std::time::{Duration, Instant};

/// How long a scenario waits for one thing. Far longer than anything takes on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// How long a condition is waited for that nothing tells of, and how often it is looked at again.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    deadline: Duration,
    pause: Duration,
}

impl Patience {
    /// For processes on loopback.
    pub const LOCAL: Self = Self {
        deadline: DEADLINE,
        pause: Duration::from_millis(40),
    };

    /// For a cluster, where a look is a run of kubectl, and Kubernetes backs off for seconds.
    pub const CLUSTER: Self = Self {
        deadline: Duration::from_secs(150),
        pause: Duration::from_millis(250),
    };
}

/// Tells what happens, with the time since the start, for those who read the log.
#[derive(Clone, Debug)]
pub struct Story {
    title: String,
    start: Instant,
}

impl Story {
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            start: Instant::now(),
        }
    }

    /// Prints one line. `cargo test -- --nocapture` shows it.
    #[expect(
        clippy::print_stdout,
        reason = "the account is printed for readers of the test's log"
    )]
    pub fn tell(&self, what: impl Display) {
        println!(
            "[{:6.2}s] {}: {what}",
            self.start.elapsed().as_secs_f64(),
            self.title
        );
    }

    /// Waits until `look` finds a value.
    ///
    /// # Panics
    /// At [`DEADLINE`], with what it saw last; so that the processes of the scenario print their logs.
    pub async fn until<T, F>(&self, what: &str, look: impl FnMut() -> F) -> T
    where
        F: Future<Output = Result<T, String>>,
    {
        self.until_with(Patience::LOCAL, what, look).await
    }

    /// Waits as long as that, else like [`Story::until`].
    ///
    /// # Panics
    /// At the deadline.
    #[expect(clippy::panic, reason = "fails the test that waits, like an assertion")]
    pub async fn until_with<T, F>(
        &self,
        patience: Patience,
        what: &str,
        mut look: impl FnMut() -> F,
    ) -> T
    where
        F: Future<Output = Result<T, String>>,
    {
        let deadline = Instant::now() + patience.deadline;
        loop {
            match look().await {
                Ok(found) => return found,
                Err(seen) if Instant::now() >= deadline => {
                    panic!(
                        "{}: waited {:?} for {what}; last seen: {seen}",
                        self.title, patience.deadline
                    )
                }
                Err(_) => tokio::time::sleep(patience.pause).await,
            }
        }
    }
}
