//! Signing keys.

use async_trait::async_trait;
use breakglass_domain::{BrokerId, KeyId, SigningKey};

use crate::StoreError;

/// Reads signing keys.
///
/// # Contract
/// 1. `find_signing_key` gives `None` for an unknown id.
/// 2. `list_signing_keys` gives the keys of the broker (of the installation itself for `None`) and no others, the newest first.
#[async_trait]
pub trait ReadSigningKeys: Send {
    /// The key of this id.
    async fn find_signing_key(&mut self, id: &KeyId) -> Result<Option<SigningKey>, StoreError>;

    /// The keys of a broker, or of the installation itself.
    async fn list_signing_keys(
        &mut self,
        broker_id: Option<BrokerId>,
    ) -> Result<Vec<SigningKey>, StoreError>;
}

/// Writes signing keys.
///
/// # Contract
/// 3. `insert_signing_key` keeps every field, and fails with [`StoreError::Conflict`] when the id is taken.
#[async_trait]
pub trait WriteSigningKeys: Send {
    /// Adds a key.
    async fn insert_signing_key(&mut self, key: &SigningKey) -> Result<(), StoreError>;
}
