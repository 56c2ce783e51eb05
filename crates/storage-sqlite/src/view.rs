//! What is read and written through: one struct for both, so that a unit of work reads exactly as a view does.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use breakglass_domain::audit::{AuditEvents, AuditKey, Checkpoint};
use breakglass_ports::{FullRevision, ReadView, StoreError, UnitOfWork};
use futures_util::FutureExt;
use sqlx::sqlite::SqliteConnection;

use crate::error::{store_error, unavailable};
use crate::lease::{Lease, Purpose, gone};
use crate::memory::{Counts, Memory, Question};
use crate::note::{Addition, Note};
use crate::readers::{Reader, Readers};
use crate::units::Durable;

/// A connection that somebody else owns.
pub(crate) trait Loan: Send {
    /// Lends the connection for one statement.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the statement before was not [`left`](Loan::leave).
    fn enter(&mut self) -> impl Future<Output = Result<&mut SqliteConnection, StoreError>> + Send;

    /// Tells that the statement ended and that others may follow it.
    fn leave(&mut self);

    /// Tells that the statement failed in a way that may have undone the transaction.
    fn fail(&mut self) {}

    /// The counts of changes at which it sees the store, so that what was read at them may be told again.
    fn counts(&self, memory: &Memory) -> Counts {
        memory.known()
    }

    /// Whether what it tells of when and how often something was used may have been read before.
    fn tells_usage_as_before(&self) -> bool {
        true
    }
}

impl Loan for Reader {
    async fn enter(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        Self::enter(self)
    }

    fn leave(&mut self) {
        Self::leave(self);
    }
}

/// A connection that reads and is asked for when it is needed: most checks need none.
#[derive(Debug)]
pub(crate) struct Lazy {
    readers: Arc<Readers>,
    reader: Option<Reader>,
}

impl Lazy {
    /// None yet.
    pub(crate) fn of(readers: Arc<Readers>) -> Self {
        Self {
            readers,
            reader: None,
        }
    }
}

impl Loan for Lazy {
    async fn enter(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        let reader = match self.reader.take() {
            Some(reader) => reader,
            None => self.readers.acquire().boxed().await?,
        };
        self.reader.insert(reader).enter()
    }

    fn leave(&mut self) {
        if let Some(reader) = &mut self.reader {
            reader.leave();
        }
    }
}

/// A store seen through a connection on loan: read-only through one that reads, a unit of work through the writer's.
#[derive(Debug)]
pub(crate) struct View<C> {
    loan: C,
    /// What was read before, for checks of tokens.
    memory: Option<Arc<Memory>>,
}

impl<C: Loan> View<C> {
    /// Looks through this connection.
    pub(crate) fn new(loan: C) -> Self {
        Self { loan, memory: None }
    }

    /// Looks through this connection at what is not kept.
    pub(crate) fn remembering(loan: C, memory: Arc<Memory>) -> Self {
        Self {
            loan,
            memory: Some(memory),
        }
    }

    /// What was read before, if it is so still. Who asks the store otherwise does so in a future of its own on the heap: that of a
    /// query is two and a half KiB long, which most checks need not allocate.
    pub(crate) fn recall<T: Clone + 'static>(&self, question: &Question) -> Option<T> {
        let memory = self.memory.as_ref()?;
        if question.tells_usage() && !self.loan.tells_usage_as_before() {
            return None;
        }
        memory.recall(self.loan.counts(memory), question)
    }

    /// How much has been changed, to be asked for before something is read that is to be kept.
    pub(crate) fn counts(&self) -> Counts {
        let memory = self.memory.as_ref();
        memory.map_or(Counts::UNKNOWN, |memory| self.loan.counts(memory))
    }

    /// Keeps what was read.
    pub(crate) fn keep_in_mind<T: Clone + Send + Sync + 'static>(
        &self,
        counts: Counts,
        question: Question,
        answer: &T,
    ) {
        if let Some(memory) = &self.memory {
            memory.keep(counts, question, answer);
        }
    }

    /// The connection, for one statement whose outcome goes to [`settle`](Self::settle).
    pub(crate) async fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        self.loan.enter().await
    }

    /// Takes the outcome of the statement. After an error that is not about the data nothing may follow: SQLite may have
    /// undone the whole transaction, and a later statement would be made durable on its own.
    pub(crate) fn settle<T>(&mut self, outcome: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        let outcome = outcome.map_err(|error| store_error(&error));
        if matches!(outcome, Err(StoreError::Unavailable { .. })) {
            self.loan.fail();
        } else {
            self.loan.leave();
        }
        outcome
    }
}

impl<C: Loan> ReadView for View<C> {
    fn revision(&self) -> Option<u64> {
        // A unit may see what those before it in its group have changed, and what may yet be undone.
        let memory = self.memory.as_ref()?;
        let seen = self.loan.counts(memory).standing();
        seen.filter(|seen| memory.known().standing() == Some(*seen))
    }

    fn full_revision(&self) -> Option<FullRevision> {
        let memory = self.memory.as_ref()?;
        let seen = self.loan.counts(memory);
        seen.full().filter(|_| memory.known() == seen)
    }
}

impl View<Lease> {
    /// The connection, for one statement that changes what checks may look at.
    pub(crate) async fn changing(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        self.loan.enter_to_change().await
    }

    /// The connection, for one statement that writes what no check looks at.
    pub(crate) async fn writing(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        self.loan.enter_to_write().await
    }

    /// Writes that something was used, at once or with the group.
    pub(crate) async fn note(&mut self, note: Note) -> Result<(), StoreError> {
        if self.loan.purpose() == Purpose::Use {
            self.loan.leave_note(note);
            return Ok(());
        }
        let done = note.write(self.connection().await?).await;
        found(self.settle(done)?)
    }

    /// Adds a row of which checks never keep that it is not there, at once or with the group. It finds its place taken when it
    /// writes nothing.
    pub(crate) async fn add(&mut self, addition: Addition) -> Result<(), StoreError> {
        match self.loan.leave_addition(addition) {
            Ok(()) => Ok(()),
            Err(addition) => self.add_now(addition).await,
        }
    }

    async fn add_now(&mut self, addition: Addition) -> Result<(), StoreError> {
        let done = addition.write(self.loan.enter_to_add().await?).await;
        free(self.settle(done)?)
    }

    /// The unit that the writer's connection is lent to.
    pub(crate) fn lease(&mut self) -> &mut Lease {
        &mut self.loan
    }

    /// Writes what can no longer be left to the group.
    async fn write_what_was_left(&mut self) -> Result<(), StoreError> {
        match self.loan.take_addition_to_write() {
            Some(addition) => self.add_now(addition).boxed().await,
            None => Ok(()),
        }
    }

    /// Makes what was done durable.
    pub(crate) async fn keep(mut self) -> Result<(), StoreError> {
        self.write_what_was_left().await?;
        settled(self.loan.hand_in(None)?).await.map(drop)
    }
}

/// Waits until what was done is durable.
async fn settled(durable: Durable) -> Result<Option<Checkpoint>, StoreError> {
    durable.await.unwrap_or_else(|_| Err(gone()))
}

#[async_trait]
impl UnitOfWork for View<Lease> {
    async fn commit(
        mut self: Box<Self>,
        key: &AuditKey,
        events: AuditEvents,
    ) -> Result<Checkpoint, StoreError> {
        self.write_what_was_left().await?;
        let durable = self.loan.hand_in(Some((key.clone(), events)))?;
        // Nothing of the unit is kept while it waits.
        drop(self);
        let head = settled(durable).await?;
        head.ok_or_else(|| unavailable("there was no event to record"))
    }

    async fn leave(self: Box<Self>) -> Result<(), StoreError> {
        // What was read may be a recall that the record lacks.
        self.loan.set_recalled(true);
        self.keep().await
    }
}

/// Whether the statement found free what it should take.
pub(crate) fn free(rows: u64) -> Result<(), StoreError> {
    if rows == 0 {
        Err(StoreError::Conflict)
    } else {
        Ok(())
    }
}

/// Whether the statement found what it should change.
pub(crate) fn found(rows: u64) -> Result<(), StoreError> {
    if rows == 0 {
        Err(StoreError::Missing)
    } else {
        Ok(())
    }
}
