//! Statements that need no answer before the group is committed: that something was used, and the records of the audit. They go
//! to the connection's thread many at a time, since each way there and back costs more than what is done there.

use breakglass_ports::StoreError;
use futures_util::TryStreamExt;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection};
use sqlx::{AssertSqlSafe, Either, Executor};

use crate::error::{store_error, unavailable};

/// How many statements go at once. Each size is a text of its own, which the connection keeps prepared.
const SIZES: [usize; 3] = [16, 4, 1];

/// A statement that writes one row, which is there to be written.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    /// With a `?` for each value.
    sql: &'static str,
    values: Vec<Value>,
}

/// What a statement writes.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Bytes(Vec<u8>),
    Number(i64),
    Text(String),
    Null,
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(is_so: bool) -> Self {
        Self::Number(is_so.into())
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_owned())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Note {
    /// This statement with these values.
    pub(crate) fn new(sql: &'static str, values: impl Into<Vec<Value>>) -> Self {
        Self {
            sql,
            values: values.into(),
        }
    }

    /// Writes it alone, and gives the number of rows.
    pub(crate) async fn write(self, connection: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
        let done = bind(sqlx::query(self.sql), self.values)
            .execute(connection)
            .await;
        done.map(|done| done.rows_affected())
    }
}

/// Writes all of them. The order between those of one text is kept.
///
/// # Errors
/// When any of them failed or found no row: nothing of the transaction may be kept then.
pub(crate) async fn write_all(
    notes: Vec<Note>,
    connection: &mut SqliteConnection,
) -> Result<(), StoreError> {
    for (sql, mut alike) in by_text(notes) {
        for size in SIZES {
            while alike.len() >= size {
                let rest = alike.split_off(size);
                write_at_once(sql, alike, connection).await?;
                alike = rest;
            }
        }
    }
    Ok(())
}

fn by_text(notes: Vec<Note>) -> Vec<(&'static str, Vec<Vec<Value>>)> {
    let mut groups: Vec<(&'static str, Vec<Vec<Value>>)> = Vec::new();
    for Note { sql, values } in notes {
        match groups.iter_mut().find(|(text, _)| *text == sql) {
            Some((_, alike)) => alike.push(values),
            None => groups.push((sql, vec![values])),
        }
    }
    groups
}

async fn write_at_once(
    sql: &'static str,
    all: Vec<Vec<Value>>,
    connection: &mut SqliteConnection,
) -> Result<(), StoreError> {
    let text = vec![sql; all.len()].join(";");
    let mut missing = all.len();
    let query = bind(sqlx::query(AssertSqlSafe(text)), all.into_iter().flatten());
    let mut outcomes = connection.fetch_many(query);
    while let Some(outcome) = outcomes
        .try_next()
        .await
        .map_err(|error| store_error(&error))?
    {
        if let Either::Left(done) = outcome {
            missing -= usize::from(done.rows_affected() > 0).min(missing);
        }
    }
    if missing > 0 {
        return Err(unavailable("what was used is not there"));
    }
    Ok(())
}

fn bind(
    query: Query<'static, Sqlite, SqliteArguments>,
    values: impl IntoIterator<Item = Value>,
) -> Query<'static, Sqlite, SqliteArguments> {
    values.into_iter().fold(query, |query, value| match value {
        Value::Bytes(bytes) => query.bind(bytes),
        Value::Number(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
        Value::Null => query.bind(None::<i64>),
    })
}
