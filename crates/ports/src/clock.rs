//! The time of day.

use breakglass_domain::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The present instant. It may jump, forward and back.
    fn now(&self) -> Timestamp;

    /// Milliseconds since some moment of this process. They pass as time does, and neither jump nor go back.
    fn count(&self) -> i64;
}
