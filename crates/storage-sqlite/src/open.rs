//! Opening the file: refused with a reason that an operator can act on.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use breakglass_domain::RecallRecord;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use crate::error::code_of;
use crate::put_back::{self, Replaced};
use crate::record::Record;
use crate::record_check::reconcile;

static MIGRATOR: Migrator = sqlx::migrate!();

/// Tells this program's files from those of others; the first migration writes it.
const APPLICATION_ID: i64 = 1_111_968_851;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A migration that was applied to it is not the one that this program has.
    #[error("{path} was made by another build of this program: its migration {version} differs")]
    Altered {
        /// The file.
        path: PathBuf,
        /// The version of the migration.
        version: i64,
    },
    /// Another process kept it locked for too long.
    #[error("{path} is locked by another process")]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// It is a SQLite database, but its structure is broken.
    #[error("{path} is damaged; restore it from a backup")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The file could not be made, or the driver failed otherwise.
    #[error("{path} cannot be opened: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// The reason of the system or the driver.
        reason: String,
    },
    /// The folder of the file does not exist or cannot be used.
    #[error("the folder of {path} cannot be used: {source}")]
    Folder {
        /// The file.
        path: PathBuf,
        /// The reason of the system.
        source: io::Error,
    },
    /// It is a SQLite database of another program.
    #[error("{path} belongs to another program")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A process has it open that would have to be kept out, or it is being replaced.
    #[error("{path} is in use: a server or a command works on it")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It was made by a newer version of this program.
    #[error(
        "{path} has schema {found}, but this program knows none beyond {known}; use a newer version"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its schema.
        found: i64,
        /// The newest schema that this program knows.
        known: i64,
    },
    /// It is no SQLite database.
    #[error("{path} is no database")]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The record of recalls beside it cannot be used.
    #[error("{path}, the record of recalls, cannot be used: {reason}")]
    Record {
        /// The file of the record.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// It may not be read or not be written.
    #[error("{path} cannot be read and written by this user")]
    Permission {
        /// The file.
        path: PathBuf,
    },
}

/// How much of the file a connection that reads keeps, as SQLite has it: in KiB, with a minus.
const READER_CACHE: &str = "-512";

/// The same for the one that writes: what a group of commits changes has to fit, or it is written twice.
const WRITER_CACHE: &str = "-4000";

/// The file once it is there and up to date.
pub(crate) struct Opened {
    /// How to open another connection that writes.
    pub(crate) writer: SqliteConnectOptions,
    /// How to open a connection that reads.
    pub(crate) reader: SqliteConnectOptions,
    /// The connection that writes.
    pub(crate) connection: SqliteConnection,
    /// The record of recalls, if one is kept.
    pub(crate) record: Option<Record>,
    /// What the record has and the store lacks.
    pub(crate) missed: Vec<RecallRecord>,
    /// Keeps out whoever would replace the file.
    pub(crate) presence: Option<File>,
}

/// Opens the file, makes it when it is not there, and brings its schema up to date.
pub(crate) async fn open(
    path: &Path,
    record: Option<&Path>,
    patience: Duration,
) -> Result<Opened, OpenError> {
    let Made {
        path,
        folder,
        presence,
        put_back,
    } = make_file(path.to_owned(), patience).await?;
    let refuse = |error: &sqlx::Error| refusal(&path, error);
    let base = SqliteConnectOptions::new()
        .filename(&path)
        .busy_timeout(patience)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        // Only macOS knows the difference: there a plain fsync leaves the data in the drive's cache.
        .pragma("fullfsync", "ON")
        .pragma("cache_size", READER_CACHE)
        .pragma("temp_store", "MEMORY")
        .pragma("trusted_schema", "OFF")
        .disable_statement_logging();
    let writer = base
        .clone()
        .journal_mode(SqliteJournalMode::Wal)
        .pragma("cache_size", WRITER_CACHE)
        .pragma("journal_size_limit", "67108864");
    let mut connection = writer.connect().await.map_err(|error| refuse(&error))?;
    migrate(&path, &mut connection).await?;
    let mut record = record.map(|file| Record::new(file.to_owned()));
    let missed = match &mut record {
        Some(record) => reconcile(record, &mut connection, put_back.as_ref()).await?,
        None => Vec::new(),
    };
    if put_back.is_some() {
        put_back::done(&path).map_err(|error| file_error(&path, &error))?;
    }
    drop(folder);
    Ok(Opened {
        reader: base.read_only(true),
        writer,
        connection,
        record,
        missed,
        presence: Some(presence),
    })
}

/// The file once it is there.
struct Made {
    /// Its absolute path.
    path: PathBuf,
    /// Its folder, under a lock that ends when the handle is dropped.
    folder: File,
    /// Keeps out whoever would replace the file.
    presence: File,
    /// The copy that has just taken the place of the store.
    put_back: Option<Replaced>,
}

/// Makes the file with mode 0600 unless it is there, and gives its absolute path with the lock on its folder.
///
/// The lock keeps apart processes that open the same file for the first time: the change to the WAL is the one thing that
/// SQLite does not wait for. The file itself is never opened here when it exists, because closing it would take the locks
/// of SQLite that other connections of this process hold on it.
async fn make_file(path: PathBuf, patience: Duration) -> Result<Made, OpenError> {
    let busy = OpenError::Busy { path: path.clone() };
    let work = tokio::task::spawn_blocking(move || {
        let (path, folder) = lock_folder(&path)?;
        let presence = put_back::presence(&path)?;
        if presence.try_lock_shared().is_err() {
            return Err(OpenError::InUse { path });
        }
        let put_back = put_back::finish(&path).map_err(|error| file_error(&path, &error))?;
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        match made {
            // The name is durable only once its folder is.
            Ok(_) => folder
                .sync_all()
                .map_err(|error| file_error(&path, &error))?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(file_error(&path, &error)),
        }
        Ok(Made {
            path,
            folder,
            presence,
            put_back,
        })
    });
    match tokio::time::timeout(patience, work).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) | Err(_) => Err(busy),
    }
}

/// The absolute path of the file, and its folder under a lock that ends when the handle is dropped.
pub(crate) fn lock_folder(path: &Path) -> Result<(PathBuf, File), OpenError> {
    let refuse = |source| OpenError::Folder {
        path: path.to_owned(),
        source,
    };
    let name = path
        .file_name()
        .ok_or_else(|| refuse(io::ErrorKind::InvalidFilename.into()))?;
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let parent = parent.canonicalize().map_err(refuse)?;
    let folder = File::open(&parent).map_err(refuse)?;
    folder.lock().map_err(refuse)?;
    Ok((parent.join(name), folder))
}

/// Brings the schema up to date in one transaction, so that a process beside this one waits for it or finds it done.
async fn migrate(path: &Path, connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let refuse = |error: sqlx::Error| refusal(path, &error);
    let mut transaction = connection
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(refuse)?;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(&mut *transaction)
        .await
        .map_err(refuse)?;
    let owner: i64 = sqlx::query_scalar("PRAGMA application_id")
        .fetch_one(&mut *transaction)
        .await
        .map_err(refuse)?;
    let ours = owner == APPLICATION_ID || (owner == 0 && tables == 0);
    if !ours {
        return Err(OpenError::Foreign {
            path: path.to_owned(),
        });
    }
    // Not `run`: the future of that one cannot move between threads.
    MIGRATOR
        .run_direct(None, &mut *transaction, false)
        .await
        .map_err(|error| migration_refusal(path, error))?;
    transaction.commit().await.map_err(refuse)
}

fn migration_refusal(path: &Path, error: MigrateError) -> OpenError {
    let known = MIGRATOR.iter().map(|migration| migration.version).max();
    let known = known.unwrap_or_default();
    let path = path.to_owned();
    match error {
        MigrateError::VersionMissing(found) if found > known => {
            OpenError::Newer { path, found, known }
        }
        MigrateError::VersionMissing(version) | MigrateError::VersionMismatch(version) => {
            OpenError::Altered { path, version }
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            refusal(&path, &error)
        }
        other => file_error(&path, &other),
    }
}

/// What SQLite's refusal means to an operator.
fn refusal(path: &Path, error: &sqlx::Error) -> OpenError {
    let path = path.to_owned();
    // The primary result codes, which are the last byte of the extended ones.
    match code_of(error).map(|code| code & 0xff) {
        Some(5 | 6) => OpenError::Busy { path },
        Some(11) => OpenError::Damaged { path },
        Some(26) => OpenError::NotADatabase { path },
        Some(3 | 8 | 14 | 23) => OpenError::Permission { path },
        _ => file_error(&path, error),
    }
}

fn file_error(path: &Path, reason: &impl ToString) -> OpenError {
    OpenError::File {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}
