//! Identity brokers.

use async_trait::async_trait;
use breakglass_domain::{
    Broker, BrokerId, DeploymentType, KeyPolicy, Minutes, OverflowThreshold, Tenant, Timestamp,
};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadBrokers, WriteBrokers};
use futures_util::FutureExt;

use crate::column::{Key, Place};
use crate::lease::Lease;
use crate::memory::Question;
use crate::view::{Loan, View, found};

struct BrokerRow {
    id: Vec<u8>,
    tenant: String,
    display_name: String,
    deployment_type: String,
    algorithm: String,
    key_rotation_period: Option<i64>,
    key_overlap: i64,
    token_overflow_threshold: i64,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<BrokerRow> for Broker {
    type Error = StoreError;

    fn try_from(row: BrokerRow) -> Result<Self, StoreError> {
        let place = Place::new("brokers", Key::Bytes(&row.id));
        let rotation_period = row
            .key_rotation_period
            .map(|period| place.minutes("key_rotation_period", period))
            .transpose()?;
        Ok(Self {
            id: BrokerId::from_bytes(place.bytes("id", &row.id)?),
            tenant: place.parse("tenant", &row.tenant)?,
            display_name: place.parse("display_name", &row.display_name)?,
            deployment_type: place.some("deployment_type", deployment(&row.deployment_type))?,
            algorithm: place.parse("algorithm", &row.algorithm)?,
            key_policy: KeyPolicy {
                rotation_period,
                overlap: place.minutes("key_overlap", row.key_overlap)?,
            },
            token_overflow_threshold: place.some(
                "token_overflow_threshold",
                OverflowThreshold::new(row.token_overflow_threshold),
            )?,
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}

#[async_trait]
impl<C: Loan> ReadBrokers for View<C> {
    async fn find_broker(&mut self, id: BrokerId) -> Result<Option<Broker>, StoreError> {
        let question = Question::Broker(id);
        if let Some(kept) = self.recall(&question) {
            return Ok(kept);
        }
        let counts = self.counts();
        let id = id.as_bytes().as_slice();
        let row = sqlx::query_as!(
            BrokerRow,
            "SELECT id, tenant, display_name, deployment_type, algorithm, key_rotation_period,
             key_overlap, token_overflow_threshold, created_at, updated_at FROM brokers WHERE id = ?",
            id,
        )
        .fetch_optional(self.connection().await?)
        .boxed()
        .await;
        let answer: Option<Broker> = self.settle(row)?.map(Broker::try_from).transpose()?;
        if answer.is_some() {
            self.keep_in_mind(counts, question, &answer);
        }
        Ok(answer)
    }

    async fn find_broker_by_tenant(
        &mut self,
        tenant: &Tenant,
    ) -> Result<Option<Broker>, StoreError> {
        let question = Question::BrokerOfTenant(tenant.clone());
        if let Some(kept) = self.recall(&question) {
            return Ok(kept);
        }
        let counts = self.counts();
        let tenant = tenant.as_str();
        let row = sqlx::query_as!(
            BrokerRow,
            "SELECT id, tenant, display_name, deployment_type, algorithm, key_rotation_period,
             key_overlap, token_overflow_threshold, created_at, updated_at FROM brokers WHERE tenant = ?",
            tenant,
        )
        .fetch_optional(self.connection().await?)
        .boxed()
        .await;
        let answer: Option<Broker> = self.settle(row)?.map(Broker::try_from).transpose()?;
        if answer.is_some() {
            self.keep_in_mind(counts, question, &answer);
        }
        Ok(answer)
    }

    async fn list_brokers(&mut self) -> Result<Vec<Broker>, StoreError> {
        let rows = sqlx::query_as!(
            BrokerRow,
            "SELECT id, tenant, display_name, deployment_type, algorithm, key_rotation_period,
             key_overlap, token_overflow_threshold, created_at, updated_at FROM brokers ORDER BY created_at, id",
        )
        .fetch_all(self.connection().await?)
        .await;
        self.settle(rows)?
            .into_iter()
            .map(Broker::try_from)
            .collect()
    }
}

#[async_trait]
impl WriteBrokers for View<Lease> {
    async fn insert_broker(&mut self, broker: &Broker) -> Result<(), StoreError> {
        let id = broker.id.as_bytes().as_slice();
        let tenant = broker.tenant.as_str();
        let display_name = broker.display_name.as_str();
        let deployment_type = deployment_name(broker.deployment_type);
        let algorithm = broker.algorithm.name();
        let key_rotation_period = broker.key_policy.rotation_period.map(Minutes::get);
        let key_overlap = broker.key_policy.overlap.get();
        let overflow_threshold = broker.token_overflow_threshold.get();
        let created_at = broker.created_at.millis();
        let updated_at = broker.updated_at.millis();
        let done = sqlx::query!(
            "INSERT INTO brokers
             (id, tenant, display_name, deployment_type, algorithm, key_rotation_period, key_overlap,
             token_overflow_threshold, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            id,
            tenant,
            display_name,
            deployment_type,
            algorithm,
            key_rotation_period,
            key_overlap,
            overflow_threshold,
            created_at,
            updated_at,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done).map(|_| ())
    }

    async fn update_broker(&mut self, broker: &Broker) -> Result<(), StoreError> {
        let id = broker.id.as_bytes().as_slice();
        let tenant = broker.tenant.as_str();
        let display_name = broker.display_name.as_str();
        let deployment_type = deployment_name(broker.deployment_type);
        let algorithm = broker.algorithm.name();
        let key_rotation_period = broker.key_policy.rotation_period.map(Minutes::get);
        let key_overlap = broker.key_policy.overlap.get();
        let overflow_threshold = broker.token_overflow_threshold.get();
        let created_at = broker.created_at.millis();
        let updated_at = broker.updated_at.millis();
        let done = sqlx::query!(
            "UPDATE brokers SET tenant = ?, display_name = ?, deployment_type = ?, algorithm = ?,
             key_rotation_period = ?, key_overlap = ?, token_overflow_threshold = ?, created_at = ?, updated_at = ? WHERE id = ?",
            tenant,
            display_name,
            deployment_type,
            algorithm,
            key_rotation_period,
            key_overlap,
            overflow_threshold,
            created_at,
            updated_at,
            id,
        )
        .execute(self.changing().await?)
        .await;
        found(self.settle(done)?.rows_affected())
    }
}

const fn deployment_name(deployment: DeploymentType) -> &'static str {
    match deployment {
        DeploymentType::Embedded => "EMBEDDED",
        DeploymentType::External => "EXTERNAL",
    }
}

fn deployment(name: &str) -> Option<DeploymentType> {
    [DeploymentType::Embedded, DeploymentType::External]
        .into_iter()
        .find(|deployment| deployment_name(*deployment) == name)
}
