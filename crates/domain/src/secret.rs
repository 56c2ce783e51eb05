//! Bearer secrets and the digests under which they are known.

use std::fmt;
use std::hash::{Hash, Hasher};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// A secret in clear text: shown once, never stored, never printed, wiped when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<Box<str>>);

impl Secret {
    /// Takes charge of a secret.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.len() == text.capacity() {
            return Self(Zeroizing::new(text.into_boxed_str()));
        }
        // To cut off what is to spare might move it and leave a copy behind.
        let secret = Self(Zeroizing::new(text.as_str().into()));
        wipe(text);
        secret
    }

    /// The clear text. Every call is a place to look at in a review.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Wipes a text with what is to spare behind it. The wiping of a vector goes byte by byte, that of a slice does not.
fn wipe(text: String) {
    let mut bytes = text.into_bytes();
    bytes.resize(bytes.capacity(), 0);
    bytes.as_mut_slice().zeroize();
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The SHA-256 digest under which a random secret of 128 bits or more is stored and looked up.
///
/// A digest without salt or stretching is enough for such a secret: there is nothing to guess.
#[derive(Clone, Copy, Eq)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest of this secret text.
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// The digest of these bytes, as a store kept them.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of the digest.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for TokenDigest {
    /// Compares in constant time.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Hash for TokenDigest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_a_secret_nor_its_digest_is_printed() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret:?}"), "Secret(..)");
        assert_eq!(
            format!("{:?}", TokenDigest::of(secret.expose())),
            "TokenDigest(..)"
        );
    }

    #[test]
    fn the_digest_is_sha_256() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            TokenDigest::of("abc").as_bytes()[..4],
            [0xba, 0x78, 0x16, 0xbf]
        );
    }
}
