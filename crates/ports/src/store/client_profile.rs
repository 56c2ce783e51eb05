//! Client profiles.

use async_trait::async_trait;
use breakglass_domain::{ClientProfile, ClientProfileId, RealmId};

use crate::StoreError;

/// Reads client profiles.
///
/// # Contract
/// 1. `find_client_profile` gives `None` for an unknown id, and for an id of another realm.
/// 2. `list_client_profiles` gives every profile of the realm and no other, the oldest first and those of one instant by their id.
/// 3. `find_rules_epoch` gives a number that grows with each change of a profile or a trusted issuer of the realm and with nothing
///    else; 0 for an unknown realm.
#[async_trait]
pub trait ReadClientProfiles: Send {
    /// The profile of this id.
    async fn find_client_profile(
        &mut self,
        realm_id: RealmId,
        id: ClientProfileId,
    ) -> Result<Option<ClientProfile>, StoreError>;

    /// The profiles of a realm.
    async fn list_client_profiles(
        &mut self,
        realm_id: RealmId,
    ) -> Result<Vec<ClientProfile>, StoreError>;

    /// How often the profiles and issuers of a realm were changed.
    async fn find_rules_epoch(&mut self, realm_id: RealmId) -> Result<u64, StoreError>;
}

/// Writes client profiles.
///
/// # Contract
/// 4. `insert_client_profile` keeps every field, and fails with [`StoreError::Conflict`] when the realm has a profile of the same
///    subject; another realm may.
/// 5. `update_client_profile` changes the grants and the instant of the change alone, and fails with [`StoreError::Missing`] when
///    there is no such profile.
/// 6. `delete_client_profile` says whether there was such a profile.
/// 7. The profiles of a realm go with it.
#[async_trait]
pub trait WriteClientProfiles: Send {
    /// Adds a profile.
    async fn insert_client_profile(&mut self, profile: &ClientProfile) -> Result<(), StoreError>;

    /// Replaces the grants of a profile.
    async fn update_client_profile(&mut self, profile: &ClientProfile) -> Result<(), StoreError>;

    /// Deletes a profile.
    async fn delete_client_profile(
        &mut self,
        realm_id: RealmId,
        id: ClientProfileId,
    ) -> Result<bool, StoreError>;
}
