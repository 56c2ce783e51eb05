//! What the driver's errors mean to the store.

use breakglass_ports::StoreError;
use sqlx::error::ErrorKind;

/// `SQLITE_CONSTRAINT_ROWID`: an integer key is taken. The driver counts only its siblings as unique violations.
const CONSTRAINT_ROWID: i32 = 2579;

/// The extended result code of SQLite, when the error came from it.
pub(crate) fn code_of(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// The meaning of an error of a statement.
///
/// A broken reference is [`StoreError::Missing`]: what the statement builds on is not there.
pub(crate) fn store_error(error: &sqlx::Error) -> StoreError {
    let kind = error
        .as_database_error()
        .map(sqlx::error::DatabaseError::kind);
    match kind {
        Some(ErrorKind::UniqueViolation) => StoreError::Conflict,
        Some(ErrorKind::ForeignKeyViolation) => StoreError::Missing,
        _ if code_of(error) == Some(CONSTRAINT_ROWID) => StoreError::Conflict,
        _ => unavailable(error),
    }
}

/// An error that says nothing of the data.
pub(crate) fn unavailable(reason: &(impl ToString + ?Sized)) -> StoreError {
    StoreError::Unavailable {
        reason: reason.to_string(),
    }
}
