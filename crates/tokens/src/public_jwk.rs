//! Public keys as others show them (RFC 7517), and what is signed with them.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use breakglass_domain::{PublicJwk, SignatureAlgorithm, Timestamp};
use breakglass_ports::{CryptoError, PublicKeyMaterial};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::thumbprint::{members, thumbprint};
use breakglass_domain::access_token::MAX_TOKEN_BYTES;

/// The longest JWK that is looked at, in bytes.
const MAX_JWK_BYTES: usize = 8 * 1024;

/// The longest `kid`, in characters.
const MAX_KID: usize = 256;

/// The members of a JWK that are private or secret (RFC 7518, sections 6.2.2, 6.3.2 and 6.4).
const PRIVATE: [&str; 8] = ["d", "dp", "dq", "k", "oth", "p", "q", "qi"];

/// Reads a public key of a client.
pub(crate) fn read_public_jwk(text: &str) -> Result<PublicJwk, CryptoError> {
    let refused = CryptoError::NotVerified;
    if text.len() > MAX_JWK_BYTES {
        return Err(refused);
    }
    let given: Map<String, Value> = serde_json::from_str(text).map_err(|_| refused)?;
    let is_for_signatures = given.get("use").is_none_or(|use_| use_ == "sig");
    if !is_for_signatures || PRIVATE.iter().any(|name| given.contains_key(*name)) {
        return Err(refused);
    }
    let member = |name: &str| given.get(name).and_then(Value::as_str);
    let (algorithm, material) = material(&given).ok_or(refused)?;
    if member("alg").is_some_and(|alg| alg != algorithm.name()) {
        return Err(refused);
    }
    let kid = member("kid").map(str::to_owned);
    if kid
        .as_ref()
        .is_some_and(|kid| kid.chars().count() > MAX_KID)
    {
        return Err(refused);
    }
    let key = PublicJwk {
        kid,
        algorithm,
        thumbprint: thumbprint(&material)
            .as_str()
            .parse()
            .map_err(|_| refused)?,
        jwk: members(&material),
    };
    decoding_key(&key).map(|_| key)
}

/// The algorithm and the numbers of a key, when it is of a kind that is taken.
fn material(given: &Map<String, Value>) -> Option<(SignatureAlgorithm, PublicKeyMaterial)> {
    let member = |name: &str| given.get(name).and_then(Value::as_str);
    let number = |name: &str| -> Option<Vec<u8>> {
        // One spelling for each number, so that a key has one thumbprint.
        let bytes = URL_SAFE_NO_PAD.decode(member(name)?).ok()?;
        (URL_SAFE_NO_PAD.encode(&bytes) == member(name)?).then_some(bytes)
    };
    let coordinate = |name: &str| {
        number(name).filter(|bytes| bytes.len() == 32)?;
        member(name).map(str::to_owned)
    };
    match (member("kty")?, member("crv")) {
        ("EC", Some("P-256")) => Some((
            SignatureAlgorithm::Es256,
            PublicKeyMaterial::EllipticCurve {
                x: coordinate("x")?,
                y: coordinate("y")?,
            },
        )),
        ("OKP", Some("Ed25519")) => Some((
            SignatureAlgorithm::EdDsa,
            PublicKeyMaterial::OctetKeyPair {
                x: coordinate("x")?,
            },
        )),
        ("RSA", None) if is_rsa(&number("n")?, &number("e")?) => Some((
            SignatureAlgorithm::Rs256,
            PublicKeyMaterial::Rsa {
                e: member("e")?.to_owned(),
                n: member("n")?.to_owned(),
            },
        )),
        _ => None,
    }
}

/// A modulus of 2048 to 8192 bits, and an odd exponent of more than 1.
pub(crate) fn is_rsa(modulus: &[u8], exponent: &[u8]) -> bool {
    let is_long = (256..=1024).contains(&modulus.len()) && modulus.first() != Some(&0);
    let is_odd = exponent.last().is_some_and(|last| last % 2 == 1);
    is_long && is_odd && exponent.len() <= 8 && exponent != [1]
}

fn decoding_key(key: &PublicJwk) -> Result<DecodingKey, CryptoError> {
    let jwk: Jwk = serde_json::from_str(&key.jwk).map_err(|_| CryptoError::NotVerified)?;
    DecodingKey::from_jwk(&jwk).map_err(|_| CryptoError::NotVerified)
}

/// Verifies a text by this key and its one algorithm (RFC 8725, section 3.1), and gives its payload. A text without a `typ` is
/// a `JWT`; of another kind than these it is refused (section 3.11).
pub(crate) fn verify<P: DeserializeOwned>(
    key: &PublicJwk,
    kinds: &[&str],
    text: &str,
) -> Result<P, CryptoError> {
    if text.len() > MAX_TOKEN_BYTES {
        return Err(CryptoError::NotVerified);
    }
    let mut validation = Validation::new(match key.algorithm {
        SignatureAlgorithm::EdDsa => Algorithm::EdDSA,
        SignatureAlgorithm::Es256 => Algorithm::ES256,
        SignatureAlgorithm::Rs256 => Algorithm::RS256,
    });
    validation.required_spec_claims = HashSet::new();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let read = decode::<P>(text, &decoding_key(key)?, &validation)
        .map_err(|_| CryptoError::NotVerified)?;
    let typ = read.header.typ.as_deref().unwrap_or("JWT");
    let is_one = kinds.iter().any(|kind| typ.eq_ignore_ascii_case(kind));
    // Nothing critical is understood (RFC 7515, section 4.1.11).
    if is_one && read.header.crit.is_none() {
        Ok(read.claims)
    } else {
        Err(CryptoError::NotVerified)
    }
}

/// An instant in seconds, with or without a fraction (RFC 7519, section 2), when it lies within what milliseconds can tell exactly.
pub(crate) fn instant(seconds: f64) -> Result<Timestamp, CryptoError> {
    const LIMIT: f64 = 4_000_000_000_000.0;
    if !(0.0..LIMIT).contains(&seconds) {
        return Err(CryptoError::NotVerified);
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it lies within the bounds that were just looked at"
    )]
    let millis = (seconds * 1000.0).floor() as i64;
    Ok(Timestamp::from_millis(millis))
}

/// RFC 7519, section 4.1.3.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    Many(Vec<String>),
    One(String),
}

impl OneOrMany {
    pub(crate) fn into_vec(self) -> Vec<String> {
        match self {
            Self::Many(many) => many,
            Self::One(one) => vec![one],
        }
    }
}
