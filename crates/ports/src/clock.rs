//! The time of day.

use breakglass_domain::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The present instant. It may jump, forward and back.
    fn now(&self) -> Timestamp;
}
