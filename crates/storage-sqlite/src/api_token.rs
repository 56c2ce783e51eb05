//! API tokens.

use async_trait::async_trait;
use breakglass_domain::{
    ApiToken, ApiTokenId, HeldApiToken, Page, PrincipalId, RealmId, Timestamp,
};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadApiTokens, TokenSearch, WriteApiTokens};
use futures_util::FutureExt;

use crate::column::{Key, Place, instant, millis, number};
use crate::lease::Lease;
use crate::memory::Question;
use crate::note::{Note, Text};
use crate::page::Listing;
use crate::token_query::TokenListing;
use crate::view::{Loan, View, found};

#[derive(sqlx::FromRow)]
struct ApiTokenRow {
    realm_id: Vec<u8>,
    id: Vec<u8>,
    principal_id: Vec<u8>,
    name: String,
    description: Option<String>,
    ttl: i64,
    access_token_ttl: i64,
    digest: Vec<u8>,
    last_characters: String,
    created_at: i64,
    issued_at: i64,
    expires_at: i64,
    last_used_at: Option<i64>,
    status_index: i64,
}

#[derive(sqlx::FromRow)]
struct HeldApiTokenRow {
    #[sqlx(flatten)]
    token: ApiTokenRow,
    client_id: String,
}

impl TryFrom<ApiTokenRow> for ApiToken {
    type Error = StoreError;

    fn try_from(row: ApiTokenRow) -> Result<Self, StoreError> {
        let place = Place::new(TokenListing::TABLE, Key::Bytes(&row.id));
        Ok(Self {
            realm_id: RealmId::from_bytes(place.bytes("realm_id", &row.realm_id)?),
            id: ApiTokenId::from_bytes(place.bytes("id", &row.id)?),
            principal_id: PrincipalId::from_bytes(place.bytes("principal_id", &row.principal_id)?),
            name: place.parse("name", &row.name)?,
            description: row.description,
            ttl: place.minutes("ttl", row.ttl)?,
            access_token_ttl: place.minutes("access_token_ttl", row.access_token_ttl)?,
            digest: place.digest("digest", &row.digest)?,
            last_characters: row.last_characters,
            created_at: Timestamp::from_millis(row.created_at),
            issued_at: Timestamp::from_millis(row.issued_at),
            expires_at: Timestamp::from_millis(row.expires_at),
            last_used_at: instant(row.last_used_at),
            status_index: place.count("status_index", row.status_index)?,
        })
    }
}

impl TryFrom<HeldApiTokenRow> for HeldApiToken {
    type Error = StoreError;

    fn try_from(row: HeldApiTokenRow) -> Result<Self, StoreError> {
        Ok(Self {
            token: row.token.try_into()?,
            client_id: row.client_id,
        })
    }
}

#[async_trait]
impl<C: Loan> ReadApiTokens for View<C> {
    async fn find_api_token(
        &mut self,
        realm_id: RealmId,
        id: ApiTokenId,
    ) -> Result<Option<ApiToken>, StoreError> {
        let question = Question::ApiToken(realm_id, id);
        if let Some(kept) = self.recall(&question) {
            return Ok(kept);
        }
        let counts = self.counts();
        let realm_id = realm_id.as_bytes().as_slice();
        let id = id.as_bytes().as_slice();
        let row = sqlx::query_as!(
            ApiTokenRow,
            "SELECT realm_id, id, principal_id, name, description, ttl, access_token_ttl, digest,
             last_characters, created_at, issued_at, expires_at, last_used_at, status_index
             FROM api_tokens WHERE realm_id = ? AND id = ?",
            realm_id,
            id,
        )
        .fetch_optional(self.connection().await?)
        .boxed()
        .await;
        let answer: Option<ApiToken> = self.settle(row)?.map(ApiToken::try_from).transpose()?;
        if answer.is_some() {
            self.keep_in_mind(counts, question, &answer);
        }
        Ok(answer)
    }

    async fn query_api_tokens(
        &mut self,
        realm_id: RealmId,
        search: TokenSearch<'_>,
    ) -> Result<Page<HeldApiToken>, StoreError> {
        let listing = TokenListing { realm_id, search };
        self.page_of::<_, HeldApiTokenRow, _>(listing, search.page)
            .await
    }

    async fn list_outlived_api_tokens(
        &mut self,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<ApiToken>, StoreError> {
        let before = before.millis();
        let rows = sqlx::query_as!(
            ApiTokenRow,
            "SELECT realm_id, id, principal_id, name, description, ttl, access_token_ttl, digest,
             last_characters, created_at, issued_at, expires_at, last_used_at, status_index
             FROM api_tokens WHERE expires_at <= ? ORDER BY expires_at, id LIMIT ?",
            before,
            limit,
        )
        .fetch_all(self.connection().await?)
        .await;
        self.settle(rows)?
            .into_iter()
            .map(ApiToken::try_from)
            .collect()
    }
}

#[async_trait]
impl WriteApiTokens for View<Lease> {
    async fn insert_api_token(&mut self, token: &ApiToken) -> Result<(), StoreError> {
        let realm_id = token.realm_id.as_bytes().as_slice();
        let id = token.id.as_bytes().as_slice();
        let principal_id = token.principal_id.as_bytes().as_slice();
        let name = token.name.as_str();
        let (ttl, access_token_ttl) = (token.ttl.get(), token.access_token_ttl.get());
        let digest = token.digest.as_bytes().as_slice();
        let created_at = token.created_at.millis();
        let issued_at = token.issued_at.millis();
        let expires_at = token.expires_at.millis();
        let last_used_at = millis(token.last_used_at);
        let status_index = number(token.status_index)?;
        let done = sqlx::query!(
            "INSERT INTO api_tokens (realm_id, id, principal_id, name, description, ttl,
             access_token_ttl, digest, last_characters, created_at, issued_at, expires_at,
             last_used_at, status_index) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            realm_id,
            id,
            principal_id,
            name,
            token.description,
            ttl,
            access_token_ttl,
            digest,
            token.last_characters,
            created_at,
            issued_at,
            expires_at,
            last_used_at,
            status_index,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done).map(|_| ())
    }

    async fn update_api_token(&mut self, token: &ApiToken) -> Result<(), StoreError> {
        let realm_id = token.realm_id.as_bytes().as_slice();
        let id = token.id.as_bytes().as_slice();
        let principal_id = token.principal_id.as_bytes().as_slice();
        let name = token.name.as_str();
        let (ttl, access_token_ttl) = (token.ttl.get(), token.access_token_ttl.get());
        let digest = token.digest.as_bytes().as_slice();
        let created_at = token.created_at.millis();
        let issued_at = token.issued_at.millis();
        let expires_at = token.expires_at.millis();
        let last_used_at = millis(token.last_used_at);
        let status_index = number(token.status_index)?;
        let done = sqlx::query!(
            "UPDATE api_tokens SET principal_id = ?, name = ?, description = ?, ttl = ?,
             access_token_ttl = ?, digest = ?, last_characters = ?, created_at = ?, issued_at = ?,
             expires_at = ?, last_used_at = ?, status_index = ? WHERE realm_id = ? AND id = ?",
            principal_id,
            name,
            token.description,
            ttl,
            access_token_ttl,
            digest,
            token.last_characters,
            created_at,
            issued_at,
            expires_at,
            last_used_at,
            status_index,
            realm_id,
            id,
        )
        .execute(self.changing().await?)
        .await;
        found(self.settle(done)?.rows_affected())
    }

    async fn record_api_token_use(
        &mut self,
        realm_id: RealmId,
        id: ApiTokenId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let id = id.as_bytes().as_slice();
        let values = [now.millis().into(), realm_id.into(), id.into()];
        self.note(Note::new(Text::LastUse("api_tokens"), values))
            .await
    }

    async fn forget_api_token(
        &mut self,
        realm_id: RealmId,
        id: ApiTokenId,
    ) -> Result<bool, StoreError> {
        let last = self.last_recall().await?;
        let was_there = self.delete_api_token(realm_id, id).await?;
        self.forget_recalls(last).await?;
        Ok(was_there)
    }

    async fn delete_api_token(
        &mut self,
        realm_id: RealmId,
        id: ApiTokenId,
    ) -> Result<bool, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let id = id.as_bytes().as_slice();
        let done = sqlx::query!(
            "DELETE FROM api_tokens WHERE realm_id = ? AND id = ?",
            realm_id,
            id,
        )
        .execute(self.changing().await?)
        .await;
        Ok(self.settle(done)?.rows_affected() > 0)
    }
}
