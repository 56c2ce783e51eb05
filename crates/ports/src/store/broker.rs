//! Identity brokers.

use async_trait::async_trait;
use breakglass_domain::{Broker, BrokerId, Tenant};

use crate::StoreError;

/// Reads brokers.
///
/// # Contract
/// 1. `find_broker` and `find_broker_by_tenant` give `None` for what is unknown.
/// 2. `list_brokers` gives every broker, the oldest first.
#[async_trait]
pub trait ReadBrokers: Send {
    /// The broker of this id.
    async fn find_broker(&mut self, id: BrokerId) -> Result<Option<Broker>, StoreError>;

    /// The broker of this tenant.
    async fn find_broker_by_tenant(
        &mut self,
        tenant: &Tenant,
    ) -> Result<Option<Broker>, StoreError>;

    /// Every broker.
    async fn list_brokers(&mut self) -> Result<Vec<Broker>, StoreError>;
}

/// Writes brokers.
///
/// # Contract
/// 3. `insert_broker` fails with [`StoreError::Conflict`] when the id or the tenant is taken.
/// 4. `update_broker` keeps every field, and fails with [`StoreError::Missing`] when there is no such broker.
#[async_trait]
pub trait WriteBrokers: Send {
    /// Adds a broker.
    async fn insert_broker(&mut self, broker: &Broker) -> Result<(), StoreError>;

    /// Replaces the broker of this id.
    async fn update_broker(&mut self, broker: &Broker) -> Result<(), StoreError>;
}
