//! Emergency clients.

use async_trait::async_trait;
use breakglass_domain::{ClientId, EmergencyClient, RealmId, Timestamp, TokenDigest};

use crate::StoreError;

/// What the emergency clients of a realm amount to at an instant.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct EmergencySummary {
    /// How many there are.
    pub total: u64,
    /// How many have a token that is alive.
    pub live: u64,
    /// How many of them will still be alive at the later instant, if nothing is changed.
    pub live_later: u64,
    /// When the first of the live tokens ends.
    pub nearest_expiry: Option<Timestamp>,
    /// When one of them was last used.
    pub last_used_at: Option<Timestamp>,
}

/// Reads emergency clients.
///
/// # Contract
/// 1. `find_emergency_client` gives `None` for an unknown id, and for an id of another realm; ids are compared exactly.
/// 2. `find_emergency_client_by_digest` gives the client whose present token has the digest, in whatever realm, alive or
///    not; a digest that was replaced finds nothing.
/// 3. `list_emergency_clients` gives every client of the realm and no other, ordered by id.
/// 4. `list_unrecorded_expiries` gives clients of every realm whose token's time was over at `now`, is not revoked and is not marked
///    as recorded, the longest over first, at most `limit`.
/// 5. `summarize_emergency_clients` counts as alive what is neither revoked nor over at `now`, nor recorded as over; and of it
///    what is not over at `later` either.
#[async_trait]
pub trait ReadEmergencyClients: Send {
    /// The client of this id.
    async fn find_emergency_client(
        &mut self,
        realm_id: RealmId,
        client_id: &ClientId,
    ) -> Result<Option<EmergencyClient>, StoreError>;

    /// The client whose present token has this digest.
    async fn find_emergency_client_by_digest(
        &mut self,
        digest: &TokenDigest,
    ) -> Result<Option<EmergencyClient>, StoreError>;

    /// Every client of the realm.
    async fn list_emergency_clients(
        &mut self,
        realm_id: RealmId,
    ) -> Result<Vec<EmergencyClient>, StoreError>;

    /// Clients whose token ran out without a record of it.
    async fn list_unrecorded_expiries(
        &mut self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<EmergencyClient>, StoreError>;

    /// The sums of a realm.
    async fn summarize_emergency_clients(
        &mut self,
        realm_id: RealmId,
        now: Timestamp,
        later: Timestamp,
    ) -> Result<EmergencySummary, StoreError>;
}

/// Writes emergency clients.
///
/// # Contract
/// 6. `insert_emergency_client` keeps every field, and fails with [`StoreError::Conflict`] when the realm has a client of that id,
///    be it an API client, an OAuth app or an emergency client; another realm may have one. In a unit that was begun by
///    [`begin_use`](super::Store::begin_use) it is the commit that may fail so.
/// 7. `update_emergency_client` keeps every field but usage, which it leaves as it is, and fails with [`StoreError::Missing`] when there is no such client.
/// 8. `delete_emergency_client` says whether there was such a client.
/// 9. `record_emergency_use` adds one to the uses and sets the instant of the last, and fails with [`StoreError::Missing`] unless
///    the client's present token has the digest and is alive at `now`.
#[async_trait]
pub trait WriteEmergencyClients: Send {
    /// Adds a client.
    async fn insert_emergency_client(&mut self, client: &EmergencyClient)
    -> Result<(), StoreError>;

    /// Replaces the client of this realm and id.
    async fn update_emergency_client(&mut self, client: &EmergencyClient)
    -> Result<(), StoreError>;

    /// Deletes a client.
    async fn delete_emergency_client(
        &mut self,
        realm_id: RealmId,
        client_id: &ClientId,
    ) -> Result<bool, StoreError>;

    /// Counts a use of the client's token.
    async fn record_emergency_use(
        &mut self,
        realm_id: RealmId,
        client_id: &ClientId,
        digest: &TokenDigest,
        now: Timestamp,
    ) -> Result<(), StoreError>;
}
