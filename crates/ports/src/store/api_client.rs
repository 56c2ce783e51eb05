//! API clients.

use async_trait::async_trait;
use breakglass_domain::{
    ApiClient, ApiClientId, ClientQuery, Page, PageRequest, PrincipalId, RealmId,
};

use crate::StoreError;

/// Reads API clients.
///
/// # Contract
/// 1. `find_api_client` gives `None` for an unknown id, and for an id of another realm; ids are compared exactly.
/// 2. `find_api_client_by_principal` does the same by the principal.
/// 3. `query_api_clients` gives the page of the realm's clients that [`ClientQuery::finds`], ordered by id, and counts all of
///    them. The roles that it looks at are those held in the realm, ended or not.
#[async_trait]
pub trait ReadApiClients: Send {
    /// The client of this id.
    async fn find_api_client(
        &mut self,
        realm_id: RealmId,
        client_id: &ApiClientId,
    ) -> Result<Option<ApiClient>, StoreError>;

    /// The client that is this principal.
    async fn find_api_client_by_principal(
        &mut self,
        realm_id: RealmId,
        principal_id: PrincipalId,
    ) -> Result<Option<ApiClient>, StoreError>;

    /// A page of the clients that are found.
    async fn query_api_clients(
        &mut self,
        realm_id: RealmId,
        query: &ClientQuery,
        page: PageRequest,
    ) -> Result<Page<ApiClient>, StoreError>;
}

/// Writes API clients.
///
/// # Contract
/// 4. `insert_api_client` keeps every field, and fails with [`StoreError::Conflict`] when the realm has a client of that id,
///    be it an API client, an OAuth app or an emergency client; another realm may have one.
/// 5. `update_api_client` keeps name, description and instant of the change, and fails with [`StoreError::Missing`] when there is no such client.
/// 6. `delete_api_client` takes the client's roles with it, and fails with [`StoreError::Conflict`] while it holds an API token, and says whether there was such a client.
/// 7. A realm with an API client cannot be deleted: `delete_realm` fails with [`StoreError::Conflict`].
#[async_trait]
pub trait WriteApiClients: Send {
    /// Adds a client.
    async fn insert_api_client(&mut self, client: &ApiClient) -> Result<(), StoreError>;

    /// Replaces what may change of the client of this realm and principal.
    async fn update_api_client(&mut self, client: &ApiClient) -> Result<(), StoreError>;

    /// Deletes a client.
    async fn delete_api_client(
        &mut self,
        realm_id: RealmId,
        client_id: &ApiClientId,
    ) -> Result<bool, StoreError>;
}
