//! Tokens of other issuers whose expanded twins were registered.

use std::collections::BTreeMap;

use async_trait::async_trait;
use breakglass_domain::{RealmId, RegisteredToken, Registration, Timestamp, TokenDigest};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadRegisteredTokens, WriteRegisteredTokens};
use futures_util::FutureExt;

use crate::column::{Key, Place};
use crate::error::unavailable;
use crate::lease::Lease;
use crate::memory::Question;
use crate::view::{Loan, View};

struct RegisteredTokenRow {
    realm_id: Vec<u8>,
    digest: Vec<u8>,
    issuer_alias: String,
    vouched_since: i64,
    subject: String,
    twin: Vec<u8>,
    groups: String,
    privileges: String,
    registered_at: i64,
    expires_at: i64,
}

impl TryFrom<RegisteredTokenRow> for RegisteredToken {
    type Error = StoreError;

    fn try_from(row: RegisteredTokenRow) -> Result<Self, StoreError> {
        let place = Place::new("registered_tokens", Key::Bytes(&row.digest));
        let groups: Option<Vec<String>> = serde_json::from_str(&row.groups).ok();
        let privileges: Option<BTreeMap<String, Vec<String>>> =
            serde_json::from_str(&row.privileges).ok();
        Ok(Self {
            realm_id: RealmId::from_bytes(place.bytes("realm_id", &row.realm_id)?),
            digest: TokenDigest::from_bytes(place.bytes("digest", &row.digest)?),
            issuer_alias: place.parse("issuer_alias", &row.issuer_alias)?,
            twin: TokenDigest::from_bytes(place.bytes("twin", &row.twin)?),
            groups: place.some("groups", groups)?,
            privileges: place.some("privileges", privileges)?,
            vouched_since: Timestamp::from_millis(row.vouched_since),
            registered_at: Timestamp::from_millis(row.registered_at),
            expires_at: Timestamp::from_millis(row.expires_at),
            subject: row.subject,
        })
    }
}

#[async_trait]
impl<C: Loan> ReadRegisteredTokens for View<C> {
    async fn find_registered_token(
        &mut self,
        realm_id: RealmId,
        digest: &TokenDigest,
    ) -> Result<Option<RegisteredToken>, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let digest = digest.as_bytes().as_slice();
        let row = sqlx::query_as!(
            RegisteredTokenRow,
            "SELECT realm_id, digest, issuer_alias, vouched_since, subject, twin, groups, privileges,
             registered_at, expires_at FROM registered_tokens WHERE realm_id = ? AND digest = ?",
            realm_id,
            digest,
        )
        .fetch_optional(self.connection().await?)
        .await;
        self.settle(row)?.map(RegisteredToken::try_from).transpose()
    }

    async fn find_registration(
        &mut self,
        realm_id: RealmId,
        digest: &TokenDigest,
    ) -> Result<Option<Registration>, StoreError> {
        let question = Question::Registration(realm_id, *digest);
        if let Some(kept) = self.recall(&question) {
            return Ok(kept);
        }
        let counts = self.counts();
        let realm_id = realm_id.as_bytes().as_slice();
        let digest = digest.as_bytes().as_slice();
        let row = sqlx::query!(
            "SELECT twin, issuer_alias, vouched_since, expires_at FROM registered_tokens
             WHERE realm_id = ? AND digest = ?",
            realm_id,
            digest,
        )
        .fetch_optional(self.connection().await?)
        .boxed()
        .await;
        let Some(row) = self.settle(row)? else {
            return Ok(None);
        };
        let place = Place::new("registered_tokens", Key::Bytes(digest));
        let answer = Some(Registration {
            twin: TokenDigest::from_bytes(place.bytes("twin", &row.twin)?),
            issuer_alias: place.parse("issuer_alias", &row.issuer_alias)?,
            vouched_since: Timestamp::from_millis(row.vouched_since),
            expires_at: Timestamp::from_millis(row.expires_at),
        });
        if answer.is_some() {
            self.keep_in_mind(counts, question, &answer);
        }
        Ok(answer)
    }

    async fn count_registered_tokens(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let now = now.millis();
        let count = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!: i64" FROM registered_tokens WHERE expires_at > ?"#,
            now,
        )
        .fetch_one(self.connection().await?)
        .await;
        let place = Place::new("registered_tokens", Key::Text("*"));
        place.count("count", self.settle(count)?)
    }
}

#[async_trait]
impl WriteRegisteredTokens for View<Lease> {
    async fn put_registered_token(
        &mut self,
        token: &RegisteredToken,
        most_of_subject: u32,
    ) -> Result<(), StoreError> {
        let realm_id = token.realm_id.as_bytes().as_slice();
        let digest = token.digest.as_bytes().as_slice();
        let alias = token.issuer_alias.as_str();
        let vouched_since = token.vouched_since.millis();
        let twin = token.twin.as_bytes().as_slice();
        let groups = serde_json::to_string(&token.groups).map_err(|error| unavailable(&error))?;
        let privileges =
            serde_json::to_string(&token.privileges).map_err(|error| unavailable(&error))?;
        let registered_at = token.registered_at.millis();
        let expires_at = token.expires_at.millis();
        let done = sqlx::query!(
            "INSERT OR REPLACE INTO registered_tokens
             (realm_id, digest, issuer_alias, vouched_since, subject, twin, groups, privileges,
             registered_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            realm_id,
            digest,
            alias,
            vouched_since,
            token.subject,
            twin,
            groups,
            privileges,
            registered_at,
            expires_at,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done)?;
        let done = sqlx::query!(
            "DELETE FROM registered_tokens WHERE rowid IN (
             SELECT rowid FROM registered_tokens
             WHERE realm_id = ? AND issuer_alias = ? AND subject = ?
             ORDER BY registered_at DESC, rowid DESC LIMIT -1 OFFSET ?)",
            realm_id,
            alias,
            token.subject,
            most_of_subject,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done).map(|_| ())
    }
}

impl View<Lease> {
    /// Forgets the registered tokens that are over, and says how many.
    pub(crate) async fn prune_registered(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let now = now.millis();
        let done = sqlx::query!("DELETE FROM registered_tokens WHERE expires_at <= ?", now)
            .execute(self.changing().await?)
            .await;
        Ok(self.settle(done)?.rows_affected())
    }
}
