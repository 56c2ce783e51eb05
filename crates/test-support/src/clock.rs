//! A clock that moves only when told.

use std::sync::atomic::{AtomicI64, Ordering};

use breakglass_domain::Timestamp;
use breakglass_ports::Clock;

/// A clock that moves only when told.
#[derive(Debug)]
pub struct ManualClock {
    shown: AtomicI64,
    count: AtomicI64,
}

impl ManualClock {
    /// A clock that shows this many milliseconds since 1970 UTC.
    pub fn new(millis: i64) -> Self {
        Self {
            shown: AtomicI64::new(millis),
            count: AtomicI64::new(0),
        }
    }

    /// Lets this many milliseconds pass.
    pub fn advance(&self, millis: i64) {
        self.count.fetch_add(millis, Ordering::SeqCst);
        self.jump(millis);
    }

    /// Sets it forward by this many milliseconds, or back, while no time passes.
    pub fn jump(&self, millis: i64) {
        self.shown.fetch_add(millis, Ordering::SeqCst);
    }

    /// Lets this many minutes pass.
    pub fn advance_minutes(&self, minutes: i64) {
        self.advance(minutes * 60_000);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.shown.load(Ordering::SeqCst))
    }

    fn count(&self) -> i64 {
        self.count.load(Ordering::SeqCst)
    }
}
