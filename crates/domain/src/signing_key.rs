//! Signing keys as the store keeps them: the private half only ever sealed.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::id::{BrokerId, KeyId};
use crate::timestamp::Timestamp;

/// A JWS algorithm this product signs with (RFC 7518, section 3.1; RFC 8037).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum SignatureAlgorithm {
    /// Ed25519.
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256 and a key of 2048 bits.
    Rs256,
}

impl SignatureAlgorithm {
    /// The JWS name of the algorithm.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SignatureAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
        [Self::EdDsa, Self::Es256, Self::Rs256]
            .into_iter()
            .find(|algorithm| algorithm.name() == text)
            .ok_or(UnknownAlgorithm)
    }
}

/// The text names no algorithm this product signs with.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("must be ES256, RS256 or EdDSA")]
pub struct UnknownAlgorithm;

/// Bytes encrypted and authenticated under the master key; safe to store. A clone shares them.
#[derive(Clone, Eq, PartialEq)]
pub struct SealedBytes(Arc<[u8]>);

impl SealedBytes {
    /// Takes what a key vault sealed.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }

    /// The sealed bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SealedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedBytes({} bytes)", self.0.len())
    }
}

/// A signing key of a broker.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SigningKey {
    /// Its `kid`.
    pub id: KeyId,
    /// The broker it signs for; `None` for the installation's own key, which signs audit checkpoints.
    pub broker_id: Option<BrokerId>,
    /// What it signs with.
    pub algorithm: SignatureAlgorithm,
    /// The public half: a DER `SubjectPublicKeyInfo` (RFC 5280, section 4.1.2.7).
    pub public_key: Vec<u8>,
    /// The private half as PKCS#8 (RFC 5208), sealed.
    pub sealed_private_key: SealedBytes,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it signs, unless a later key does.
    pub activates_at: Timestamp,
    /// When the last token that it signed ends, rounded up.
    pub signs_until: Timestamp,
    /// When it was retired: nothing that it signed is believed from then on.
    pub retired_at: Option<Timestamp>,
}

/// To what the end of the last token of a key is rounded up, in milliseconds (an hour): to write each end down would cost a
/// write for each token.
const END_GRAIN_MILLIS: i64 = 60 * 60 * 1000;

impl SigningKey {
    /// The end to write down when the key signs a token that ends at this instant; `None` while what is written down is late
    /// enough.
    pub fn extension(&self, token_ends_at: Timestamp) -> Option<Timestamp> {
        let end = token_ends_at.millis();
        let rounded = end.saturating_add((-end).rem_euclid(END_GRAIN_MILLIS));
        (self.signs_until < token_ends_at).then(|| Timestamp::from_millis(rounded))
    }
}
