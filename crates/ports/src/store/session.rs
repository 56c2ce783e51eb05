//! OpsToken sessions.

use async_trait::async_trait;
use breakglass_domain::{OpsSession, TokenDigest, Username};

use crate::StoreError;

/// Reads sessions.
///
/// # Contract
/// 1. `find_session` gives a session as it was written, also when its time is over, and `None` for an unknown digest.
#[async_trait]
pub trait ReadSessions: Send {
    /// The session of this digest.
    async fn find_session(
        &mut self,
        digest: &TokenDigest,
    ) -> Result<Option<OpsSession>, StoreError>;
}

/// Writes sessions.
///
/// # Contract
/// 2. `insert_session` fails with [`StoreError::Conflict`] when the digest is taken.
/// 3. `delete_session` says whether there was one.
/// 4. `delete_sessions_of` deletes every session of the account and of no other, and says how many.
#[async_trait]
pub trait WriteSessions: Send {
    /// Adds a session.
    async fn insert_session(&mut self, session: &OpsSession) -> Result<(), StoreError>;

    /// Ends a session.
    async fn delete_session(&mut self, digest: &TokenDigest) -> Result<bool, StoreError>;

    /// Ends every session of an account.
    async fn delete_sessions_of(&mut self, username: &Username) -> Result<u64, StoreError>;
}
