//! SSO realms.

use async_trait::async_trait;
use breakglass_domain::{BrokerId, Realm, RealmId, Timestamp};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadRealms, WriteRealms};
use futures_util::FutureExt;

use crate::column::{Key, Place};
use crate::lease::Lease;
use crate::memory::Question;
use crate::view::{Loan, View};

struct RealmRow {
    id: Vec<u8>,
    broker_id: Vec<u8>,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<RealmRow> for Realm {
    type Error = StoreError;

    fn try_from(row: RealmRow) -> Result<Self, StoreError> {
        let place = Place::new("realms", Key::Bytes(&row.id));
        Ok(Self {
            id: RealmId::from_bytes(place.bytes("id", &row.id)?),
            broker_id: BrokerId::from_bytes(place.bytes("broker_id", &row.broker_id)?),
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}

#[async_trait]
impl<C: Loan> ReadRealms for View<C> {
    async fn find_realm(&mut self, id: RealmId) -> Result<Option<Realm>, StoreError> {
        let question = Question::Realm(id);
        if let Some(kept) = self.recall(&question) {
            return Ok(kept);
        }
        let counts = self.counts();
        let id = id.as_bytes().as_slice();
        let row = sqlx::query_as!(
            RealmRow,
            "SELECT id, broker_id, created_at, updated_at FROM realms WHERE id = ?",
            id,
        )
        .fetch_optional(self.connection().await?)
        .boxed()
        .await;
        let answer: Option<Realm> = self.settle(row)?.map(Realm::try_from).transpose()?;
        if answer.is_some() {
            self.keep_in_mind(counts, question, &answer);
        }
        Ok(answer)
    }

    async fn find_realm_of_broker(&mut self, id: BrokerId) -> Result<Option<Realm>, StoreError> {
        let question = Question::RealmOfBroker(id);
        if let Some(kept) = self.recall(&question) {
            return Ok(kept);
        }
        let counts = self.counts();
        let id = id.as_bytes().as_slice();
        let row = sqlx::query_as!(
            RealmRow,
            "SELECT id, broker_id, created_at, updated_at FROM realms WHERE broker_id = ?",
            id,
        )
        .fetch_optional(self.connection().await?)
        .boxed()
        .await;
        let answer: Option<Realm> = self.settle(row)?.map(Realm::try_from).transpose()?;
        if answer.is_some() {
            self.keep_in_mind(counts, question, &answer);
        }
        Ok(answer)
    }

    async fn list_realms(&mut self) -> Result<Vec<Realm>, StoreError> {
        let question = Question::Realms;
        if let Some(kept) = self.recall(&question) {
            return Ok(kept);
        }
        let counts = self.counts();
        let rows = sqlx::query_as!(
            RealmRow,
            "SELECT id, broker_id, created_at, updated_at FROM realms ORDER BY created_at, id",
        )
        .fetch_all(self.connection().await?)
        .boxed()
        .await;
        let answer: Vec<Realm> = self
            .settle(rows)?
            .into_iter()
            .map(Realm::try_from)
            .collect::<Result<_, StoreError>>()?;
        self.keep_in_mind(counts, question, &answer);
        Ok(answer)
    }
}

#[async_trait]
impl WriteRealms for View<Lease> {
    async fn insert_realm(&mut self, realm: &Realm) -> Result<(), StoreError> {
        let id = realm.id.as_bytes().as_slice();
        let broker_id = realm.broker_id.as_bytes().as_slice();
        let created_at = realm.created_at.millis();
        let updated_at = realm.updated_at.millis();
        let done = sqlx::query!(
            "INSERT INTO realms (id, broker_id, created_at, updated_at) VALUES (?, ?, ?, ?)",
            id,
            broker_id,
            created_at,
            updated_at,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done).map(|_| ())
    }

    async fn delete_realm(&mut self, id: RealmId) -> Result<bool, StoreError> {
        let id = id.as_bytes().as_slice();
        let done = sqlx::query!("DELETE FROM realms WHERE id = ?", id)
            .execute(self.changing().await?)
            .await;
        match self.settle(done) {
            Ok(done) => Ok(done.rows_affected() > 0),
            // The only broken reference of a deletion is that of what still stands in the realm.
            Err(StoreError::Missing) => Err(StoreError::Conflict),
            Err(error) => Err(error),
        }
    }
}
