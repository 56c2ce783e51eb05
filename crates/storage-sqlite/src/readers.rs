//! The connections that read: each opened when it is first needed, and kept.
//!
//! Where a connection comes back in the very moment in which it is no longer needed, the next to read finds it there. The pool of
//! sqlx has it looked at by a task of its own first, a step to the connection's thread and back; whoever came meanwhile got
//! another connection, and half a MiB with it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use breakglass_ports::StoreError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::error::unavailable;
use crate::lease::gone;

/// The connections that read.
#[derive(Debug)]
pub(crate) struct Readers {
    options: SqliteConnectOptions,
    /// At most so many are lent.
    most: u32,
    turns: Arc<Semaphore>,
    patience: Duration,
    /// Those that nobody has.
    idle: Mutex<Vec<SqliteConnection>>,
    closing: AtomicBool,
}

impl Readers {
    /// At most so many connections with these options. Whoever finds them all lent waits for so long.
    pub(crate) fn new(options: SqliteConnectOptions, most: u32, patience: Duration) -> Self {
        let turns = Arc::new(Semaphore::new(usize::try_from(most).unwrap_or(1)));
        Self {
            options,
            most,
            turns,
            patience,
            idle: Mutex::default(),
            closing: AtomicBool::new(false),
        }
    }

    /// Waits for a connection.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when none comes free in time, when none can be opened, or when the store is closed.
    pub(crate) async fn acquire(self: &Arc<Self>) -> Result<Reader, StoreError> {
        if self.is_closed() {
            return Err(gone());
        }
        let turn = timeout(self.patience, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| unavailable("no connection that reads has come free"))?;
        let turn = turn.map_err(|_| gone())?;
        let kept = self.idle().pop();
        let connection = match kept {
            Some(connection) => connection,
            None => self
                .options
                .connect()
                .await
                .map_err(|error| unavailable(&error))?,
        };
        Ok(Reader {
            connection: Some(connection),
            in_doubt: false,
            home: Arc::clone(self),
            _turn: turn,
        })
    }

    /// Whether it was closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Lends no more, waits until all have come back, and closes them.
    pub(crate) async fn close(&self) {
        self.closing.store(true, Ordering::Release);
        let all = self.turns.acquire_many(self.most).await;
        self.turns.close();
        drop(all);
        let kept = std::mem::take(&mut *self.idle());
        for connection in kept {
            // It has written nothing.
            drop(connection.close().await);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<SqliteConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that reads, on loan. It goes back when it is dropped, unless a statement was begun on it and did not end.
#[derive(Debug)]
pub(crate) struct Reader {
    connection: Option<SqliteConnection>,
    in_doubt: bool,
    home: Arc<Readers>,
    /// Given to the next only when the connection is back.
    _turn: OwnedSemaphorePermit,
}

impl Reader {
    /// The connection, which is no longer kept unless it is [left](Self::leave).
    pub(crate) fn enter(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        self.in_doubt = true;
        self.connection.as_mut().ok_or_else(gone)
    }

    /// Tells that the statement has ended.
    pub(crate) fn leave(&mut self) {
        self.in_doubt = false;
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let connection = self.connection.take().filter(|_| !self.in_doubt);
        if let Some(connection) = connection {
            self.home.idle().push(connection);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use sqlx::Executor;

    use super::*;

    fn readers(most: u32) -> Arc<Readers> {
        let options = SqliteConnectOptions::new().in_memory(true);
        Arc::new(Readers::new(options, most, Duration::from_millis(1)))
    }

    /// Makes a table, by which the connection is known again.
    async fn mark(reader: &mut Reader) {
        let connection = reader.enter().unwrap();
        connection.execute("CREATE TABLE mark (a)").await.unwrap();
        reader.leave();
    }

    async fn is_marked(reader: &mut Reader) -> bool {
        let looked = reader.enter().unwrap().execute("SELECT * FROM mark").await;
        reader.leave();
        looked.is_ok()
    }

    #[tokio::test]
    async fn who_comes_next_gets_the_same_connection() {
        let readers = readers(2);
        mark(&mut readers.acquire().await.unwrap()).await;
        let mut same = readers.acquire().await.unwrap();
        assert!(is_marked(&mut same).await);
        let mut other = readers.acquire().await.unwrap();
        assert!(!is_marked(&mut other).await);
        drop((same, other));
        assert_eq!(readers.idle().len(), 2);
    }

    #[tokio::test]
    async fn a_connection_on_which_a_statement_did_not_end_is_not_lent_again() {
        let readers = readers(1);
        let mut reader = readers.acquire().await.unwrap();
        mark(&mut reader).await;
        reader.enter().unwrap();
        drop(reader);
        assert!(!is_marked(&mut readers.acquire().await.unwrap()).await);
    }

    #[tokio::test]
    async fn who_waits_for_too_long_is_refused_and_the_next_is_not() {
        let readers = readers(1);
        let held = readers.acquire().await.unwrap();
        let refused = readers.acquire().await.unwrap_err();
        assert_eq!(
            refused,
            unavailable("no connection that reads has come free")
        );
        drop(held);
        readers.acquire().await.unwrap();
    }

    #[tokio::test]
    async fn closing_waits_for_those_that_are_lent_and_refuses_others() {
        let readers = readers(1);
        let held = readers.acquire().await.unwrap();
        let mut closing = Box::pin(readers.close());
        assert!((&mut closing).now_or_never().is_none());
        assert_eq!(readers.acquire().await.unwrap_err(), gone());
        drop(held);
        closing.await;
        assert!(readers.is_closed() && readers.idle().is_empty());
    }
}
