//! Reading the audit, page by page.

use async_trait::async_trait;
use breakglass_domain::audit::{AuditAction, AuditRecord, Checkpoint, SignedCheckpoint};
use breakglass_ports::StoreError;
use breakglass_ports::store::{AuditFilter, AuditOrder, ReadAudit};

use super::row::{AuditRow, CheckpointRow, HeadRow};
use crate::column::Cell;
use crate::view::{Loan, View};

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
        .fetch_optional(self.connection().await?)
        .await;
        self.settle(row)?.map(Checkpoint::try_from).transpose()
    }

    async fn list_audit_checkpoints(&mut self) -> Result<Vec<SignedCheckpoint>, StoreError> {
        let rows = sqlx::query_as!(
            CheckpointRow,
            "SELECT sequence, mac, time, jws FROM audit_checkpoints ORDER BY sequence",
        )
        .fetch_all(self.connection().await?)
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
        .fetch_optional(self.connection().await?)
        .await;
        self.settle(row)?
            .map(SignedCheckpoint::try_from)
            .transpose()
    }
}

impl<C: Loan> View<C> {
    async fn list_ascending(&mut self, filter: &AuditFilter) -> Result<Vec<AuditRow>, StoreError> {
        // Also a forged record before the first is to be seen, so the range begins at the least number there is.
        let from = filter
            .after
            .map_or(i64::MIN, |after| saturating(after).saturating_add(1));
        let connection = self.connection().await?;
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
        let connection = self.connection().await?;
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

fn saturating(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}
