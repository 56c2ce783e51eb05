//! Somebody who holds a key that tokens are bound to.

use std::sync::atomic::{AtomicU64, Ordering};

use breakglass_domain::{DpopRequest, Secret, Thumbprint, Timestamp};
use breakglass_tokens::HolderKey;

/// Somebody who holds a key that tokens are bound to, and never makes the same proof twice.
#[derive(Debug)]
pub struct KeyHolder {
    key: HolderKey,
    proofs: AtomicU64,
}

impl KeyHolder {
    /// Somebody with a new key.
    #[expect(clippy::new_without_default, reason = "no two of them are the same")]
    pub fn new() -> Self {
        Self {
            key: HolderKey::generate().expect("a key"),
            proofs: AtomicU64::new(0),
        }
    }

    /// The thumbprint of the key.
    pub fn thumbprint(&self) -> Thumbprint {
        self.key.thumbprint().expect("a thumbprint")
    }

    /// A proof for a request, made at this instant.
    pub fn prove(&self, request: DpopRequest<'_>, nonce: Option<&str>, now: Timestamp) -> Secret {
        let id = self.proofs.fetch_add(1, Ordering::Relaxed).to_string();
        self.key
            .prove(request, nonce, &id, now)
            .expect("a signature")
    }
}
