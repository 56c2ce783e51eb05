//! OpsToken sessions: what a local account gets for its password.

use crate::account::Username;
use crate::id::{BrokerId, SessionGrantId};
use crate::secret::TokenDigest;
use crate::timestamp::Timestamp;

/// An OpsToken lives this long after its last use, in milliseconds (6 hours).
pub const IDLE_LIFETIME_MILLIS: i64 = 6 * 60 * 60 * 1000;

/// An extension shorter than this is not written down, in milliseconds: reading would otherwise cost a write each time.
/// The session may therefore end up to this much before six hours of idleness.
pub const EXTENSION_GRAIN_MILLIS: i64 = 30 * 1000;

/// A session of a local account. Its token, `uuid::uuid`, is kept only as a digest.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpsSession {
    /// The digest of the token.
    pub digest: TokenDigest,
    /// Whose session it is.
    pub username: Username,
    /// When it began.
    pub created_at: Timestamp,
    /// The first instant at which it is over, unless it is used before.
    pub expires_at: Timestamp,
}

/// What a broker gave out for a session: tokens for other services. They share a place in its status list, and end with the
/// session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SessionGrant {
    /// Its id, by which the tokens name it.
    pub id: SessionGrantId,
    /// The digest of the session's token.
    pub session_digest: TokenDigest,
    /// The broker whose keys signed the tokens.
    pub broker_id: BrokerId,
    /// The place of the tokens in the broker's status list.
    pub status_index: u64,
    /// When the last of the tokens ends.
    pub expires_at: Timestamp,
}

impl OpsSession {
    /// Begins a session.
    pub fn begin(digest: TokenDigest, username: Username, now: Timestamp) -> Self {
        let expires_at = now.plus_millis(IDLE_LIFETIME_MILLIS);
        Self {
            digest,
            username,
            created_at: now,
            expires_at,
        }
    }

    /// Whether the session is alive at this instant.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// The expiry to write down after a use at this instant, or `None` while the one written down is near enough.
    pub fn extension(&self, now: Timestamp) -> Option<Timestamp> {
        let wanted = now.plus_millis(IDLE_LIFETIME_MILLIS);
        (wanted.millis_since(self.expires_at) >= EXTENSION_GRAIN_MILLIS).then_some(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_slides_with_use_and_ends_when_idle() {
        let begun = Timestamp::from_millis(0);
        let session = OpsSession::begin(TokenDigest::of("t"), "admin".parse().unwrap(), begun);
        assert!(session.is_alive(Timestamp::from_millis(IDLE_LIFETIME_MILLIS - 1)));
        assert!(!session.is_alive(Timestamp::from_millis(IDLE_LIFETIME_MILLIS)));
        assert_eq!(session.extension(Timestamp::from_millis(29_999)), None);
        let used = Timestamp::from_millis(30_000);
        assert_eq!(
            session.extension(used),
            Some(used.plus_millis(IDLE_LIFETIME_MILLIS))
        );
    }
}
