//! Why a store could not do what was asked: one closed list for all stores.

/// Why a store could not do what was asked. Whatever the reason, nothing was changed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// Something of that key exists already.
    #[error("something of that key exists already")]
    Conflict,
    /// The store holds a value that makes no sense.
    #[error("column {column} of {table} {id} makes no sense")]
    Corrupt {
        /// The table of the value.
        table: &'static str,
        /// Its column.
        column: &'static str,
        /// The key of its row, as text.
        id: String,
    },
    /// What should be changed is not there.
    #[error("what should be changed is not there")]
    Missing,
    /// The store cannot take the request now: it is full, locked, closed or out of reach.
    #[error("the store is unavailable: {reason}")]
    Unavailable {
        /// The driver's reason, for the log and never for a client.
        reason: String,
    },
}
