//! The clock of this machine.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use breakglass_domain::Timestamp;
use breakglass_ports::Clock;

/// The clock of this machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    /// When it was made, which is where its count begins.
    made: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            made: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one implementation of the Clock port that reads the real time"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(millis_since_1970(SystemTime::now()))
    }

    fn count(&self) -> i64 {
        i64::try_from(self.made.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

/// Whole milliseconds since 1970 UTC, negative before, cut at the ends of an `i64`.
fn millis_since_1970(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
        Err(before) => {
            i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |millis| -millis)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn both_sides_of_1970_have_milliseconds() {
        let span = Duration::from_millis(1_500);
        assert_eq!(millis_since_1970(UNIX_EPOCH + span), 1_500);
        assert_eq!(millis_since_1970(UNIX_EPOCH - span), -1_500);
    }

    #[test]
    fn the_present_is_after_this_was_written() {
        assert!(SystemClock::default().now() > Timestamp::from_millis(1_735_689_600_000));
    }
}
