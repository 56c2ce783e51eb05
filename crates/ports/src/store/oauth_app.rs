//! OAuth apps.

use async_trait::async_trait;
use breakglass_domain::{OauthApp, PrincipalId, RealmId};

use crate::StoreError;

/// Reads OAuth apps.
///
/// # Contract
/// 1. `find_oauth_app` gives `None` for an unknown id, and for an id of another realm.
/// 2. `list_oauth_apps` gives every app of the realm and no other, ordered by instant of making and then by id.
#[async_trait]
pub trait ReadOauthApps: Send {
    /// The app of this id.
    async fn find_oauth_app(
        &mut self,
        realm_id: RealmId,
        id: PrincipalId,
    ) -> Result<Option<OauthApp>, StoreError>;

    /// The apps of a realm.
    async fn list_oauth_apps(&mut self, realm_id: RealmId) -> Result<Vec<OauthApp>, StoreError>;
}

/// Writes OAuth apps.
///
/// # Contract
/// 3. `insert_oauth_app` keeps every field, and fails with [`StoreError::Conflict`] when the realm has an app of that id or
///    that `client_id`.
/// 4. `update_oauth_app` keeps name, addresses and instant of the change, and fails with [`StoreError::Missing`] when there is
///    no such app.
/// 5. `delete_oauth_app` takes the app's roles with it, and says whether there was such an app.
/// 6. A realm with an OAuth app cannot be deleted: `delete_realm` fails with [`StoreError::Conflict`].
#[async_trait]
pub trait WriteOauthApps: Send {
    /// Adds an app.
    async fn insert_oauth_app(&mut self, app: &OauthApp) -> Result<(), StoreError>;

    /// Replaces what may change of an app.
    async fn update_oauth_app(&mut self, app: &OauthApp) -> Result<(), StoreError>;

    /// Deletes an app.
    async fn delete_oauth_app(
        &mut self,
        realm_id: RealmId,
        id: PrincipalId,
    ) -> Result<bool, StoreError>;
}
