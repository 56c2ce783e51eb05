//! Signing keys.

use async_trait::async_trait;
use breakglass_domain::{BrokerId, SigningKey};

use crate::StoreError;

/// Reads signing keys.
///
/// # Contract
/// 1. `list_signing_keys` gives the keys of the broker (of the installation itself for `None`) and no others, the newest first.
#[async_trait]
pub trait ReadSigningKeys: Send {
    /// The keys of a broker, or of the installation itself.
    async fn list_signing_keys(
        &mut self,
        broker_id: Option<BrokerId>,
    ) -> Result<Vec<SigningKey>, StoreError>;
}

/// Writes signing keys.
///
/// # Contract
/// 2. `insert_signing_key` keeps every field, and fails with [`StoreError::Conflict`] when the id is taken.
#[async_trait]
pub trait WriteSigningKeys: Send {
    /// Adds a key.
    async fn insert_signing_key(&mut self, key: &SigningKey) -> Result<(), StoreError>;
}
