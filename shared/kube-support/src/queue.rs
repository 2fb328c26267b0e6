//! What a controller has to look at, and in which order.
//!
//! ```text
//! add, add_at ─▶ waiting ──time──▶ ready, by group ──next()──▶ in work ──done(), failed()──▶ …
//! ```
//!
//! A key is in work once at a time: what comes in for it meanwhile is done afterwards. Keys of one
//! group share a number of places, so that a server that does not answer holds up its own objects and
//! no others. The queue knows no clock: time comes in.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::time::Duration;

/// The longest wait after a failure.
const LONGEST_WAIT: Duration = Duration::from_secs(420);

/// Which of the keys that are ready goes first. Of the same urgency, the one that came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Somebody waits for it: it has never been there.
    First,
    /// Somebody changed it.
    Change,
    /// Its time has come.
    Routine,
}

/// See the module. `T` is a moment, such as that of the runtime.
///
/// ```
/// use kube_support::{Queue, Urgency};
///
/// let mut queue = Queue::new(8);
/// queue.add("old", "store", Urgency::Routine);
/// queue.add("new", "store", Urgency::First);
/// assert_eq!(queue.next(0), Some("new"));
/// assert_eq!(queue.next(0), Some("old"));
/// assert_eq!(queue.next(0), None);
/// ```
pub struct Queue<K, G, T> {
    places: usize,
    entries: HashMap<K, Entry<G, T>>,
    ready: BTreeMap<G, BTreeSet<(Urgency, u64, K)>>,
    waiting: BTreeSet<(T, K)>,
    in_work: HashMap<G, usize>,
    added: u64,
}

struct Entry<G, T> {
    group: G,
    /// The group in which it is in work.
    in_work: Option<G>,
    /// Its place among those that are ready, or what came in while it was in work.
    ready: Option<(Urgency, u64)>,
    until: Option<T>,
    failures: u32,
}

impl<K, G, T> Queue<K, G, T>
where
    K: Clone + Eq + Hash + Ord,
    G: Clone + Eq + Hash + Ord,
    T: Copy + Ord,
{
    /// An empty queue that has so many keys of a group in work at a time.
    pub fn new(places: usize) -> Self {
        Self {
            places: places.max(1),
            entries: HashMap::new(),
            ready: BTreeMap::new(),
            waiting: BTreeSet::new(),
            in_work: HashMap::new(),
            added: 0,
        }
    }

    /// The key is to be looked at as soon as there is a place.
    pub fn add(&mut self, key: K, group: G, urgency: Urgency) {
        self.added += 1;
        let place = (urgency, self.added);
        self.move_to(&key, group);
        let Some(entry) = self.entries.get_mut(&key) else {
            return;
        };
        if let Some(until) = entry.until.take() {
            self.waiting.remove(&(until, key.clone()));
        }
        let before = entry.ready;
        if before.is_some_and(|before| before.0 <= urgency) {
            return;
        }
        entry.ready = Some(place);
        if entry.in_work.is_none() {
            let ready = self.ready.entry(entry.group.clone()).or_default();
            if let Some((urgency, number)) = before {
                ready.remove(&(urgency, number, key.clone()));
            }
            ready.insert((place.0, place.1, key));
        }
    }

    /// The key is to be looked at then, or earlier if that was asked for already.
    pub fn add_at(&mut self, key: K, group: G, at: T) {
        self.move_to(&key, group);
        let Some(entry) = self.entries.get_mut(&key) else {
            return;
        };
        if entry.ready.is_some() || entry.until.is_some_and(|until| until <= at) {
            return;
        }
        if let Some(until) = entry.until.replace(at) {
            self.waiting.remove(&(until, key.clone()));
        }
        self.waiting.insert((at, key));
    }

    /// Forgets the key and its failures. What is in work goes on, and is done as any other.
    pub fn remove(&mut self, key: &K) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        entry.failures = 0;
        let (until, ready) = (entry.until.take(), entry.ready.take());
        let is_idle = entry.in_work.is_none();
        let group = entry.group.clone();
        if let Some(until) = until {
            self.waiting.remove(&(until, key.clone()));
        }
        if let Some((urgency, number)) = ready {
            self.unready(&group, &(urgency, number, key.clone()));
        }
        if is_idle {
            self.entries.remove(key);
        }
    }

    /// A key to look at now. It is in work until [`done`](Self::done) or [`failed`](Self::failed).
    pub fn next(&mut self, now: T) -> Option<K> {
        self.wake(now);
        let best = self
            .ready
            .iter()
            .filter(|(group, _)| self.in_work.get(group).is_none_or(|it| *it < self.places))
            .filter_map(|(group, ready)| Some((ready.first()?, group)))
            .min()?;
        let (place, group) = (best.0.clone(), best.1.clone());
        self.unready(&group, &place);
        let key = place.2;
        *self.in_work.entry(group.clone()).or_default() += 1;
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.ready = None;
            entry.in_work = Some(group);
        }
        Some(key)
    }

    /// When there is something to do next, if nothing comes in; `None` for never.
    pub fn wake_at(&self) -> Option<T> {
        self.waiting.first().map(|(at, _)| *at)
    }

    /// The key was looked at, and all is well.
    pub fn done(&mut self, key: &K) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.failures = 0;
        }
        self.end(key);
    }

    /// The key was looked at, and is to be tried again after what this returns, which the caller turns
    /// into a moment for [`add_at`](Self::add_at): `first` after the first failure, and twice as long
    /// after each further one, up to seven minutes.
    pub fn failed(&mut self, key: &K, first: Duration) -> Duration {
        let failures = self.entries.get_mut(key).map_or(0, |entry| {
            entry.failures = entry.failures.saturating_add(1);
            entry.failures - 1
        });
        self.end(key);
        first
            .saturating_mul(2_u32.saturating_pow(failures))
            .min(LONGEST_WAIT)
    }

    /// Keys that wait, are ready or in work.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Those whose time has come are ready.
    fn wake(&mut self, now: T) {
        while let Some((at, key)) = self.waiting.first().cloned() {
            if at > now {
                return;
            }
            self.waiting.pop_first();
            if let Some(entry) = self.entries.get_mut(&key) {
                entry.until = None;
                let group = entry.group.clone();
                self.add(key, group, Urgency::Routine);
            }
        }
    }

    /// The key belongs to a group, which may be another than before.
    fn move_to(&mut self, key: &K, group: G) {
        let Some(entry) = self.entries.get_mut(key) else {
            let entry = Entry {
                group,
                in_work: None,
                ready: None,
                until: None,
                failures: 0,
            };
            self.entries.insert(key.clone(), entry);
            return;
        };
        if entry.group == group {
            return;
        }
        let before = std::mem::replace(&mut entry.group, group.clone());
        let place = entry.ready.filter(|_| entry.in_work.is_none());
        if let Some((urgency, number)) = place {
            let place = (urgency, number, key.clone());
            self.unready(&before, &place);
            self.ready.entry(group).or_default().insert(place);
        }
    }

    fn unready(&mut self, group: &G, place: &(Urgency, u64, K)) {
        if let Some(ready) = self.ready.get_mut(group) {
            ready.remove(place);
            if ready.is_empty() {
                self.ready.remove(group);
            }
        }
    }

    /// The key is not in work any more, and ready if something came in meanwhile.
    fn end(&mut self, key: &K) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        let Some(worked_in) = entry.in_work.take() else {
            return;
        };
        if let Some((urgency, number)) = entry.ready {
            let ready = self.ready.entry(entry.group.clone()).or_default();
            ready.insert((urgency, number, key.clone()));
        } else if entry.until.is_none() && entry.failures == 0 {
            self.entries.remove(key);
        }
        if let Some(count) = self.in_work.get_mut(&worked_in) {
            *count -= 1;
            if *count == 0 {
                self.in_work.remove(&worked_in);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    type Numbers = Queue<u32, &'static str, u64>;

    fn mk_queue() -> Numbers {
        Queue::new(2)
    }

    #[test]
    fn what_was_never_there_goes_before_changes_and_these_before_routine() {
        let mut queue = mk_queue();
        for (key, urgency) in [
            (1, Urgency::Routine),
            (2, Urgency::Change),
            (3, Urgency::First),
            (4, Urgency::First),
        ] {
            queue.add(key, "a", urgency);
        }
        let mut order = Vec::new();
        while let Some(key) = queue.next(0) {
            queue.done(&key);
            order.push(key);
        }
        assert_eq!(order, [3, 4, 2, 1]);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_group_that_does_not_answer_holds_up_no_other() {
        let mut queue = mk_queue();
        for key in 0..9 {
            queue.add(key, "dead", Urgency::First);
        }
        queue.add(10, "alive", Urgency::Routine);
        assert_eq!(queue.next(0), Some(0));
        assert_eq!(queue.next(0), Some(1));
        assert_eq!(queue.next(0), Some(10), "two places are taken");
        assert_eq!(queue.next(0), None);
        queue.done(&0);
        assert_eq!(queue.next(0), Some(2));
    }

    #[test]
    fn a_key_is_in_work_once_and_looked_at_again_if_it_changed_meanwhile() {
        let mut queue = mk_queue();
        queue.add(1, "a", Urgency::First);
        assert_eq!(queue.next(0), Some(1));
        queue.add(1, "a", Urgency::Change);
        assert_eq!(queue.next(0), None);
        queue.done(&1);
        assert_eq!(queue.next(0), Some(1));
        queue.done(&1);
        assert_eq!(queue.next(0), None);
    }

    #[test]
    fn the_earlier_of_two_moments_counts_and_a_change_needs_no_moment() {
        let mut queue = mk_queue();
        queue.add_at(1, "a", 10);
        queue.add_at(1, "a", 20);
        assert_eq!(queue.wake_at(), Some(10));
        queue.add_at(1, "a", 5);
        assert_eq!((queue.wake_at(), queue.next(4)), (Some(5), None));
        queue.add(1, "a", Urgency::Change);
        assert_eq!((queue.next(4), queue.wake_at()), (Some(1), None));
    }

    #[test]
    fn waits_after_failures_double_up_to_seven_minutes_until_one_works() {
        let mut queue = mk_queue();
        let mut waits = Vec::new();
        for at in 0..11 {
            queue.add(1, "a", Urgency::Routine);
            assert_eq!(queue.next(at), Some(1));
            waits.push(queue.failed(&1, SECOND).as_secs());
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 420, 420]);
        queue.add(1, "a", Urgency::Routine);
        assert_eq!(queue.next(0), Some(1));
        queue.done(&1);
        queue.add(1, "a", Urgency::Routine);
        assert_eq!(queue.next(0), Some(1));
        assert_eq!(queue.failed(&1, SECOND).as_secs(), 1);
    }

    #[test]
    fn a_key_that_moves_takes_the_place_of_its_new_group() {
        let mut queue = mk_queue();
        for key in 0..3 {
            queue.add(key, "a", Urgency::First);
        }
        assert_eq!((queue.next(0), queue.next(0)), (Some(0), Some(1)));
        assert_eq!(queue.next(0), None);
        queue.add(2, "b", Urgency::Routine);
        assert_eq!(queue.next(0), Some(2));
    }

    #[test]
    fn a_removed_key_is_not_looked_at() {
        let mut queue = mk_queue();
        queue.add(1, "a", Urgency::First);
        queue.add_at(2, "a", 5);
        queue.remove(&1);
        queue.remove(&2);
        assert_eq!((queue.next(9), queue.wake_at()), (None, None));
        queue.add(3, "a", Urgency::First);
        assert_eq!(queue.next(9), Some(3));
        queue.remove(&3);
        queue.done(&3);
        assert!(queue.is_empty() && queue.in_work.is_empty());
    }
}
