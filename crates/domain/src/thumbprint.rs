//! Thumbprints: SHA-256 digests by which a key or a certificate is told from others, and tokens bound to one.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// The SHA-256 thumbprint of a public key (RFC 7638) or a certificate (RFC 8705, section 3.1). Its text is base64url without padding.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The thumbprint of these bytes, as a store kept them.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// The text is no thumbprint.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("must be a SHA-256 thumbprint in base64url, 43 characters")]
pub struct InvalidThumbprint;

impl FromStr for Thumbprint {
    type Err = InvalidThumbprint;

    fn from_str(text: &str) -> Result<Self, InvalidThumbprint> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| InvalidThumbprint)?;
        bytes.try_into().map(Self).map_err(|_| InvalidThumbprint)
    }
}

/// What a token is bound to: only who holds this may use it (RFC 7800, section 3.1).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Confirmation {
    /// `x5t#S256`: a client certificate (RFC 8705, section 3.1).
    Certificate(Thumbprint),
    /// `jkt`: a key that signs `DPoP` proofs (RFC 9449, section 6.1).
    Key(Thumbprint),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbprint_reads_back_and_nothing_else_does() {
        let thumbprint = Thumbprint::from_bytes([0xba; 32]);
        let text = thumbprint.to_string();
        assert_eq!(text.len(), 43);
        assert_eq!(text.parse(), Ok(thumbprint));
        for text in [
            "",
            &text[1..],
            &format!("{text}="),
            &text.replace(['u', '6'], "+"),
        ] {
            assert_eq!(text.parse::<Thumbprint>(), Err(InvalidThumbprint), "{text}");
        }
    }
}
