//! How the suite comes by a store, and the steps that every case takes.

use std::sync::Arc;

use breakglass_domain::audit::{AuditRecord, ChainVerifier, Checkpoint};
use breakglass_ports::store::{AuditFilter, AuditOrder};
use breakglass_ports::{ReadView, Store, UnitOfWork};

use crate::samples;

/// A store to be tested, empty and made anew for each case.
pub trait Harness: Send + Sized + Sync {
    /// An empty store.
    fn fresh() -> impl Future<Output = Self> + Send;

    /// The store.
    fn store(&self) -> Arc<dyn Store>;

    /// Another handle on the same data, as another process would have.
    fn another(&self) -> impl Future<Output = Arc<dyn Store>> + Send;

    /// Makes the audit record of this sequence unreadable, behind the back of the store.
    fn spoil_audit_record(&self, sequence: u64) -> impl Future<Output = ()> + Send;

    /// Lets no record be added to the audit from now on, behind the back of the store, or lets them be added again.
    fn refuse_audit_records(&self, refuse: bool) -> impl Future<Output = ()> + Send;

    /// How often the store has made something durable since it was made.
    fn commits(&self) -> impl Future<Output = u64> + Send;
}

/// A store with what most cases build on: the brokers and realms 1 and 2, and the accounts `admin` and `other`. The
/// audit has one record.
pub async fn seeded<H: Harness>() -> H {
    let harness = H::fresh().await;
    let mut unit = begin(&harness).await;
    for number in [1, 2] {
        unit.insert_broker(&samples::broker(number)).await.unwrap();
        unit.insert_realm(&samples::realm(number)).await.unwrap();
    }
    for name in ["admin", "other"] {
        unit.insert_account(&samples::account(name)).await.unwrap();
    }
    keep(unit).await;
    harness
}

/// A unit of work.
pub async fn begin(harness: &impl Harness) -> Box<dyn UnitOfWork> {
    harness.store().begin().await.expect("a unit of work")
}

/// A view.
pub async fn read(harness: &impl Harness) -> Box<dyn ReadView> {
    harness.store().read().await.expect("a view")
}

/// Commits the unit with one event.
pub async fn keep(unit: Box<dyn UnitOfWork>) -> Checkpoint {
    unit.commit(&samples::audit_key(), samples::event("kept").into())
        .await
        .expect("a commit")
}

/// The records of the audit, of which there are at most a thousand, once their chain is found whole.
pub async fn verified_records(view: &mut dyn ReadView) -> Vec<AuditRecord> {
    let filter = AuditFilter {
        after: None,
        limit: 1000,
        order: AuditOrder::Ascending,
        realm_id: None,
        action: None,
    };
    let records = view.list_audit_records(&filter).await.expect("records");
    let key = samples::audit_key();
    let mut verifier = ChainVerifier::new(&key, Vec::new());
    for record in &records {
        verifier
            .next(record)
            .expect("a record that was not touched");
    }
    records
}
