//! Public keys by which clients prove who they are, and the assertions that they sign (RFC 7523).

use crate::id::{ClientKeyId, PrincipalId, RealmId};
use crate::signing_key::SignatureAlgorithm;
use crate::thumbprint::Thumbprint;
use crate::timestamp::Timestamp;

/// The most public keys that a client may register.
pub const MAX_KEYS: usize = 16;

/// The longest that an assertion may live from now on, in milliseconds (61 minutes): until then it is remembered. Libraries are
/// known that let theirs live for an hour, by clocks that may be a little ahead.
const MAX_LIFE_MILLIS: i64 = 61 * 60_000;

/// How far ahead a client's clock may be, in milliseconds (a minute).
const LEEWAY_MILLIS: i64 = 60_000;

/// The longest `jti` of an assertion, in characters.
const MAX_ID: usize = 256;

/// A public key by which a client signs assertions (RFC 7523, section 2.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientKey {
    /// The realm of the client.
    pub realm_id: RealmId,
    /// The client.
    pub principal_id: PrincipalId,
    /// Its id here.
    pub id: ClientKeyId,
    /// The key.
    pub key: PublicJwk,
    /// The place of its access tokens in the issuer's status list.
    pub status_index: u64,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When an access token was last issued for it.
    pub last_used_at: Option<Timestamp>,
}

/// A public key as it was read of a JWK (RFC 7517).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PublicJwk {
    /// Its `kid`, when it has one.
    pub kid: Option<String>,
    /// The one algorithm that it verifies.
    pub algorithm: SignatureAlgorithm,
    /// Its thumbprint (RFC 7638), by which it is the same key when it is registered again.
    pub thumbprint: Thumbprint,
    /// The key as a JWK with nothing but what is needed, and without any private member.
    pub jwk: String,
}

/// What a client says of itself, once the signature is verified (RFC 7523, section 3).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientAssertion {
    /// `iss`.
    pub issuer: String,
    /// `sub`.
    pub subject: String,
    /// `aud`.
    pub audience: Vec<String>,
    /// `exp`.
    pub expires_at: Timestamp,
    /// `nbf`, when it has one.
    pub not_before: Option<Timestamp>,
    /// `iat`, when it has one.
    pub issued_at: Option<Timestamp>,
    /// `jti`: an assertion is good for one use.
    pub id: String,
}

impl ClientAssertion {
    /// Whether it is of this client, for one of these audiences, now.
    pub fn proves(&self, client_id: &str, audiences: &[String], now: Timestamp) -> bool {
        let is_own = self.issuer == client_id && self.subject == client_id;
        let is_for_us = self.audience.iter().any(|one| audiences.contains(one));
        let begins = [self.not_before, self.issued_at];
        let has_begun = begins
            .into_iter()
            .flatten()
            .all(|instant| instant.millis_since(now) <= LEEWAY_MILLIS);
        let is_alive = (1..=MAX_LIFE_MILLIS).contains(&self.expires_at.millis_since(now));
        let is_named = (1..=MAX_ID).contains(&self.id.chars().count());
        is_own && is_for_us && has_begun && is_alive && is_named
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn assertion() -> ClientAssertion {
        ClientAssertion {
            issuer: "ci".to_owned(),
            subject: "ci".to_owned(),
            audience: vec!["https://b/token".to_owned()],
            expires_at: NOW.plus_millis(60_000),
            not_before: None,
            issued_at: Some(NOW),
            id: "1".to_owned(),
        }
    }

    #[test]
    fn an_assertion_is_of_its_client_for_us_and_now() {
        let audiences = ["https://b/token".to_owned(), "https://b".to_owned()];
        assert!(assertion().proves("ci", &audiences, NOW));
        assert!(!assertion().proves("cd", &audiences, NOW));
        assert!(!assertion().proves("ci", &audiences[1..], NOW));
        let spoiled = |change: fn(&mut ClientAssertion)| {
            let mut assertion = assertion();
            change(&mut assertion);
            assertion.proves("ci", &audiences, NOW)
        };
        for change in [
            (|one| one.subject = "cd".to_owned()) as fn(&mut ClientAssertion),
            |one| one.issuer = String::new(),
            |one| one.audience = vec![],
            |one| one.expires_at = NOW,
            |one| one.expires_at = NOW.plus_millis(3_660_001),
            |one| one.expires_at = Timestamp::from_millis(i64::MAX),
            |one| one.not_before = Some(NOW.plus_millis(60_001)),
            |one| one.issued_at = Some(NOW.plus_millis(60_001)),
            |one| one.id = String::new(),
            |one| one.id = "x".repeat(257),
        ] {
            assert!(!spoiled(change));
        }
        assert!(spoiled(|one| one.expires_at = NOW.plus_millis(3_660_000)));
    }
}
