//! The fleet-wide IAM settings.

use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::timestamp::Minutes;
use crate::validation::{FieldFailure, ValidationReport, failures_of};

/// The longest life of an access token, whatever the settings: the most that their `accessTokenTtl` can be.
pub const LONGEST_ACCESS_TOKEN: Minutes = Minutes::new(480);

/// The settings as they were asked for: the whole object, from outside.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, Validate)]
#[serde(default, rename_all = "camelCase")]
pub struct IamSettingsDraft {
    /// Ceiling of an access token's lifetime in minutes, 30 to 480.
    #[validate(required(message = "is required"))]
    #[validate(range(min = 30, max = 480, message = "must be 30 to 480 minutes"))]
    pub access_token_ttl: Option<u32>,
    /// Whether a group of all users exists.
    #[validate(required(message = "is required"))]
    pub all_users_group_enabled: Option<bool>,
    /// How long an expired API token stays listed, in minutes, 43200 to 129600.
    #[validate(required(message = "is required"))]
    #[validate(range(
        min = 43_200,
        max = 129_600,
        message = "must be 43200 to 129600 minutes"
    ))]
    pub api_token_retention_period: Option<u32>,
    /// Ceiling of an API token's lifetime in minutes, 43200 to 259200.
    #[validate(required(message = "is required"))]
    #[validate(range(
        min = 43_200,
        max = 259_200,
        message = "must be 43200 to 259200 minutes"
    ))]
    pub api_token_ttl: Option<u32>,
    /// Whether users made on their first login end when they stay away.
    #[validate(required(message = "is required"))]
    pub jit_inactive_user_enabled: Option<bool>,
    /// After how long away, in minutes, 10080 to 259200; 0 or absent while that is disabled.
    pub jit_inactive_user_ttl: Option<u32>,
}

/// Settings that keep every bound.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct IamSettings {
    access_token_ttl: Minutes,
    all_users_group_enabled: bool,
    api_token_retention_period: Minutes,
    api_token_ttl: Minutes,
    jit_inactive_user_ttl: Option<Minutes>,
}

impl Default for IamSettings {
    /// The contract's defaults.
    fn default() -> Self {
        Self {
            access_token_ttl: LONGEST_ACCESS_TOKEN,
            all_users_group_enabled: false,
            api_token_retention_period: Minutes::new(43_200),
            api_token_ttl: Minutes::new(43_200),
            jit_inactive_user_ttl: None,
        }
    }
}

impl IamSettings {
    /// Ceiling of an access token's lifetime.
    pub fn access_token_ttl(&self) -> Minutes {
        self.access_token_ttl
    }

    /// Whether a group of all users exists.
    pub fn all_users_group_enabled(&self) -> bool {
        self.all_users_group_enabled
    }

    /// How long an expired API token stays listed.
    pub fn api_token_retention_period(&self) -> Minutes {
        self.api_token_retention_period
    }

    /// Ceiling of an API token's lifetime.
    pub fn api_token_ttl(&self) -> Minutes {
        self.api_token_ttl
    }

    /// After how long away a user made on their first login ends; `None` while that is disabled.
    pub fn jit_inactive_user_ttl(&self) -> Option<Minutes> {
        self.jit_inactive_user_ttl
    }
}

impl IamSettingsDraft {
    /// Accepts the draft when every field keeps its bounds.
    ///
    /// # Errors
    /// A report of every faulty field.
    pub fn accept(self) -> Result<IamSettings, ValidationReport> {
        let mut failures = self
            .validate()
            .err()
            .map(|errors| failures_of(&errors))
            .unwrap_or_default();
        let jit = self.accept_jit(&mut failures);
        if let Some(report) = ValidationReport::from_failures(failures) {
            return Err(report);
        }
        let defaults = IamSettings::default();
        Ok(IamSettings {
            access_token_ttl: self
                .access_token_ttl
                .map_or(defaults.access_token_ttl, Minutes::new),
            all_users_group_enabled: self.all_users_group_enabled.unwrap_or_default(),
            api_token_retention_period: self
                .api_token_retention_period
                .map_or(defaults.api_token_retention_period, Minutes::new),
            api_token_ttl: self
                .api_token_ttl
                .map_or(defaults.api_token_ttl, Minutes::new),
            jit_inactive_user_ttl: jit,
        })
    }

    fn accept_jit(&self, failures: &mut Vec<FieldFailure>) -> Option<Minutes> {
        /// The contract's default.
        const DEFAULT: u32 = 43_200;
        let enabled = self.jit_inactive_user_enabled == Some(true);
        let ttl = self
            .jit_inactive_user_ttl
            .unwrap_or(if enabled { DEFAULT } else { 0 });
        let within = (10_080..=259_200).contains(&ttl);
        if !within && (enabled || ttl != 0) {
            let message = "must be 10080 to 259200 minutes, or 0 while disabled";
            failures.push(FieldFailure::new("jitInactiveUserTtl", message));
        }
        (enabled && within).then_some(Minutes::new(ttl))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> IamSettingsDraft {
        IamSettingsDraft {
            access_token_ttl: Some(480),
            all_users_group_enabled: Some(false),
            api_token_retention_period: Some(43_200),
            api_token_ttl: Some(43_200),
            jit_inactive_user_enabled: Some(false),
            jit_inactive_user_ttl: Some(10_080),
        }
    }

    #[test]
    fn the_contracts_own_example_is_accepted() {
        assert_eq!(draft().accept().unwrap(), IamSettings::default());
    }

    #[test]
    fn each_bound_is_kept_and_each_faulty_field_named() {
        let faulty = IamSettingsDraft {
            access_token_ttl: Some(29),
            api_token_retention_period: Some(129_601),
            api_token_ttl: None,
            jit_inactive_user_enabled: Some(true),
            jit_inactive_user_ttl: Some(1),
            ..draft()
        };
        let report = faulty.accept().unwrap_err();
        let paths: Vec<_> = report
            .failures()
            .iter()
            .map(|failure| failure.path.as_str())
            .collect();
        assert_eq!(
            paths,
            [
                "accessTokenTtl",
                "apiTokenRetentionPeriod",
                "apiTokenTtl",
                "jitInactiveUserTtl"
            ]
        );
    }
}
