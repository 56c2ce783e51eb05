//! The compact form of a JWS (RFC 7515, section 7.1): put together around a kept key pair, and verified.

use std::collections::HashSet;

use base64::Engine;
use base64::encoded_len;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use breakglass_domain::KeyId;
use breakglass_ports::CryptoError;
use jsonwebtoken::{Header, Validation, decode, decode_header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::signing_pair::SigningPair;

/// Room for most payloads, in bytes.
const USUAL_JSON_BYTES: usize = 1024;

/// How many dots stand between the parts.
const DOTS: usize = 2;

/// What a signed text is for. The `typ` of one is refused where another is due (RFC 8725, section 3.11).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// RFC 9068, section 2.1.
    AccessToken,
    /// A checkpoint of the audit.
    Checkpoint,
    /// A token that hosts take.
    HostToken,
    /// IETF Token Status List, section 5.1.
    StatusList,
}

impl Kind {
    /// How many there are.
    pub(crate) const COUNT: usize = 4;

    const fn typ(self) -> &'static str {
        match self {
            Self::AccessToken => "at+jwt",
            Self::Checkpoint => "breakglass-checkpoint+jwt",
            Self::HostToken => "breakglass-host+jwt",
            Self::StatusList => "statuslist+jwt",
        }
    }
}

/// Signs a payload. The header is the same for every text of a kind, and is written once.
pub(crate) fn sign(
    pair: &SigningPair,
    kind: Kind,
    payload: &impl Serialize,
) -> Result<String, CryptoError> {
    let kept = pair.header(kind);
    if let Some(header) = kept.get() {
        return compact(pair, header, payload);
    }
    let mut header = Header::new(pair.algorithm());
    header.typ = Some(kind.typ().to_owned());
    header.kid = Some(pair.public_key().id.as_str().to_owned());
    let header = encoded(&header)?;
    compact(pair, kept.get_or_init(|| header), payload)
}

/// A header as it stands in a token.
pub(crate) fn encoded(header: &impl Serialize) -> Result<String, CryptoError> {
    json(header).map(|header| URL_SAFE_NO_PAD.encode(header))
}

/// Signs a payload under an encoded header that says what the pair is.
pub(crate) fn compact(
    pair: &SigningPair,
    header: &str,
    payload: &impl Serialize,
) -> Result<String, CryptoError> {
    let payload = json(payload)?;
    // Exactly as long as the token: nothing of a secret is left in what is cut off.
    let parts = [payload.len(), pair.signature_len()];
    let chars = parts.map(|bytes| encoded_len(bytes, false).unwrap_or_default());
    let length = header.len() + chars.iter().sum::<usize>() + DOTS;
    let mut token = String::with_capacity(length);
    token.push_str(header);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut token);
    let signature = pair.sign(token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// Written where there is room for most payloads, so that it is not moved about as it grows.
fn json(value: &impl Serialize) -> Result<Vec<u8>, CryptoError> {
    let mut text = Vec::with_capacity(USUAL_JSON_BYTES);
    serde_json::to_writer(&mut text, value).map_err(|_| CryptoError::Failed)?;
    Ok(text)
}

/// The `kid` that a text of unknown origin names, if it has the form of a JWS at all. Says nothing of who made it.
pub(crate) fn claimed_key(token: &str, longest: usize) -> Result<KeyId, CryptoError> {
    if token.len() > longest {
        return Err(CryptoError::NotVerified);
    }
    decode_header(token)
        .ok()
        .and_then(|header| header.kid)
        .map(KeyId::new)
        .ok_or(CryptoError::NotVerified)
}

/// Verifies that this pair signed the text as one of this kind, and gives its payload. No time is looked at.
pub(crate) fn verify<P: DeserializeOwned>(
    pair: &SigningPair,
    kind: Kind,
    (token, longest): (&str, usize),
) -> Result<P, CryptoError> {
    if token.len() > longest {
        return Err(CryptoError::NotVerified);
    }
    let refused = CryptoError::NotVerified;
    // What is for something else is told by its header, before the cost of a signature is spent on it.
    let header = decode_header(token).map_err(|_| refused)?;
    let is_ours = header.typ.as_deref() == Some(kind.typ())
        && header.kid.as_deref() == Some(pair.public_key().id.as_str())
        // RFC 7515, section 4.1.11: nothing critical is understood here, so a header that lists anything is refused.
        && header.crit.is_none();
    if !is_ours {
        return Err(refused);
    }
    // RFC 8725, section 3.1: the one algorithm is the key's. Times are the caller's, who has a clock.
    let mut validation = Validation::new(pair.algorithm());
    validation.required_spec_claims = HashSet::new();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let read = decode::<P>(token, pair.decoding_key(), &validation).map_err(|_| refused)?;
    Ok(read.claims)
}

#[cfg(test)]
mod tests {
    use breakglass_domain::SignatureAlgorithm;

    use super::*;

    #[test]
    fn a_token_is_written_where_it_just_fits() {
        for algorithm in [
            SignatureAlgorithm::EdDsa,
            SignatureAlgorithm::Es256,
            SignatureAlgorithm::Rs256,
        ] {
            let pair = SigningPair::generate(algorithm).unwrap();
            let token = sign(&pair, Kind::AccessToken, &"payload").unwrap();
            assert_eq!(token.capacity(), token.len(), "{algorithm:?}");
        }
    }
}
