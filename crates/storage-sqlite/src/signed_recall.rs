//! The recall of everything that some keys may have signed: in a few statements, however much it is.

use breakglass_domain::KeyId;
use breakglass_ports::StoreError;
use breakglass_ports::store::SignedRecall;

use crate::column::number;
use crate::lease::Lease;
use crate::view::View;

/// Gives each credential of a table that was used at or after an instant a place of its own behind the places that there are,
/// recalls the place that it had, and evaluates to their number.
macro_rules! move_used {
    ($view:expr, $recall:expr, $table:literal) => {{
        let realm_id = $recall.realm_id.as_bytes().as_slice();
        let broker_id = $recall.broker_id.as_bytes().as_slice();
        let (used_since, ends_at) = ($recall.used_since.millis(), $recall.ends_at.millis());
        let done = sqlx::query!(
            "INSERT INTO recalled_tokens (broker_id, status_index, token_id, expires_at)
             SELECT ?, status_index, id, ? FROM " + $table + " WHERE realm_id = ? AND last_used_at >= ?
             ON CONFLICT (broker_id, status_index) DO NOTHING",
            broker_id,
            ends_at,
            realm_id,
            used_since,
        )
        .execute($view.changing().await?)
        .await;
        $view.settle(done)?;
        let done = sqlx::query!(
            "UPDATE " + $table + " SET status_index = fresh.place FROM (
                SELECT used.id AS id, brokers.next_status_index - 1 + row_number() OVER (ORDER BY used.id) AS place
                FROM " + $table + " AS used JOIN brokers ON brokers.id = ?
                WHERE used.realm_id = ? AND used.last_used_at >= ?
             ) AS fresh WHERE " + $table + ".realm_id = ? AND " + $table + ".id = fresh.id",
            broker_id,
            realm_id,
            used_since,
            realm_id,
        )
        .execute($view.changing().await?)
        .await;
        let moved = $view.settle(done)?.rows_affected();
        let places = number(moved)?;
        let done = sqlx::query!(
            "UPDATE brokers SET next_status_index = next_status_index + ? WHERE id = ?",
            places,
            broker_id,
        )
        .execute($view.changing().await?)
        .await;
        $view.settle(done)?;
        moved
    }};
}

impl View<Lease> {
    /// Revokes the live emergency tokens that a key signed, recalls them, and says how many they were.
    pub(crate) async fn revoke_emergency_tokens(
        &mut self,
        key_id: &KeyId,
        recall: &SignedRecall<'_>,
    ) -> Result<u64, StoreError> {
        let realm_id = recall.realm_id.as_bytes().as_slice();
        let broker_id = recall.broker_id.as_bytes().as_slice();
        let key_id = key_id.as_str();
        let now = recall.now.millis();
        let done = sqlx::query!(
            "INSERT INTO recalled_tokens (broker_id, status_index, token_id, expires_at)
             SELECT ?, token_status_index, token_id, token_expires_at FROM emergency_clients
             WHERE realm_id = ? AND token_key_id = ? AND token_revoked_at IS NULL
             AND token_expires_at > ? ON CONFLICT (broker_id, status_index) DO NOTHING",
            broker_id,
            realm_id,
            key_id,
            now,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done)?;
        let done = sqlx::query!(
            "UPDATE emergency_clients SET token_revoked_at = ?1 WHERE realm_id = ?2
             AND token_key_id = ?3 AND token_revoked_at IS NULL AND token_expires_at > ?1",
            now,
            realm_id,
            key_id,
        )
        .execute(self.changing().await?)
        .await;
        Ok(self.settle(done)?.rows_affected())
    }

    /// Gives the credentials that were used new places, and says how many they were.
    pub(crate) async fn move_used_credentials(
        &mut self,
        recall: &SignedRecall<'_>,
    ) -> Result<u64, StoreError> {
        let broker_id = recall.broker_id.as_bytes().as_slice();
        // Their places are recalled as they go.
        let done = sqlx::query!("DELETE FROM session_grants WHERE broker_id = ?", broker_id)
            .execute(self.changing().await?)
            .await;
        self.settle(done)?;
        let api_tokens = move_used!(self, recall, "api_tokens");
        let keys = move_used!(self, recall, "client_keys");
        let secrets = move_used!(self, recall, "client_secrets");
        Ok(api_tokens + keys + secrets)
    }
}
