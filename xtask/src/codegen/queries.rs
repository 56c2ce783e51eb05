//! The descriptions of the checked queries, from which the stores build without a database.
//!
//! The macros of `sqlx` write a description of each query that they expand against a live database into the folder
//! that `SQLX_OFFLINE_DIR` names. So the migrations make a database in a temporary folder, and the library of the
//! store is checked against it. Only the library is: a checked query has no place in a test.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xshell::{Shell, cmd};

use super::output::{Mode, ensure_folder};
use crate::workspace::{self, require_python};

const PACKAGE: &str = "breakglass-storage-sqlite";
const STORE: &str = "crates/storage-sqlite";

/// Makes an empty database of the migrations that follow its path in the arguments.
const MAKE_DATABASE: &str = r#"
import pathlib, sqlite3, sys
if sqlite3.sqlite_version_info < (3, 37):
    sys.exit(f"the SQLite {sqlite3.sqlite_version} of this Python has no STRICT tables; 3.37 or newer is needed")
database = sqlite3.connect(sys.argv[1])
for migration in sys.argv[2:]:
    try:
        database.executescript(pathlib.Path(migration).read_text(encoding="utf-8"))
    except sqlite3.Error as error:
        sys.exit(f"{migration}: {error}")
database.close()
"#;

/// Describes every checked query of the store anew.
pub(crate) fn generate(root: &Path, mode: Mode) -> Result<()> {
    let shell = workspace::shell(root)?;
    let temporary = shell.create_temp_dir()?;
    let database = temporary.path().join("schema.db");
    let descriptions = temporary.path().join("described");
    shell.create_dir(&descriptions)?;

    make_database(&shell, &database, &migrations(root)?)?;
    describe(&shell, &database, &descriptions)?;
    ensure_folder(&root.join(STORE).join(".sqlx"), &read(&descriptions)?, mode)
}

/// The migrations in the order of their versions, which their names begin with.
fn migrations(root: &Path) -> Result<Vec<PathBuf>> {
    let folder = root.join(STORE).join("migrations");
    let entries = std::fs::read_dir(&folder)
        .with_context(|| format!("failed to list {}", folder.display()))?;
    let mut migrations = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            migrations.push(path);
        }
    }
    migrations.sort();
    ensure!(!migrations.is_empty(), "{} is empty", folder.display());
    Ok(migrations)
}

fn make_database(shell: &Shell, database: &Path, migrations: &[PathBuf]) -> Result<()> {
    require_python(shell)?;
    cmd!(shell, "python3 - {database} {migrations...}")
        .stdin(MAKE_DATABASE)
        .quiet()
        .run()
        .context("failed to apply the migrations to a database")
}

fn describe(shell: &Shell, database: &Path, descriptions: &Path) -> Result<()> {
    // Cargo knows nothing of the database, so only an argument that it has not seen makes it compile again.
    let unseen = format!("described_{}", RandomState::new().build_hasher().finish());
    cmd!(
        shell,
        "cargo rustc --quiet --package {PACKAGE} --lib --profile check -- --cfg {unseen}"
    )
    .env("DATABASE_URL", format!("sqlite://{}", database.display()))
    .env("SQLX_OFFLINE", "false")
    .env("SQLX_OFFLINE_DIR", descriptions)
    .quiet()
    .run()
    .with_context(|| format!("failed to check {PACKAGE} against its migrations"))
}

fn read(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        files.insert(name, std::fs::read_to_string(entry.path())?);
    }
    ensure!(!files.is_empty(), "{PACKAGE} has no checked query");
    Ok(files)
}
