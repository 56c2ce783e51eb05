//! SSO realms.

use async_trait::async_trait;
use breakglass_domain::{BrokerId, Realm, RealmId};

use crate::StoreError;

/// Reads realms.
///
/// # Contract
/// 1. `find_realm` and `find_realm_of_broker` give `None` for what is unknown.
/// 2. `list_realms` gives every realm, the oldest first.
#[async_trait]
pub trait ReadRealms: Send {
    /// The realm of this id.
    async fn find_realm(&mut self, id: RealmId) -> Result<Option<Realm>, StoreError>;

    /// The one realm on this broker.
    async fn find_realm_of_broker(&mut self, id: BrokerId) -> Result<Option<Realm>, StoreError>;

    /// Every realm.
    async fn list_realms(&mut self) -> Result<Vec<Realm>, StoreError>;
}

/// Writes realms.
///
/// # Contract
/// 3. `insert_realm` fails with [`StoreError::Conflict`] when the id is taken or the broker has a realm already.
/// 4. `delete_realm` fails with [`StoreError::Conflict`] while an emergency client stands in the realm, and says whether
///    there was such a realm.
#[async_trait]
pub trait WriteRealms: Send {
    /// Adds a realm.
    async fn insert_realm(&mut self, realm: &Realm) -> Result<(), StoreError>;

    /// Deletes an empty realm.
    async fn delete_realm(&mut self, id: RealmId) -> Result<bool, StoreError>;
}
