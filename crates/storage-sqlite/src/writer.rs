//! The one task that writes, and commits whatever waits at the same time together.
//!
//! # How a group is committed
//!
//! The first unit of work that comes begins a transaction. The writer lends its connection to that unit, which comes back
//! to be kept or to be undone; an undone unit is rolled back to the savepoint that was set before it. While others wait,
//! the next of them gets the same transaction. Then one `COMMIT`, and with it one `fsync`, answers all that are kept. When
//! nobody waits the commit comes at once: nothing is ever delayed to make a group larger.
//!
//! Each statement is a step to the connection's thread and back. So what a unit need not see itself (records of the audit, uses,
//! and what a unit does nothing but add) is collected and written together (`units.rs`): before a unit that changes something,
//! which may read it, and before the commit. The head of the audit is read once for a group.
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

use breakglass_domain::audit::AuditKey;
use breakglass_ports::StoreError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{ConnectOptions, Row};
use tokio::sync::{mpsc, oneshot};

use crate::audit::head;
use crate::column::{Key, Place};
use crate::error::unavailable;
use crate::lease::{Ground, Lease, Purpose};
use crate::memory::{Counts, Memory};
use crate::open::Opened;
use crate::places::Places;
use crate::recall::seal;
use crate::record::{Begun, Record};
use crate::record_line::{add_line, take_back, unrecorded};
use crate::units::Units;

/// A group takes in no more units once it is this old, so that the first of it need not wait for long.
const MAX_GROUP_AGE: Duration = Duration::from_millis(100);

/// Somebody who waits for a unit of work, and what it is for.
pub(crate) type Waiter = (Purpose, oneshot::Sender<Result<Lease, StoreError>>);

/// The one task that writes.
#[derive(Debug)]
pub(crate) struct Writer {
    options: SqliteConnectOptions,
    waiting: mpsc::Receiver<Waiter>,
    /// The connection between groups; `None` after a failure.
    connection: Option<SqliteConnection>,
    /// The places in status lists that are set aside.
    places: Places,
    /// At most so many units in a group.
    limit: usize,
    commits: Arc<AtomicU64>,
    memory: Arc<Memory>,
    /// The record of recalls, if one is kept.
    record: Option<Record>,
    /// Whether anything of the present group has left a recall, or relies on one that was there.
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
            places: Places::default(),
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
        let mut kept = Units::default();
        let outcome = match self.begin().await {
            Ok(ground) => self.group(ground, first, &mut kept).await,
            Err(error) => {
                self.refuse(first, &error);
                Err(error)
            }
        };
        let answer = match outcome {
            Ok(ground) => {
                self.connection = Some(ground.connection);
                self.places = ground.places;
                Ok(())
            }
            Err(error) => {
                tracing::warn!(%error, units = kept.len(), "a group of commits has failed");
                Err(error)
            }
        };
        kept.tell(&answer);
    }

    /// Begins the transaction of a group.
    async fn begin(&mut self) -> Result<Ground, StoreError> {
        let mut connection = if let Some(connection) = self.connection.take() {
            connection
        } else {
            let made = self.options.connect().await;
            self.listening(made.map_err(|error| unavailable(&error))?)
                .await?
        };
        self.recalled.store(false, Ordering::Relaxed);
        let begun = Instant::now();
        let rows = rows(&mut connection, BEGIN).await?;
        let counts = counts_of(rows.first())?;
        // Nobody else commits any more until this group has.
        self.memory.look(counts, begun);
        Ok(Ground {
            connection,
            head: head(rows.get(1)),
            counts,
            has_savepoint: false,
            has_added: false,
            places: std::mem::take(&mut self.places),
        })
    }

    /// Tells everybody who waits that the store does not take writes now: each would wait in vain as long as the first did.
    fn refuse(&mut self, first: Waiter, error: &StoreError) {
        let mut next = Some(first);
        while let Some(waiter) = next {
            drop(waiter.1.send(Err(error.clone())));
            next = self.waiting.try_recv().ok();
        }
    }

    /// Runs the units of a group one after the other and commits them together. An error has undone all of them; the
    /// connection is dropped with it, and the places that were set aside.
    async fn group(
        &mut self,
        mut ground: Ground,
        first: Waiter,
        kept: &mut Units,
    ) -> Result<Ground, StoreError> {
        let begun = Instant::now();
        let mut next = Some(first);
        while let Some(waiter) = next {
            ground = lend(ground, waiter, kept, &self.recalled).await?;
            next = if kept.len() < self.limit && begun.elapsed() < MAX_GROUP_AGE {
                self.waiting.try_recv().ok()
            } else {
                None
            };
        }
        if kept.len() == 0 {
            execute(&mut ground.connection, "ROLLBACK").await?;
            return Ok(ground);
        }
        kept.write_then("", &mut ground).await?;
        let line = self.begin_line(&mut ground, kept.key()).await?;
        let rows = match rows(&mut ground.connection, COMMIT).await {
            Ok(rows) => rows,
            Err(error) => {
                take_back(line).await;
                // It is not known whether it took place.
                self.memory.doubt();
                return Err(error);
            }
        };
        if let Err(error) = self.end_line(line).await {
            self.memory.doubt();
            return Err(error);
        }
        self.commits.fetch_add(1, Ordering::Relaxed);
        // Before anybody hears that it is durable.
        self.memory.tell(counts_of(rows.first())?);
        Ok(ground)
    }
}

impl Writer {
    /// Chains what the group has recalled, and writes it, and whatever the record lacks, into the record, where it does not
    /// count yet.
    async fn begin_line(
        &mut self,
        ground: &mut Ground,
        key: Option<&AuditKey>,
    ) -> Result<Option<Begun>, StoreError> {
        if !self.recalled.load(Ordering::Relaxed) {
            return Ok(None);
        }
        if let Some(key) = key
            && let Some(head) = ground.head.clone()?
        {
            seal(key, head.time, &mut ground.connection).await?;
        }
        match &self.record {
            Some(record) => add_line(record, &mut ground.connection).await,
            None => Ok(None),
        }
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

/// Begins, and reads what the units will need. Once it has begun nobody else writes.
const BEGIN: &str = "BEGIN IMMEDIATE; SELECT standing, tokens, sessions FROM changes;
    SELECT sequence, time, mac FROM audit_records ORDER BY sequence DESC LIMIT 1";

/// How much has been changed.
const COUNTS: &str = "SELECT standing, tokens, sessions FROM changes";

/// Commits. When SQLite has undone the transaction by itself, there is nothing to commit, which is an error.
const COMMIT: &str = "SELECT standing, tokens, sessions FROM changes; COMMIT";

/// Lends the connection to one unit, and undoes what the unit did unless it is to be kept. The savepoint of a unit that is kept
/// stays until the next is set, or the group is committed.
async fn lend(
    mut ground: Ground,
    (purpose, waiter): Waiter,
    kept: &mut Units,
    recalled: &Arc<AtomicBool>,
) -> Result<Ground, StoreError> {
    if waiter.is_closed() {
        return Ok(ground);
    }
    if let Err(error) = prepare(&mut ground, kept, purpose).await {
        drop(waiter.send(Err(error.clone())));
        return Err(error);
    }
    let (lease, back) = Lease::new(ground, purpose, Arc::clone(recalled));
    // When the waiter is gone, the lease is dropped here and comes straight back.
    drop(waiter.send(Ok(lease)));
    let returned = back
        .await
        .map_err(|_| unavailable("the writer's connection was lost"))?;
    ground = returned.ground;
    if let Some((answer, rest)) = returned.keep {
        kept.push(answer, rest);
        ground.has_savepoint |= returned.has_savepoint;
    } else if returned.has_savepoint {
        execute(&mut ground.connection, "ROLLBACK TO unit; RELEASE unit").await?;
    } else if returned.has_failed {
        return Err(unavailable("a statement of a unit of work has failed"));
    }
    Ok(ground)
}

/// Makes the ground ready for a unit. One that changes something may read whatever was left to be written before it.
async fn prepare(
    ground: &mut Ground,
    kept: &mut Units,
    purpose: Purpose,
) -> Result<(), StoreError> {
    match purpose {
        Purpose::Change => {
            let following = format!("{}; {COUNTS}", ground.next_savepoint());
            let rows = kept.write_then(&following, ground).await?;
            ground.counts = counts_of(rows.first())?;
        }
        Purpose::Use if ground.counts == Counts::UNKNOWN => {
            ground.counts = counts(&mut ground.connection).await?;
        }
        Purpose::Use => {}
    }
    if ground.has_added {
        ground.counts = ground.counts.but_of_tokens();
    }
    Ok(())
}

/// How much has been changed of what checks look at.
pub(crate) async fn counts(connection: &mut SqliteConnection) -> Result<Counts, StoreError> {
    counts_of(rows(connection, COUNTS).await?.first())
}

fn counts_of(row: Option<&SqliteRow>) -> Result<Counts, StoreError> {
    let place = Place::new("changes", Key::Number(1));
    let count = |position: usize, column| {
        let count = row.and_then(|row| row.try_get(position).ok());
        place.count(column, place.some(column, count)?)
    };
    Ok(Counts::new([
        count(0, "standing")?,
        count(1, "tokens")?,
        count(2, "sessions")?,
    ]))
}

async fn rows(
    connection: &mut SqliteConnection,
    statements: &'static str,
) -> Result<Vec<SqliteRow>, StoreError> {
    let rows = sqlx::query(statements).fetch_all(connection).await;
    rows.map_err(|error| unavailable(&error))
}

async fn execute(
    connection: &mut SqliteConnection,
    statements: &'static str,
) -> Result<(), StoreError> {
    let outcome = sqlx::query(statements).execute(connection).await;
    outcome.map(|_| ()).map_err(|error| unavailable(&error))
}
