//! What a client signs to prove who it is (RFC 7523), with a key that it registered.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use breakglass_domain::{ClientAssertion, PublicJwk, SignatureAlgorithm, Timestamp};
use breakglass_ports::{CryptoError, PublicKeyMaterial};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::jws::MAX_TOKEN_BYTES;
use crate::thumbprint::{members, thumbprint};

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
fn is_rsa(modulus: &[u8], exponent: &[u8]) -> bool {
    let is_long = (256..=1024).contains(&modulus.len()) && modulus.first() != Some(&0);
    let is_odd = exponent.last().is_some_and(|last| last % 2 == 1);
    is_long && is_odd && exponent.len() <= 8 && exponent != [1]
}

fn decoding_key(key: &PublicJwk) -> Result<DecodingKey, CryptoError> {
    let jwk: Jwk = serde_json::from_str(&key.jwk).map_err(|_| CryptoError::NotVerified)?;
    DecodingKey::from_jwk(&jwk).map_err(|_| CryptoError::NotVerified)
}

/// RFC 7523, section 3; instants are seconds, with or without a fraction (RFC 7519, section 2).
#[derive(Deserialize)]
struct AssertionJson {
    iss: String,
    sub: String,
    aud: OneOrMany,
    exp: f64,
    nbf: Option<f64>,
    iat: Option<f64>,
    jti: String,
}

/// RFC 7519, section 4.1.3.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<String>),
    One(String),
}

/// Verifies an assertion by this key and its one algorithm (RFC 8725, section 3.1).
pub(crate) fn verify(key: &PublicJwk, assertion: &str) -> Result<ClientAssertion, CryptoError> {
    if assertion.len() > MAX_TOKEN_BYTES {
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
    let read = decode::<AssertionJson>(assertion, &decoding_key(key)?, &validation)
        .map_err(|_| CryptoError::NotVerified)?;
    // RFC 8725, section 3.11: a signed text of another kind is none, and nothing critical is understood.
    let typ = read.header.typ.as_deref().unwrap_or("JWT");
    let is_one = ["JWT", "client-authentication+jwt"]
        .iter()
        .any(|kind| typ.eq_ignore_ascii_case(kind));
    if !is_one || read.header.crit.is_some() {
        return Err(CryptoError::NotVerified);
    }
    let claims = read.claims;
    Ok(ClientAssertion {
        issuer: claims.iss,
        subject: claims.sub,
        audience: match claims.aud {
            OneOrMany::Many(audience) => audience,
            OneOrMany::One(audience) => vec![audience],
        },
        expires_at: instant(claims.exp)?,
        not_before: claims.nbf.map(instant).transpose()?,
        issued_at: claims.iat.map(instant).transpose()?,
        id: claims.jti,
    })
}

/// An instant, when it lies within what milliseconds can tell exactly.
fn instant(seconds: f64) -> Result<Timestamp, CryptoError> {
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

/// The `sub` that an assertion names, be it true or not.
pub(crate) fn claimed_client(assertion: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claimed {
        sub: String,
    }
    if assertion.len() > MAX_TOKEN_BYTES {
        return None;
    }
    let payload = URL_SAFE_NO_PAD.decode(assertion.split('.').nth(1)?).ok()?;
    let claimed: Claimed = serde_json::from_slice(&payload).ok()?;
    Some(claimed.sub)
}
