//! Access tokens. They are not stored; only that one was revoked on its own is, and what some of them leave out.

use async_trait::async_trait;
use breakglass_domain::{AuthorizationClaims, RealmId, Thumbprint, Timestamp, TokenId};

use crate::StoreError;

/// Reads what is known of access tokens.
///
/// # Contract
/// 1. `is_any_access_token_revoked` says whether one of these tokens of the realm is revoked; of no tokens, none is.
/// 2. `find_withheld_claims` gives `None` for what no token of the realm leaves out.
#[async_trait]
pub trait ReadAccessTokens: Send {
    /// Whether one of these tokens is revoked.
    async fn is_any_access_token_revoked(
        &mut self,
        realm_id: RealmId,
        ids: &[TokenId],
    ) -> Result<bool, StoreError>;

    /// The claims of this digest, which tokens leave out.
    async fn find_withheld_claims(
        &mut self,
        realm_id: RealmId,
        digest: Thumbprint,
    ) -> Result<Option<AuthorizationClaims>, StoreError>;
}

/// Writes what is known of access tokens.
///
/// # Contract
/// 3. `revoke_access_token` revokes a token of the realm, which is remembered until a day after `expires_at`, and says whether it
///    was not revoked before. Other tokens and other realms stay as they are.
/// 4. `keep_withheld_claims` keeps every field until a day after the last `expires_at` that it was given with the digest, and says
///    whether it was not kept before.
/// 5. What is remembered of a realm's tokens goes with the realm.
#[async_trait]
pub trait WriteAccessTokens: Send {
    /// Revokes a token.
    async fn revoke_access_token(
        &mut self,
        realm_id: RealmId,
        id: TokenId,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Keeps what a token leaves out that lives until `expires_at`.
    async fn keep_withheld_claims(
        &mut self,
        realm_id: RealmId,
        withheld: (Thumbprint, &AuthorizationClaims),
        expires_at: Timestamp,
    ) -> Result<bool, StoreError>;
}
