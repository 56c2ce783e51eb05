//! Signing keys.

use async_trait::async_trait;
use breakglass_domain::{BrokerId, KeyId, RealmId, SigningKey, Timestamp};

use crate::StoreError;

/// Which tokens to recall with the keys that signed them.
#[derive(Clone, Copy, Debug)]
pub struct SignedRecall<'a> {
    /// The realm that the keys sign for.
    pub realm_id: RealmId,
    /// The broker of the realm, whose status list it is.
    pub broker_id: BrokerId,
    /// The keys.
    pub key_ids: &'a [KeyId],
    /// Credentials that were not used since have no access token that is alive.
    pub used_since: Timestamp,
    /// The present instant.
    pub now: Timestamp,
    /// When the last access token of any credential has ended.
    pub ends_at: Timestamp,
}

/// What was recalled with keys.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SignedCount {
    /// Credentials whose access tokens died.
    pub credentials: u64,
    /// Emergency tokens that were revoked.
    pub emergency_tokens: u64,
}

/// Reads signing keys.
///
/// # Contract
/// 1. `find_signing_key` gives `None` for an unknown id.
/// 2. `list_signing_keys` gives the keys of the broker (of the installation itself for `None`) and no others, the newest first.
#[async_trait]
pub trait ReadSigningKeys: Send {
    /// The key of this id.
    async fn find_signing_key(&mut self, id: &KeyId) -> Result<Option<SigningKey>, StoreError>;

    /// The keys of a broker, or of the installation itself.
    async fn list_signing_keys(
        &mut self,
        broker_id: Option<BrokerId>,
    ) -> Result<Vec<SigningKey>, StoreError>;
}

/// Writes signing keys.
///
/// # Contract
/// 3. `insert_signing_key` keeps every field, and fails with [`StoreError::Conflict`] when the id is taken.
/// 4. `update_signing_key` keeps every field, and fails with [`StoreError::Missing`] when there is no such key.
/// 5. `recall_signed` revokes the tokens of the realm's emergency clients that these keys signed and that are neither over nor
///    revoked, and gives each credential of the realm that was used at or after `used_since` a place of its own at the end of
///    the status list. The places that these had are recalled, until the token's own end and until `ends_at`. So are those of the
///    broker's session grants, which are gone then. Nothing of
///    another realm, no token of another key and no credential that was not used is touched. The
///    epoch of the status list is raised in any case, so that no list which one of the keys signed is shown any more.
#[async_trait]
pub trait WriteSigningKeys: Send {
    /// Adds a key.
    async fn insert_signing_key(&mut self, key: &SigningKey) -> Result<(), StoreError>;

    /// Replaces the key of this id.
    async fn update_signing_key(&mut self, key: &SigningKey) -> Result<(), StoreError>;

    /// Recalls everything that some keys may have signed.
    async fn recall_signed(&mut self, recall: &SignedRecall<'_>)
    -> Result<SignedCount, StoreError>;
}
