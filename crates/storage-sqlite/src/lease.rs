//! The writer's connection on loan to one unit of work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use breakglass_ports::StoreError;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::oneshot;

use crate::error::unavailable;
use crate::view::Loan;

/// The answer to a unit of work that wants to be kept: whether it is durable.
pub(crate) type Answer = oneshot::Sender<Result<(), StoreError>>;

/// The connection as it comes back to the writer.
#[derive(Debug)]
pub(crate) struct Returned {
    /// The connection itself.
    pub(crate) connection: SqliteConnection,
    /// Whom to tell once what was done is durable; `None` when it is to be undone.
    pub(crate) keep: Option<Answer>,
}

/// The writer's connection on loan. Dropped, it goes back and what was done is undone; so a unit that was abandoned,
/// panicked or whose future was cancelled leaves no trace.
#[derive(Debug)]
pub(crate) struct Lease {
    lent: Option<(SqliteConnection, oneshot::Sender<Returned>)>,
    /// Whether a statement was begun and did not end well: what it did is not known.
    in_doubt: bool,
    /// Whether anything of the group has left a recall.
    recalled: Arc<AtomicBool>,
}

impl Lease {
    /// Lends the connection, and says where it will come back.
    pub(crate) fn new(
        connection: SqliteConnection,
        recalled: Arc<AtomicBool>,
    ) -> (Self, oneshot::Receiver<Returned>) {
        let (home, back) = oneshot::channel();
        let lent = Some((connection, home));
        let lease = Self {
            lent,
            in_doubt: false,
            recalled,
        };
        (lease, back)
    }

    /// Whether this unit, or one before it in its group, may have left a recall.
    pub(crate) fn has_recalled(&self) -> bool {
        self.recalled.load(Ordering::Relaxed)
    }

    /// Gives the connection back, to be kept, and waits until what was done is durable.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        if self.in_doubt {
            return Err(unavailable("a statement of the unit of work has failed"));
        }
        let (answer, durable) = oneshot::channel();
        self.give_back(Some(answer));
        durable.await.unwrap_or_else(|_| Err(gone()))
    }

    fn give_back(&mut self, keep: Option<Answer>) {
        if let Some((connection, home)) = self.lent.take() {
            // When the writer is gone the connection is dropped, which undoes what was done and tells the unit.
            drop(home.send(Returned { connection, keep }));
        }
    }
}

impl Loan for Lease {
    async fn enter(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        match &mut self.lent {
            Some((connection, _)) if !self.in_doubt => {
                self.in_doubt = true;
                Ok(connection)
            }
            _ => Err(unavailable("a statement of the unit of work has failed")),
        }
    }

    fn leave(&mut self) {
        self.in_doubt = false;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.give_back(None);
    }
}

/// That the writer has ended.
pub(crate) fn gone() -> StoreError {
    unavailable("the store is closed")
}
