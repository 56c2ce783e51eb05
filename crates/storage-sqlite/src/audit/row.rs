//! Records and checkpoints as they stand in their tables, and what they mean.

use std::collections::BTreeMap;

use breakglass_domain::audit::{
    AuditAction, AuditEvent, AuditMac, AuditRecord, AuditTarget, Checkpoint, Outcome,
    SignedCheckpoint, TargetKind,
};
use breakglass_domain::{Actor, ActorKind, RealmId, Timestamp};
use breakglass_ports::StoreError;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::column::{Cell, Key, Place};
use crate::error::unavailable;

/// A record as it stands in the table. Whoever tampers with a record must not be able to hide those around it by making it
/// unreadable, so every column but the key is read whatever it holds.
pub(super) struct AuditRow {
    pub(super) sequence: i64,
    pub(super) time: Cell,
    pub(super) realm_id: Cell,
    pub(super) actor_kind: Cell,
    pub(super) actor_id: Cell,
    pub(super) action: Cell,
    pub(super) target_kind: Cell,
    pub(super) target_id: Cell,
    pub(super) outcome: Cell,
    pub(super) source_address: Cell,
    pub(super) request_id: Cell,
    pub(super) emergency: Cell,
    pub(super) details: Cell,
    pub(super) mac: Cell,
}

impl TryFrom<AuditRow> for AuditRecord {
    type Error = StoreError;

    fn try_from(row: AuditRow) -> Result<Self, StoreError> {
        let place = Place::new("audit_records", Key::Number(row.sequence));
        Ok(Self {
            sequence: place.count("sequence", row.sequence)?,
            mac: mac(&place, &row.mac)?,
            event: event(&place, row)?,
        })
    }
}

/// What the next record is chained to.
pub(super) struct HeadRow {
    pub(super) sequence: i64,
    pub(super) time: Cell,
    pub(super) mac: Cell,
}

impl TryFrom<HeadRow> for Checkpoint {
    type Error = StoreError;

    fn try_from(row: HeadRow) -> Result<Self, StoreError> {
        let place = Place::new("audit_records", Key::Number(row.sequence));
        Ok(Self {
            sequence: place.count("sequence", row.sequence)?,
            mac: mac(&place, &row.mac)?,
            time: time(&place, &row.time)?,
        })
    }
}

/// The newest record, as it was read beside something else.
pub(crate) fn head(row: Option<&SqliteRow>) -> Result<Option<Checkpoint>, StoreError> {
    let Some(row) = row else {
        return Ok(None);
    };
    let read = |error: sqlx::Error| unavailable(&error);
    let row = HeadRow {
        sequence: row.try_get(0).map_err(read)?,
        time: row.try_get_unchecked(1).map_err(read)?,
        mac: row.try_get_unchecked(2).map_err(read)?,
    };
    row.try_into().map(Some)
}

/// A signed checkpoint as it stands in the table.
pub(super) struct CheckpointRow {
    pub(super) sequence: i64,
    pub(super) mac: Vec<u8>,
    pub(super) time: i64,
    pub(super) jws: String,
}

impl TryFrom<CheckpointRow> for SignedCheckpoint {
    type Error = StoreError;

    fn try_from(row: CheckpointRow) -> Result<Self, StoreError> {
        let place = Place::new("audit_checkpoints", Key::Number(row.sequence));
        Ok(Self {
            checkpoint: Checkpoint {
                sequence: place.count("sequence", row.sequence)?,
                mac: AuditMac::from_bytes(place.bytes("mac", &row.mac)?),
                time: Timestamp::from_millis(row.time),
            },
            jws: row.jws,
        })
    }
}

fn event(place: &Place<'_>, row: AuditRow) -> Result<AuditEvent, StoreError> {
    Ok(AuditEvent {
        time: time(place, &row.time)?,
        realm_id: match row.realm_id.present() {
            Some(cell) => Some(RealmId::from_bytes(array(place, "realm_id", &cell)?)),
            None => None,
        },
        actor: Actor::new(
            named(place, "actor_kind", row.actor_kind, ActorKind::from_name)?,
            text(place, "actor_id", row.actor_id)?,
        ),
        action: named(place, "action", row.action, AuditAction::from_name)?,
        target: target(place, row.target_kind, row.target_id)?,
        outcome: named(place, "outcome", row.outcome, Outcome::from_name)?,
        source_address: optional_text(place, "source_address", row.source_address)?,
        request_id: optional_text(place, "request_id", row.request_id)?,
        emergency: match row.emergency.number() {
            Some(0) => false,
            Some(1) => true,
            _ => return Err(place.corrupt("emergency")),
        },
        details: details(place, row.details)?,
    })
}

fn target(place: &Place<'_>, kind: Cell, id: Cell) -> Result<Option<AuditTarget>, StoreError> {
    if kind == Cell::Null && id == Cell::Null {
        return Ok(None);
    }
    Ok(Some(AuditTarget {
        kind: named(place, "target_kind", kind, TargetKind::from_name)?,
        id: text(place, "target_id", id)?,
    }))
}

fn details(place: &Place<'_>, cell: Cell) -> Result<BTreeMap<String, String>, StoreError> {
    let json = text(place, "details", cell)?;
    place.some("details", serde_json::from_str(&json).ok())
}

fn mac(place: &Place<'_>, cell: &Cell) -> Result<AuditMac, StoreError> {
    array(place, "mac", cell).map(AuditMac::from_bytes)
}

fn time(place: &Place<'_>, cell: &Cell) -> Result<Timestamp, StoreError> {
    let millis = place.some("time", cell.number())?;
    Ok(Timestamp::from_millis(millis))
}

fn array<const N: usize>(
    place: &Place<'_>,
    column: &'static str,
    cell: &Cell,
) -> Result<[u8; N], StoreError> {
    place.bytes(column, cell.bytes().unwrap_or_default())
}

fn text(place: &Place<'_>, column: &'static str, cell: Cell) -> Result<String, StoreError> {
    place.some(column, cell.text())
}

fn optional_text(
    place: &Place<'_>,
    column: &'static str,
    cell: Cell,
) -> Result<Option<String>, StoreError> {
    cell.present()
        .map(|cell| text(place, column, cell))
        .transpose()
}

fn named<T>(
    place: &Place<'_>,
    column: &'static str,
    cell: Cell,
    from_name: fn(&str) -> Option<T>,
) -> Result<T, StoreError> {
    let name = text(place, column, cell)?;
    place.some(column, from_name(&name))
}
