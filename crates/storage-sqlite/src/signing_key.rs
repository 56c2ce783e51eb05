//! Signing keys.

use async_trait::async_trait;
use breakglass_domain::{BrokerId, KeyId, SealedBytes, SigningKey, Timestamp};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadSigningKeys, SignedCount, SignedRecall, WriteSigningKeys};
use futures_util::FutureExt;

use crate::column::{Key, Place, instant, millis};
use crate::lease::Lease;
use crate::memory::Question;
use crate::view::{Loan, View, found};

struct SigningKeyRow {
    id: String,
    broker_id: Option<Vec<u8>>,
    algorithm: String,
    public_key: Vec<u8>,
    sealed_private_key: Vec<u8>,
    created_at: i64,
    activates_at: i64,
    signs_until: i64,
    retired_at: Option<i64>,
}

impl TryFrom<SigningKeyRow> for SigningKey {
    type Error = StoreError;

    fn try_from(row: SigningKeyRow) -> Result<Self, StoreError> {
        let place = Place::new("signing_keys", Key::Text(&row.id));
        let broker_id = match &row.broker_id {
            Some(id) => Some(BrokerId::from_bytes(place.bytes("broker_id", id)?)),
            None => None,
        };
        Ok(Self {
            broker_id,
            algorithm: place.parse("algorithm", &row.algorithm)?,
            id: KeyId::new(row.id),
            public_key: row.public_key,
            sealed_private_key: SealedBytes::new(row.sealed_private_key),
            created_at: Timestamp::from_millis(row.created_at),
            activates_at: Timestamp::from_millis(row.activates_at),
            signs_until: Timestamp::from_millis(row.signs_until),
            retired_at: instant(row.retired_at),
        })
    }
}

#[async_trait]
impl<C: Loan> ReadSigningKeys for View<C> {
    async fn find_signing_key(&mut self, id: &KeyId) -> Result<Option<SigningKey>, StoreError> {
        let question = Question::SigningKey(id.clone());
        if let Some(kept) = self.recall(&question) {
            return Ok(kept);
        }
        let counts = self.counts();
        let id = id.as_str();
        let row = sqlx::query_as!(
            SigningKeyRow,
            "SELECT id, broker_id, algorithm, public_key, sealed_private_key, created_at,
             activates_at, signs_until, retired_at FROM signing_keys WHERE id = ?",
            id,
        )
        .fetch_optional(self.connection().await?)
        .boxed()
        .await;
        let answer: Option<SigningKey> = self.settle(row)?.map(SigningKey::try_from).transpose()?;
        if answer.is_some() {
            self.keep_in_mind(counts, question, &answer);
        }
        Ok(answer)
    }

    async fn list_signing_keys(
        &mut self,
        broker_id: Option<BrokerId>,
    ) -> Result<Vec<SigningKey>, StoreError> {
        let question = Question::SigningKeys(broker_id);
        if let Some(kept) = self.recall(&question) {
            return Ok(kept);
        }
        let counts = self.counts();
        let broker_id = broker_id.as_ref().map(|id| id.as_bytes().as_slice());
        let rows = sqlx::query_as!(
            SigningKeyRow,
            "SELECT id, broker_id, algorithm, public_key, sealed_private_key, created_at,
             activates_at, signs_until, retired_at FROM signing_keys WHERE broker_id IS ? ORDER BY created_at DESC, id",
            broker_id,
        )
        .fetch_all(self.connection().await?)
        .boxed()
        .await;
        let answer: Vec<SigningKey> = self
            .settle(rows)?
            .into_iter()
            .map(SigningKey::try_from)
            .collect::<Result<_, StoreError>>()?;
        self.keep_in_mind(counts, question, &answer);
        Ok(answer)
    }
}

#[async_trait]
impl WriteSigningKeys for View<Lease> {
    async fn insert_signing_key(&mut self, key: &SigningKey) -> Result<(), StoreError> {
        let id = key.id.as_str();
        let broker_id = key.broker_id.as_ref().map(|id| id.as_bytes().as_slice());
        let algorithm = key.algorithm.name();
        let sealed_private_key = key.sealed_private_key.as_bytes();
        let created_at = key.created_at.millis();
        let activates_at = key.activates_at.millis();
        let signs_until = key.signs_until.millis();
        let retired_at = millis(key.retired_at);
        let done = sqlx::query!(
            "INSERT INTO signing_keys (id, broker_id, algorithm, public_key, sealed_private_key,
             created_at, activates_at, signs_until, retired_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            id,
            broker_id,
            algorithm,
            key.public_key,
            sealed_private_key,
            created_at,
            activates_at,
            signs_until,
            retired_at,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done).map(|_| ())
    }

    async fn update_signing_key(&mut self, key: &SigningKey) -> Result<(), StoreError> {
        let id = key.id.as_str();
        let broker_id = key.broker_id.as_ref().map(|id| id.as_bytes().as_slice());
        let algorithm = key.algorithm.name();
        let sealed_private_key = key.sealed_private_key.as_bytes();
        let created_at = key.created_at.millis();
        let activates_at = key.activates_at.millis();
        let signs_until = key.signs_until.millis();
        let retired_at = millis(key.retired_at);
        let done = sqlx::query!(
            "UPDATE signing_keys SET broker_id = ?, algorithm = ?, public_key = ?,
             sealed_private_key = ?, created_at = ?, activates_at = ?, signs_until = ?,
             retired_at = ? WHERE id = ?",
            broker_id,
            algorithm,
            key.public_key,
            sealed_private_key,
            created_at,
            activates_at,
            signs_until,
            retired_at,
            id,
        )
        .execute(self.changing().await?)
        .await;
        found(self.settle(done)?.rows_affected())
    }

    async fn recall_signed(
        &mut self,
        recall: &SignedRecall<'_>,
    ) -> Result<SignedCount, StoreError> {
        let mut emergency_tokens = 0;
        for key_id in recall.key_ids {
            emergency_tokens += self.revoke_emergency_tokens(key_id, recall).await?;
        }
        let credentials = self.move_used_credentials(recall).await?;
        // Also when nothing was recalled: a list that one of the keys signed must not be shown any more.
        self.begin_recall_epoch(recall.broker_id).await?;
        Ok(SignedCount {
            credentials,
            emergency_tokens,
        })
    }
}
