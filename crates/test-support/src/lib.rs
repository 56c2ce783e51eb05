//! What the tests of several crates share: a clock that moves only when told, randomness that repeats, a store that
//! fails when told, somebody who meddles with its file, issuers that publish
//! keys, and a whole application on a temporary folder. Only ever a
//! dev-dependency.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "this is test code: a failure here is the failure of the test that uses it"
)]

mod clock;
mod entropy;
mod faulty_store;
mod hasher;
mod holder;
mod meddler;
mod published_keys;
mod test_app;

pub use clock::ManualClock;
pub use entropy::SeededEntropy;
pub use faulty_store::FaultyStore;
pub use hasher::CountingHasher;
pub use holder::KeyHolder;
pub use meddler::Meddler;
pub use published_keys::PublishedKeys;
pub use test_app::{ADMIN_PASSWORD, PUBLIC_URL, TestApp};
