//! Clients of any kind.

use async_trait::async_trait;
use breakglass_domain::{BrokerId, Client, PrincipalId, RealmId, Timestamp};

use crate::StoreError;

/// Reads clients.
///
/// # Contract
/// 1. `find_client` gives the API client or the OAuth app of the realm that has this `client_id`, compared exactly, and `None`
///    for any other text.
/// 2. `find_client_by_principal` does the same by the principal.
#[async_trait]
pub trait ReadClients: Send {
    /// The client of this `client_id`.
    async fn find_client(
        &mut self,
        realm_id: RealmId,
        client_id: &str,
    ) -> Result<Option<Client>, StoreError>;

    /// The client that is this principal.
    async fn find_client_by_principal(
        &mut self,
        realm_id: RealmId,
        principal_id: PrincipalId,
    ) -> Result<Option<Client>, StoreError>;
}

/// Writes what clients of any kind have.
///
/// # Contract
/// 3. `delete_client_credentials` deletes every API token, every secret and every key of the principal and of no other, recalls the place of
///    each in the status list of the broker, to be remembered until a day after `recalled_until`, and gives their number.
#[async_trait]
pub trait WriteClients: Send {
    /// Deletes the credentials of a client.
    async fn delete_client_credentials(
        &mut self,
        broker_id: BrokerId,
        realm_id: RealmId,
        principal_id: PrincipalId,
        recalled_until: Timestamp,
    ) -> Result<u64, StoreError>;
}
