//! Clients of any kind.

use async_trait::async_trait;
use breakglass_domain::{
    BrokerId, Client, ClientKind, PrincipalId, RealmId, RetiredToken, Timestamp, TokenId,
};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadClients, WriteClients, WriteStatusLists};
use futures_util::FutureExt;

use crate::column::{Key, Place};
use crate::lease::Lease;
use crate::memory::Question;
use crate::view::{Loan, View};

struct ClientRow {
    id: Vec<u8>,
    client_id: String,
    name: String,
    kind: String,
}

impl ClientRow {
    fn client(self, realm_id: RealmId) -> Result<Client, StoreError> {
        let place = Place::new("clients", Key::Text(&self.client_id));
        Ok(Client {
            realm_id,
            id: PrincipalId::from_bytes(place.bytes("id", &self.id)?),
            kind: place.some("kind", ClientKind::from_name(&self.kind))?,
            name: self.name,
            client_id: self.client_id,
        })
    }
}

#[async_trait]
impl<C: Loan> ReadClients for View<C> {
    async fn find_client(
        &mut self,
        realm_id: RealmId,
        client_id: &str,
    ) -> Result<Option<Client>, StoreError> {
        let realm = realm_id.as_bytes().as_slice();
        let row = sqlx::query_as!(
            ClientRow,
            r#"SELECT id AS "id!: Vec<u8>", client_id AS "client_id!: String",
               client_name AS "name!: String", 'api_client' AS "kind!: String"
               FROM api_clients WHERE realm_id = ?1 AND client_id = ?2
               UNION ALL SELECT id, client_id, client_name, 'oauth_app'
               FROM oauth_apps WHERE realm_id = ?1 AND client_id = ?2"#,
            realm,
            client_id,
        )
        .fetch_optional(self.connection().await?)
        .await;
        self.settle(row)?
            .map(|row| row.client(realm_id))
            .transpose()
    }

    async fn find_client_by_principal(
        &mut self,
        realm_id: RealmId,
        principal_id: PrincipalId,
    ) -> Result<Option<Client>, StoreError> {
        let question = Question::ClientOfPrincipal(realm_id, principal_id);
        if let Some(kept) = self.recall(&question) {
            return Ok(kept);
        }
        let counts = self.counts();
        let realm = realm_id.as_bytes().as_slice();
        let id = principal_id.as_bytes().as_slice();
        let row = sqlx::query_as!(
            ClientRow,
            r#"SELECT id AS "id!: Vec<u8>", client_id AS "client_id!: String",
               client_name AS "name!: String", 'api_client' AS "kind!: String"
               FROM api_clients WHERE realm_id = ?1 AND id = ?2
               UNION ALL SELECT id, client_id, client_name, 'oauth_app'
               FROM oauth_apps WHERE realm_id = ?1 AND id = ?2"#,
            realm,
            id,
        )
        .fetch_optional(self.connection().await?)
        .boxed()
        .await;
        let answer: Option<Client> = self
            .settle(row)?
            .map(|row| row.client(realm_id))
            .transpose()?;
        if answer.is_some() {
            self.keep_in_mind(counts, question, &answer);
        }
        Ok(answer)
    }
}

#[async_trait]
impl WriteClients for View<Lease> {
    async fn delete_client_credentials(
        &mut self,
        broker_id: BrokerId,
        realm_id: RealmId,
        principal_id: PrincipalId,
        recalled_until: Timestamp,
    ) -> Result<u64, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let principal_id = principal_id.as_bytes().as_slice();
        let tokens = sqlx::query!(
            "DELETE FROM api_tokens WHERE realm_id = ? AND principal_id = ?
             RETURNING id, status_index",
            realm_id,
            principal_id,
        )
        .fetch_all(self.changing().await?)
        .await;
        let tokens = self.settle(tokens)?;
        let secrets = sqlx::query!(
            "DELETE FROM client_secrets WHERE realm_id = ? AND principal_id = ?
             RETURNING id, status_index",
            realm_id,
            principal_id,
        )
        .fetch_all(self.changing().await?)
        .await;
        let secrets = self.settle(secrets)?;
        let keys = sqlx::query!(
            "DELETE FROM client_keys WHERE realm_id = ? AND principal_id = ?
             RETURNING id, status_index",
            realm_id,
            principal_id,
        )
        .fetch_all(self.changing().await?)
        .await;
        let keys = self.settle(keys)?;
        let tokens = tokens
            .into_iter()
            .map(|row| ("api_tokens", row.id, row.status_index));
        let secrets = secrets
            .into_iter()
            .map(|row| ("client_secrets", row.id, row.status_index));
        let keys = keys
            .into_iter()
            .map(|row| ("client_keys", row.id, row.status_index));
        let mut count = 0;
        for (table, id, status_index) in tokens.chain(secrets).chain(keys) {
            let place = Place::new(table, Key::Bytes(&id));
            let retired = RetiredToken {
                id: TokenId::from_bytes(place.bytes("id", &id)?),
                status_index: place.count("status_index", status_index)?,
                expires_at: recalled_until,
            };
            self.recall_token(broker_id, &retired).await?;
            count += 1;
        }
        Ok(count)
    }
}
