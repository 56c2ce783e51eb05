//! Access tokens that were revoked on their own, and what others leave out.

use async_trait::async_trait;
use breakglass_domain::{AuthorizationClaims, RealmId, RoleClaim, Thumbprint, Timestamp, TokenId};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadAccessTokens, WriteAccessTokens};
use futures_util::FutureExt;

use serde::{Deserialize, Serialize};

use crate::column::{Key, Place};
use crate::error::unavailable;
use crate::lease::Lease;
use crate::memory::Question;
use crate::status_list::RETENTION_MILLIS;
use crate::view::{Loan, View};

/// A role of withheld claims as their column holds it.
#[derive(Deserialize, Serialize)]
struct RoleJson {
    name: String,
    display_name: String,
    resources: Vec<String>,
}

#[async_trait]
impl<C: Loan> ReadAccessTokens for View<C> {
    async fn is_any_access_token_revoked(
        &mut self,
        realm_id: RealmId,
        ids: &[TokenId],
    ) -> Result<bool, StoreError> {
        let question = Question::Revoked(realm_id, ids.to_vec());
        if let Some(kept) = self.recall(&question) {
            return Ok(kept);
        }
        let counts = self.counts();
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
            .fetch_optional(self.connection().await?)
            .boxed()
            .await;
            if self.settle(found)?.is_some() {
                return Ok(true);
            }
        }
        self.keep_in_mind(counts, question, &false);
        Ok(false)
    }

    async fn find_withheld_claims(
        &mut self,
        realm_id: RealmId,
        digest: Thumbprint,
    ) -> Result<Option<AuthorizationClaims>, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let digest = digest.as_bytes().as_slice();
        let row = sqlx::query!(
            "SELECT roles, scope FROM withheld_claims WHERE realm_id = ? AND digest = ?",
            realm_id,
            digest,
        )
        .fetch_optional(self.connection().await?)
        .await;
        let Some(row) = self.settle(row)? else {
            return Ok(None);
        };
        let place = Place::new("withheld_claims", Key::Bytes(digest));
        let roles: Vec<RoleJson> = place.some("roles", serde_json::from_str(&row.roles).ok())?;
        let roles = roles.into_iter().map(|role| RoleClaim {
            name: role.name,
            display_name: role.display_name,
            resources: role.resources,
        });
        Ok(Some(AuthorizationClaims {
            roles: roles.collect(),
            scope: row.scope,
        }))
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
        .execute(self.changing().await?)
        .await;
        Ok(self.settle(done)?.rows_affected() > 0)
    }

    async fn keep_withheld_claims(
        &mut self,
        realm_id: RealmId,
        (digest, claims): (Thumbprint, &AuthorizationClaims),
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let digest = digest.as_bytes().as_slice();
        let expires_at = expires_at.millis();
        // Most tokens leave out what another one left out before.
        let done = sqlx::query!(
            "UPDATE withheld_claims SET expires_at = max(expires_at, ?)
             WHERE realm_id = ? AND digest = ?",
            expires_at,
            realm_id,
            digest,
        )
        .execute(self.changing().await?)
        .await;
        if self.settle(done)?.rows_affected() > 0 {
            return Ok(false);
        }
        let roles = claims.roles.iter().cloned().map(|role| RoleJson {
            name: role.name,
            display_name: role.display_name,
            resources: role.resources,
        });
        let roles = serde_json::to_string(&roles.collect::<Vec<_>>())
            .map_err(|error| unavailable(&error))?;
        let done = sqlx::query!(
            "INSERT INTO withheld_claims (realm_id, digest, roles, scope, expires_at)
             VALUES (?, ?, ?, ?, ?)",
            realm_id,
            digest,
            roles,
            claims.scope,
            expires_at,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done).map(|_| true)
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
        .execute(self.changing().await?)
        .await;
        Ok(self.settle(done)?.rows_affected())
    }

    /// Forgets the claims that no token of the last day leaves out, and says how many.
    pub(crate) async fn prune_withheld(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let before = now.plus_millis(-RETENTION_MILLIS).millis();
        let done = sqlx::query!("DELETE FROM withheld_claims WHERE expires_at <= ?", before)
            .execute(self.changing().await?)
            .await;
        Ok(self.settle(done)?.rows_affected())
    }
}
