//! A place for checkpoints that whoever can write the store cannot write.

use async_trait::async_trait;
use breakglass_domain::audit::SignedCheckpoint;

/// Keeps signed checkpoints away from the store.
///
/// # Contract
/// 1. A checkpoint is appended after those before it; nothing is ever replaced.
#[async_trait]
pub trait CheckpointAnchor: Send + Sync {
    /// Appends a checkpoint.
    ///
    /// # Errors
    /// A text for the log that says why the place could not be written.
    async fn append(&self, checkpoint: &SignedCheckpoint) -> Result<(), String>;
}
