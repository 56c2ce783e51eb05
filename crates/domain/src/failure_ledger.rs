//! Folds repeated happenings from one source into counted records, and says when a source has failed too often.
//!
//! An attacker must neither fill the disk with audit records nor guess without end. The first happening in a window is
//! recorded at once; the rest are counted and recorded as one when the window ends. The table is bounded: when it is
//! full, further sources share one entry.

use std::collections::HashMap;
use std::hash::Hash;

use crate::timestamp::Timestamp;

/// What to do about a happening.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Folding {
    /// It was counted; a later record will tell.
    Counted,
    /// It is the first of its kind in this window: record it now.
    RecordNow,
}

/// A window that has ended, with what was counted in it after the first.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Folded<K> {
    /// What happened; `None` for the happenings that found the table full.
    pub key: Option<K>,
    /// How often, beyond what was recorded at once.
    pub repeats: u64,
    /// When the window began.
    pub since: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    since: Timestamp,
    happenings: u64,
}

/// A bounded table of windows, one per key.
#[derive(Debug)]
pub struct FailureLedger<K> {
    window_millis: i64,
    capacity: usize,
    windows: HashMap<K, Window>,
    overflow: Option<Window>,
}

impl<K: Clone + Eq + Hash> FailureLedger<K> {
    /// A ledger whose windows last `window_millis` and that holds at most `capacity` keys.
    pub fn new(window_millis: i64, capacity: usize) -> Self {
        Self {
            window_millis,
            capacity,
            windows: HashMap::new(),
            overflow: None,
        }
    }

    /// Notes a happening.
    pub fn note(&mut self, key: K, now: Timestamp) -> Folding {
        if let Some(window) = self.windows.get_mut(&key) {
            window.happenings += 1;
            return Folding::Counted;
        }
        let fresh = Window {
            since: now,
            happenings: 1,
        };
        if self.windows.len() < self.capacity {
            self.windows.insert(key, fresh);
            return Folding::RecordNow;
        }
        if let Some(window) = &mut self.overflow {
            window.happenings += 1;
            return Folding::Counted;
        }
        self.overflow = Some(fresh);
        Folding::RecordNow
    }

    /// The happenings of this key in its present window.
    pub fn count(&self, key: &K, now: Timestamp) -> u64 {
        self.windows
            .get(key)
            .filter(|window| now.millis_since(window.since) < self.window_millis)
            .map_or(0, |window| window.happenings)
    }

    /// Milliseconds until the present window of this key ends.
    pub fn remaining_millis(&self, key: &K, now: Timestamp) -> i64 {
        self.windows.get(key).map_or(0, |window| {
            (self.window_millis - now.millis_since(window.since)).clamp(0, self.window_millis)
        })
    }

    /// Ends the windows whose time is over (every one when `all`), and gives those in which something was counted.
    pub fn end_windows(&mut self, now: Timestamp, all: bool) -> Vec<Folded<K>> {
        let length = self.window_millis;
        let over = |window: &Window| {
            let age = now.millis_since(window.since);
            // A clock that was set back must not keep a window open for ever.
            all || age >= length || age < 0
        };
        let mut folded = Vec::new();
        self.windows.retain(|key, window| {
            let ended = over(window);
            if ended && window.happenings > 1 {
                folded.push(fold(Some(key.clone()), *window));
            }
            !ended
        });
        if let Some(window) = self.overflow.take_if(|window| over(window))
            && window.happenings > 1
        {
            folded.push(fold(None, window));
        }
        folded
    }
}

fn fold<K>(key: Option<K>, window: Window) -> Folded<K> {
    Folded {
        key,
        repeats: window.happenings - 1,
        since: window.since,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn the_first_is_recorded_and_the_rest_are_counted() {
        let mut ledger = FailureLedger::new(60_000, 10);
        assert_eq!(ledger.note("a", at(0)), Folding::RecordNow);
        assert_eq!(ledger.note("a", at(1)), Folding::Counted);
        assert_eq!(ledger.note("a", at(2)), Folding::Counted);
        assert_eq!(ledger.note("b", at(2)), Folding::RecordNow);
        assert_eq!(ledger.count(&"a", at(2)), 3);
        assert_eq!(ledger.remaining_millis(&"a", at(10_000)), 50_000);
        assert_eq!(ledger.end_windows(at(59_999), false), vec![]);
        let folded = ledger.end_windows(at(60_000), false);
        assert_eq!(
            folded,
            vec![Folded {
                key: Some("a"),
                repeats: 2,
                since: at(0)
            }]
        );
        assert_eq!(ledger.note("a", at(60_001)), Folding::RecordNow);
    }

    #[test]
    fn a_full_table_shares_one_entry() {
        let mut ledger = FailureLedger::new(60_000, 1);
        assert_eq!(ledger.note(1, at(0)), Folding::RecordNow);
        assert_eq!(ledger.note(2, at(0)), Folding::RecordNow);
        assert_eq!(ledger.note(3, at(0)), Folding::Counted);
        let folded = ledger.end_windows(at(0), true);
        assert_eq!(
            folded,
            vec![Folded {
                key: None,
                repeats: 1,
                since: at(0)
            }]
        );
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_the_table_stays_bounded(keys in prop::collection::vec(0_u8..20, 0..200)) {
            let mut ledger = FailureLedger::new(1_000, 5);
            let mut told = 0;
            for (millis, key) in keys.iter().enumerate() {
                let now = at(i64::try_from(millis).unwrap() * 50);
                told += ledger.end_windows(now, false).iter().map(|folded| folded.repeats).sum::<u64>();
                told += u64::from(ledger.note(*key, now) == Folding::RecordNow);
                prop_assert!(ledger.windows.len() <= 5);
            }
            told += ledger.end_windows(at(0), true).iter().map(|folded| folded.repeats).sum::<u64>();
            prop_assert_eq!(told, keys.len() as u64);
        }
    }
}
