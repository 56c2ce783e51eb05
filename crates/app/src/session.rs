//! OpsToken sessions of local accounts.

use std::fmt;

use breakglass_domain::audit::{AuditAction, AuditTarget, TargetKind};
use breakglass_domain::{
    OpsSession, Principal, Privilege, Secret, Timestamp, TokenDigest, ValidationReport,
};

use crate::app::App;
use crate::caller::{Caller, Origin};
use crate::error::Error;

/// A session that was just begun.
#[derive(Clone, Debug)]
pub struct AcquiredSession {
    /// The session token, shown this once.
    pub token: Secret,
    /// When it ends unless it is used before.
    pub expires_at: Timestamp,
    /// What the account may do.
    pub privileges: Vec<Privilege>,
}

impl App {
    /// Begins a session for the password of a local account.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for a wrong name or password, [`Error::RateLimited`] after too many of them.
    pub async fn acquire_session(
        &self,
        username: &str,
        password: &Secret,
        origin: &Origin,
    ) -> Result<AcquiredSession, Error> {
        let account = self
            .check_password(username, password, origin, "acquireToken")
            .await?;
        let token = Secret::new(self.random_ops_token()?);
        let now = self.now();
        let digest = TokenDigest::of(token.expose());
        let session = OpsSession::begin(digest, account.username.clone(), now);
        let caller = Caller::without_session(account.principal(), origin.clone());
        let mut unit = self.ports.store.begin().await?;
        unit.insert_session(&session).await?;
        let target = AuditTarget::new(TargetKind::Account, &account.username);
        let event = caller.event(AuditAction::SessionAcquired, target, now);
        self.commit(unit, event).await?;
        Ok(AcquiredSession {
            token,
            expires_at: session.expires_at,
            privileges: account.privileges,
        })
    }

    /// Ends the session that the caller came with.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the caller came without one.
    pub async fn release_session(&self, caller: &Caller) -> Result<(), Error> {
        let (Some(digest), Principal::Account { username, .. }) =
            (&caller.session, &caller.principal)
        else {
            let report =
                ValidationReport::of("Authorization", "must hold the OpsToken to be released");
            return Err(Error::Invalid(report));
        };
        let mut unit = self.ports.store.begin().await?;
        unit.delete_session(digest).await?;
        let target = AuditTarget::new(TargetKind::Account, username);
        let event = caller.event(AuditAction::SessionReleased, target, self.now());
        self.commit(unit, event).await
    }

    /// Two random UUIDs with `::` between them, the form of the contract: 244 random bits.
    fn random_ops_token(&self) -> Result<String, Error> {
        Ok(format!(
            "{}::{}",
            Uuid(self.random()?),
            Uuid(self.random()?)
        ))
    }
}

/// A version 4 UUID (RFC 9562, section 5.4) that identifies nothing: half of a session token.
struct Uuid([u8; 16]);

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        breakglass_domain::TokenId::from_random(self.0).fmt(f)
    }
}
