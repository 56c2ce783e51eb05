//! Secrets of clients.

use async_trait::async_trait;
use breakglass_domain::{ClientSecret, ClientSecretId, PrincipalId, RealmId, Timestamp};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadClientSecrets, WriteClientSecrets};
use futures_util::FutureExt;

use crate::column::{Key, Place, instant, millis, number};
use crate::lease::Lease;
use crate::memory::Question;
use crate::note::{Note, Text};
use crate::status_list::RETENTION_MILLIS;
use crate::view::{Loan, View, found};

struct ClientSecretRow {
    realm_id: Vec<u8>,
    id: Vec<u8>,
    principal_id: Vec<u8>,
    digest: Vec<u8>,
    status_index: i64,
    created_at: i64,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
}

impl TryFrom<ClientSecretRow> for ClientSecret {
    type Error = StoreError;

    fn try_from(row: ClientSecretRow) -> Result<Self, StoreError> {
        let place = Place::new("client_secrets", Key::Bytes(&row.id));
        Ok(Self {
            realm_id: RealmId::from_bytes(place.bytes("realm_id", &row.realm_id)?),
            principal_id: PrincipalId::from_bytes(place.bytes("principal_id", &row.principal_id)?),
            id: ClientSecretId::from_bytes(place.bytes("id", &row.id)?),
            digest: place.digest("digest", &row.digest)?,
            status_index: place.count("status_index", row.status_index)?,
            created_at: Timestamp::from_millis(row.created_at),
            expires_at: instant(row.expires_at),
            last_used_at: instant(row.last_used_at),
        })
    }
}

#[async_trait]
impl<C: Loan> ReadClientSecrets for View<C> {
    async fn find_client_secret(
        &mut self,
        realm_id: RealmId,
        id: ClientSecretId,
    ) -> Result<Option<ClientSecret>, StoreError> {
        let question = Question::ClientSecret(realm_id, id);
        if let Some(kept) = self.recall(&question) {
            return Ok(kept);
        }
        let counts = self.counts();
        let realm_id = realm_id.as_bytes().as_slice();
        let id = id.as_bytes().as_slice();
        let row = sqlx::query_as!(
            ClientSecretRow,
            "SELECT realm_id, id, principal_id, digest, status_index, created_at, expires_at,
             last_used_at FROM client_secrets WHERE realm_id = ? AND id = ?",
            realm_id,
            id,
        )
        .fetch_optional(self.connection().await?)
        .boxed()
        .await;
        let answer: Option<ClientSecret> =
            self.settle(row)?.map(ClientSecret::try_from).transpose()?;
        if answer.is_some() {
            self.keep_in_mind(counts, question, &answer);
        }
        Ok(answer)
    }

    async fn list_client_secrets(
        &mut self,
        realm_id: RealmId,
        principal_id: PrincipalId,
    ) -> Result<Vec<ClientSecret>, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let principal_id = principal_id.as_bytes().as_slice();
        let rows = sqlx::query_as!(
            ClientSecretRow,
            "SELECT realm_id, id, principal_id, digest, status_index, created_at, expires_at,
             last_used_at FROM client_secrets WHERE realm_id = ? AND principal_id = ?
             ORDER BY created_at DESC, id",
            realm_id,
            principal_id,
        )
        .fetch_all(self.connection().await?)
        .await;
        self.settle(rows)?
            .into_iter()
            .map(ClientSecret::try_from)
            .collect()
    }
}

#[async_trait]
impl WriteClientSecrets for View<Lease> {
    async fn insert_client_secret(&mut self, secret: &ClientSecret) -> Result<(), StoreError> {
        let realm_id = secret.realm_id.as_bytes().as_slice();
        let id = secret.id.as_bytes().as_slice();
        let principal_id = secret.principal_id.as_bytes().as_slice();
        let digest = secret.digest.as_bytes().as_slice();
        let status_index = number(secret.status_index)?;
        let created_at = secret.created_at.millis();
        let expires_at = millis(secret.expires_at);
        let last_used_at = millis(secret.last_used_at);
        let done = sqlx::query!(
            "INSERT INTO client_secrets (realm_id, id, principal_id, digest, status_index,
             created_at, expires_at, last_used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            realm_id,
            id,
            principal_id,
            digest,
            status_index,
            created_at,
            expires_at,
            last_used_at,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done).map(|_| ())
    }

    async fn set_client_secret_end(
        &mut self,
        realm_id: RealmId,
        id: ClientSecretId,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let id = id.as_bytes().as_slice();
        let expires_at = expires_at.millis();
        let done = sqlx::query!(
            "UPDATE client_secrets SET expires_at = ? WHERE realm_id = ? AND id = ?",
            expires_at,
            realm_id,
            id,
        )
        .execute(self.changing().await?)
        .await;
        found(self.settle(done)?.rows_affected())
    }

    async fn record_client_secret_use(
        &mut self,
        realm_id: RealmId,
        id: ClientSecretId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let id = id.as_bytes().as_slice();
        let values = [now.millis().into(), realm_id.into(), id.into()];
        self.note(Note::new(Text::LastUse("client_secrets"), values))
            .await
    }

    async fn delete_client_secret(
        &mut self,
        realm_id: RealmId,
        id: ClientSecretId,
    ) -> Result<bool, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let id = id.as_bytes().as_slice();
        let done = sqlx::query!(
            "DELETE FROM client_secrets WHERE realm_id = ? AND id = ?",
            realm_id,
            id,
        )
        .execute(self.changing().await?)
        .await;
        Ok(self.settle(done)?.rows_affected() > 0)
    }
}

impl View<Lease> {
    /// Forgets the secrets that have been over for a day, and says how many.
    pub(crate) async fn prune_client_secrets(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let before = now.plus_millis(-RETENTION_MILLIS).millis();
        let done = sqlx::query!("DELETE FROM client_secrets WHERE expires_at <= ?", before)
            .execute(self.changing().await?)
            .await;
        Ok(self.settle(done)?.rows_affected())
    }
}
