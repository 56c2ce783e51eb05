//! The places of tokens in their issuer's status list.

use async_trait::async_trait;
use breakglass_domain::{BrokerId, RetiredToken};

use crate::StoreError;

/// How far a broker's status list goes, and a number that grows whenever its content changes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct StatusListExtent {
    /// How many places were given out or set aside for it. A view for checks may tell fewer, as long as the list needs no more places for it
    /// ([`StatusList::places_for`](breakglass_domain::StatusList::places_for)).
    pub places: u64,
    /// How often a token was recalled.
    pub epoch: u64,
}

/// Reads status lists.
///
/// # Contract
/// 1. `find_status_list_extent` gives `None` for an unknown broker.
/// 2. `list_recalled` gives the place of every recalled token of the broker, and of no other, in ascending order.
#[async_trait]
pub trait ReadStatusLists: Send {
    /// How far the list goes.
    async fn find_status_list_extent(
        &mut self,
        broker_id: BrokerId,
    ) -> Result<Option<StatusListExtent>, StoreError>;

    /// The places of the recalled tokens.
    async fn list_recalled(&mut self, broker_id: BrokerId) -> Result<Vec<u64>, StoreError>;
}

/// Writes status lists.
///
/// # Contract
/// 3. `allocate_status_index` gives ascending places for a broker, the first of them 0, none of them twice, and fails with
///    [`StoreError::Missing`] for an unknown broker. A store may leave places out, though no more than 64 at a time.
/// 4. `recall_token` adds the token's place and raises the epoch; recalling a place twice changes nothing.
#[async_trait]
pub trait WriteStatusLists: Send {
    /// Takes the next free place.
    async fn allocate_status_index(&mut self, broker_id: BrokerId) -> Result<u64, StoreError>;

    /// Marks a token as recalled.
    async fn recall_token(
        &mut self,
        broker_id: BrokerId,
        token: &RetiredToken,
    ) -> Result<(), StoreError>;
}
