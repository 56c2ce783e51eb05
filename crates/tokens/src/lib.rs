//! Cryptography adapter of Breakglass: the clock, randomness, the master key, signing keys, JSON Web Tokens, password
//! hashes.
//!
//! It implements the ports of `breakglass-ports` and is the only crate that sees `jsonwebtoken` and `argon2`. It never
//! decides who may do what, never asks whether a token has expired or was recalled, never opens a socket, and touches no
//! file but the master key's. It needs a Unix: the master key's file is guarded by its mode.
//!
//! # Where things are
//!
//! - [`SystemClock`] and [`SystemEntropy`]: the time of day and random bytes of this machine.
//! - [`MasterKey`] and [`Vault`]: the key in a file beside the store, and what is sealed under it.
//! - [`JwtSigner`]: signing keys, access tokens, status lists and audit checkpoints.
//! - [`Argon2Hasher`]: passwords of local accounts.
//! - [`HolderKey`]: what the holder of a bound token proves with that it is theirs.
//! - [`PublishedKeys`]: what a resource server checks, with nothing but what an issuer publishes.
//!
//! # Adding to it
//!
//! A new kind of token gets a `typ` of its own and its claims in `claims.rs`; `jws.rs` refuses one kind where another is
//! due. A new algorithm is a variant of the domain's `SignatureAlgorithm` and an arm wherever `signing_pair.rs` matches.

mod access_token;
mod certificates;
mod claims;
mod client_assertion;
mod clock;
mod dpop;
mod entropy;
mod foreign_token;
mod holder_key;
mod host_token;
mod jws;
mod kept_pairs;
mod key_set;
mod master_key;
mod password;
mod public_jwk;
mod relying_party;
mod signer;
mod signing_pair;
mod thumbprint;
mod vault;

#[cfg(test)]
mod tests;

pub use clock::SystemClock;
pub use entropy::SystemEntropy;
pub use holder_key::{HolderKey, InvalidHolderKey};
pub use master_key::{MasterKey, MasterKeyError};
pub use password::Argon2Hasher;
pub use relying_party::{PublishedKeys, PublishedStatusList, RelyingPartyError};
pub use signer::JwtSigner;
pub use vault::Vault;
