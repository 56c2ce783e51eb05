//! Adding to the audit.

use async_trait::async_trait;
use breakglass_domain::audit::{AuditEvents, AuditKey, AuditRecord, Checkpoint, SignedCheckpoint};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadAudit, WriteAudit};

use crate::column::number;
use crate::error::unavailable;
use crate::lease::Lease;
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
        .execute(self.connection().await?)
        .await;
        self.settle(done).map(|_| ())
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
        .execute(self.connection().await?)
        .await;
        self.settle(done).map(|_| ())
    }
}
