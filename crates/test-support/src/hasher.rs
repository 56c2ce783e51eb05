//! A password hasher that counts.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use breakglass_domain::{PasswordHash, Secret, TokenDigest};
use breakglass_ports::{CryptoError, PasswordHasher};

/// A hasher for tests that count hashes or cannot wait for slow ones. Its hash is a digest: never for real passwords.
#[derive(Debug, Default)]
pub struct CountingHasher(AtomicU64);

impl CountingHasher {
    /// How many hashes were computed.
    pub fn hashes(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn digest(&self, password: &Secret) -> String {
        self.0.fetch_add(1, Ordering::SeqCst);
        let digest = *TokenDigest::of(password.expose()).as_bytes();
        format!("{:032x}", u128::from_be_bytes(first_half(digest)))
    }
}

fn first_half(digest: [u8; 32]) -> [u8; 16] {
    std::array::from_fn(|place| digest.get(place).copied().unwrap_or_default())
}

#[async_trait]
impl PasswordHasher for CountingHasher {
    async fn hash(&self, password: &Secret) -> Result<PasswordHash, CryptoError> {
        Ok(PasswordHash::new(self.digest(password)))
    }

    async fn verify(
        &self,
        password: &Secret,
        hash: Option<&PasswordHash>,
    ) -> Result<bool, CryptoError> {
        let digest = self.digest(password);
        Ok(hash.is_some_and(|hash| hash.as_str() == digest))
    }
}
