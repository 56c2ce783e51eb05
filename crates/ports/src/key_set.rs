//! Where the keys come from that other issuers publish.

use async_trait::async_trait;

/// Fetches documents with keys (RFC 7517).
///
/// # Contract
/// 1. It sends no credentials and follows no redirect.
/// 2. What does not come whole within a few seconds, or is longer than a few hundred kilobytes, is a failure.
/// 3. Calls for one address while one is under way share its answer.
#[async_trait]
pub trait KeySetSource: Send + Sync {
    /// The document at an `https` or `http` URL.
    ///
    /// # Errors
    /// A text for the log that says why there is none.
    async fn fetch(&self, url: &str) -> Result<Vec<u8>, String>;
}
