//! The other side: what a resource server checks of a token, with nothing but what its issuer publishes.

use std::collections::HashSet;
use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::read::ZlibDecoder;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use breakglass_domain::access_token::MAX_TOKEN_BYTES;

/// The largest signed status list that is looked at, in bytes.
const MAX_STATUS_LIST_BYTES: usize = 16 * 1024 * 1024;

/// The most bytes a status list may inflate to: 128 million tokens of one bit each.
const MAX_INFLATED_BYTES: u64 = 16 * 1024 * 1024;

/// Why something that an issuer published or signed is not accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RelyingPartyError {
    /// The key set is no JSON of the form of RFC 7517, section 5.
    #[error("the key set is not one")]
    KeySet,
    /// The text has not the form of a JWS, is too long, or names no key.
    #[error("it is no signed token")]
    Malformed,
    /// It is signed, for another purpose than the one it was presented for.
    #[error("it is a signed token of another kind")]
    OtherKind,
    /// No key of the set has the name that it gives.
    #[error("the issuer publishes no key of this name")]
    UnknownKey,
    /// The signature does not fit, or the algorithm is not the key's.
    #[error("the signature does not fit")]
    Signature,
    /// It is signed, but what it says makes no sense.
    #[error("what it says makes no sense")]
    Content,
}

/// The public keys of an issuer (RFC 7517, section 5).
#[derive(Clone, Debug)]
pub struct PublishedKeys(JwkSet);

impl PublishedKeys {
    /// Reads a key set. Keys of kinds that are not understood are left aside when a token names another.
    ///
    /// # Errors
    /// [`RelyingPartyError::KeySet`] when it is none.
    pub fn parse(json: &[u8]) -> Result<Self, RelyingPartyError> {
        serde_json::from_slice(json)
            .map(Self)
            .map_err(|_| RelyingPartyError::KeySet)
    }

    /// Verifies the signature and the kind of an access token (RFC 9068, section 4), and gives its claims. Issuer, times
    /// and recall are the caller's to check.
    ///
    /// # Errors
    /// See [`RelyingPartyError`].
    pub fn verify_access_token(
        &self,
        token: &str,
    ) -> Result<Map<String, Value>, RelyingPartyError> {
        self.verify(token, "at+jwt", MAX_TOKEN_BYTES)
    }

    /// Verifies the signature and the kind of a status list (IETF Token Status List, section 8.3), and inflates it. Its
    /// subject and its times are the caller's to check.
    ///
    /// # Errors
    /// See [`RelyingPartyError`].
    pub fn verify_status_list(
        &self,
        token: &str,
    ) -> Result<PublishedStatusList, RelyingPartyError> {
        let claims: StatusListClaims =
            self.verify(token, "statuslist+jwt", MAX_STATUS_LIST_BYTES)?;
        PublishedStatusList::of(claims).ok_or(RelyingPartyError::Content)
    }

    fn verify<P: DeserializeOwned + Clone>(
        &self,
        token: &str,
        typ: &str,
        max_bytes: usize,
    ) -> Result<P, RelyingPartyError> {
        if token.len() > max_bytes {
            return Err(RelyingPartyError::Malformed);
        }
        let header = decode_header(token).map_err(|_| RelyingPartyError::Malformed)?;
        // RFC 7515, section 4.1.9: the prefix may be left out.
        let claimed = header.typ.as_deref().unwrap_or_default();
        let claimed = claimed.to_ascii_lowercase();
        if claimed.strip_prefix("application/").unwrap_or(&claimed) != typ || header.crit.is_some()
        {
            return Err(RelyingPartyError::OtherKind);
        }
        let kid = header.kid.ok_or(RelyingPartyError::Malformed)?;
        let key = self.0.find(&kid).ok_or(RelyingPartyError::UnknownKey)?;
        let algorithm = algorithm_of(key).ok_or(RelyingPartyError::UnknownKey)?;
        let decoding = DecodingKey::from_jwk(key).map_err(|_| RelyingPartyError::KeySet)?;
        // RFC 8725, section 3.1: the algorithm is the key's, whatever the header says. Times are the caller's.
        let mut validation = Validation::new(algorithm);
        validation.required_spec_claims = HashSet::new();
        validation.validate_exp = false;
        validation.validate_aud = false;
        decode::<P>(token, &decoding, &validation)
            .map(|read| read.claims)
            .map_err(|error| match error.kind() {
                jsonwebtoken::errors::ErrorKind::Json(_) => RelyingPartyError::Content,
                _ => RelyingPartyError::Signature,
            })
    }
}

/// The one algorithm that a key may be used with; `None` for kinds of keys that no issuer of ours has.
fn algorithm_of(key: &Jwk) -> Option<Algorithm> {
    match &key.algorithm {
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            Some(Algorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            Some(Algorithm::EdDSA)
        }
        AlgorithmParameters::RSA(_) => Some(Algorithm::RS256),
        _ => None,
    }
}

/// A status list that its issuer signed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PublishedStatusList {
    /// `sub`: where the list is published.
    pub subject: String,
    /// `iat`, in seconds since 1970 UTC.
    pub issued_at: i64,
    /// `exp`, in seconds since 1970 UTC, when it has one.
    pub expires_at: Option<i64>,
    /// `ttl`: for how many seconds a copy may be kept.
    pub ttl_seconds: Option<u64>,
    bits: u8,
    bytes: Vec<u8>,
}

impl PublishedStatusList {
    /// The status at this place: 0 is valid (IETF Token Status List, section 7.1). `None` beyond the end of the list.
    pub fn status(&self, index: u64) -> Option<u8> {
        let bit = index.checked_mul(u64::from(self.bits))?;
        let byte = self.bytes.get(usize::try_from(bit / 8).ok()?)?;
        let mask = u8::MAX >> (8 - self.bits);
        Some(byte >> (bit % 8) & mask)
    }

    fn of(claims: StatusListClaims) -> Option<Self> {
        let bits = claims.status_list.bits;
        if !matches!(bits, 1 | 2 | 4 | 8) {
            return None;
        }
        let packed = URL_SAFE_NO_PAD.decode(claims.status_list.lst).ok()?;
        let mut bytes = Vec::new();
        let mut inflating = ZlibDecoder::new(packed.as_slice()).take(MAX_INFLATED_BYTES + 1);
        inflating.read_to_end(&mut bytes).ok()?;
        if bytes.len() as u64 > MAX_INFLATED_BYTES {
            return None;
        }
        Some(Self {
            subject: claims.sub,
            issued_at: claims.iat,
            expires_at: claims.exp,
            ttl_seconds: claims.ttl,
            bits,
            bytes,
        })
    }
}

/// IETF Token Status List, section 5.1.
#[derive(Clone, Deserialize)]
struct StatusListClaims {
    sub: String,
    iat: i64,
    exp: Option<i64>,
    ttl: Option<u64>,
    status_list: StatusListMember,
}

/// IETF Token Status List, section 4.2.
#[derive(Clone, Deserialize)]
struct StatusListMember {
    bits: u8,
    lst: String,
}

#[cfg(test)]
mod tests;
