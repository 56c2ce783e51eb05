//! The fleet-wide IAM settings.

use async_trait::async_trait;
use breakglass_domain::IamSettings;

use crate::StoreError;

/// Reads the settings.
///
/// # Contract
/// 1. `find_settings` gives the defaults until others were written.
#[async_trait]
pub trait ReadSettings: Send {
    /// The settings.
    async fn find_settings(&mut self) -> Result<IamSettings, StoreError>;
}

/// Writes the settings.
///
/// # Contract
/// 2. `update_settings` keeps every field.
#[async_trait]
pub trait WriteSettings: Send {
    /// Replaces the settings.
    async fn update_settings(&mut self, settings: &IamSettings) -> Result<(), StoreError>;
}
