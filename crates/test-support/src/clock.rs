//! A clock that moves only when told.

use std::sync::atomic::{AtomicI64, Ordering};

use breakglass_domain::Timestamp;
use breakglass_ports::Clock;

/// A clock that moves only when told.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows this many milliseconds since 1970 UTC.
    pub fn new(millis: i64) -> Self {
        Self(AtomicI64::new(millis))
    }

    /// Moves it forward by this many milliseconds, or back.
    pub fn advance(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }

    /// Moves it forward by this many minutes.
    pub fn advance_minutes(&self, minutes: i64) {
        self.advance(minutes * 60_000);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}
