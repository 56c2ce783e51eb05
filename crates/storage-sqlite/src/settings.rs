//! The fleet-wide IAM settings: a table of one row.

use async_trait::async_trait;
use breakglass_domain::{IamSettings, IamSettingsDraft, Minutes, ValidationReport};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadSettings, WriteSettings};

use crate::column::{Key, Place};
use crate::lease::Lease;
use crate::memory::Question;
use crate::view::{Loan, View};

struct SettingsRow {
    access_token_ttl: i64,
    all_users_group_enabled: bool,
    api_token_retention_period: i64,
    api_token_ttl: i64,
    jit_inactive_user_ttl: Option<i64>,
}

impl TryFrom<SettingsRow> for IamSettings {
    type Error = StoreError;

    fn try_from(row: SettingsRow) -> Result<Self, StoreError> {
        let place = Place::new("settings", Key::Number(1));
        let draft = IamSettingsDraft {
            access_token_ttl: u32::try_from(row.access_token_ttl).ok(),
            all_users_group_enabled: Some(row.all_users_group_enabled),
            api_token_retention_period: u32::try_from(row.api_token_retention_period).ok(),
            api_token_ttl: u32::try_from(row.api_token_ttl).ok(),
            jit_inactive_user_enabled: Some(row.jit_inactive_user_ttl.is_some()),
            // What is no number of minutes is no accepted one either: zero is refused while it is enabled.
            jit_inactive_user_ttl: row
                .jit_inactive_user_ttl
                .map(|ttl| u32::try_from(ttl).unwrap_or_default()),
        };
        draft
            .accept()
            .map_err(|report| place.corrupt(column(&report)))
    }
}

#[async_trait]
impl<C: Loan> ReadSettings for View<C> {
    async fn find_settings(&mut self) -> Result<IamSettings, StoreError> {
        if let Some(kept) = self.recall(&Question::Settings) {
            return Ok(kept);
        }
        let counts = self.counts();
        let row = sqlx::query_as!(
            SettingsRow,
            r#"SELECT access_token_ttl, all_users_group_enabled AS "all_users_group_enabled: bool",
               api_token_retention_period, api_token_ttl, jit_inactive_user_ttl FROM settings"#,
        )
        .fetch_optional(self.connection().await?)
        .await;
        let answer = self
            .settle(row)?
            .map_or_else(|| Ok(IamSettings::default()), IamSettings::try_from)?;
        self.keep_in_mind(counts, Question::Settings, &answer);
        Ok(answer)
    }
}

#[async_trait]
impl WriteSettings for View<Lease> {
    async fn update_settings(&mut self, settings: &IamSettings) -> Result<(), StoreError> {
        let access_token_ttl = settings.access_token_ttl().get();
        let all_users_group_enabled = settings.all_users_group_enabled();
        let api_token_retention_period = settings.api_token_retention_period().get();
        let api_token_ttl = settings.api_token_ttl().get();
        let jit_inactive_user_ttl = settings.jit_inactive_user_ttl().map(Minutes::get);
        let done = sqlx::query!(
            "INSERT OR REPLACE INTO settings
             (singleton, access_token_ttl, all_users_group_enabled, api_token_retention_period,
             api_token_ttl, jit_inactive_user_ttl) VALUES (1, ?, ?, ?, ?, ?)",
            access_token_ttl,
            all_users_group_enabled,
            api_token_retention_period,
            api_token_ttl,
            jit_inactive_user_ttl,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done).map(|_| ())
    }
}

/// The column behind the first field that the report names.
fn column(report: &ValidationReport) -> &'static str {
    match report
        .failures()
        .first()
        .map(|failure| failure.path.as_str())
    {
        Some("accessTokenTtl") => "access_token_ttl",
        Some("apiTokenRetentionPeriod") => "api_token_retention_period",
        Some("apiTokenTtl") => "api_token_ttl",
        _ => "jit_inactive_user_ttl",
    }
}
