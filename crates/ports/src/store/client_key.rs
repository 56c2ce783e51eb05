//! Public keys of clients.

use async_trait::async_trait;
use breakglass_domain::{ClientKey, ClientKeyId, PrincipalId, RealmId, Timestamp};

use crate::StoreError;

/// Reads public keys of clients.
///
/// # Contract
/// 1. `find_client_key` gives `None` for an unknown id, and for an id of another realm.
/// 2. `list_client_keys` gives every key of the principal and no other, the newest first and those of one instant by their id.
#[async_trait]
pub trait ReadClientKeys: Send {
    /// The key of this id.
    async fn find_client_key(
        &mut self,
        realm_id: RealmId,
        id: ClientKeyId,
    ) -> Result<Option<ClientKey>, StoreError>;

    /// The keys of a client.
    async fn list_client_keys(
        &mut self,
        realm_id: RealmId,
        principal_id: PrincipalId,
    ) -> Result<Vec<ClientKey>, StoreError>;
}

/// Writes public keys of clients.
///
/// # Contract
/// 3. `insert_client_key` keeps every field, and fails with [`StoreError::Conflict`] when the id is taken or the client has the
///    same key already.
/// 4. `record_client_key_use` sets when the key was last used, and fails with [`StoreError::Missing`] when there is no such key.
/// 5. `delete_client_key` says whether there was such a key.
#[async_trait]
pub trait WriteClientKeys: Send {
    /// Adds a key.
    async fn insert_client_key(&mut self, key: &ClientKey) -> Result<(), StoreError>;

    /// Notes that an access token was issued for a key.
    async fn record_client_key_use(
        &mut self,
        realm_id: RealmId,
        id: ClientKeyId,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Deletes a key.
    async fn delete_client_key(
        &mut self,
        realm_id: RealmId,
        id: ClientKeyId,
    ) -> Result<bool, StoreError>;
}
