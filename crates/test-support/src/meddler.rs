//! Somebody who can write to the file of a store, behind its back.

use std::path::PathBuf;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor};

/// Somebody who can write to the file of a store: an attacker with access to the disk, or a fault that no test can wait
/// for.
#[derive(Debug)]
pub struct Meddler {
    file: PathBuf,
}

impl Meddler {
    /// Somebody who can write to this file.
    pub(crate) fn new(file: PathBuf) -> Self {
        Self { file }
    }

    /// Makes the audit record of this sequence unreadable.
    pub async fn spoil_audit_record(&self, sequence: u64) {
        let spoil = format!("UPDATE audit_records SET action = 'none' WHERE sequence = {sequence}");
        self.run(&spoil).await;
    }

    /// Lets no record be added to the audit from now on, or lets them be added again. Everything else in the store can
    /// still be written.
    pub async fn refuse_audit_records(&self, refuse: bool) {
        let statement = if refuse {
            "CREATE TRIGGER refuse_audit_records BEFORE INSERT ON audit_records
             BEGIN SELECT RAISE(ABORT, 'told to refuse'); END"
        } else {
            "DROP TRIGGER refuse_audit_records"
        };
        self.run(statement).await;
    }

    /// Replaces a word in what tokens leave out, wherever it stands.
    pub async fn reword_withheld_claims(&self, word: &str, by: &str) {
        let mut connection = self.connect().await;
        sqlx::query("UPDATE withheld_claims SET roles = replace(roles, ?, ?)")
            .bind(word)
            .bind(by)
            .execute(&mut connection)
            .await
            .expect("a change");
    }

    /// Every row of every table, as text: equal when nothing at all was changed in between.
    pub async fn rows(&self) -> Vec<String> {
        let mut connection = self.connect().await;
        let columns: Vec<(String, String)> = sqlx::query_as(
            "SELECT tables.name, columns.name FROM sqlite_schema AS tables
             JOIN pragma_table_info(tables.name) AS columns
             WHERE tables.type = 'table' ORDER BY tables.name, columns.cid",
        )
        .fetch_all(&mut connection)
        .await
        .expect("a schema");
        let mut rows = Vec::new();
        for table in columns.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((name, _)) = table.first() else {
                continue;
            };
            let cells: Vec<String> = table
                .iter()
                .map(|(_, column)| format!("quote(\"{column}\")"))
                .collect();
            let select = format!(
                "SELECT '{name}: ' || concat_ws(', ', {}) AS row FROM \"{name}\" ORDER BY row",
                cells.join(", ")
            );
            let found: Vec<String> = sqlx::query_scalar(AssertSqlSafe(select))
                .fetch_all(&mut connection)
                .await
                .expect("the rows of a table");
            rows.extend(found);
        }
        rows
    }

    async fn run(&self, statement: &str) {
        self.connect()
            .await
            .execute(AssertSqlSafe(statement))
            .await
            .expect("a statement that the schema allows");
    }

    async fn connect(&self) -> SqliteConnection {
        SqliteConnectOptions::new()
            .filename(&self.file)
            .busy_timeout(Duration::from_mins(1))
            .connect()
            .await
            .expect("the file of a store")
    }
}
