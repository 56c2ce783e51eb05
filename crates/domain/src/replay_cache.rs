//! Remembers what may be used once only, for as long as it could be used.

use std::collections::{BTreeMap, HashSet};
use std::hash::Hash;

use crate::timestamp::Timestamp;

/// What came of showing something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Showing {
    /// It was not seen before.
    First,
    /// There is no room to remember it, so that it cannot be told whether it was.
    NoRoom,
    /// It was seen before.
    Repeated,
}

/// A bounded memory of what was seen. Nothing is forgotten before its time: when the memory is full, nothing new is admitted.
#[derive(Debug)]
pub struct ReplayCache<K> {
    capacity: usize,
    seen: HashSet<K>,
    by_end: BTreeMap<Timestamp, Vec<K>>,
}

impl<K: Clone + Eq + Hash> ReplayCache<K> {
    /// A memory of at most so many.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            seen: HashSet::new(),
            by_end: BTreeMap::new(),
        }
    }

    /// Shows something that could be used until `end`, that instant included.
    pub fn show(&mut self, key: K, end: Timestamp, now: Timestamp) -> Showing {
        self.forget(now);
        if self.seen.contains(&key) {
            return Showing::Repeated;
        }
        if self.seen.len() >= self.capacity {
            return Showing::NoRoom;
        }
        self.seen.insert(key.clone());
        self.by_end.entry(end).or_default().push(key);
        Showing::First
    }

    fn forget(&mut self, now: Timestamp) {
        while let Some(entry) = self.by_end.first_entry() {
            if *entry.key() >= now {
                return;
            }
            for key in entry.remove() {
                self.seen.remove(&key);
            }
        }
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
    fn nothing_is_forgotten_before_its_time() {
        let mut cache = ReplayCache::new(2);
        assert_eq!(cache.show("a", at(10), at(0)), Showing::First);
        assert_eq!(cache.show("a", at(10), at(10)), Showing::Repeated);
        assert_eq!(cache.show("b", at(20), at(10)), Showing::First);
        assert_eq!(cache.show("c", at(20), at(10)), Showing::NoRoom);
        assert_eq!(cache.show("c", at(20), at(11)), Showing::First);
    }

    proptest! {
        #[test]
        fn nothing_is_admitted_twice_within_its_time(shown in prop::collection::vec((0_u8..20, 0_i64..20), 0..200)) {
            let mut cache = ReplayCache::new(8);
            let mut admitted: Vec<(u8, i64)> = Vec::new();
            for (now, (key, life)) in shown.into_iter().enumerate() {
                let now = i64::try_from(now).unwrap();
                if cache.show(key, at(now + life), at(now)) == Showing::First {
                    prop_assert!(!admitted.iter().any(|(old, end)| *old == key && *end >= now));
                    admitted.push((key, now + life));
                }
                prop_assert!(cache.seen.len() <= 8);
            }
        }
    }
}
