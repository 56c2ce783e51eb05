//! What a caller signs to prove that it holds the key that a token is bound to (RFC 9449).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use breakglass_domain::DpopProof;
use breakglass_ports::CryptoError;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::public_jwk::{self, instant, read_public_jwk};

/// The longest proof that is looked at, in bytes: one by an RSA key of 8192 bits, with a token's worth of claims.
const MAX_PROOF_BYTES: usize = 8 * 1024;

/// RFC 9449, section 4.2.
#[derive(Deserialize)]
struct ProofJson {
    jti: String,
    htm: String,
    htu: String,
    iat: f64,
    nonce: Option<String>,
    ath: Option<String>,
}

/// Verifies a proof by the key that it shows itself (RFC 9449, section 4.3).
pub(crate) fn verify(proof: &str) -> Result<DpopProof, CryptoError> {
    #[derive(Deserialize)]
    struct Header {
        jwk: Map<String, Value>,
    }
    let refused = CryptoError::NotVerified;
    if proof.len() > MAX_PROOF_BYTES {
        return Err(refused);
    }
    let header = proof.split('.').next().unwrap_or_default();
    let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| refused)?;
    let header: Header = serde_json::from_slice(&header).map_err(|_| refused)?;
    let jwk = serde_json::to_string(&header.jwk).map_err(|_| refused)?;
    let key = read_public_jwk(&jwk)?;
    let claims: ProofJson = public_jwk::verify(&key, &["dpop+jwt"], proof)?;
    Ok(DpopProof {
        key: key.thumbprint,
        id: claims.jti,
        method: claims.htm,
        uri: claims.htu,
        issued_at: instant(claims.iat)?,
        nonce: claims.nonce,
        token_hash: claims.ath,
    })
}
