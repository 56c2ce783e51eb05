//! Statements that need no answer before the group is committed: that something was used, and the records of the audit. They go
//! to the connection's thread many at a time, since each way there and back costs more than what is done there.

use breakglass_ports::StoreError;
use futures_util::TryStreamExt;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection, SqliteRow};
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
    for batch in batches(notes) {
        write_at_once(batch, "", connection).await?;
    }
    Ok(())
}

/// Writes all of them and runs what follows, together with the last of them. Gives the rows that it has read.
///
/// # Errors
/// As [`write_all`]; or what follows has failed.
pub(crate) async fn write_all_then(
    notes: Vec<Note>,
    following: &str,
    connection: &mut SqliteConnection,
) -> Result<Vec<SqliteRow>, StoreError> {
    let mut batches = batches(notes);
    let last = batches.pop().unwrap_or_default();
    for batch in batches {
        write_at_once(batch, "", connection).await?;
    }
    write_at_once(last, following, connection).await
}

/// Statements of one text, for one call.
#[derive(Debug, Default)]
struct Batch {
    sql: &'static str,
    all: Vec<Vec<Value>>,
}

fn batches(notes: Vec<Note>) -> Vec<Batch> {
    let mut batches = Vec::new();
    for (sql, mut alike) in by_text(notes) {
        for size in SIZES {
            while alike.len() >= size {
                let rest = alike.split_off(size);
                batches.push(Batch { sql, all: alike });
                alike = rest;
            }
        }
    }
    batches
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
    Batch { sql, all }: Batch,
    following: &str,
    connection: &mut SqliteConnection,
) -> Result<Vec<SqliteRow>, StoreError> {
    let mut text = vec![sql; all.len()];
    text.push(following);
    let mut to_write = all.len();
    let query = sqlx::query(AssertSqlSafe(text.join(";")));
    let mut outcomes = connection.fetch_many(bind(query, all.into_iter().flatten()));
    let mut rows = Vec::new();
    while let Some(outcome) = outcomes
        .try_next()
        .await
        .map_err(|error| store_error(&error))?
    {
        match outcome {
            Either::Right(row) => rows.push(row),
            Either::Left(done) if to_write > 0 => {
                if done.rows_affected() == 0 {
                    return Err(unavailable("what was used is not there"));
                }
                to_write -= 1;
            }
            // Of what follows, which need not change anything.
            Either::Left(_) => {}
        }
    }
    Ok(rows)
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
