//! Proofs that a caller holds the key that a token is bound to (DPoP, RFC 9449), once their signature is verified.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::thumbprint::Thumbprint;
use crate::timestamp::Timestamp;

/// How old a proof may be, and how far ahead a caller's clock, in milliseconds (a minute).
pub const WINDOW_MILLIS: i64 = 60_000;

/// The longest `jti` of a proof, in characters.
const MAX_ID: usize = 256;

/// What a proof says (RFC 9449, section 4.2), signed with the key that it shows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DpopProof {
    /// The thumbprint of the key (`jkt`).
    pub key: Thumbprint,
    /// `jti`.
    pub id: String,
    /// `htm`.
    pub method: String,
    /// `htu`.
    pub uri: String,
    /// `iat`, in seconds since 1970 UTC.
    pub issued_at_seconds: i64,
    /// `nonce`, when the server gave one.
    pub nonce: Option<String>,
    /// `ath`: the digest of the access token that comes with it.
    pub token_hash: Option<String>,
}

/// What a proof must fit.
#[derive(Clone, Copy, Debug)]
pub struct DpopRequest<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// The URL of the request as its sender knows it; query and fragment do not count.
    pub uri: &'a str,
    /// The access token that came with it, if one did.
    pub token: Option<&'a str>,
}

/// Why a proof is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DpopFault {
    /// It is not for this request or not for this token.
    #[error("is not for this request")]
    Misplaced,
    /// It is too old, or not yet.
    #[error("is too old, or from the future")]
    Untimely,
    /// It was made before this server began, whose memory of proofs goes no further back.
    #[error("is older than the server's memory")]
    Unremembered,
}

impl DpopProof {
    /// Checks that the proof is for this request, now (RFC 9449, section 4.3). Whether it was seen before, and whether its
    /// nonce is one of ours, is the caller's to know.
    ///
    /// # Errors
    /// The first fault.
    pub fn check(
        &self,
        request: DpopRequest<'_>,
        remembered_since: Timestamp,
        now: Timestamp,
    ) -> Result<(), DpopFault> {
        let is_named = (1..=MAX_ID).contains(&self.id.chars().count());
        let is_here = self.method == request.method && same_target(&self.uri, request.uri);
        let is_bound = match (&self.token_hash, request.token) {
            (Some(hash), Some(token)) => *hash == token_hash(token),
            (None, Some(_)) => false,
            (_, None) => true,
        };
        if !(is_named && is_here && is_bound) {
            return Err(DpopFault::Misplaced);
        }
        let made_at = Timestamp::from_millis(self.issued_at_seconds.saturating_mul(1000));
        let age = now.millis_since(made_at);
        if !(-WINDOW_MILLIS..=WINDOW_MILLIS).contains(&age) {
            return Err(DpopFault::Untimely);
        }
        if made_at < remembered_since {
            return Err(DpopFault::Unremembered);
        }
        Ok(())
    }
}

/// The digest of an access token as a proof names it (`ath`).
pub fn token_hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

/// Whether two URLs are the same but for query and fragment, the case of scheme and host, and a port that goes without
/// saying (RFC 3986, sections 6.2.2 and 6.2.3).
fn same_target(one: &str, other: &str) -> bool {
    match (target(one), target(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

fn target(url: &str) -> Option<(String, String, String)> {
    let url = url.split(['?', '#']).next()?;
    let (scheme, rest) = url.split_once("://")?;
    let (scheme, place) = (scheme.to_ascii_lowercase(), rest.find('/'));
    let (authority, path) = rest.split_at(place.unwrap_or(rest.len()));
    let default = match scheme.as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    let authority = authority.to_ascii_lowercase();
    let authority = authority.strip_suffix(default).unwrap_or(&authority);
    let path = if path.is_empty() { "/" } else { path };
    (!authority.is_empty()).then(|| (scheme, authority.to_owned(), path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);

    fn proof() -> DpopProof {
        DpopProof {
            key: Thumbprint::of(b"key"),
            id: "1".to_owned(),
            method: "POST".to_owned(),
            uri: "https://host/token".to_owned(),
            issued_at_seconds: NOW.seconds(),
            nonce: None,
            token_hash: Some(token_hash("t")),
        }
    }

    fn check(proof: &DpopProof, token: Option<&str>) -> Result<(), DpopFault> {
        let request = DpopRequest {
            method: "POST",
            uri: "HTTPS://HOST:443/token?x=1",
            token,
        };
        proof.check(request, NOW.plus_millis(-30_000), NOW)
    }

    #[test]
    fn a_proof_is_for_one_request_and_one_token() {
        assert_eq!(check(&proof(), Some("t")), Ok(()));
        assert_eq!(check(&proof(), None), Ok(()));
        let spoil = |change: fn(&mut DpopProof)| {
            let mut proof = proof();
            change(&mut proof);
            check(&proof, Some("t"))
        };
        assert_eq!(check(&proof(), Some("u")), Err(DpopFault::Misplaced));
        for change in [
            (|proof| proof.method = "GET".to_owned()) as fn(&mut DpopProof),
            |proof| proof.uri = "https://host/other".to_owned(),
            |proof| proof.uri = "http://host/token".to_owned(),
            |proof| proof.uri = "/token".to_owned(),
            |proof| proof.token_hash = None,
            |proof| proof.id = String::new(),
            |proof| proof.id = "x".repeat(257),
        ] {
            assert_eq!(spoil(change), Err(DpopFault::Misplaced));
        }
        assert_eq!(spoil(|proof| proof.issued_at_seconds += 60), Ok(()));
        assert_eq!(
            spoil(|proof| proof.issued_at_seconds += 61),
            Err(DpopFault::Untimely)
        );
        assert_eq!(
            spoil(|proof| proof.issued_at_seconds = i64::MIN),
            Err(DpopFault::Untimely)
        );
        assert_eq!(
            spoil(|proof| proof.issued_at_seconds -= 31),
            Err(DpopFault::Unremembered)
        );
    }

    #[test]
    fn the_digest_of_a_token_is_that_of_the_rfc() {
        // RFC 9449, section 7.1.
        let token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
        assert_eq!(
            token_hash(token),
            "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"
        );
    }
}
