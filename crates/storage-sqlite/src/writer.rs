//! The one task that writes, and commits whatever waits at the same time together.
//!
//! # How a group is committed
//!
//! The first unit of work that comes begins a transaction. The writer lends its connection to that unit, which comes back
//! to be kept or to be undone; an undone unit is rolled back to the savepoint that was set before it. While others wait,
//! the next of them gets the same transaction. Then one `COMMIT`, and with it one `fsync`, answers all that are kept. When
//! nobody waits the commit comes at once: nothing is ever delayed to make a group larger.
//!
//! A group fails as a whole: when the commit fails, or SQLite itself undoes the transaction (a full disk does that), all
//! of its units are told that nothing was kept. The writer then drops its connection and opens another for the next group.
//!
//! What a group has recalled stands in the record of recalls (`record.rs`) before any of its units is answered.
//!
//! A unit of work that stalls holds up those behind it, so that a caller must not wait for anything slow while it holds one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use breakglass_domain::RecallRecord;
use breakglass_ports::StoreError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Executor, Row};
use tokio::sync::{mpsc, oneshot};

use crate::column::{Key, Place, number};
use crate::error::unavailable;
use crate::lease::{Answer, Lease};
use crate::memory::Memory;
use crate::open::Opened;
use crate::recall::RecallRow;
use crate::record::{Begun, Record};

/// A group takes in no more units once it is this old, so that the first of it need not wait for long.
const MAX_GROUP_AGE: Duration = Duration::from_millis(100);

/// Somebody who waits for a unit of work.
pub(crate) type Waiter = oneshot::Sender<Result<Lease, StoreError>>;

/// The one task that writes.
#[derive(Debug)]
pub(crate) struct Writer {
    options: SqliteConnectOptions,
    waiting: mpsc::Receiver<Waiter>,
    /// The connection between groups; `None` after a failure.
    connection: Option<SqliteConnection>,
    /// At most so many units in a group.
    limit: usize,
    commits: Arc<AtomicU64>,
    memory: Arc<Memory>,
    /// The record of recalls, if one is kept.
    record: Option<Record>,
    /// Whether anything of the present group has left a recall.
    recalled: Arc<AtomicBool>,
}

impl Writer {
    /// A writer that serves those who are `waiting`, counts its `commits`, and groups at most `limit` units.
    pub(crate) async fn new(
        opened: Opened,
        waiting: mpsc::Receiver<Waiter>,
        limit: usize,
        commits: Arc<AtomicU64>,
        memory: Arc<Memory>,
    ) -> Result<Self, StoreError> {
        let mut writer = Self {
            options: opened.writer,
            waiting,
            connection: None,
            limit,
            commits,
            memory,
            record: opened.record,
            recalled: Arc::default(),
        };
        writer.connection = Some(writer.listening(opened.connection).await?);
        Ok(writer)
    }

    /// Lets the connection tell of recalls: most groups have none, and none has to ask.
    async fn listening(
        &self,
        mut connection: SqliteConnection,
    ) -> Result<SqliteConnection, StoreError> {
        let recalled = Arc::clone(&self.recalled);
        let handle = connection.lock_handle().await;
        let mut handle = handle.map_err(|error| unavailable(&error))?;
        handle.set_update_hook(move |change| {
            if change.table == "recalls" {
                recalled.store(true, Ordering::Relaxed);
            }
        });
        drop(handle);
        Ok(connection)
    }

    /// Serves until nobody can come any more, and gives the connection back.
    pub(crate) async fn run(mut self) -> Option<SqliteConnection> {
        while let Some(first) = self.waiting.recv().await {
            self.serve(first).await;
        }
        self.connection
    }

    /// Commits one group.
    async fn serve(&mut self, first: Waiter) {
        let mut kept = Vec::new();
        let outcome = match self.begin().await {
            Ok(connection) => self.group(connection, first, &mut kept).await,
            Err(error) => {
                self.refuse(first, &error);
                Err(error)
            }
        };
        let answer = match outcome {
            Ok(connection) => {
                self.connection = Some(connection);
                Ok(())
            }
            Err(error) => {
                tracing::warn!(%error, units = kept.len(), "a group of commits has failed");
                self.memory.doubt();
                Err(error)
            }
        };
        for unit in kept {
            // Who asked may be gone; what it asked for is done nevertheless.
            drop(unit.send(answer.clone()));
        }
    }

    /// Begins the transaction of a group.
    async fn begin(&mut self) -> Result<SqliteConnection, StoreError> {
        let mut connection = if let Some(connection) = self.connection.take() {
            connection
        } else {
            let made = self.options.connect().await;
            self.listening(made.map_err(|error| unavailable(&error))?)
                .await?
        };
        self.recalled.store(false, Ordering::Relaxed);
        execute(&mut connection, "BEGIN IMMEDIATE").await?;
        Ok(connection)
    }

    /// Tells everybody who waits that the store does not take writes now: each would wait in vain as long as the first did.
    fn refuse(&mut self, first: Waiter, error: &StoreError) {
        let mut next = Some(first);
        while let Some(waiter) = next {
            drop(waiter.send(Err(error.clone())));
            next = self.waiting.try_recv().ok();
        }
    }

    /// Runs the units of a group one after the other and commits them together. An error has undone all of them; the
    /// connection is dropped with it.
    async fn group(
        &mut self,
        mut connection: SqliteConnection,
        first: Waiter,
        kept: &mut Vec<Answer>,
    ) -> Result<SqliteConnection, StoreError> {
        let begun = Instant::now();
        let mut is_open = false;
        let mut next = Some(first);
        while let Some(waiter) = next {
            let lent = (connection, is_open);
            (connection, is_open) = lend(lent, waiter, kept, &self.recalled).await?;
            next = if kept.len() < self.limit && begun.elapsed() < MAX_GROUP_AGE {
                self.waiting.try_recv().ok()
            } else {
                None
            };
        }
        if kept.is_empty() {
            execute(&mut connection, "ROLLBACK").await?;
        } else {
            let begun = self.begin_line(&mut connection).await?;
            let epoch = match commit(&mut connection).await {
                Ok(epoch) => epoch,
                Err(error) => {
                    take_back(begun).await;
                    return Err(error);
                }
            };
            self.end_line(begun).await?;
            self.commits.fetch_add(1, Ordering::Relaxed);
            // Before anybody hears that it is durable.
            self.memory.tell(epoch);
        }
        Ok(connection)
    }
}

impl Writer {
    /// Writes what the group has recalled, and whatever the record lacks, into the record, where it does not count yet.
    async fn begin_line(
        &mut self,
        connection: &mut SqliteConnection,
    ) -> Result<Option<Begun>, StoreError> {
        let (Some(record), true) = (&self.record, self.recalled.load(Ordering::Relaxed)) else {
            return Ok(None);
        };
        add_line(record, connection).await
    }

    /// Lets it count.
    async fn end_line(&mut self, begun: Option<Begun>) -> Result<(), StoreError> {
        let (Some(record), Some(begun)) = (&self.record, begun) else {
            return Ok(());
        };
        let mut record = record.clone();
        let ended = tokio::task::spawn_blocking(move || record.end(begun).map(|()| record)).await;
        match ended {
            Ok(Ok(record)) => {
                self.record = Some(record);
                Ok(())
            }
            Ok(Err(error)) => Err(unrecorded(&error)),
            Err(error) => Err(unrecorded(&error)),
        }
    }
}

/// Writes the recalls that the record lacks into it, as a line that does not count yet.
pub(crate) async fn add_line(
    record: &Record,
    connection: &mut SqliteConnection,
) -> Result<Option<Begun>, StoreError> {
    let known = record.clone();
    let opened = tokio::task::spawn_blocking(move || known.open()).await;
    let turn = match opened {
        Ok(Ok(turn)) => turn,
        Ok(Err(error)) => return Err(unrecorded(&error)),
        Err(error) => return Err(unrecorded(&error)),
    };
    let after = number(turn.head.number)?;
    let rows = sqlx::query_as!(
        RecallRow,
        "SELECT number, kind, scope, id, place, instant, time, mac FROM recalls
         WHERE number > ? AND mac IS NOT NULL ORDER BY number",
        after,
    )
    .fetch_all(connection)
    .await
    .map_err(|error| unavailable(&error))?;
    let records: Result<Vec<RecallRecord>, StoreError> =
        rows.into_iter().map(RecallRecord::try_from).collect();
    let records = records?;
    if records.is_empty() {
        return Ok(None);
    }
    let begun = tokio::task::spawn_blocking(move || turn.begin(&records)).await;
    match begun {
        Ok(Ok(begun)) => Ok(Some(begun)),
        Ok(Err(error)) => Err(unrecorded(&error)),
        Err(error) => Err(unrecorded(&error)),
    }
}

async fn take_back(begun: Option<Begun>) {
    if let Some(begun) = begun {
        drop(tokio::task::spawn_blocking(move || begun.take_back()).await);
    }
}

fn unrecorded(error: &dyn std::error::Error) -> StoreError {
    unavailable(&format!("the record of recalls cannot be written: {error}"))
}

/// Lends the connection to one unit, and undoes what the unit did unless it is to be kept. The savepoint of a unit that is kept
/// stays open until what comes next, which spares a step to the connection's thread and back; gives whether it does.
async fn lend(
    (mut connection, is_open): (SqliteConnection, bool),
    waiter: Waiter,
    kept: &mut Vec<Answer>,
    recalled: &Arc<AtomicBool>,
) -> Result<(SqliteConnection, bool), StoreError> {
    let begin = if is_open {
        "RELEASE unit; SAVEPOINT unit"
    } else {
        "SAVEPOINT unit"
    };
    if let Err(error) = execute(&mut connection, begin).await {
        drop(waiter.send(Err(error.clone())));
        return Err(error);
    }
    let (lease, back) = Lease::new(connection, Arc::clone(recalled));
    // When the waiter is gone, the lease is dropped here and comes straight back.
    drop(waiter.send(Ok(lease)));
    let returned = back
        .await
        .map_err(|_| unavailable("the writer's connection was lost"))?;
    connection = returned.connection;
    let is_kept = returned.keep.is_some();
    kept.extend(returned.keep);
    if !is_kept {
        execute(&mut connection, "ROLLBACK TO unit; RELEASE unit").await?;
    }
    Ok((connection, is_kept))
}

/// Commits, and gives how much has been changed of what checks look at. When SQLite has undone the transaction by itself, there is
/// nothing to commit, which is an error.
async fn commit(connection: &mut SqliteConnection) -> Result<u64, StoreError> {
    let rows = sqlx::raw_sql("SELECT epoch FROM changes; COMMIT")
        .fetch_all(connection)
        .await;
    let rows = rows.map_err(|error| unavailable(&error))?;
    let epoch = rows.first().and_then(|row| row.try_get(0).ok());
    let place = Place::new("changes", Key::Number(1));
    place.count("epoch", place.some("epoch", epoch)?)
}

/// How much has been changed of what checks look at.
pub(crate) async fn epoch(connection: &mut SqliteConnection) -> Result<u64, StoreError> {
    let read = sqlx::query_scalar!("SELECT epoch FROM changes")
        .fetch_one(connection)
        .await;
    let epoch = read.map_err(|error| unavailable(&error))?;
    let place = Place::new("changes", Key::Number(1));
    place.count("epoch", epoch)
}

async fn execute(
    connection: &mut SqliteConnection,
    statement: &'static str,
) -> Result<(), StoreError> {
    let outcome = connection.execute(statement).await;
    outcome.map(|_| ()).map_err(|error| unavailable(&error))
}
