//! Keys that other issuers publish (RFC 7517, section 5).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use breakglass_domain::{KeySet, PublishedKey};
use breakglass_ports::CryptoError;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use crate::certificates::RSA;
use crate::public_jwk::is_rsa;

/// The most keys of a document.
const MAX_KEYS: usize = 64;

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

/// Reads a document. What stands in it that is no public key for signatures, of a kind that is taken, is passed over.
pub(crate) fn read(document: &[u8]) -> Result<KeySet, CryptoError> {
    let refused = CryptoError::NotVerified;
    let document: Document = serde_json::from_slice(document).map_err(|_| refused)?;
    if document.keys.len() > MAX_KEYS {
        return Err(refused);
    }
    let keys = document.keys.into_iter().filter_map(|given| {
        let jwk: Jwk = serde_json::from_value(given).ok()?;
        let is_for_signatures = matches!(
            jwk.common.public_key_use,
            None | Some(PublicKeyUse::Signature)
        );
        algorithms(&jwk).filter(|_| is_for_signatures)?;
        Some(PublishedKey {
            kid: jwk.common.key_id.clone(),
            jwk: serde_json::to_string(&jwk).ok()?,
        })
    });
    Ok(KeySet {
        keys: keys.collect(),
    })
}

/// The key, when it may verify this algorithm (RFC 8725, section 3.1).
pub(crate) fn verifying_key(key: &PublishedKey, algorithm: Algorithm) -> Option<DecodingKey> {
    let jwk: Jwk = serde_json::from_str(&key.jwk).ok()?;
    let is_named = jwk
        .common
        .key_algorithm
        .is_none_or(|named| Algorithm::try_from(named) == Ok(algorithm));
    let is_fit = algorithms(&jwk)?.contains(&algorithm);
    (is_named && is_fit).then(|| DecodingKey::from_jwk(&jwk).ok())?
}

/// The algorithms of a key, when it is of a kind that is taken.
fn algorithms(jwk: &Jwk) -> Option<&'static [Algorithm]> {
    match &jwk.algorithm {
        AlgorithmParameters::RSA(rsa) => {
            let number = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
            is_rsa(&number(&rsa.n)?, &number(&rsa.e)?).then_some(&RSA)
        }
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => Some(&[Algorithm::ES256]),
            EllipticCurve::P384 => Some(&[Algorithm::ES384]),
            _ => None,
        },
        AlgorithmParameters::OctetKeyPair(key) => match key.curve {
            EllipticCurve::Ed25519 => Some(&[Algorithm::EdDSA]),
            _ => None,
        },
        _ => None,
    }
}
