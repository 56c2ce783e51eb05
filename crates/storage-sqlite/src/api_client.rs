//! API clients.

use async_trait::async_trait;
use breakglass_domain::{
    ApiClient, ApiClientId, ClientQuery, Page, PageRequest, PrincipalId, RealmId, Timestamp,
};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadApiClients, WriteApiClients};

use crate::client_query::ClientSearch;
use crate::column::{Key, Place};
use crate::lease::Lease;
use crate::page::Listing;
use crate::view::{Loan, View, found, free};

#[derive(sqlx::FromRow)]
struct ApiClientRow {
    realm_id: Vec<u8>,
    client_id: String,
    id: Vec<u8>,
    client_name: String,
    client_description: Option<String>,
    created_at: i64,
    created_by: String,
    updated_at: i64,
}

impl TryFrom<ApiClientRow> for ApiClient {
    type Error = StoreError;

    fn try_from(row: ApiClientRow) -> Result<Self, StoreError> {
        let place = Place::new(ClientSearch::TABLE, Key::Text(&row.client_id));
        Ok(Self {
            realm_id: RealmId::from_bytes(place.bytes("realm_id", &row.realm_id)?),
            id: PrincipalId::from_bytes(place.bytes("id", &row.id)?),
            client_id: place.parse("client_id", &row.client_id)?,
            client_name: place.parse("client_name", &row.client_name)?,
            client_description: row.client_description,
            created_at: Timestamp::from_millis(row.created_at),
            created_by: row.created_by,
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}

#[async_trait]
impl<C: Loan> ReadApiClients for View<C> {
    async fn find_api_client(
        &mut self,
        realm_id: RealmId,
        client_id: &ApiClientId,
    ) -> Result<Option<ApiClient>, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let client_id = client_id.as_str();
        let row = sqlx::query_as!(
            ApiClientRow,
            "SELECT realm_id, client_id, id, client_name, client_description, created_at, created_by,
             updated_at FROM api_clients WHERE realm_id = ? AND client_id = ?",
            realm_id,
            client_id,
        )
        .fetch_optional(self.connection().await?)
        .await;
        self.settle(row)?.map(ApiClient::try_from).transpose()
    }

    async fn find_api_client_by_principal(
        &mut self,
        realm_id: RealmId,
        principal_id: PrincipalId,
    ) -> Result<Option<ApiClient>, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let id = principal_id.as_bytes().as_slice();
        let row = sqlx::query_as!(
            ApiClientRow,
            "SELECT realm_id, client_id, id, client_name, client_description, created_at, created_by,
             updated_at FROM api_clients WHERE realm_id = ? AND id = ?",
            realm_id,
            id,
        )
        .fetch_optional(self.connection().await?)
        .await;
        self.settle(row)?.map(ApiClient::try_from).transpose()
    }

    async fn query_api_clients(
        &mut self,
        realm_id: RealmId,
        query: &ClientQuery,
        page: PageRequest,
    ) -> Result<Page<ApiClient>, StoreError> {
        let search = ClientSearch { realm_id, query };
        self.page_of::<_, ApiClientRow, _>(search, page).await
    }
}

#[async_trait]
impl WriteApiClients for View<Lease> {
    async fn insert_api_client(&mut self, client: &ApiClient) -> Result<(), StoreError> {
        let realm_id = client.realm_id.as_bytes().as_slice();
        let client_id = client.client_id.as_str();
        let id = client.id.as_bytes().as_slice();
        let client_name = client.client_name.as_str();
        let created_at = client.created_at.millis();
        let updated_at = client.updated_at.millis();
        let done = sqlx::query!(
            "INSERT INTO api_clients (realm_id, client_id, id, client_name, client_description,
             created_at, created_by, updated_at) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
             WHERE NOT EXISTS (SELECT 1 FROM emergency_clients WHERE realm_id = ?1 AND client_id = ?2)
             AND NOT EXISTS (SELECT 1 FROM oauth_apps WHERE realm_id = ?1 AND client_id = ?2)",
            realm_id,
            client_id,
            id,
            client_name,
            client.client_description,
            created_at,
            client.created_by,
            updated_at,
        )
        .execute(self.changing().await?)
        .await;
        free(self.settle(done)?.rows_affected())
    }

    async fn update_api_client(&mut self, client: &ApiClient) -> Result<(), StoreError> {
        let realm_id = client.realm_id.as_bytes().as_slice();
        let id = client.id.as_bytes().as_slice();
        let client_name = client.client_name.as_str();
        let updated_at = client.updated_at.millis();
        let done = sqlx::query!(
            "UPDATE api_clients SET client_name = ?, client_description = ?, updated_at = ?
             WHERE realm_id = ? AND id = ?",
            client_name,
            client.client_description,
            updated_at,
            realm_id,
            id,
        )
        .execute(self.changing().await?)
        .await;
        found(self.settle(done)?.rows_affected())
    }

    async fn delete_api_client(
        &mut self,
        realm_id: RealmId,
        client_id: &ApiClientId,
    ) -> Result<bool, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let client_id = client_id.as_str();
        let done = sqlx::query!(
            "DELETE FROM role_assignments WHERE realm_id = ?1 AND principal_id =
             (SELECT id FROM api_clients WHERE realm_id = ?1 AND client_id = ?2)",
            realm_id,
            client_id,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done)?;
        let done = sqlx::query!(
            "DELETE FROM api_clients WHERE realm_id = ? AND client_id = ?",
            realm_id,
            client_id,
        )
        .execute(self.changing().await?)
        .await;
        match self.settle(done) {
            // An API token refers to it.
            Err(StoreError::Missing) => Err(StoreError::Conflict),
            outcome => Ok(outcome?.rows_affected() > 0),
        }
    }
}
