//! Instants and durations, always as arguments: this crate never reads a clock.

use std::fmt;

/// Milliseconds in a minute.
const MILLIS_PER_MINUTE: i64 = 60_000;

/// An instant: whole milliseconds since 1970 UTC, which is the default one.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant this many milliseconds after 1970 UTC.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970 UTC.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970 UTC, rounded down; the unit of a JWT's `NumericDate` (RFC 7519, section 2).
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The instant `ttl` later; saturates at the end of time.
    #[must_use]
    pub const fn plus(self, ttl: Minutes) -> Self {
        self.plus_millis(ttl.millis())
    }

    /// The instant this many milliseconds later; saturates at the end of time.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this instant; negative when this one comes first.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The instant rounded down to a whole second, so that it reads the same in milliseconds and in a JWT.
    #[must_use]
    pub const fn whole_seconds(self) -> Self {
        Self(self.0 - self.0.rem_euclid(1000))
    }
}

/// A lifetime in whole minutes, the unit of the fleet contract's TTLs.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Minutes(u32);

impl Minutes {
    /// A lifetime of this many minutes.
    pub const fn new(minutes: u32) -> Self {
        Self(minutes)
    }

    /// The number of minutes.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The same lifetime in milliseconds.
    pub const fn millis(self) -> i64 {
        self.0 as i64 * MILLIS_PER_MINUTE
    }
}

impl fmt::Display for Minutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_saturates_instead_of_wrapping() {
        assert_eq!(
            Timestamp::from_millis(i64::MAX).plus(Minutes::new(u32::MAX)),
            Timestamp::from_millis(i64::MAX)
        );
    }

    #[test]
    fn seconds_round_down_on_both_sides_of_1970() {
        assert_eq!(Timestamp::from_millis(1999).seconds(), 1);
        assert_eq!(Timestamp::from_millis(-1).seconds(), -1);
        assert_eq!(
            Timestamp::from_millis(1999).whole_seconds(),
            Timestamp::from_millis(1000)
        );
    }
}
