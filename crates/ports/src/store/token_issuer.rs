//! Issuers that realms trust.

use async_trait::async_trait;
use breakglass_domain::{IssuerAlias, RealmId, TokenIssuer};

use crate::StoreError;

/// Reads trusted issuers.
///
/// # Contract
/// 1. `list_token_issuers` gives every issuer of the realm and no other, ordered by alias, each with its chains and their
///    certificates in their order.
#[async_trait]
pub trait ReadTokenIssuers: Send {
    /// The issuers of a realm.
    async fn list_token_issuers(
        &mut self,
        realm_id: RealmId,
    ) -> Result<Vec<TokenIssuer>, StoreError>;
}

/// Writes trusted issuers.
///
/// # Contract
/// 2. `insert_token_issuer` keeps every field, and fails with [`StoreError::Conflict`] when the realm has that alias or that issuer;
///    another realm may.
/// 3. `update_token_issuer` replaces the issuer, the chains and the instant of the change, and fails with [`StoreError::Missing`] when
///    there is no such alias, and with [`StoreError::Conflict`] when another alias has that issuer.
/// 4. `delete_token_issuer` says whether there was such an alias, and takes nothing else along.
/// 5. The issuers of a realm go with it.
#[async_trait]
pub trait WriteTokenIssuers: Send {
    /// Adds an issuer.
    async fn insert_token_issuer(&mut self, issuer: &TokenIssuer) -> Result<(), StoreError>;

    /// Replaces an issuer.
    async fn update_token_issuer(&mut self, issuer: &TokenIssuer) -> Result<(), StoreError>;

    /// Deletes an issuer.
    async fn delete_token_issuer(
        &mut self,
        realm_id: RealmId,
        alias: &IssuerAlias,
    ) -> Result<bool, StoreError>;
}
