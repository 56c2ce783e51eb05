//! The places of tokens in their issuer's status list.

use async_trait::async_trait;
use breakglass_domain::{BrokerId, Minutes, RetiredToken, Timestamp};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadStatusLists, StatusListExtent, WriteStatusLists};
use futures_util::FutureExt;

use crate::column::{Key, Place, number};
use crate::lease::Lease;
use crate::memory::Question;
use crate::places::SET_ASIDE;
use crate::view::{Loan, View};

/// How long a recalled token stays on the list after its end, in milliseconds (a day): longer than any verifier allows for
/// clocks that differ.
pub(crate) const RETENTION_MILLIS: i64 = Minutes::new(24 * 60).millis();

#[async_trait]
impl<C: Loan> ReadStatusLists for View<C> {
    async fn find_status_list_extent(
        &mut self,
        broker_id: BrokerId,
    ) -> Result<Option<StatusListExtent>, StoreError> {
        let question = Question::StatusList(broker_id);
        if let Some(kept) = self.recall(&question) {
            return Ok(Some(kept));
        }
        let counts = self.counts();
        let id = broker_id.as_bytes().as_slice();
        let row = sqlx::query!(
            "SELECT next_status_index, recall_epoch FROM brokers WHERE id = ?",
            id,
        )
        .fetch_optional(self.connection().await?)
        .boxed()
        .await;
        let Some(row) = self.settle(row)? else {
            return Ok(None);
        };
        let place = Place::new("brokers", Key::Bytes(id));
        let extent = StatusListExtent {
            places: place.count("next_status_index", row.next_status_index)?,
            epoch: place.count("recall_epoch", row.recall_epoch)?,
        };
        self.keep_in_mind(counts, question, &extent);
        Ok(Some(extent))
    }

    async fn list_recalled(&mut self, broker_id: BrokerId) -> Result<Vec<u64>, StoreError> {
        let id = broker_id.as_bytes().as_slice();
        let rows = sqlx::query_scalar!(
            "SELECT status_index FROM recalled_tokens WHERE broker_id = ? ORDER BY status_index",
            id,
        )
        .fetch_all(self.connection().await?)
        .await;
        let place = Place::new("recalled_tokens", Key::Bytes(id));
        self.settle(rows)?
            .into_iter()
            .map(|index| place.count("status_index", index))
            .collect()
    }
}

#[async_trait]
impl WriteStatusLists for View<Lease> {
    async fn allocate_status_index(&mut self, broker_id: BrokerId) -> Result<u64, StoreError> {
        if let Some(place) = self.lease().take_place(broker_id) {
            return Ok(place);
        }
        let id = broker_id.as_bytes().as_slice();
        let end = sqlx::query_scalar!(
            r#"UPDATE brokers SET next_status_index = next_status_index + ? WHERE id = ?
               RETURNING next_status_index AS "end!: i64""#,
            SET_ASIDE,
            id,
        )
        .fetch_optional(self.changing().await?)
        .await;
        let end = self.settle(end)?.ok_or(StoreError::Missing)?;
        let row = Place::new("brokers", Key::Bytes(id));
        let end = row.count("next_status_index", end)?;
        let first = row.some("next_status_index", end.checked_sub(SET_ASIDE.into()))?;
        self.lease().set_aside(broker_id, first + 1..end);
        Ok(first)
    }

    async fn recall_token(
        &mut self,
        broker_id: BrokerId,
        token: &RetiredToken,
    ) -> Result<(), StoreError> {
        let id = broker_id.as_bytes().as_slice();
        let status_index = number(token.status_index)?;
        let token_id = token.id.as_bytes().as_slice();
        let expires_at = token.expires_at.millis();
        let done = sqlx::query!(
            "INSERT INTO recalled_tokens (broker_id, status_index, token_id, expires_at)
             VALUES (?, ?, ?, ?) ON CONFLICT (broker_id, status_index) DO NOTHING",
            id,
            status_index,
            token_id,
            expires_at,
        )
        .execute(self.changing().await?)
        .await;
        if self.settle(done)?.rows_affected() == 0 {
            return Ok(());
        }
        self.begin_recall_epoch(broker_id).await
    }
}

impl View<Lease> {
    /// Lets every signed list of the broker count as outdated.
    pub(crate) async fn begin_recall_epoch(
        &mut self,
        broker_id: BrokerId,
    ) -> Result<(), StoreError> {
        let id = broker_id.as_bytes().as_slice();
        let done = sqlx::query!(
            "UPDATE brokers SET recall_epoch = recall_epoch + 1 WHERE id = ?",
            id,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done).map(|_| ())
    }

    /// Forgets the recalled tokens that have been dead of age for a day, and says how many. The epoch stays: a verifier that
    /// still has the old list refuses a token that is dead anyway.
    pub(crate) async fn prune_recalled(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let before = now.plus_millis(-RETENTION_MILLIS).millis();
        let done = sqlx::query!("DELETE FROM recalled_tokens WHERE expires_at <= ?", before)
            .execute(self.changing().await?)
            .await;
        Ok(self.settle(done)?.rows_affected())
    }
}
