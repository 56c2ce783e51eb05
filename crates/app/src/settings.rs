//! The fleet-wide IAM settings.

use breakglass_domain::audit::{AuditAction, AuditTarget, TargetKind};
use breakglass_domain::{IamSettings, IamSettingsDraft, Privilege};

use crate::app::App;
use crate::caller::Caller;
use crate::error::Error;

impl App {
    /// The settings.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the view privilege.
    pub async fn get_settings(&self, caller: &Caller) -> Result<IamSettings, Error> {
        caller.require(Privilege::View)?;
        Ok(self.ports.store.read().await?.find_settings().await?)
    }

    /// Replaces the settings as a whole.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every faulty field.
    pub async fn update_settings(
        &self,
        caller: &Caller,
        draft: IamSettingsDraft,
    ) -> Result<IamSettings, Error> {
        caller.require(Privilege::Manage)?;
        let settings = draft.accept().map_err(Error::Invalid)?;
        let mut unit = self.ports.store.begin().await?;
        let before = unit.find_settings().await?;
        unit.update_settings(&settings).await?;
        let target = AuditTarget::new(TargetKind::Settings, &"iam");
        let mut event = caller.event(AuditAction::SettingsUpdated, target, self.now());
        for ((name, from), (_, to)) in values(&before).into_iter().zip(values(&settings)) {
            if from != to {
                event = event.with(name, format!("{from} -> {to}"));
            }
        }
        self.commit(unit, event).await?;
        Ok(settings)
    }
}

/// Every setting by its name in the contract.
fn values(settings: &IamSettings) -> [(&'static str, String); 5] {
    let jit = settings
        .jit_inactive_user_ttl()
        .map_or_else(|| "disabled".to_owned(), |ttl| ttl.to_string());
    [
        ("accessTokenTtl", settings.access_token_ttl().to_string()),
        (
            "allUsersGroupEnabled",
            settings.all_users_group_enabled().to_string(),
        ),
        (
            "apiTokenRetentionPeriod",
            settings.api_token_retention_period().to_string(),
        ),
        ("apiTokenTtl", settings.api_token_ttl().to_string()),
        ("jitInactiveUserTtl", jit),
    ]
}
