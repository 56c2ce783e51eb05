//! Public keys of clients, and the assertions that were signed with them.

use async_trait::async_trait;
use breakglass_domain::{
    ClientKey, ClientKeyId, PrincipalId, PublicJwk, RealmId, Thumbprint, Timestamp, TokenDigest,
};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadClientKeys, WriteClientKeys};
use futures_util::FutureExt;

use crate::column::{Key, Place, instant, millis, number};
use crate::lease::Lease;
use crate::memory::Question;
use crate::note::{Note, Text};
use crate::status_list::RETENTION_MILLIS;
use crate::view::{Loan, View};

struct ClientKeyRow {
    realm_id: Vec<u8>,
    id: Vec<u8>,
    principal_id: Vec<u8>,
    kid: Option<String>,
    algorithm: String,
    thumbprint: Vec<u8>,
    jwk: String,
    status_index: i64,
    created_at: i64,
    last_used_at: Option<i64>,
}

impl TryFrom<ClientKeyRow> for ClientKey {
    type Error = StoreError;

    fn try_from(row: ClientKeyRow) -> Result<Self, StoreError> {
        let place = Place::new("client_keys", Key::Bytes(&row.id));
        Ok(Self {
            realm_id: RealmId::from_bytes(place.bytes("realm_id", &row.realm_id)?),
            principal_id: PrincipalId::from_bytes(place.bytes("principal_id", &row.principal_id)?),
            id: ClientKeyId::from_bytes(place.bytes("id", &row.id)?),
            key: PublicJwk {
                algorithm: place.parse("algorithm", &row.algorithm)?,
                thumbprint: Thumbprint::from_bytes(place.bytes("thumbprint", &row.thumbprint)?),
                kid: row.kid,
                jwk: row.jwk,
            },
            status_index: place.count("status_index", row.status_index)?,
            created_at: Timestamp::from_millis(row.created_at),
            last_used_at: instant(row.last_used_at),
        })
    }
}

#[async_trait]
impl<C: Loan> ReadClientKeys for View<C> {
    async fn find_client_key(
        &mut self,
        realm_id: RealmId,
        id: ClientKeyId,
    ) -> Result<Option<ClientKey>, StoreError> {
        let question = Question::ClientKey(realm_id, id);
        if let Some(kept) = self.recall(&question) {
            return Ok(kept);
        }
        let counts = self.counts();
        let realm_id = realm_id.as_bytes().as_slice();
        let id = id.as_bytes().as_slice();
        let row = sqlx::query_as!(
            ClientKeyRow,
            "SELECT realm_id, id, principal_id, kid, algorithm, thumbprint, jwk, status_index,
             created_at, last_used_at FROM client_keys WHERE realm_id = ? AND id = ?",
            realm_id,
            id,
        )
        .fetch_optional(self.connection().await?)
        .boxed()
        .await;
        let answer: Option<ClientKey> = self.settle(row)?.map(ClientKey::try_from).transpose()?;
        if answer.is_some() {
            self.keep_in_mind(counts, question, &answer);
        }
        Ok(answer)
    }

    async fn list_client_keys(
        &mut self,
        realm_id: RealmId,
        principal_id: PrincipalId,
    ) -> Result<Vec<ClientKey>, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let principal_id = principal_id.as_bytes().as_slice();
        let rows = sqlx::query_as!(
            ClientKeyRow,
            "SELECT realm_id, id, principal_id, kid, algorithm, thumbprint, jwk, status_index,
             created_at, last_used_at FROM client_keys WHERE realm_id = ? AND principal_id = ?
             ORDER BY created_at DESC, id",
            realm_id,
            principal_id,
        )
        .fetch_all(self.connection().await?)
        .await;
        self.settle(rows)?
            .into_iter()
            .map(ClientKey::try_from)
            .collect()
    }
}

#[async_trait]
impl WriteClientKeys for View<Lease> {
    async fn insert_client_key(&mut self, key: &ClientKey) -> Result<(), StoreError> {
        let realm_id = key.realm_id.as_bytes().as_slice();
        let id = key.id.as_bytes().as_slice();
        let principal_id = key.principal_id.as_bytes().as_slice();
        let algorithm = key.key.algorithm.name();
        let thumbprint = key.key.thumbprint.as_bytes().as_slice();
        let status_index = number(key.status_index)?;
        let created_at = key.created_at.millis();
        let last_used_at = millis(key.last_used_at);
        let done = sqlx::query!(
            "INSERT INTO client_keys (realm_id, id, principal_id, kid, algorithm, thumbprint, jwk,
             status_index, created_at, last_used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            realm_id,
            id,
            principal_id,
            key.key.kid,
            algorithm,
            thumbprint,
            key.key.jwk,
            status_index,
            created_at,
            last_used_at,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done).map(|_| ())
    }

    async fn record_client_key_use(
        &mut self,
        realm_id: RealmId,
        id: ClientKeyId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let id = id.as_bytes().as_slice();
        let values = [now.millis().into(), realm_id.into(), id.into()];
        self.note(Note::new(Text::LastUse("client_keys"), values))
            .await
    }

    async fn delete_client_key(
        &mut self,
        realm_id: RealmId,
        id: ClientKeyId,
    ) -> Result<bool, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let id = id.as_bytes().as_slice();
        let done = sqlx::query!(
            "DELETE FROM client_keys WHERE realm_id = ? AND id = ?",
            realm_id,
            id,
        )
        .execute(self.changing().await?)
        .await;
        Ok(self.settle(done)?.rows_affected() > 0)
    }
}

impl View<Lease> {
    /// Uses an assertion up, and says whether it was not used before.
    pub(crate) async fn use_assertion(
        &mut self,
        realm_id: RealmId,
        digest: &TokenDigest,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let digest = digest.as_bytes().as_slice();
        let expires_at = expires_at.millis();
        let done = sqlx::query!(
            "INSERT INTO used_assertions (realm_id, digest, expires_at) VALUES (?, ?, ?)
             ON CONFLICT (realm_id, digest) DO NOTHING",
            realm_id,
            digest,
            expires_at,
        )
        .execute(self.changing().await?)
        .await;
        Ok(self.settle(done)?.rows_affected() > 0)
    }

    /// Forgets the assertions that have been over for a day, and says how many.
    pub(crate) async fn prune_assertions(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let before = now.plus_millis(-RETENTION_MILLIS).millis();
        let done = sqlx::query!("DELETE FROM used_assertions WHERE expires_at <= ?", before)
            .execute(self.changing().await?)
            .await;
        Ok(self.settle(done)?.rows_affected())
    }
}
