//! The store: a pool of connections that read, and the one task that writes.

use std::fs::File;
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use breakglass_domain::{RealmId, RecallRecord, Timestamp, TokenDigest};
use breakglass_ports::{ReadView, Store, StoreError, UnitOfWork};
use futures_util::FutureExt;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Executor};
use tokio::sync::{MutexGuard, Notify, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::lease::{Lease, Purpose, gone};
use crate::memory::Memory;
use crate::open::{OpenError, open};
use crate::readers::{Reader, Readers};
use crate::view::{Lazy, Loan, View};
use crate::writer::{Waiter, Writer, counts};

/// How a store behaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Options {
    /// At most so many units of work share one commit; at least 1.
    pub group_limit: usize,
    /// How long to wait for a lock of another process, or for a connection that reads.
    pub patience: Duration,
    /// At most so many connections read at the same time; each is a thread.
    pub readers: u32,
    /// For how long a check may not see what another process commits, unless that process has closed its store. What this
    /// process committed it sees at once.
    pub check_patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            group_limit: 128,
            patience: Duration::from_secs(5),
            readers: 4,
            check_patience: Duration::from_millis(10),
        }
    }
}

/// A store in one SQLite file, which several processes may use at once.
///
/// It needs a Tokio runtime with time. A unit of work that is held holds up every later one: hold none while waiting for
/// anything slow, and none while calling [`close`](Store::close).
#[derive(Debug)]
pub struct SqliteStore {
    readers: Arc<Readers>,
    /// Where to ask for the writer's connection; `None` once the store is closed.
    door: std::sync::Mutex<Option<mpsc::Sender<Waiter>>>,
    writer: tokio::sync::Mutex<Option<JoinHandle<Option<SqliteConnection>>>>,
    commits: Arc<AtomicU64>,
    memory: Arc<Memory>,
    looking: tokio::sync::Mutex<()>,
    /// Told when a look has ended.
    looked: Notify,
    options: Options,
    missed: Vec<RecallRecord>,
    /// Keeps out whoever would replace the file, until the store is closed.
    presence: std::sync::Mutex<Option<File>>,
}

impl SqliteStore {
    /// Opens the store in this file. Its folder must exist; the file is made, readable by this user alone, when it is not
    /// there. Its schema is brought up to date.
    ///
    /// # Errors
    /// [`OpenError`] tells what an operator can do about it.
    pub async fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        Self::open_with(path, None, options).await
    }

    /// The same, and keeps the record of recalls in a file beside it: whatever is recalled stands there before it is
    /// acknowledged. What the record has and the store lacks, because the store is an older copy, is to be taken over
    /// ([`missed`](Self::missed)) before anything is written.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::Record`] when the record cannot be used or is of another store.
    pub async fn open_recorded(
        path: &Path,
        record: &Path,
        options: Options,
    ) -> Result<Self, OpenError> {
        Self::open_with(path, Some(record), options).await
    }

    async fn open_with(
        path: &Path,
        record: Option<&Path>,
        options: Options,
    ) -> Result<Self, OpenError> {
        let mut opened = open(path, record, options.patience).await?;
        let (reader, presence) = (opened.reader.clone(), opened.presence.take());
        let missed = std::mem::take(&mut opened.missed);
        let readers = Readers::new(reader, options.readers.max(1), options.patience);
        let commits = Arc::new(AtomicU64::new(0));
        let memory = Arc::new(Memory::new(options.check_patience));
        let limit = options.group_limit.max(1);
        let (door, waiting) = mpsc::channel(limit);
        let writer = Writer::new(
            opened,
            waiting,
            limit,
            Arc::clone(&commits),
            Arc::clone(&memory),
        );
        let writer = writer.await.map_err(|error| OpenError::File {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        Ok(Self {
            readers: Arc::new(readers),
            door: std::sync::Mutex::new(Some(door)),
            writer: tokio::sync::Mutex::new(Some(tokio::spawn(writer.run()))),
            commits,
            memory,
            looking: tokio::sync::Mutex::default(),
            looked: Notify::new(),
            options,
            missed,
            presence: std::sync::Mutex::new(presence),
        })
    }

    /// The recalls that the record had and this store lacked when it was opened.
    pub fn missed(&self) -> &[RecallRecord] {
        &self.missed
    }

    /// A connection that reads.
    pub(crate) async fn reader(&self) -> Result<Reader, StoreError> {
        self.readers.acquire().await
    }

    /// Holds the memory of checks against the store, unless somebody else has while this call waited. Those who wait for the same
    /// look all go on at once: woken one by the other, the last of them would wait for every request that goes on meanwhile.
    async fn look(&self, loan: &mut Lazy) -> Result<(), StoreError> {
        loop {
            let mut looked = pin!(self.looked.notified());
            looked.as_mut().enable();
            if !self.memory.is_due() {
                return Ok(());
            }
            if let Ok(turn) = self.looking.try_lock() {
                // Told also when the look fails or is given up: somebody else has to take the turn then.
                let _look = Look {
                    turn: Some(turn),
                    looked: &self.looked,
                };
                let begun = Instant::now();
                let counts = counts(loan.enter().await?).await?;
                loan.leave();
                self.memory.look(counts, begun);
                return Ok(());
            }
            looked.await;
        }
    }

    /// How often this handle made something durable. Units of work that waited at the same time count once together.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Waits for the writer's connection.
    pub(crate) async fn lease(&self, purpose: Purpose) -> Result<Lease, StoreError> {
        let door = self
            .door
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .ok_or_else(gone)?;
        let (waiter, lease) = oneshot::channel();
        door.send((purpose, waiter)).await.map_err(|_| gone())?;
        // The door is not held open while waiting inside.
        drop(door);
        lease.await.unwrap_or_else(|_| Err(gone()))
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn read(&self) -> Result<Box<dyn ReadView>, StoreError> {
        Ok(Box::new(View::new(self.reader().await?)))
    }

    async fn check(&self) -> Result<Box<dyn ReadView>, StoreError> {
        if self.readers.is_closed() {
            return Err(gone());
        }
        let mut loan = Lazy::of(Arc::clone(&self.readers));
        if self.memory.is_due() {
            self.look(&mut loan).boxed().await?;
        }
        Ok(Box::new(View::remembering(loan, Arc::clone(&self.memory))))
    }

    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        let lease = self.lease(Purpose::Change).await?;
        Ok(Box::new(View::remembering(lease, Arc::clone(&self.memory))))
    }

    async fn begin_use(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        let lease = self.lease(Purpose::Use).await?;
        Ok(Box::new(View::remembering(lease, Arc::clone(&self.memory))))
    }

    async fn extend_session(
        &self,
        digest: &TokenDigest,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut unit = View::new(self.lease(Purpose::Change).await?);
        unit.extend_session(digest, expires_at).await?;
        unit.keep().await
    }

    async fn use_assertion(
        &self,
        realm_id: RealmId,
        digest: &TokenDigest,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut unit = View::new(self.lease(Purpose::Change).await?);
        let is_new = unit.use_assertion(realm_id, digest, expires_at).await?;
        unit.keep().await?;
        Ok(is_new)
    }

    async fn prune(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut unit = View::new(self.lease(Purpose::Change).await?);
        let last = unit.last_recall().await?;
        let forgotten = unit.prune_sessions(now).await?
            + unit.prune_recalled(now).await?
            + unit.prune_revoked(now).await?
            + unit.prune_withheld(now).await?
            + unit.prune_registered(now).await?
            + unit.prune_client_secrets(now).await?
            + unit.prune_assertions(now).await?
            + unit.prune_tasks(now).await?;
        // What is over of age is so in every copy of the store.
        unit.forget_recalls(last).await?;
        unit.keep().await?;
        Ok(forgotten)
    }

    async fn close(&self) {
        drop(
            self.door
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        // Whoever closes beside this call waits here for the same end.
        let mut writer = self.writer.lock().await;
        let Some(task) = writer.take() else {
            return;
        };
        let connection = task.await.ok().flatten();
        if self.commits() > 0 {
            // Whoever comes after this end may go by it: by now every process has to look before it believes its memory.
            tokio::time::sleep(self.options.check_patience).await;
        }
        // The writer closes last: only a connection that writes can fold the write-ahead log into the file.
        let closed = tokio::time::timeout(self.options.patience, self.readers.close()).await;
        if closed.is_err() {
            tracing::warn!("a view of the store is still open");
        }
        if let Some(connection) = connection
            && let Err(error) = shut(connection).await
        {
            // Everything is durable in the log; the next process to open the file folds it in.
            tracing::warn!(%error, "the store was not closed in good order");
        }
        let presence = self.presence.lock();
        drop(presence.unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// The turn to look, which ends before those who wait for the look are told.
struct Look<'a> {
    turn: Option<MutexGuard<'a, ()>>,
    looked: &'a Notify,
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        drop(self.turn.take());
        self.looked.notify_waiters();
    }
}

/// Folds the write-ahead log into the file and closes the connection.
async fn shut(mut connection: SqliteConnection) -> Result<(), sqlx::Error> {
    connection
        .execute("PRAGMA wal_checkpoint(TRUNCATE)")
        .await?;
    connection.close().await
}
