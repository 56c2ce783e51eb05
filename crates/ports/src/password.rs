//! Password hashing.

use async_trait::async_trait;
use breakglass_domain::{PasswordHash, Secret};

use crate::CryptoError;

/// Hashes and checks passwords, slowly on purpose.
///
/// # Contract
/// 1. `verify` of a password against its own hash is true, of any other password false.
/// 2. `verify` against no hash at all is false and costs what a check against a hash costs, so that nobody can tell by
///    the time which accounts exist.
/// 3. Few hashes are computed at once, and none on a thread that answers requests.
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a password.
    ///
    /// # Errors
    /// When randomness fails.
    async fn hash(&self, password: &Secret) -> Result<PasswordHash, CryptoError>;

    /// Whether this is the password under the hash.
    ///
    /// # Errors
    /// When the hash is not one that this hasher understands.
    async fn verify(
        &self,
        password: &Secret,
        hash: Option<&PasswordHash>,
    ) -> Result<bool, CryptoError>;
}
