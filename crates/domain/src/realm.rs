//! SSO realms: the walls inside which clients, tokens and roles live.

use crate::id::{BrokerId, RealmId};
use crate::timestamp::Timestamp;

/// A realm: one per broker.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Realm {
    /// Its id.
    pub id: RealmId,
    /// The broker that issues its tokens.
    pub broker_id: BrokerId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}
