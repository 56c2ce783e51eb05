//! What a client proves itself with at the token endpoint.

use crate::id::{ClientSecretId, PrincipalId, RealmId};
use crate::secret::TokenDigest;
use crate::timestamp::{Minutes, Timestamp};
use crate::validation::ValidationReport;

/// The longest that an old secret may be kept beside the new one, in minutes (7 days), as the vendor's broker has it.
pub const MAX_OVERLAP: Minutes = Minutes::new(10_080);

/// A secret of a client (RFC 6749, section 2.3.1). The secret itself is kept nowhere.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientSecret {
    /// The realm of the client.
    pub realm_id: RealmId,
    /// The client.
    pub principal_id: PrincipalId,
    /// Its id.
    pub id: ClientSecretId,
    /// The digest of the exact secret.
    pub digest: TokenDigest,
    /// The place of its access tokens in the issuer's status list.
    pub status_index: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// The first instant at which it is dead, once another took its place.
    pub expires_at: Option<Timestamp>,
    /// When an access token was last issued for it.
    pub last_used_at: Option<Timestamp>,
}

impl ClientSecret {
    /// Whether it opens doors at this instant.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// The same secret, which another takes the place of: it lives for the overlap, and never longer than it would have.
    #[must_use]
    pub fn superseded(self, overlap: Minutes, now: Timestamp) -> Self {
        let end = now.plus(overlap);
        let expires_at = Some(self.expires_at.map_or(end, |earlier| earlier.min(end)));
        Self { expires_at, ..self }
    }
}

/// How long an old secret should stay valid beside the new one, in minutes, as it came from outside.
///
/// # Errors
/// A report on `overlapMinutes` when it is negative or more than [`MAX_OVERLAP`].
pub fn accept_overlap(minutes: Option<i64>) -> Result<Minutes, ValidationReport> {
    let accepted = u32::try_from(minutes.unwrap_or_default())
        .ok()
        .map(Minutes::new)
        .filter(|minutes| *minutes <= MAX_OVERLAP);
    accepted.ok_or_else(|| {
        ValidationReport::of(
            "overlapMinutes",
            format!("must be 0 to {MAX_OVERLAP} minutes"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> ClientSecret {
        ClientSecret {
            realm_id: RealmId::from_random([1; 16]),
            principal_id: PrincipalId::from_random([2; 16]),
            id: ClientSecretId::from_random([3; 16]),
            digest: TokenDigest::of("s"),
            status_index: 0,
            created_at: Timestamp::from_millis(0),
            expires_at: None,
            last_used_at: None,
        }
    }

    #[test]
    fn a_superseded_secret_lives_for_the_overlap_and_is_never_prolonged() {
        let now = Timestamp::from_millis(0);
        let old = secret().superseded(Minutes::new(1), now);
        assert!(old.is_alive(Timestamp::from_millis(59_999)));
        assert!(!old.is_alive(Timestamp::from_millis(60_000)));
        let again = old.clone().superseded(Minutes::new(9), now);
        assert_eq!(again.expires_at, old.expires_at);
        assert!(!secret().superseded(Minutes::new(0), now).is_alive(now));
    }

    #[test]
    fn an_overlap_has_bounds() {
        assert_eq!(accept_overlap(None), Ok(Minutes::new(0)));
        assert_eq!(accept_overlap(Some(10_080)), Ok(MAX_OVERLAP));
        assert!(accept_overlap(Some(10_081)).is_err() && accept_overlap(Some(-1)).is_err());
    }
}
