//! The installation.

use async_trait::async_trait;
use breakglass_domain::Installation;

use crate::StoreError;

/// Reads the installation.
///
/// # Contract
/// 1. `find_installation` gives `None` until one was written.
#[async_trait]
pub trait ReadInstallation: Send {
    /// The installation of this store.
    async fn find_installation(&mut self) -> Result<Option<Installation>, StoreError>;
}

/// Writes the installation.
///
/// # Contract
/// 2. `insert_installation` fails with [`StoreError::Conflict`] when there is one.
/// 3. `update_installation` keeps every field, and fails with [`StoreError::Missing`] when there is none.
#[async_trait]
pub trait WriteInstallation: Send {
    /// Makes this store the installation's.
    async fn insert_installation(&mut self, installation: &Installation) -> Result<(), StoreError>;

    /// Replaces the installation.
    async fn update_installation(&mut self, installation: &Installation) -> Result<(), StoreError>;
}
