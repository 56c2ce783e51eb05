//! API tokens.

use async_trait::async_trait;
use breakglass_domain::{
    ApiToken, ApiTokenId, HeldApiToken, Page, PageRequest, RealmId, Timestamp, TokenOrder,
    TokenQuery,
};

use crate::StoreError;

/// A page of API tokens that is wanted.
#[derive(Clone, Copy, Debug)]
pub struct TokenSearch<'a> {
    /// What is looked for.
    pub query: &'a TokenQuery,
    /// By what the list is ordered.
    pub order: TokenOrder,
    /// Whether the greatest come first.
    pub descending: bool,
    /// Which page.
    pub page: PageRequest,
    /// The instant of the search: a token is alive that ends after it.
    pub now: Timestamp,
}

/// Reads API tokens.
///
/// # Contract
/// 1. `find_api_token` gives `None` for an unknown id, and for an id of another realm.
/// 2. `query_api_tokens` gives the page of the realm's tokens that [`TokenQuery::finds`], each with the `client_id` of the client that
///    holds it, ordered as asked (tokens that are equal in it by their id, in the same direction), and counts all of them. The
///    roles that it looks at are those that the client holds in the realm, ended or not.
/// 3. `list_outlived_api_tokens` gives tokens of every realm that ended at `before` or earlier, the longest over first, at most
///    `limit`.
#[async_trait]
pub trait ReadApiTokens: Send {
    /// The token of this id.
    async fn find_api_token(
        &mut self,
        realm_id: RealmId,
        id: ApiTokenId,
    ) -> Result<Option<ApiToken>, StoreError>;

    /// A page of the tokens that are found.
    async fn query_api_tokens(
        &mut self,
        realm_id: RealmId,
        search: TokenSearch<'_>,
    ) -> Result<Page<HeldApiToken>, StoreError>;

    /// Tokens that have been over for long.
    async fn list_outlived_api_tokens(
        &mut self,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<ApiToken>, StoreError>;
}

/// Writes API tokens.
///
/// # Contract
/// 4. `insert_api_token` keeps every field, and fails with [`StoreError::Conflict`] when the id is taken, and with
///    [`StoreError::Missing`] when the realm has no API client that is its principal.
/// 5. `update_api_token` keeps every field, and fails with [`StoreError::Missing`] when there is no such token.
/// 6. `record_api_token_use` sets when the token was last exchanged, and fails with [`StoreError::Missing`] likewise.
/// 7. `delete_api_token` says whether there was such a token.
#[async_trait]
pub trait WriteApiTokens: Send {
    /// Adds a token.
    async fn insert_api_token(&mut self, token: &ApiToken) -> Result<(), StoreError>;

    /// Replaces the token of this realm and id.
    async fn update_api_token(&mut self, token: &ApiToken) -> Result<(), StoreError>;

    /// Notes that a token was exchanged.
    async fn record_api_token_use(
        &mut self,
        realm_id: RealmId,
        id: ApiTokenId,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Deletes a token that is long over. Nothing is recalled by that.
    async fn forget_api_token(
        &mut self,
        realm_id: RealmId,
        id: ApiTokenId,
    ) -> Result<bool, StoreError>;

    /// Deletes a token.
    async fn delete_api_token(
        &mut self,
        realm_id: RealmId,
        id: ApiTokenId,
    ) -> Result<bool, StoreError>;
}
