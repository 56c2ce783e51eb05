//! Access tokens. They are not stored; only that one was revoked on its own is.

use async_trait::async_trait;
use breakglass_domain::{RealmId, Timestamp, TokenId};

use crate::StoreError;

/// Reads what is known of access tokens.
///
/// # Contract
/// 1. `is_any_access_token_revoked` says whether one of these tokens of the realm is revoked; of no tokens, none is.
#[async_trait]
pub trait ReadAccessTokens: Send {
    /// Whether one of these tokens is revoked.
    async fn is_any_access_token_revoked(
        &mut self,
        realm_id: RealmId,
        ids: &[TokenId],
    ) -> Result<bool, StoreError>;
}

/// Writes what is known of access tokens.
///
/// # Contract
/// 2. `revoke_access_token` revokes a token of the realm, which is remembered until a day after `expires_at`, and says whether it
///    was not revoked before. Other tokens and other realms stay as they are.
/// 3. What is remembered of a realm's tokens goes with the realm.
#[async_trait]
pub trait WriteAccessTokens: Send {
    /// Revokes a token.
    async fn revoke_access_token(
        &mut self,
        realm_id: RealmId,
        id: TokenId,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError>;
}
