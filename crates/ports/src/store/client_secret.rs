//! Secrets of clients.

use async_trait::async_trait;
use breakglass_domain::{ClientSecret, ClientSecretId, PrincipalId, RealmId, Timestamp};

use crate::StoreError;

/// Reads secrets of clients.
///
/// # Contract
/// 1. `find_client_secret` gives `None` for an unknown id, and for an id of another realm.
/// 2. `list_client_secrets` gives every secret of the principal and no other, alive or not, the newest first and those of one
///    instant by their id.
#[async_trait]
pub trait ReadClientSecrets: Send {
    /// The secret of this id.
    async fn find_client_secret(
        &mut self,
        realm_id: RealmId,
        id: ClientSecretId,
    ) -> Result<Option<ClientSecret>, StoreError>;

    /// The secrets of a client.
    async fn list_client_secrets(
        &mut self,
        realm_id: RealmId,
        principal_id: PrincipalId,
    ) -> Result<Vec<ClientSecret>, StoreError>;
}

/// Writes secrets of clients.
///
/// # Contract
/// 3. `insert_client_secret` keeps every field, and fails with [`StoreError::Conflict`] when the id is taken.
/// 4. `set_client_secret_end` changes the end of a secret alone, and fails with [`StoreError::Missing`] when there is no such secret.
/// 5. `record_client_secret_use` sets when the secret was last used, and fails with [`StoreError::Missing`] likewise.
/// 6. `delete_client_secret` says whether there was such a secret.
#[async_trait]
pub trait WriteClientSecrets: Send {
    /// Adds a secret.
    async fn insert_client_secret(&mut self, secret: &ClientSecret) -> Result<(), StoreError>;

    /// Lets a secret end at this instant.
    async fn set_client_secret_end(
        &mut self,
        realm_id: RealmId,
        id: ClientSecretId,
        expires_at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Notes that an access token was issued for a secret.
    async fn record_client_secret_use(
        &mut self,
        realm_id: RealmId,
        id: ClientSecretId,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Deletes a secret.
    async fn delete_client_secret(
        &mut self,
        realm_id: RealmId,
        id: ClientSecretId,
    ) -> Result<bool, StoreError>;
}
