//! The record of recalls and the store, held against each other when the store is opened.

use std::io;

use breakglass_domain::RecallRecord;
use breakglass_domain::audit::AuditMac;
use breakglass_ports::StoreError;
use sqlx::SqliteConnection;

use crate::column::{Key, Place, number};
use crate::error::unavailable;
use crate::open::OpenError;
use crate::put_back::{Replaced, SinceCopy, replaced};
use crate::recall::{head_of, newest_sealed};
use crate::record::{Record, read_record};
use crate::record_line::add_line;

/// Lets the record have every recall of the store, and gives those that it has and the store lacks: then the store is an older
/// copy that was put in the place of the one whose record this is. A record that does not fit is refused; or it is set aside,
/// when a copy has just taken the place of the store whose operator chose what counts as recalled, because the record is lost.
pub(crate) async fn reconcile(
    record: &mut Record,
    connection: &mut SqliteConnection,
    put_back: Option<&Replaced>,
) -> Result<Vec<RecallRecord>, OpenError> {
    let compared = compare(record, connection).await;
    let lost = put_back.filter(|put_back| put_back.since == SinceCopy::Lost);
    match (compared, lost) {
        (Ok(missed), Some(lost)) if !missed.is_empty() => anew(record, connection, lost).await,
        (Err(_), Some(lost)) => anew(record, connection, lost).await,
        (compared, _) => compared,
    }
}

/// Sets the record aside and has it written anew from the store.
async fn anew(
    record: &mut Record,
    connection: &mut SqliteConnection,
    lost: &Replaced,
) -> Result<Vec<RecallRecord>, OpenError> {
    let aside = record.set_aside(&replaced(&lost.stamp));
    aside.map_err(|error| refusal(record, &error))?;
    compare(record, connection).await
}

async fn compare(
    record: &mut Record,
    connection: &mut SqliteConnection,
) -> Result<Vec<RecallRecord>, OpenError> {
    // Whoever adds a line holds the store.
    let refuse = |error: &dyn std::error::Error| refusal(record, error);
    run(connection, "BEGIN IMMEDIATE")
        .await
        .map_err(|error| refuse(&error))?;
    let outcome = compare_held(record, connection).await;
    let ended = run(connection, "COMMIT").await;
    let (missed, begun) = outcome?;
    ended.map_err(|error| refusal(record, &error))?;
    if let Some(begun) = begun {
        let ended = record.end(begun);
        ended.map_err(|error| refusal(record, &error))?;
    }
    Ok(missed)
}

type Compared = (Vec<RecallRecord>, Option<crate::record::Begun>);

async fn compare_held(
    record: &Record,
    connection: &mut SqliteConnection,
) -> Result<Compared, OpenError> {
    let refuse = |error: &dyn std::error::Error| refusal(record, error);
    let head = record.open().map_err(|error| refuse(&error))?.head;
    let newest = newest_sealed(connection)
        .await
        .map_err(|error| refuse(&error))?;
    let last = head_of(newest).map_err(|error| refuse(&error))?;
    let common = head.number.min(last.number);
    let kept = mac_of(connection, common)
        .await
        .map_err(|error| refuse(&error))?;
    if head.number <= last.number {
        if kept != Some(head.mac) {
            return Err(foreign(record, common));
        }
        let begun = add_line(record, connection).await;
        return Ok((Vec::new(), begun.map_err(|error| refuse(&error))?));
    }
    let all = read_record(record.path()).map_err(|error| refuse(&error))?;
    let (known, missed): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|recall| recall.number <= common);
    let recorded = known.last().map_or(AuditMac::GENESIS, |recall| recall.mac);
    if kept != Some(recorded) {
        return Err(foreign(record, common));
    }
    Ok((missed, None))
}

/// The MAC of a recall of the store.
async fn mac_of(
    connection: &mut SqliteConnection,
    of: u64,
) -> Result<Option<AuditMac>, StoreError> {
    if of == 0 {
        return Ok(Some(AuditMac::GENESIS));
    }
    let of = number(of)?;
    let mac = sqlx::query_scalar!("SELECT mac FROM recalls WHERE number = ?", of)
        .fetch_optional(connection)
        .await
        .map_err(|error| unavailable(&error))?;
    let place = Place::new("recalls", Key::Number(of));
    let bytes = mac.flatten();
    let mac = bytes.map(|bytes| place.bytes("mac", &bytes)).transpose()?;
    Ok(mac.map(AuditMac::from_bytes))
}

async fn run(
    connection: &mut SqliteConnection,
    statement: &'static str,
) -> Result<(), sqlx::Error> {
    sqlx::Executor::execute(connection, statement)
        .await
        .map(|_| ())
}

fn foreign(record: &Record, number: u64) -> OpenError {
    let reason = format!(
        "recall {number} is another in the store, so it is the record of another one. If this store was not put back by hand, \
         move the record aside; the store's own recalls are then written anew"
    );
    refusal(record, &io::Error::other(reason))
}

fn refusal(record: &Record, error: &dyn std::error::Error) -> OpenError {
    OpenError::Record {
        path: record.path().to_owned(),
        reason: error.to_string(),
    }
}
