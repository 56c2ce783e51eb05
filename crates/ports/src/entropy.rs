//! Randomness.

use crate::CryptoError;

/// A source of random bytes that nobody can predict.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    ///
    /// # Errors
    /// When the source fails; the buffer must then not be used.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), CryptoError>;
}
