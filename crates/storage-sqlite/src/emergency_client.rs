//! Emergency clients.

use async_trait::async_trait;
use breakglass_domain::{
    ClientId, EmergencyClient, EmergencyToken, KeyId, RealmId, Thumbprint, Timestamp, TokenDigest,
    TokenId, Usage,
};
use breakglass_ports::StoreError;
use breakglass_ports::store::{
    EmergencySummary, ReadEmergencyClients, ReadRealms, WriteEmergencyClients,
};
use futures_util::FutureExt;

use crate::column::{Key, Place, instant, millis, number};
use crate::lease::Lease;
use crate::memory::Question;
use crate::note::{Addition, Note, Text, Value};
use crate::view::{Loan, View, found};

struct EmergencyClientRow {
    realm_id: Vec<u8>,
    client_id: String,
    client_name: String,
    client_description: Option<String>,
    ttl: i64,
    dpop_key: Option<Vec<u8>>,
    created_at: i64,
    created_by: String,
    last_regenerated_at: Option<i64>,
    token_id: Vec<u8>,
    token_digest: Vec<u8>,
    token_key_id: String,
    token_status_index: i64,
    token_issued_at: i64,
    token_expires_at: i64,
    token_revoked_at: Option<i64>,
    token_expiry_recorded: bool,
    uses: i64,
    last_used_at: Option<i64>,
}

impl TryFrom<EmergencyClientRow> for EmergencyClient {
    type Error = StoreError;

    fn try_from(row: EmergencyClientRow) -> Result<Self, StoreError> {
        let place = Place::new("emergency_clients", Key::Text(&row.client_id));
        let client_id: ClientId = place.parse("client_id", &row.client_id)?;
        // An id is stored in the one spelling in which it is looked for.
        if client_id.as_str() != row.client_id {
            return Err(place.corrupt("client_id"));
        }
        let dpop_key = row
            .dpop_key
            .as_deref()
            .map(|bytes| place.bytes("dpop_key", bytes))
            .transpose()?;
        let token = EmergencyToken {
            id: TokenId::from_bytes(place.bytes("token_id", &row.token_id)?),
            digest: place.digest("token_digest", &row.token_digest)?,
            key_id: KeyId::new(row.token_key_id),
            status_index: place.count("token_status_index", row.token_status_index)?,
            issued_at: Timestamp::from_millis(row.token_issued_at),
            expires_at: Timestamp::from_millis(row.token_expires_at),
            revoked_at: instant(row.token_revoked_at),
            expiry_recorded: row.token_expiry_recorded,
        };
        Ok(Self {
            realm_id: RealmId::from_bytes(place.bytes("realm_id", &row.realm_id)?),
            client_id,
            ttl: place.minutes("ttl", row.ttl)?,
            dpop_key: dpop_key.map(Thumbprint::from_bytes),
            usage: Usage {
                uses: place.count("uses", row.uses)?,
                last_used_at: instant(row.last_used_at),
            },
            client_name: row.client_name,
            client_description: row.client_description,
            created_at: Timestamp::from_millis(row.created_at),
            created_by: row.created_by,
            last_regenerated_at: instant(row.last_regenerated_at),
            token,
        })
    }
}

/// Selects whole clients. A macro because the text of a checked query must be a literal.
macro_rules! select_clients {
    ($condition:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            EmergencyClientRow,
            r#"SELECT realm_id, client_id, client_name, client_description, ttl, dpop_key,
               created_at, created_by, last_regenerated_at, token_id, token_digest, token_key_id,
               token_status_index, token_issued_at, token_expires_at, token_revoked_at,
               token_expiry_recorded AS "token_expiry_recorded: bool", uses, last_used_at
               FROM emergency_clients "# + $condition,
            $($argument),+
        )
    };
}

#[async_trait]
impl<C: Loan> ReadEmergencyClients for View<C> {
    async fn find_emergency_client(
        &mut self,
        realm_id: RealmId,
        client_id: &ClientId,
    ) -> Result<Option<EmergencyClient>, StoreError> {
        let question = Question::EmergencyClient(realm_id, client_id.clone());
        if let Some(kept) = self.recall(&question) {
            return Ok(kept);
        }
        let counts = self.counts();
        let realm_id = realm_id.as_bytes().as_slice();
        let client_id = client_id.as_str();
        let row = select_clients!("WHERE realm_id = ? AND client_id = ?", realm_id, client_id)
            .fetch_optional(self.connection().await?)
            .boxed()
            .await;
        let answer: Option<EmergencyClient> = self
            .settle(row)?
            .map(EmergencyClient::try_from)
            .transpose()?;
        if answer.is_some() {
            self.keep_in_mind(counts, question, &answer);
        }
        Ok(answer)
    }

    async fn find_emergency_client_by_digest(
        &mut self,
        digest: &TokenDigest,
    ) -> Result<Option<EmergencyClient>, StoreError> {
        let question = Question::EmergencyClientOfDigest(*digest);
        if let Some(kept) = self.recall(&question) {
            return Ok(kept);
        }
        let counts = self.counts();
        let digest = digest.as_bytes().as_slice();
        let row = select_clients!("WHERE token_digest = ?", digest)
            .fetch_optional(self.connection().await?)
            .boxed()
            .await;
        let answer: Option<EmergencyClient> = self
            .settle(row)?
            .map(EmergencyClient::try_from)
            .transpose()?;
        if answer.is_some() {
            self.keep_in_mind(counts, question, &answer);
        }
        Ok(answer)
    }

    async fn list_emergency_clients(
        &mut self,
        realm_id: RealmId,
    ) -> Result<Vec<EmergencyClient>, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let rows = select_clients!("WHERE realm_id = ? ORDER BY client_id", realm_id)
            .fetch_all(self.connection().await?)
            .await;
        self.settle(rows)?
            .into_iter()
            .map(EmergencyClient::try_from)
            .collect()
    }

    async fn list_unrecorded_expiries(
        &mut self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<EmergencyClient>, StoreError> {
        let now = now.millis();
        let rows = select_clients!(
            "WHERE token_expiry_recorded = 0 AND token_revoked_at IS NULL AND token_expires_at <= ?
             ORDER BY token_expires_at LIMIT ?",
            now,
            limit,
        )
        .fetch_all(self.connection().await?)
        .await;
        self.settle(rows)?
            .into_iter()
            .map(EmergencyClient::try_from)
            .collect()
    }

    async fn summarize_emergency_clients(
        &mut self,
        realm_id: RealmId,
        now: Timestamp,
        later: Timestamp,
    ) -> Result<EmergencySummary, StoreError> {
        let id = realm_id.as_bytes().as_slice();
        let (now, later) = (now.millis(), later.millis());
        let row = sqlx::query!(
            r#"SELECT count(*) AS "live!: i64", min(token_expires_at) AS "nearest_expiry?: i64",
               count(CASE WHEN token_expires_at > ?1 THEN 1 END) AS "live_later!: i64",
               (SELECT count(*) FROM emergency_clients WHERE realm_id = ?2) AS "total!: i64",
               (SELECT max(last_used_at) FROM emergency_clients
                WHERE realm_id = ?2 AND last_used_at IS NOT NULL) AS "last_used_at?: i64"
               FROM emergency_clients INDEXED BY emergency_clients_by_unrecorded_expiry
               WHERE token_expiry_recorded = 0 AND token_revoked_at IS NULL
               AND token_expires_at > ?3 AND realm_id = ?2"#,
            later,
            id,
            now,
        )
        .fetch_one(self.connection().await?)
        .await;
        let row = self.settle(row)?;
        let place = Place::new("emergency_clients", Key::Bytes(id));
        Ok(EmergencySummary {
            total: place.count("client_id", row.total)?,
            live: place.count("token_expires_at", row.live)?,
            live_later: place.count("token_expires_at", row.live_later)?,
            nearest_expiry: instant(row.nearest_expiry),
            last_used_at: instant(row.last_used_at),
        })
    }
}

/// What adds a client, unless any client of its realm has its id: a client of another kind makes its realm `NULL` then, which is
/// ignored like a row that is there. It is one row of `VALUES`, since for a statement that may write several, as one from a
/// `SELECT` may, SQLite keeps a copy of each page as it was.
fn insertion(client: &EmergencyClient) -> Result<Addition, StoreError> {
    let token = &client.token;
    let realm_id: Value = client.realm_id.as_bytes().as_slice().into();
    let client_id: Value = client.client_id.as_str().into();
    Ok(Addition::new(
        "INSERT OR IGNORE INTO emergency_clients (realm_id, client_id, client_name, client_description,
         ttl, dpop_key, created_at, created_by, last_regenerated_at, token_id, token_digest,
         token_key_id, token_status_index, token_issued_at, token_expires_at, token_revoked_at,
         token_expiry_recorded, uses, last_used_at)
         VALUES (CASE WHEN
             EXISTS (SELECT 1 FROM api_clients WHERE realm_id = ? AND client_id = ?)
             OR EXISTS (SELECT 1 FROM oauth_apps WHERE realm_id = ? AND client_id = ?)
         THEN NULL ELSE ? END, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            realm_id.clone(),
            client_id.clone(),
            realm_id.clone(),
            client_id.clone(),
            realm_id,
            client_id,
            client.client_name.as_str().into(),
            client.client_description.clone().into(),
            i64::from(client.ttl.get()).into(),
            dpop_key(client).into(),
            client.created_at.millis().into(),
            client.created_by.as_str().into(),
            millis(client.last_regenerated_at).into(),
            token.id.as_bytes().as_slice().into(),
            token.digest.as_bytes().as_slice().into(),
            token.key_id.as_str().into(),
            number(token.status_index)?.into(),
            token.issued_at.millis().into(),
            token.expires_at.millis().into(),
            millis(token.revoked_at).into(),
            token.expiry_recorded.into(),
            number(client.usage.uses)?.into(),
            millis(client.usage.last_used_at).into(),
        ],
    ))
}

#[async_trait]
impl WriteEmergencyClients for View<Lease> {
    async fn insert_emergency_client(
        &mut self,
        client: &EmergencyClient,
    ) -> Result<(), StoreError> {
        // The reference to the realm is not to fail where others of the group would fail with it.
        if self.find_realm(client.realm_id).await?.is_none() {
            return Err(StoreError::Missing);
        }
        self.add(insertion(client)?).await
    }

    async fn update_emergency_client(
        &mut self,
        client: &EmergencyClient,
    ) -> Result<(), StoreError> {
        let realm_id = client.realm_id.as_bytes().as_slice();
        let client_id = client.client_id.as_str();
        let ttl = client.ttl.get();
        let dpop_key = dpop_key(client);
        let created_at = client.created_at.millis();
        let last_regenerated_at = millis(client.last_regenerated_at);
        let token_id = client.token.id.as_bytes().as_slice();
        let token_digest = client.token.digest.as_bytes().as_slice();
        let token_key_id = client.token.key_id.as_str();
        let token_status_index = number(client.token.status_index)?;
        let token_issued_at = client.token.issued_at.millis();
        let token_expires_at = client.token.expires_at.millis();
        let token_revoked_at = millis(client.token.revoked_at);
        let done = sqlx::query!(
            "UPDATE emergency_clients SET client_name = ?, client_description = ?, ttl = ?,
             dpop_key = ?, created_at = ?, created_by = ?, last_regenerated_at = ?, token_id = ?,
             token_digest = ?, token_key_id = ?, token_status_index = ?, token_issued_at = ?, token_expires_at = ?,
             token_revoked_at = ?, token_expiry_recorded = ? WHERE realm_id = ? AND client_id = ?",
            client.client_name,
            client.client_description,
            ttl,
            dpop_key,
            created_at,
            client.created_by,
            last_regenerated_at,
            token_id,
            token_digest,
            token_key_id,
            token_status_index,
            token_issued_at,
            token_expires_at,
            token_revoked_at,
            client.token.expiry_recorded,
            realm_id,
            client_id,
        )
        .execute(self.changing().await?)
        .await;
        found(self.settle(done)?.rows_affected())
    }

    async fn delete_emergency_client(
        &mut self,
        realm_id: RealmId,
        client_id: &ClientId,
    ) -> Result<bool, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let client_id = client_id.as_str();
        let done = sqlx::query!(
            "DELETE FROM emergency_clients WHERE realm_id = ? AND client_id = ?",
            realm_id,
            client_id,
        )
        .execute(self.changing().await?)
        .await;
        Ok(self.settle(done)?.rows_affected() > 0)
    }

    async fn record_emergency_use(
        &mut self,
        realm_id: RealmId,
        client_id: &ClientId,
        digest: &TokenDigest,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let now = now.millis();
        let values = [
            now.into(),
            realm_id.as_bytes().as_slice().into(),
            client_id.as_str().into(),
            digest.as_bytes().as_slice().into(),
            now.into(),
        ];
        let sql = "UPDATE emergency_clients SET uses = uses + 1, last_used_at = ?
                   WHERE realm_id = ? AND client_id = ? AND token_digest = ?
                   AND token_revoked_at IS NULL AND token_expires_at > ?";
        self.note(Note::new(Text::Each(sql), values)).await
    }
}

fn dpop_key(client: &EmergencyClient) -> Option<&[u8]> {
    client
        .dpop_key
        .as_ref()
        .map(|key| key.as_bytes().as_slice())
}
