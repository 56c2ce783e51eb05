//! The audit.
//!
//! The head of the chain is read in the transaction that adds to it and kept nowhere else: another process may have added
//! records since, and a unit of the same group may have been undone.

use std::collections::BTreeMap;

use async_trait::async_trait;
use breakglass_domain::audit::{
    AuditAction, AuditEvent, AuditEvents, AuditKey, AuditMac, AuditRecord, AuditTarget, Checkpoint,
    Outcome, SignedCheckpoint, TargetKind,
};
use breakglass_domain::{Actor, RealmId, Timestamp};
use breakglass_ports::StoreError;
use breakglass_ports::store::{AuditFilter, AuditOrder, ReadAudit, WriteAudit};

use crate::column::{Cell, Key, Place, number};
use crate::error::unavailable;
use crate::lease::Lease;
use crate::view::{Loan, View};

/// A record as it stands in the table. Whoever tampers with a record must not be able to hide those around it by making it
/// unreadable, so every column but the key is read whatever it holds.
struct AuditRow {
    sequence: i64,
    time: Cell,
    realm_id: Cell,
    actor_kind: Cell,
    actor_id: Cell,
    action: Cell,
    target_kind: Cell,
    target_id: Cell,
    outcome: Cell,
    source_address: Cell,
    request_id: Cell,
    emergency: Cell,
    details: Cell,
    mac: Cell,
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

struct HeadRow {
    sequence: i64,
    time: Cell,
    mac: Cell,
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

struct CheckpointRow {
    sequence: i64,
    mac: Vec<u8>,
    time: i64,
    jws: String,
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

/// Selects a page of records. A macro because the text of a checked query must be a literal.
macro_rules! select_records {
    ($condition:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            AuditRow,
            r#"SELECT sequence, time AS "time!: Cell", realm_id AS "realm_id!: Cell",
               actor_kind AS "actor_kind!: Cell", actor_id AS "actor_id!: Cell",
               action AS "action!: Cell", target_kind AS "target_kind!: Cell",
               target_id AS "target_id!: Cell", outcome AS "outcome!: Cell",
               source_address AS "source_address!: Cell", request_id AS "request_id!: Cell",
               emergency AS "emergency!: Cell", details AS "details!: Cell", mac AS "mac!: Cell"
               FROM audit_records "# + $condition,
            $($argument),+
        )
    };
}

#[async_trait]
impl<C: Loan> ReadAudit for View<C> {
    async fn list_audit_records(
        &mut self,
        filter: &AuditFilter,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        let rows = match filter.order {
            AuditOrder::Ascending => self.list_ascending(filter).await,
            AuditOrder::Descending => self.list_descending(filter).await,
        }?;
        let mut records = Vec::with_capacity(rows.len());
        for row in rows {
            match AuditRecord::try_from(row) {
                Ok(record) => records.push(record),
                Err(error) if records.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        Ok(records)
    }

    async fn find_audit_head(&mut self) -> Result<Option<Checkpoint>, StoreError> {
        let row = sqlx::query_as!(
            HeadRow,
            r#"SELECT sequence, time AS "time!: Cell", mac AS "mac!: Cell"
               FROM audit_records ORDER BY sequence DESC LIMIT 1"#,
        )
        .fetch_optional(self.connection()?)
        .await;
        self.settle(row)?.map(Checkpoint::try_from).transpose()
    }

    async fn list_audit_checkpoints(&mut self) -> Result<Vec<SignedCheckpoint>, StoreError> {
        let rows = sqlx::query_as!(
            CheckpointRow,
            "SELECT sequence, mac, time, jws FROM audit_checkpoints ORDER BY sequence",
        )
        .fetch_all(self.connection()?)
        .await;
        self.settle(rows)?
            .into_iter()
            .map(SignedCheckpoint::try_from)
            .collect()
    }

    async fn find_last_audit_checkpoint(&mut self) -> Result<Option<SignedCheckpoint>, StoreError> {
        let row = sqlx::query_as!(
            CheckpointRow,
            "SELECT sequence, mac, time, jws FROM audit_checkpoints ORDER BY sequence DESC LIMIT 1",
        )
        .fetch_optional(self.connection()?)
        .await;
        self.settle(row)?
            .map(SignedCheckpoint::try_from)
            .transpose()
    }
}

#[async_trait]
impl WriteAudit for View<Lease> {
    async fn insert_audit_checkpoint(
        &mut self,
        checkpoint: &SignedCheckpoint,
    ) -> Result<(), StoreError> {
        let sequence = number(checkpoint.checkpoint.sequence)?;
        let mac = checkpoint.checkpoint.mac.as_bytes().as_slice();
        let time = checkpoint.checkpoint.time.millis();
        let done = sqlx::query!(
            "INSERT INTO audit_checkpoints (sequence, mac, time, jws) VALUES (?, ?, ?, ?)",
            sequence,
            mac,
            time,
            checkpoint.jws,
        )
        .execute(self.connection()?)
        .await;
        self.settle(done).map(|_| ())
    }
}

impl<C: Loan> View<C> {
    async fn list_ascending(&mut self, filter: &AuditFilter) -> Result<Vec<AuditRow>, StoreError> {
        // Also a forged record before the first is to be seen, so the range begins at the least number there is.
        let from = filter
            .after
            .map_or(i64::MIN, |after| saturating(after).saturating_add(1));
        let connection = self.connection()?;
        let realm_id = filter.realm_id.as_ref().map(|id| id.as_bytes().as_slice());
        let action = filter.action.map(AuditAction::name);
        let limit = filter.limit;
        let rows =
            match (realm_id, action) {
                (None, None) => {
                    select_records!("WHERE sequence >= ? ORDER BY sequence LIMIT ?", from, limit)
                        .fetch_all(connection)
                        .await
                }
                (Some(realm_id), None) => {
                    select_records!(
                        "WHERE realm_id = ? AND sequence >= ? ORDER BY sequence LIMIT ?",
                        realm_id,
                        from,
                        limit,
                    )
                    .fetch_all(connection)
                    .await
                }
                (None, Some(action)) => {
                    select_records!(
                        "WHERE action = ? AND sequence >= ? ORDER BY sequence LIMIT ?",
                        action,
                        from,
                        limit,
                    )
                    .fetch_all(connection)
                    .await
                }
                (Some(realm_id), Some(action)) => select_records!(
                    "WHERE realm_id = ? AND action = ? AND sequence >= ? ORDER BY sequence LIMIT ?",
                    realm_id,
                    action,
                    from,
                    limit,
                )
                .fetch_all(connection)
                .await,
            };
        self.settle(rows)
    }

    async fn list_descending(&mut self, filter: &AuditFilter) -> Result<Vec<AuditRow>, StoreError> {
        let to = filter
            .after
            .map_or(i64::MAX, |after| saturating(after).saturating_sub(1));
        let connection = self.connection()?;
        let realm_id = filter.realm_id.as_ref().map(|id| id.as_bytes().as_slice());
        let action = filter.action.map(AuditAction::name);
        let limit = filter.limit;
        let rows = match (realm_id, action) {
            (None, None) => {
                select_records!(
                    "WHERE sequence <= ? ORDER BY sequence DESC LIMIT ?",
                    to,
                    limit
                )
                .fetch_all(connection)
                .await
            }
            (Some(realm_id), None) => {
                select_records!(
                    "WHERE realm_id = ? AND sequence <= ? ORDER BY sequence DESC LIMIT ?",
                    realm_id,
                    to,
                    limit,
                )
                .fetch_all(connection)
                .await
            }
            (None, Some(action)) => {
                select_records!(
                    "WHERE action = ? AND sequence <= ? ORDER BY sequence DESC LIMIT ?",
                    action,
                    to,
                    limit,
                )
                .fetch_all(connection)
                .await
            }
            (Some(realm_id), Some(action)) => {
                select_records!(
                    "WHERE realm_id = ? AND action = ? AND sequence <= ?
                     ORDER BY sequence DESC LIMIT ?",
                    realm_id,
                    action,
                    to,
                    limit,
                )
                .fetch_all(connection)
                .await
            }
        };
        self.settle(rows)
    }
}

impl View<Lease> {
    /// Chains the events to the audit, in their order, and gives the new head.
    pub(crate) async fn append(
        &mut self,
        key: &AuditKey,
        events: AuditEvents,
    ) -> Result<Checkpoint, StoreError> {
        let mut head = self.find_audit_head().await?;
        for event in events {
            let record = key.seal(head.as_ref(), event);
            self.insert_audit_record(&record).await?;
            head = Some(record.head());
        }
        head.ok_or_else(|| unavailable("there was no event to record"))
    }

    async fn insert_audit_record(&mut self, record: &AuditRecord) -> Result<(), StoreError> {
        let event = &record.event;
        let sequence = number(record.sequence)?;
        let time = event.time.millis();
        let realm_id = event.realm_id.as_ref().map(|id| id.as_bytes().as_slice());
        let actor_kind = event.actor.kind.name();
        let action = event.action.name();
        let target_kind = event.target.as_ref().map(|target| target.kind.name());
        let target_id = event.target.as_ref().map(|target| target.id.as_str());
        let outcome = event.outcome.name();
        let details = serde_json::to_string(&event.details).map_err(|error| unavailable(&error))?;
        let mac = record.mac.as_bytes().as_slice();
        let done = sqlx::query!(
            "INSERT INTO audit_records (sequence, time, realm_id, actor_kind, actor_id, action,
             target_kind, target_id, outcome, source_address, request_id, emergency, details, mac)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            sequence,
            time,
            realm_id,
            actor_kind,
            event.actor.id,
            action,
            target_kind,
            target_id,
            outcome,
            event.source_address,
            event.request_id,
            event.emergency,
            details,
            mac,
        )
        .execute(self.connection()?)
        .await;
        self.settle(done).map(|_| ())
    }
}

fn saturating(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

fn event(place: &Place<'_>, row: AuditRow) -> Result<AuditEvent, StoreError> {
    Ok(AuditEvent {
        time: time(place, &row.time)?,
        realm_id: match row.realm_id.present() {
            Some(cell) => Some(RealmId::from_bytes(array(place, "realm_id", &cell)?)),
            None => None,
        },
        actor: Actor::new(
            named(
                place,
                "actor_kind",
                row.actor_kind,
                breakglass_domain::ActorKind::from_name,
            )?,
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
