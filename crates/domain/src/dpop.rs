//! Proofs that a caller holds the key that a token is bound to (`DPoP`, RFC 9449), once their signature is verified.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::dpop_nonce::DpopNonces;
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
    /// `iat`.
    pub issued_at: Timestamp,
    /// `nonce`, when the sender was given one.
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

/// By what a proof is found to be of now.
#[derive(Clone, Copy, Debug)]
pub struct DpopFreshness<'a> {
    /// The nonces that this server gives.
    pub nonces: &'a DpopNonces,
    /// Whether a proof has to carry one.
    pub is_nonce_required: bool,
    /// Since when this server remembers the proofs that it saw.
    pub remembered_since: Timestamp,
    /// The present instant.
    pub now: Timestamp,
}

/// Why a proof is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DpopFault {
    /// It is not for this request or not for this token.
    #[error("is not for this request")]
    Misplaced,
    /// It cannot be told to be of now: its sender should make another, with a nonce of this server (RFC 9449, section 8).
    #[error("needs a nonce of this server")]
    NonceNeeded,
}

impl DpopProof {
    /// Checks that the proof is for this request, now (RFC 9449, section 4.3), and gives the last instant at which it could be
    /// used: until then the caller has to remember it, for whether it was seen before is the caller's to know.
    ///
    /// With a nonce, the clock of the sender does not matter (section 11.1). Without one, it may differ from this one by
    /// [`WINDOW_MILLIS`], and the proof may not be older than the caller's memory of proofs.
    ///
    /// # Errors
    /// The first fault.
    pub fn check(
        &self,
        request: DpopRequest<'_>,
        freshness: DpopFreshness<'_>,
    ) -> Result<Timestamp, DpopFault> {
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
        let now = freshness.now;
        let end = match &self.nonce {
            Some(nonce) => freshness.nonces.end_of(nonce, now),
            None if freshness.is_nonce_required => None,
            None => {
                let is_timely =
                    now.millis_since(self.issued_at).unsigned_abs() <= WINDOW_MILLIS.unsigned_abs();
                let is_remembered = self.issued_at >= freshness.remembered_since;
                (is_timely && is_remembered).then(|| self.issued_at.plus_millis(WINDOW_MILLIS))
            }
        };
        end.ok_or(DpopFault::NonceNeeded)
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
            issued_at: NOW,
            nonce: None,
            token_hash: Some(token_hash("t")),
        }
    }

    fn check_where(
        proof: &DpopProof,
        token: Option<&str>,
        is_nonce_required: bool,
    ) -> Result<Timestamp, DpopFault> {
        let request = DpopRequest {
            method: "POST",
            uri: "HTTPS://HOST:443/token?x=1",
            token,
        };
        let freshness = DpopFreshness {
            nonces: &DpopNonces::new([1; 32]),
            is_nonce_required,
            remembered_since: NOW.plus_millis(-30_000),
            now: NOW,
        };
        proof.check(request, freshness)
    }

    fn check(proof: &DpopProof, token: Option<&str>) -> Result<Timestamp, DpopFault> {
        check_where(proof, token, false)
    }

    #[test]
    fn a_proof_is_for_one_request_and_one_token() {
        let end = Ok(NOW.plus_millis(WINDOW_MILLIS));
        assert_eq!(check(&proof(), Some("t")), end);
        assert_eq!(check(&proof(), None), end);
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
    }

    #[test]
    fn a_proof_is_of_now_by_its_clock_or_by_a_nonce() {
        let made_at = |millis: i64, nonce: Option<String>| {
            let issued_at = NOW.plus_millis(millis);
            let proof = DpopProof {
                issued_at,
                nonce,
                ..proof()
            };
            check(&proof, Some("t"))
        };
        assert_eq!(made_at(60_000, None), Ok(NOW.plus_millis(120_000)));
        assert_eq!(made_at(-30_000, None), Ok(NOW.plus_millis(30_000)));
        for millis in [60_001, -30_001, -60_001, i64::MAX - NOW.millis()] {
            assert_eq!(
                made_at(millis, None),
                Err(DpopFault::NonceNeeded),
                "{millis}"
            );
        }
        let nonces = DpopNonces::new([1; 32]);
        let nonce = nonces.issue(NOW);
        let end = nonces.end_of(&nonce, NOW);
        assert_eq!(made_at(-1_000_000, Some(nonce.clone())).ok(), end);
        assert_eq!(
            made_at(0, Some("x".to_owned())),
            Err(DpopFault::NonceNeeded)
        );

        let bare = proof();
        assert_eq!(
            check_where(&bare, Some("t"), true),
            Err(DpopFault::NonceNeeded)
        );
        let with_nonce = DpopProof {
            nonce: Some(nonce),
            ..bare
        };
        assert_eq!(check_where(&with_nonce, Some("t"), true).ok(), end);
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
