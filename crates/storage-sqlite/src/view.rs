//! What is read and written through: one struct for both, so that a unit of work reads exactly as a view does.

use std::future::Future;

use async_trait::async_trait;
use breakglass_domain::audit::{AuditEvents, AuditKey, Checkpoint};
use breakglass_ports::{ReadView, StoreError, UnitOfWork};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{Sqlite, SqliteConnection};

use crate::error::store_error;
use crate::lease::Lease;

/// A connection that somebody else owns.
pub(crate) trait Loan: Send {
    /// Lends the connection for one statement.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the statement before was not [`left`](Loan::leave).
    fn enter(&mut self) -> Result<&mut SqliteConnection, StoreError>;

    /// Tells that the statement ended and that others may follow it.
    fn leave(&mut self);
}

impl Loan for PoolConnection<Sqlite> {
    fn enter(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        Ok(self)
    }

    fn leave(&mut self) {}
}

/// A store seen through a connection on loan: read-only through one of the pool, a unit of work through the writer's.
#[derive(Debug)]
pub(crate) struct View<C> {
    loan: C,
}

impl<C: Loan> View<C> {
    /// Looks through this connection.
    pub(crate) fn new(loan: C) -> Self {
        Self { loan }
    }

    /// The connection, for one statement whose outcome goes to [`settle`](Self::settle).
    pub(crate) fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        self.loan.enter()
    }

    /// Takes the outcome of the statement. After an error that is not about the data nothing may follow: SQLite may have
    /// undone the whole transaction, and a later statement would be made durable on its own.
    pub(crate) fn settle<T>(&mut self, outcome: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        let outcome = outcome.map_err(|error| store_error(&error));
        if !matches!(outcome, Err(StoreError::Unavailable { .. })) {
            self.loan.leave();
        }
        outcome
    }
}

impl<C: Loan> ReadView for View<C> {}

impl View<Lease> {
    /// Makes what was done durable.
    pub(crate) fn keep(self) -> impl Future<Output = Result<(), StoreError>> {
        self.loan.commit()
    }
}

#[async_trait]
impl UnitOfWork for View<Lease> {
    async fn commit(
        mut self: Box<Self>,
        key: &AuditKey,
        events: AuditEvents,
    ) -> Result<Checkpoint, StoreError> {
        let head = self.append(key, events).await?;
        self.keep().await?;
        Ok(head)
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
