//! What the application needs of the world: a store, keys, a clock, randomness. Each trait numbers the clauses of its
//! contract; an adapter keeps all of them, and the suite in `storage-contract` has one test per clause of the store.
//!
//! Nothing here names a driver, a file format or a protocol.

mod anchor;
mod clock;
mod crypto;
mod entropy;
mod error;
mod key_set;
mod password;
pub mod store;

pub use anchor::CheckpointAnchor;
pub use clock::Clock;
pub use crypto::{
    ChainFault, CryptoError, KeyVault, PublicKey, PublicKeyMaterial, StatusListToken, TokenSigner,
};
pub use entropy::Entropy;
pub use error::StoreError;
pub use key_set::KeySetSource;
pub use password::PasswordHasher;
pub use store::{FullRevision, ReadView, Store, UnitOfWork};
