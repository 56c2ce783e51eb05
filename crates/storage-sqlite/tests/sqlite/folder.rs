//! A store in a folder of its own, which goes away with it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use breakglass_ports::Store;
use breakglass_storage_contract::Harness;
use breakglass_storage_sqlite::{OpenError, Options, SqliteStore};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor};
use tempfile::TempDir;

/// A store in a temporary folder.
pub(crate) struct Folder {
    store: Arc<SqliteStore>,
    folder: TempDir,
}

impl Folder {
    /// The store by its own type.
    pub(crate) fn sqlite(&self) -> Arc<SqliteStore> {
        Arc::clone(&self.store)
    }

    /// The file of the store.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("breakglass.db")
    }

    /// Another handle on the file.
    pub(crate) async fn open(&self) -> Result<SqliteStore, OpenError> {
        SqliteStore::open(&self.file(), options()).await
    }

    /// Does something to the file that the store does not know of.
    pub(crate) async fn meddle(&self, statements: &str) {
        meddle(&self.file(), statements).await;
    }
}

impl Harness for Folder {
    async fn fresh() -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("breakglass.db");
        let store = SqliteStore::open(&file, options()).await.unwrap();
        Self {
            store: Arc::new(store),
            folder,
        }
    }

    fn store(&self) -> Arc<dyn Store> {
        self.sqlite()
    }

    async fn another(&self) -> Arc<dyn Store> {
        Arc::new(self.open().await.unwrap())
    }

    async fn spoil_audit_record(&self, sequence: u64) {
        let statement =
            format!("UPDATE audit_records SET action = 'none' WHERE sequence = {sequence}");
        self.meddle(&statement).await;
    }

    async fn refuse_audit_records(&self, refuse: bool) {
        let statement = if refuse {
            "CREATE TRIGGER refuse_audit_records BEFORE INSERT ON audit_records
             BEGIN SELECT RAISE(ABORT, 'told to refuse'); END"
        } else {
            "DROP TRIGGER refuse_audit_records"
        };
        self.meddle(statement).await;
    }

    async fn commits(&self) -> u64 {
        self.store.commits()
    }
}

/// What tests open a store with: patient, because many of them run at once on a slow disk.
pub(crate) fn options() -> Options {
    Options {
        patience: Duration::from_mins(1),
        ..Options::default()
    }
}

/// Runs statements on a database file, without any of the rules of the schema that can be switched off.
pub(crate) async fn meddle(file: &std::path::Path, statements: &str) {
    let mut connection = connect(file).await;
    connection
        .execute("PRAGMA ignore_check_constraints = ON")
        .await
        .unwrap();
    connection.execute(AssertSqlSafe(statements)).await.unwrap();
}

async fn connect(file: &std::path::Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .busy_timeout(Duration::from_mins(1))
        .foreign_keys(false)
        .connect()
        .await
        .unwrap()
}
