//! Adding to the audit.

use async_trait::async_trait;
use breakglass_domain::audit::{AuditEvents, AuditKey, AuditRecord, Checkpoint, SignedCheckpoint};
use breakglass_ports::StoreError;
use breakglass_ports::store::WriteAudit;

use crate::column::number;
use crate::error::unavailable;
use crate::lease::Lease;
use crate::note::{Note, Text, Value};
use crate::view::View;

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
        .execute(self.writing().await?)
        .await;
        self.settle(done).map(|_| ())
    }
}

/// Chains the events to the audit, in their order. Gives the new head, and what writes the records.
pub(crate) fn chain(
    mut head: Option<Checkpoint>,
    key: &AuditKey,
    events: AuditEvents,
) -> Result<(Option<Checkpoint>, Vec<Note>), StoreError> {
    let mut records = Vec::new();
    for event in events {
        let record = key.seal(head.as_ref(), event);
        head = Some(record.head());
        records.push(insertion(record)?);
    }
    Ok((head, records))
}

/// Adds records. One whose place is taken undoes the transaction, so that SQLite keeps no copy of each page as it was before the
/// statement.
const RECORDS: Text = Text::Rows(
    "INSERT OR ROLLBACK INTO audit_records (sequence, time, realm_id, actor_kind, actor_id, action,
     target_kind, target_id, outcome, source_address, request_id, emergency, details, mac) VALUES ",
    "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
);

fn insertion(record: AuditRecord) -> Result<Note, StoreError> {
    let event = record.event;
    let details = serde_json::to_string(&event.details).map_err(|error| unavailable(&error))?;
    let (target_kind, target_id) = event
        .target
        .map(|target| (Value::Name(target.kind.name()), target.id))
        .unzip();
    Ok(Note::new(
        RECORDS,
        [
            number(record.sequence)?.into(),
            event.time.millis().into(),
            event
                .realm_id
                .as_ref()
                .map(|id| id.as_bytes().as_slice())
                .into(),
            Value::Name(event.actor.kind.name()),
            event.actor.id.into(),
            Value::Name(event.action.name()),
            target_kind.unwrap_or(Value::Null),
            target_id.into(),
            Value::Name(event.outcome.name()),
            event.source_address.into(),
            event.request_id.into(),
            event.emergency.into(),
            details.into(),
            record.mac.as_bytes().as_slice().into(),
        ],
    ))
}
