//! The audit. Records are written by a unit's commit alone.

use async_trait::async_trait;
use breakglass_domain::RealmId;
use breakglass_domain::audit::{AuditAction, AuditRecord, Checkpoint, SignedCheckpoint};

use crate::StoreError;

/// Which way to page.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum AuditOrder {
    /// The oldest first.
    #[default]
    Ascending,
    /// The newest first.
    Descending,
}

/// Which records to read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AuditFilter {
    /// Only records beyond this sequence, in the order asked for.
    pub after: Option<u64>,
    /// At most so many.
    pub limit: u32,
    /// Which way.
    pub order: AuditOrder,
    /// Only records of this realm.
    pub realm_id: Option<RealmId>,
    /// Only records of this action.
    pub action: Option<AuditAction>,
}

/// Reads the audit.
///
/// # Contract
/// 1. `list_audit_records` gives what was committed, field by field, filtered and ordered as asked, at most `limit`.
/// 2. A record that cannot be read is [`StoreError::Corrupt`] with its sequence as the id, once every record before it in the
///    order asked for has been given: the page ends before it, and the next page fails.
/// 3. `find_audit_head` gives the head of the chain, `None` while it is empty.
/// 4. `list_audit_checkpoints` gives every signed checkpoint, the oldest first; `find_last_audit_checkpoint` the newest.
#[async_trait]
pub trait ReadAudit: Send {
    /// A page of records.
    async fn list_audit_records(
        &mut self,
        filter: &AuditFilter,
    ) -> Result<Vec<AuditRecord>, StoreError>;

    /// The head of the chain.
    async fn find_audit_head(&mut self) -> Result<Option<Checkpoint>, StoreError>;

    /// Every signed checkpoint.
    async fn list_audit_checkpoints(&mut self) -> Result<Vec<SignedCheckpoint>, StoreError>;

    /// The newest signed checkpoint.
    async fn find_last_audit_checkpoint(&mut self) -> Result<Option<SignedCheckpoint>, StoreError>;
}

/// Writes the audit, beside what [`UnitOfWork::commit`](super::UnitOfWork::commit) does.
///
/// # Contract
/// 5. Of several events of one commit the order is kept; sequences have no gap, whatever was dropped or failed between.
/// 6. `insert_audit_checkpoint` keeps every field, and fails with [`StoreError::Conflict`] when that sequence has one.
#[async_trait]
pub trait WriteAudit: Send {
    /// Adds a signed checkpoint.
    async fn insert_audit_checkpoint(
        &mut self,
        checkpoint: &SignedCheckpoint,
    ) -> Result<(), StoreError>;
}
