//! OpsToken sessions.

use async_trait::async_trait;
use breakglass_domain::{
    BrokerId, OpsSession, SessionGrant, SessionGrantId, Timestamp, TokenDigest, Username,
};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadSessions, WriteSessions};
use futures_util::FutureExt;

use crate::column::{Key, Place, number};
use crate::lease::Lease;
use crate::memory::Question;
use crate::view::{Loan, View};

struct SessionRow {
    digest: Vec<u8>,
    username: String,
    created_at: i64,
    expires_at: i64,
}

impl TryFrom<SessionRow> for OpsSession {
    type Error = StoreError;

    fn try_from(row: SessionRow) -> Result<Self, StoreError> {
        // The digest has no place in an error; the name tells whose session it is.
        let place = Place::new("sessions", Key::Text(&row.username));
        Ok(Self {
            digest: place.digest("digest", &row.digest)?,
            username: place.parse("username", &row.username)?,
            created_at: Timestamp::from_millis(row.created_at),
            expires_at: Timestamp::from_millis(row.expires_at),
        })
    }
}

struct SessionGrantRow {
    id: Vec<u8>,
    session_digest: Vec<u8>,
    broker_id: Vec<u8>,
    status_index: i64,
    expires_at: i64,
}

impl TryFrom<SessionGrantRow> for SessionGrant {
    type Error = StoreError;

    fn try_from(row: SessionGrantRow) -> Result<Self, StoreError> {
        let place = Place::new("session_grants", Key::Bytes(&row.id));
        Ok(Self {
            id: SessionGrantId::from_bytes(place.bytes("id", &row.id)?),
            session_digest: place.digest("session_digest", &row.session_digest)?,
            broker_id: BrokerId::from_bytes(place.bytes("broker_id", &row.broker_id)?),
            status_index: place.count("status_index", row.status_index)?,
            expires_at: Timestamp::from_millis(row.expires_at),
        })
    }
}

#[async_trait]
impl<C: Loan> ReadSessions for View<C> {
    async fn find_session(
        &mut self,
        digest: &TokenDigest,
    ) -> Result<Option<OpsSession>, StoreError> {
        let question = Question::Session(*digest);
        if let Some(kept) = self.recall(&question) {
            return Ok(kept);
        }
        let counts = self.counts();
        let digest = digest.as_bytes().as_slice();
        let row = sqlx::query_as!(
            SessionRow,
            "SELECT digest, username, created_at, expires_at FROM sessions WHERE digest = ?",
            digest,
        )
        .fetch_optional(self.connection().await?)
        .boxed()
        .await;
        let answer: Option<OpsSession> = self.settle(row)?.map(OpsSession::try_from).transpose()?;
        if answer.is_some() {
            self.keep_in_mind(counts, question, &answer);
        }
        Ok(answer)
    }

    async fn find_session_grant(
        &mut self,
        id: SessionGrantId,
    ) -> Result<Option<SessionGrant>, StoreError> {
        let question = Question::SessionGrant(id);
        if let Some(kept) = self.recall(&question) {
            return Ok(kept);
        }
        let counts = self.counts();
        let id = id.as_bytes().as_slice();
        let row = sqlx::query_as!(
            SessionGrantRow,
            "SELECT id, session_digest, broker_id, status_index, expires_at FROM session_grants WHERE id = ?",
            id,
        )
        .fetch_optional(self.connection().await?)
        .boxed()
        .await;
        let answer: Option<SessionGrant> =
            self.settle(row)?.map(SessionGrant::try_from).transpose()?;
        if answer.is_some() {
            self.keep_in_mind(counts, question, &answer);
        }
        Ok(answer)
    }

    async fn find_session_grant_of(
        &mut self,
        digest: &TokenDigest,
        broker_id: BrokerId,
    ) -> Result<Option<SessionGrant>, StoreError> {
        let digest = digest.as_bytes().as_slice();
        let broker_id = broker_id.as_bytes().as_slice();
        let row = sqlx::query_as!(
            SessionGrantRow,
            "SELECT id, session_digest, broker_id, status_index, expires_at FROM session_grants
             WHERE session_digest = ? AND broker_id = ?",
            digest,
            broker_id,
        )
        .fetch_optional(self.connection().await?)
        .await;
        self.settle(row)?.map(SessionGrant::try_from).transpose()
    }
}

#[async_trait]
impl WriteSessions for View<Lease> {
    async fn insert_session(&mut self, session: &OpsSession) -> Result<(), StoreError> {
        let digest = session.digest.as_bytes().as_slice();
        let username = session.username.as_str();
        let created_at = session.created_at.millis();
        let expires_at = session.expires_at.millis();
        let done = sqlx::query!(
            "INSERT INTO sessions (digest, username, created_at, expires_at) VALUES (?, ?, ?, ?)",
            digest,
            username,
            created_at,
            expires_at,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done).map(|_| ())
    }

    async fn put_session_grant(&mut self, grant: &SessionGrant) -> Result<(), StoreError> {
        let id = grant.id.as_bytes().as_slice();
        let digest = grant.session_digest.as_bytes().as_slice();
        let broker_id = grant.broker_id.as_bytes().as_slice();
        let status_index = number(grant.status_index)?;
        let expires_at = grant.expires_at.millis();
        let done = sqlx::query!(
            "INSERT INTO session_grants (id, session_digest, broker_id, status_index, expires_at)
             VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET expires_at = max(expires_at, excluded.expires_at)",
            id,
            digest,
            broker_id,
            status_index,
            expires_at,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done).map(|_| ())
    }

    async fn delete_session(&mut self, digest: &TokenDigest) -> Result<bool, StoreError> {
        let digest = digest.as_bytes().as_slice();
        let done = sqlx::query!("DELETE FROM sessions WHERE digest = ?", digest)
            .execute(self.changing().await?)
            .await;
        Ok(self.settle(done)?.rows_affected() > 0)
    }

    async fn delete_sessions_of(&mut self, username: &Username) -> Result<u64, StoreError> {
        let username = username.as_str();
        let done = sqlx::query!("DELETE FROM sessions WHERE username = ?", username)
            .execute(self.changing().await?)
            .await;
        Ok(self.settle(done)?.rows_affected())
    }
}

impl View<Lease> {
    /// Lets a session end at this instant unless it ends later anyway.
    pub(crate) async fn extend_session(
        &mut self,
        digest: &TokenDigest,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let digest = digest.as_bytes().as_slice();
        let expires_at = expires_at.millis();
        let done = sqlx::query!(
            "UPDATE sessions SET expires_at = max(expires_at, ?) WHERE digest = ?",
            expires_at,
            digest,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done).map(|_| ())
    }

    /// Forgets the sessions that are over, and says how many.
    pub(crate) async fn prune_sessions(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let now = now.millis();
        let done = sqlx::query!("DELETE FROM sessions WHERE expires_at <= ?", now)
            .execute(self.changing().await?)
            .await;
        Ok(self.settle(done)?.rows_affected())
    }
}
