//! What a client signs to prove who it is (RFC 7523), with a key that it registered.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use breakglass_domain::{ClientAssertion, PublicJwk};
use breakglass_ports::CryptoError;
use serde::Deserialize;

use crate::public_jwk::{self, OneOrMany, instant};
use breakglass_domain::access_token::MAX_TOKEN_BYTES;

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

/// Verifies an assertion by this key.
pub(crate) fn verify(key: &PublicJwk, assertion: &str) -> Result<ClientAssertion, CryptoError> {
    let kinds = ["JWT", "client-authentication+jwt"];
    let claims: AssertionJson = public_jwk::verify(key, &kinds, assertion)?;
    Ok(ClientAssertion {
        issuer: claims.iss,
        subject: claims.sub,
        audience: claims.aud.into_vec(),
        expires_at: instant(claims.exp)?,
        not_before: claims.nbf.map(instant).transpose()?,
        issued_at: claims.iat.map(instant).transpose()?,
        id: claims.jti,
    })
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
