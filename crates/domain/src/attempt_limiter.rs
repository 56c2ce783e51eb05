//! Limits how often a source may try a credential, whoever and however many the sources are.
//!
//! An attempt is counted before it is looked at and taken back when it was right, so that many attempts at once are held
//! to the same limit as one after the other. The table is bounded: when it is full of sources of the present window,
//! further sources share one count.

use std::collections::HashMap;
use std::hash::Hash;

use crate::timestamp::Timestamp;

/// Too many attempts were made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooManyAttempts {
    /// Milliseconds until an attempt is looked at again.
    pub retry_after_millis: i64,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    since: Timestamp,
    attempts: u64,
}

/// A bounded table of counts, one per source.
#[derive(Debug)]
pub struct AttemptLimiter<K> {
    window_millis: i64,
    limit: u64,
    capacity: usize,
    windows: HashMap<K, Window>,
    shared: Window,
}

impl<K: Eq + Hash> AttemptLimiter<K> {
    /// A limiter that admits `limit` attempts of a source within `window_millis`, and tells at most `capacity` sources apart.
    pub fn new(window_millis: i64, limit: u64, capacity: usize) -> Self {
        let shared = Window {
            since: Timestamp::from_millis(0),
            attempts: 0,
        };
        Self {
            window_millis,
            limit,
            capacity,
            windows: HashMap::new(),
            shared,
        }
    }

    /// Counts an attempt and admits it.
    ///
    /// # Errors
    /// [`TooManyAttempts`] when the source has used up its attempts; this one is then not counted.
    pub fn admit(&mut self, key: K, now: Timestamp) -> Result<(), TooManyAttempts> {
        let length = self.window_millis;
        let limit = self.limit;
        let window = self.window(key, now);
        if is_over(window, now, length) {
            *window = Window {
                since: now,
                attempts: 0,
            };
        }
        if window.attempts >= limit {
            let retry_after_millis = (length - now.millis_since(window.since)).clamp(0, length);
            return Err(TooManyAttempts { retry_after_millis });
        }
        window.attempts += 1;
        Ok(())
    }

    /// Takes an attempt back that was right.
    pub fn forgive(&mut self, key: &K) {
        let window = self.windows.get_mut(key).unwrap_or(&mut self.shared);
        window.attempts = window.attempts.saturating_sub(1);
    }

    /// The count of a source, or the shared one when there is no room for another.
    fn window(&mut self, key: K, now: Timestamp) -> &mut Window {
        if self.windows.len() >= self.capacity && !self.windows.contains_key(&key) {
            let length = self.window_millis;
            self.windows
                .retain(|_, window| !is_over(window, now, length));
        }
        if self.windows.len() >= self.capacity && !self.windows.contains_key(&key) {
            return &mut self.shared;
        }
        self.windows.entry(key).or_insert(Window {
            since: now,
            attempts: 0,
        })
    }
}

fn is_over(window: &Window, now: Timestamp, length: i64) -> bool {
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
    fn a_source_is_held_to_the_limit_until_its_window_ends() {
        let mut limiter = AttemptLimiter::new(60_000, 2, 10);
        assert_eq!(limiter.admit("a", at(0)), Ok(()));
        assert_eq!(limiter.admit("a", at(1)), Ok(()));
        let refused = limiter.admit("a", at(10_000));
        assert_eq!(
            refused,
            Err(TooManyAttempts {
                retry_after_millis: 50_000
            })
        );
        assert_eq!(limiter.admit("b", at(10_000)), Ok(()));
        assert_eq!(limiter.admit("a", at(60_000)), Ok(()));
    }

    #[test]
    fn attempts_that_are_under_way_count() {
        let mut limiter = AttemptLimiter::new(60_000, 3, 10);
        let admitted = (0..100)
            .filter(|_| limiter.admit("a", at(0)).is_ok())
            .count();
        assert_eq!(admitted, 3);
        limiter.forgive(&"a");
        assert_eq!(limiter.admit("a", at(0)), Ok(()));
    }

    #[test]
    fn a_full_table_shares_one_count_and_makes_room_when_windows_end() {
        let mut limiter = AttemptLimiter::new(60_000, 2, 2);
        let mut admit = |key, millis| limiter.admit(key, at(millis)).is_ok();
        assert!(admit(1, 0) && admit(2, 0));
        assert!(admit(3, 1) && admit(4, 1));
        assert!(
            !admit(5, 1),
            "the sources without a place have used up their shared attempts"
        );
        assert!(admit(1, 1), "a source with a place has its own");
        assert!(admit(6, 60_000));
    }

    #[test]
    fn a_clock_that_was_set_back_begins_a_new_window() {
        let mut limiter = AttemptLimiter::new(60_000, 1, 2);
        assert!(limiter.admit("a", at(1_000_000)).is_ok());
        assert!(limiter.admit("a", at(0)).is_ok());
    }

    proptest! {
        #[test]
        fn no_source_gets_more_than_its_limit_and_the_table_stays_bounded(keys in prop::collection::vec(0_u8..30, 0..400)) {
            let mut limiter = AttemptLimiter::new(1_000, 3, 5);
            let mut admitted = HashMap::new();
            for key in keys {
                if limiter.admit(key, at(0)).is_ok() {
                    *admitted.entry(key).or_insert(0_u64) += 1;
                }
                prop_assert!(limiter.windows.len() <= 5);
            }
            prop_assert!(admitted.values().all(|count| *count <= 3));
            prop_assert!(admitted.values().sum::<u64>() <= 3 * 6);
        }
    }
}
