//! Copies of the store, made while it is used, and what tells whether one is sound.

use std::path::Path;

use breakglass_ports::StoreError;

use crate::SqliteStore;
use crate::error::{store_error, unavailable};

impl SqliteStore {
    /// Writes everything that was committed up to now into a file that does not exist yet, as one consistent store without the
    /// room of what was deleted. Those who write beside it do not wait. The file is not synced.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be written.
    pub async fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        let path = path.to_str();
        let path = path.ok_or_else(|| unavailable("the name of the copy is no text"))?;
        // What a copy took of the connection's memory is not kept.
        let mut reader = self.reader().await?;
        let copy = sqlx::query("VACUUM INTO ?").bind(path);
        let done = copy.execute(reader.enter()?).await;
        done.map(|_| ()).map_err(|error| store_error(&error))
    }

    /// Walks every page and index of the file and every reference between rows, and tells what is wrong, a line each.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be read at all.
    pub async fn find_damage(&self) -> Result<Vec<String>, StoreError> {
        // Nor is what it took to walk the whole file.
        let mut reader = self.reader().await?;
        let connection = reader.enter()?;
        let told: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check")
            .fetch_all(&mut *connection)
            .await
            .map_err(|error| unavailable(&error))?;
        let mut damage: Vec<String> = told.into_iter().filter(|line| line != "ok").collect();
        let loose: Vec<String> =
            sqlx::query_scalar("SELECT \"table\" FROM pragma_foreign_key_check")
                .fetch_all(&mut *connection)
                .await
                .map_err(|error| unavailable(&error))?;
        for table in loose {
            damage.push(format!("a row of {table} refers to one that is not there"));
        }
        Ok(damage)
    }

    /// The version of the schema.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be read.
    pub async fn schema(&self) -> Result<i64, StoreError> {
        let mut reader = self.reader().await?;
        let version = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
            .fetch_one(reader.enter()?)
            .await
            .map_err(|error| unavailable(&error))?;
        reader.leave();
        Ok(version)
    }
}
