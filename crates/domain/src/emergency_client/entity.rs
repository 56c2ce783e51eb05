//! The emergency client and the life of its token.

use super::{AcceptedEmergencyClient, ClientId};
use crate::id::{KeyId, RealmId, TokenId};
use crate::secret::TokenDigest;
use crate::thumbprint::Thumbprint;
use crate::timestamp::{Minutes, Timestamp};

/// An emergency client with the one token it holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EmergencyClient {
    /// The realm it belongs to.
    pub realm_id: RealmId,
    /// Its id, unique in the realm.
    pub client_id: ClientId,
    /// Its name for people.
    pub client_name: String,
    /// What it is for.
    pub client_description: Option<String>,
    /// The lifetime of each of its tokens.
    pub ttl: Minutes,
    /// The key that each of its tokens is bound to (RFC 9449): without a proof of it the token opens nothing.
    pub dpop_key: Option<Thumbprint>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it: the id of the acting principal.
    pub created_by: String,
    /// When its token was last replaced, if ever.
    pub last_regenerated_at: Option<Timestamp>,
    /// Its token.
    pub token: EmergencyToken,
    /// How often and when the client was used, over all its tokens.
    pub usage: Usage,
}

/// What is known of an emergency client's token. The token itself is kept nowhere.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EmergencyToken {
    /// The token's `jti`.
    pub id: TokenId,
    /// The digest of the exact token.
    pub digest: TokenDigest,
    /// The key that signed it.
    pub key_id: KeyId,
    /// Its place in the issuer's status list.
    pub status_index: u64,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The first instant at which it is dead of age.
    pub expires_at: Timestamp,
    /// When it was revoked on its own (RFC 7009), if it was.
    pub revoked_at: Option<Timestamp>,
    /// Whether its end of age has been written into the audit.
    pub expiry_recorded: bool,
}

/// How often and when an emergency client was used.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Usage {
    /// Requests made with its tokens.
    pub uses: u64,
    /// The last of them.
    pub last_used_at: Option<Timestamp>,
}

/// The marks of a token that was just signed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewToken {
    /// Its `jti`.
    pub id: TokenId,
    /// The digest of the exact token.
    pub digest: TokenDigest,
    /// The key that signed it.
    pub key_id: KeyId,
    /// Its place in the issuer's status list.
    pub status_index: u64,
}

/// A token that was replaced or whose client is gone: what the status list needs to know of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RetiredToken {
    /// Its `jti`.
    pub id: TokenId,
    /// Its place in the issuer's status list.
    pub status_index: u64,
    /// After this instant it is dead of age and its place may be forgotten.
    pub expires_at: Timestamp,
}

/// What a token is worth at an instant. Computed when read, never stored.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum TokenStatus {
    /// It opens doors.
    Active,
    /// Its time is over.
    Expired,
    /// It was revoked before its time.
    Revoked,
}

impl EmergencyClient {
    /// Makes a client whose first token is issued `now`, which the caller rounds to whole seconds so that the JWT and
    /// this object say the same.
    pub fn create(
        realm_id: RealmId,
        accepted: AcceptedEmergencyClient,
        token: NewToken,
        created_by: &str,
        now: Timestamp,
    ) -> Self {
        Self {
            realm_id,
            client_id: accepted.client_id,
            client_name: accepted.client_name,
            client_description: accepted.client_description,
            ttl: accepted.ttl,
            dpop_key: accepted.dpop_key,
            created_at: now,
            created_by: created_by.to_owned(),
            last_regenerated_at: None,
            token: EmergencyToken::issue(token, accepted.ttl, now),
            usage: Usage::default(),
        }
    }

    /// Replaces the token: id, name and lifetime stay, the expiry starts anew, the old token is retired.
    #[must_use]
    pub fn regenerate(self, token: NewToken, now: Timestamp) -> (Self, RetiredToken) {
        let retired = self.token.retire();
        let token = EmergencyToken::issue(token, self.ttl, now);
        (
            Self {
                token,
                last_regenerated_at: Some(now),
                ..self
            },
            retired,
        )
    }

    /// Revokes the token on its own; the client stays and can be given a new one. Revoking twice keeps the first instant.
    #[must_use]
    pub fn revoke(mut self, now: Timestamp) -> Self {
        self.token.revoked_at.get_or_insert(now);
        self
    }

    /// The worth of its token at this instant.
    pub fn status(&self, now: Timestamp) -> TokenStatus {
        self.token.status(now)
    }

    /// Whether `digest` is the digest of its token and that token is alive at this instant.
    pub fn admits(&self, digest: &TokenDigest, now: Timestamp) -> bool {
        self.token.digest == *digest && self.status(now) == TokenStatus::Active
    }
}

impl EmergencyToken {
    fn issue(token: NewToken, ttl: Minutes, now: Timestamp) -> Self {
        Self {
            id: token.id,
            digest: token.digest,
            key_id: token.key_id,
            status_index: token.status_index,
            issued_at: now,
            expires_at: now.plus(ttl),
            revoked_at: None,
            expiry_recorded: false,
        }
    }

    /// The worth of the token at this instant. A revoked token stays revoked after its time.
    pub fn status(&self, now: Timestamp) -> TokenStatus {
        if self.revoked_at.is_some() {
            TokenStatus::Revoked
        } else if now >= self.expires_at {
            TokenStatus::Expired
        } else {
            TokenStatus::Active
        }
    }

    /// What the status list needs to know when the token is taken away.
    pub fn retire(&self) -> RetiredToken {
        RetiredToken {
            id: self.id,
            status_index: self.status_index,
            expires_at: self.expires_at,
        }
    }
}
