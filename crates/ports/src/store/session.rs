//! OpsToken sessions.

use async_trait::async_trait;
use breakglass_domain::{
    BrokerId, OpsSession, SessionGrant, SessionGrantId, TokenDigest, Username,
};

use crate::StoreError;

/// Reads sessions.
///
/// # Contract
/// 1. `find_session` gives a session as it was written, also when its time is over, and `None` for an unknown digest.
/// 2. `find_session_grant` gives a grant as it was written, and `None` for an unknown id; `find_session_grant_of` gives that of the
///    session and the broker, and of no other.
#[async_trait]
pub trait ReadSessions: Send {
    /// The session of this digest.
    async fn find_session(
        &mut self,
        digest: &TokenDigest,
    ) -> Result<Option<OpsSession>, StoreError>;

    /// The grant of this id.
    async fn find_session_grant(
        &mut self,
        id: SessionGrantId,
    ) -> Result<Option<SessionGrant>, StoreError>;

    /// What a broker gave out for a session.
    async fn find_session_grant_of(
        &mut self,
        digest: &TokenDigest,
        broker_id: BrokerId,
    ) -> Result<Option<SessionGrant>, StoreError>;
}

/// Writes sessions.
///
/// # Contract
/// 3. `insert_session` fails with [`StoreError::Conflict`] when the digest is taken.
/// 4. `delete_session` says whether there was one.
/// 5. `delete_sessions_of` deletes every session of the account and of no other, and says how many.
/// 6. `put_session_grant` adds a grant, or moves the end of the one of this id on, never back. It fails with
///    [`StoreError::Conflict`] when the session has another grant of the broker.
/// 7. A session that is gone, whichever way it went, takes its grants along: their places are recalled, and the epoch of the
///    status list is raised. Grants of other sessions stay.
#[async_trait]
pub trait WriteSessions: Send {
    /// Adds a session.
    async fn insert_session(&mut self, session: &OpsSession) -> Result<(), StoreError>;

    /// Adds what a broker gave out for a session, or moves its end on.
    async fn put_session_grant(&mut self, grant: &SessionGrant) -> Result<(), StoreError>;

    /// Ends a session.
    async fn delete_session(&mut self, digest: &TokenDigest) -> Result<bool, StoreError>;

    /// Ends every session of an account.
    async fn delete_sessions_of(&mut self, username: &Username) -> Result<u64, StoreError>;
}
