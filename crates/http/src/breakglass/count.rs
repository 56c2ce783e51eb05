//! Counts on the wire.

/// A count as the wire has it: a whole number of 64 bits with a sign.
pub(crate) fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
