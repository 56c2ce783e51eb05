//! Local accounts.

use breakglass_domain::account::accept_password;
use breakglass_domain::audit::{AuditAction, AuditTarget, TargetKind};
use breakglass_domain::{Account, Privilege, Secret, Username};

use crate::app::App;
use crate::caller::Caller;
use crate::error::{Error, Resource};

impl App {
    /// Sets the password of a local account and ends its sessions.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for callers of one realm: accounts belong to the whole installation, so that a realm's
    /// emergency client could otherwise step into every other realm. [`Error::Invalid`] for a password that is too short or too long.
    pub async fn set_password(
        &self,
        caller: &Caller,
        username: &str,
        password: &Secret,
    ) -> Result<(), Error> {
        caller.require(Privilege::Manage)?;
        caller.require_everywhere()?;
        accept_password(password).map_err(Error::Invalid)?;
        let username: Username = username
            .parse()
            .map_err(|_| Error::NotFound(Resource::Account))?;
        let password_hash = self.ports.hasher.hash(password).await?;
        let now = self.now();
        let mut unit = self.ports.store.begin().await?;
        let account = unit
            .find_account(&username)
            .await?
            .ok_or(Error::NotFound(Resource::Account))?;
        unit.update_account(&Account {
            password_hash,
            password_set_at: now,
            ..account
        })
        .await?;
        let ended = unit.delete_sessions_of(&username).await?;
        let target = AuditTarget::new(TargetKind::Account, &username);
        let event = caller
            .event(AuditAction::AccountPasswordSet, target, now)
            .with("sessions_ended", ended.to_string());
        self.commit(unit, event).await
    }
}
