//! A store that fails when told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use breakglass_domain::{RealmId, Timestamp, TokenDigest};
use breakglass_ports::{ReadView, Store, StoreError, UnitOfWork};

/// A store in front of another that, while told to, takes no writes.
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    refuses_writes: AtomicBool,
}

impl FaultyStore {
    /// A store that works until told otherwise.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self {
            inner,
            refuses_writes: AtomicBool::new(false),
        }
    }

    /// Lets every write fail from now on, or work again.
    pub fn refuse_writes(&self, refuse: bool) {
        self.refuses_writes.store(refuse, Ordering::SeqCst);
    }

    fn allow(&self) -> Result<(), StoreError> {
        if self.refuses_writes.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable {
                reason: "told to fail".to_owned(),
            });
        }
        Ok(())
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn read(&self) -> Result<Box<dyn ReadView>, StoreError> {
        self.inner.read().await
    }

    async fn check(&self) -> Result<Box<dyn ReadView>, StoreError> {
        self.inner.check().await
    }

    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        self.allow()?;
        self.inner.begin().await
    }

    async fn begin_use(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        self.allow()?;
        self.inner.begin_use().await
    }

    async fn extend_session(
        &self,
        digest: &TokenDigest,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.allow()?;
        self.inner.extend_session(digest, expires_at).await
    }

    async fn use_assertion(
        &self,
        realm_id: RealmId,
        digest: &TokenDigest,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.allow()?;
        self.inner.use_assertion(realm_id, digest, expires_at).await
    }

    async fn prune(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.allow()?;
        self.inner.prune(now).await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
