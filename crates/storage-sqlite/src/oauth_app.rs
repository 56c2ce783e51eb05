//! OAuth apps.

use async_trait::async_trait;
use breakglass_domain::{OauthApp, PrincipalId, RealmId, Timestamp};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadOauthApps, WriteOauthApps};

use crate::column::{Key, Place};
use crate::error::unavailable;
use crate::lease::Lease;
use crate::view::{Loan, View, found};

struct OauthAppRow {
    realm_id: Vec<u8>,
    id: Vec<u8>,
    client_id: String,
    client_name: String,
    redirect_urls: String,
    logout_urls: String,
    created_at: i64,
    created_by: String,
    updated_at: i64,
}

impl TryFrom<OauthAppRow> for OauthApp {
    type Error = StoreError;

    fn try_from(row: OauthAppRow) -> Result<Self, StoreError> {
        let place = Place::new("oauth_apps", Key::Bytes(&row.id));
        let urls = |column, text: &str| place.some(column, serde_json::from_str(text).ok());
        Ok(Self {
            realm_id: RealmId::from_bytes(place.bytes("realm_id", &row.realm_id)?),
            id: PrincipalId::from_bytes(place.bytes("id", &row.id)?),
            client_name: place.parse("client_name", &row.client_name)?,
            redirect_urls: urls("redirect_urls", &row.redirect_urls)?,
            logout_urls: urls("logout_urls", &row.logout_urls)?,
            created_at: Timestamp::from_millis(row.created_at),
            created_by: row.created_by,
            updated_at: Timestamp::from_millis(row.updated_at),
            client_id: row.client_id,
        })
    }
}

fn json(urls: &[String]) -> Result<String, StoreError> {
    serde_json::to_string(urls).map_err(|error| unavailable(&error))
}

#[async_trait]
impl<C: Loan> ReadOauthApps for View<C> {
    async fn find_oauth_app(
        &mut self,
        realm_id: RealmId,
        id: PrincipalId,
    ) -> Result<Option<OauthApp>, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let id = id.as_bytes().as_slice();
        let row = sqlx::query_as!(
            OauthAppRow,
            "SELECT realm_id, id, client_id, client_name, redirect_urls, logout_urls, created_at,
             created_by, updated_at FROM oauth_apps WHERE realm_id = ? AND id = ?",
            realm_id,
            id,
        )
        .fetch_optional(self.connection().await?)
        .await;
        self.settle(row)?.map(OauthApp::try_from).transpose()
    }

    async fn list_oauth_apps(&mut self, realm_id: RealmId) -> Result<Vec<OauthApp>, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let rows = sqlx::query_as!(
            OauthAppRow,
            "SELECT realm_id, id, client_id, client_name, redirect_urls, logout_urls, created_at,
             created_by, updated_at FROM oauth_apps WHERE realm_id = ? ORDER BY created_at, id",
            realm_id,
        )
        .fetch_all(self.connection().await?)
        .await;
        self.settle(rows)?
            .into_iter()
            .map(OauthApp::try_from)
            .collect()
    }
}

#[async_trait]
impl WriteOauthApps for View<Lease> {
    async fn insert_oauth_app(&mut self, app: &OauthApp) -> Result<(), StoreError> {
        let realm_id = app.realm_id.as_bytes().as_slice();
        let id = app.id.as_bytes().as_slice();
        let client_name = app.client_name.as_str();
        let redirect_urls = json(&app.redirect_urls)?;
        let logout_urls = json(&app.logout_urls)?;
        let created_at = app.created_at.millis();
        let updated_at = app.updated_at.millis();
        let done = sqlx::query!(
            "INSERT INTO oauth_apps (realm_id, id, client_id, client_name, redirect_urls,
             logout_urls, created_at, created_by, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            realm_id,
            id,
            app.client_id,
            client_name,
            redirect_urls,
            logout_urls,
            created_at,
            app.created_by,
            updated_at,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done).map(|_| ())
    }

    async fn update_oauth_app(&mut self, app: &OauthApp) -> Result<(), StoreError> {
        let realm_id = app.realm_id.as_bytes().as_slice();
        let id = app.id.as_bytes().as_slice();
        let client_name = app.client_name.as_str();
        let redirect_urls = json(&app.redirect_urls)?;
        let logout_urls = json(&app.logout_urls)?;
        let updated_at = app.updated_at.millis();
        let done = sqlx::query!(
            "UPDATE oauth_apps SET client_name = ?, redirect_urls = ?, logout_urls = ?,
             updated_at = ? WHERE realm_id = ? AND id = ?",
            client_name,
            redirect_urls,
            logout_urls,
            updated_at,
            realm_id,
            id,
        )
        .execute(self.changing().await?)
        .await;
        found(self.settle(done)?.rows_affected())
    }

    async fn delete_oauth_app(
        &mut self,
        realm_id: RealmId,
        id: PrincipalId,
    ) -> Result<bool, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let id = id.as_bytes().as_slice();
        let done = sqlx::query!(
            "DELETE FROM oauth_apps WHERE realm_id = ? AND id = ?",
            realm_id,
            id,
        )
        .execute(self.changing().await?)
        .await;
        if self.settle(done)?.rows_affected() == 0 {
            return Ok(false);
        }
        let done = sqlx::query!(
            "DELETE FROM role_assignments WHERE realm_id = ? AND principal_id = ?",
            realm_id,
            id,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done).map(|_| true)
    }
}
