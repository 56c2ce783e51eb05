//! Access tokens that were revoked on their own.

use async_trait::async_trait;
use breakglass_domain::{RealmId, Timestamp, TokenId};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadAccessTokens, WriteAccessTokens};

use crate::lease::Lease;
use crate::status_list::RETENTION_MILLIS;
use crate::view::{Loan, View};

#[async_trait]
impl<C: Loan> ReadAccessTokens for View<C> {
    async fn is_any_access_token_revoked(
        &mut self,
        realm_id: RealmId,
        ids: &[TokenId],
    ) -> Result<bool, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        // Few: a token, and those that it is a copy of.
        for id in ids {
            let id = id.as_bytes().as_slice();
            let found = sqlx::query_scalar!(
                r#"SELECT 1 AS "one: i64" FROM revoked_access_tokens
                   WHERE realm_id = ? AND token_id = ?"#,
                realm_id,
                id,
            )
            .fetch_optional(self.connection()?)
            .await;
            if self.settle(found)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[async_trait]
impl WriteAccessTokens for View<Lease> {
    async fn revoke_access_token(
        &mut self,
        realm_id: RealmId,
        id: TokenId,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let id = id.as_bytes().as_slice();
        let expires_at = expires_at.millis();
        let done = sqlx::query!(
            "INSERT INTO revoked_access_tokens (realm_id, token_id, expires_at)
             VALUES (?, ?, ?) ON CONFLICT (realm_id, token_id) DO NOTHING",
            realm_id,
            id,
            expires_at,
        )
        .execute(self.connection()?)
        .await;
        Ok(self.settle(done)?.rows_affected() > 0)
    }
}

impl View<Lease> {
    /// Forgets the revoked tokens that have been dead of age for a day, and says how many.
    pub(crate) async fn prune_revoked(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let before = now.plus_millis(-RETENTION_MILLIS).millis();
        let done = sqlx::query!(
            "DELETE FROM revoked_access_tokens WHERE expires_at <= ?",
            before,
        )
        .execute(self.connection()?)
        .await;
        Ok(self.settle(done)?.rows_affected())
    }
}
