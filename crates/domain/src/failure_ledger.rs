//! Folds repeated happenings into counted records.
//!
//! An attacker must not fill the disk with audit records. The first happening in a window is recorded at once; the rest
//! are counted and recorded as one when the window has ended. The table is bounded: when it is full, further sources
//! share one entry. What was counted is given up only once it is recorded.

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
    /// Windows that have ended and are not recorded yet, the oldest first; at most `capacity`.
    ended: Vec<Folded<K>>,
    /// What found no room among them.
    spilled: Option<Window>,
}

impl<K: Clone + Eq + Hash> FailureLedger<K> {
    /// A ledger whose windows last `window_millis` and that holds at most `capacity` keys.
    pub fn new(window_millis: i64, capacity: usize) -> Self {
        Self {
            window_millis,
            capacity,
            windows: HashMap::new(),
            overflow: None,
            ended: Vec::new(),
            spilled: None,
        }
    }

    /// Notes a happening. A window whose time is over ends by this, whether or not anybody has asked for it.
    pub fn note(&mut self, key: K, now: Timestamp) -> Folding {
        let length = self.window_millis;
        if let Some(window) = self.windows.get_mut(&key) {
            if !is_over(*window, now, length) {
                window.happenings += 1;
                return Folding::Counted;
            }
            let over = std::mem::replace(
                window,
                Window {
                    since: now,
                    happenings: 1,
                },
            );
            self.end(Some(key), over);
            return Folding::RecordNow;
        }
        let fresh = Window {
            since: now,
            happenings: 1,
        };
        if self.windows.len() < self.capacity {
            self.windows.insert(key, fresh);
            return Folding::RecordNow;
        }
        if let Some(window) = self
            .overflow
            .as_mut()
            .filter(|window| !is_over(**window, now, length))
        {
            window.happenings += 1;
            return Folding::Counted;
        }
        if let Some(over) = self.overflow.replace(fresh) {
            self.end(None, over);
        }
        Folding::RecordNow
    }

    /// Ends the windows whose time is over (every one when `all`), and gives those in which something was counted, the oldest
    /// first. They are given again until [`FailureLedger::settle`].
    pub fn end_windows(&mut self, now: Timestamp, all: bool) -> Vec<Folded<K>> {
        let length = self.window_millis;
        let over: Vec<(K, Window)> = self
            .windows
            .iter()
            .filter(|(_, window)| all || is_over(**window, now, length))
            .map(|(key, window)| (key.clone(), *window))
            .collect();
        for (key, window) in over {
            self.windows.remove(&key);
            self.end(Some(key), window);
        }
        if let Some(window) = self
            .overflow
            .take_if(|window| all || is_over(*window, now, length))
        {
            self.end(None, window);
        }
        if let Some(window) = self.spilled.take() {
            self.end(None, window);
        }
        self.ended.clone()
    }

    /// Forgets the first `count` of the windows that [`FailureLedger::end_windows`] gave: they are recorded.
    pub fn settle(&mut self, count: usize) {
        self.ended.drain(..count.min(self.ended.len()));
    }

    fn end(&mut self, key: Option<K>, window: Window) {
        let repeats = window.happenings - 1;
        if repeats == 0 {
            return;
        }
        if self.ended.len() < self.capacity {
            self.ended.push(Folded {
                key,
                repeats,
                since: window.since,
            });
            return;
        }
        // One happening more than was counted, as in every window.
        let spilled = self.spilled.get_or_insert(Window {
            since: window.since,
            happenings: 1,
        });
        spilled.happenings += repeats;
    }
}

fn is_over(window: Window, now: Timestamp, length: i64) -> bool {
    // A clock that was set back must not keep a window open for ever.
    !(0..length).contains(&now.millis_since(window.since))
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
    fn what_is_not_settled_is_given_again() {
        let mut ledger = FailureLedger::new(60_000, 10);
        ledger.note("a", at(0));
        ledger.note("a", at(1));
        let folded = ledger.end_windows(at(60_000), false);
        assert_eq!(ledger.end_windows(at(60_001), false), folded);
        ledger.settle(folded.len());
        assert_eq!(ledger.end_windows(at(60_002), false), vec![]);
    }

    #[test]
    fn a_window_ends_although_nobody_asks() {
        let mut ledger = FailureLedger::new(60_000, 10);
        ledger.note("a", at(0));
        ledger.note("a", at(1));
        assert_eq!(ledger.note("a", at(60_000)), Folding::RecordNow);
        let folded = ledger.end_windows(at(60_001), false);
        assert_eq!(
            folded,
            vec![Folded {
                key: Some("a"),
                repeats: 1,
                since: at(0)
            }]
        );
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
        fn nothing_is_lost_and_the_table_stays_bounded(
            keys in prop::collection::vec(0_u8..20, 0..300),
            settles in any::<bool>(),
        ) {
            let mut ledger = FailureLedger::new(1_000, 5);
            let mut told = 0;
            let settle = |ledger: &mut FailureLedger<u8>, folded: Vec<Folded<u8>>| {
                ledger.settle(folded.len());
                folded.iter().map(|folded| folded.repeats).sum::<u64>()
            };
            for (millis, key) in keys.iter().enumerate() {
                let now = at(i64::try_from(millis).unwrap() * 50);
                if settles {
                    let folded = ledger.end_windows(now, false);
                    told += settle(&mut ledger, folded);
                }
                told += u64::from(ledger.note(*key, now) == Folding::RecordNow);
                prop_assert!(ledger.windows.len() <= 5);
                prop_assert!(ledger.ended.len() <= 5);
            }
            for _ in 0..2 {
                let folded = ledger.end_windows(at(0), true);
                told += settle(&mut ledger, folded);
            }
            prop_assert_eq!(told, keys.len() as u64);
        }
    }
}
