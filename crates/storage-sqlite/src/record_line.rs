//! What of the recalls in the store the record of recalls lacks, written as a line of it.

use breakglass_domain::RecallRecord;
use breakglass_ports::StoreError;
use sqlx::sqlite::SqliteConnection;

use crate::column::number;
use crate::error::unavailable;
use crate::recall::RecallRow;
use crate::record::{Begun, Record};

/// Writes the recalls that the record lacks into it, as a line that does not count yet.
pub(crate) async fn add_line(
    record: &Record,
    connection: &mut SqliteConnection,
) -> Result<Option<Begun>, StoreError> {
    let known = record.clone();
    let opened = tokio::task::spawn_blocking(move || known.open()).await;
    let turn = match opened {
        Ok(Ok(turn)) => turn,
        Ok(Err(error)) => return Err(unrecorded(&error)),
        Err(error) => return Err(unrecorded(&error)),
    };
    let after = number(turn.head.number)?;
    let rows = sqlx::query_as!(
        RecallRow,
        "SELECT number, kind, scope, id, place, instant, time, mac FROM recalls
         WHERE number > ? AND mac IS NOT NULL ORDER BY number",
        after,
    )
    .fetch_all(connection)
    .await
    .map_err(|error| unavailable(&error))?;
    let records: Result<Vec<RecallRecord>, StoreError> =
        rows.into_iter().map(RecallRecord::try_from).collect();
    let records = records?;
    if records.is_empty() {
        return Ok(None);
    }
    let begun = tokio::task::spawn_blocking(move || turn.begin(&records)).await;
    match begun {
        Ok(Ok(begun)) => Ok(Some(begun)),
        Ok(Err(error)) => Err(unrecorded(&error)),
        Err(error) => Err(unrecorded(&error)),
    }
}

/// Takes a line back that is not to count.
pub(crate) async fn take_back(begun: Option<Begun>) {
    if let Some(begun) = begun {
        drop(tokio::task::spawn_blocking(move || begun.take_back()).await);
    }
}

/// What is told when the record cannot be written.
pub(crate) fn unrecorded(error: &dyn std::error::Error) -> StoreError {
    unavailable(&format!("the record of recalls cannot be written: {error}"))
}
