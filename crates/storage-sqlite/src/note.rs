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

/// Writes all of them and runs what follows, together with the last of them. The order between those of one text is kept. Gives
/// the rows that were read by what follows.
///
/// # Errors
/// When any of them failed or found no row: nothing of the transaction may be kept then. Or what follows has failed.
pub(crate) async fn write_all_then(
    notes: Vec<Note>,
    following: &str,
    connection: &mut SqliteConnection,
) -> Result<Vec<SqliteRow>, StoreError> {
    let mut batches = batches(notes);
    let last = batches.pop().unwrap_or_default();
    for batch in batches {
        all_found(&write_at_once(batch, "", connection).await?)?;
    }
    let written = write_at_once(last, following, connection).await?;
    all_found(&written)?;
    Ok(written.rows)
}

fn all_found(written: &Written) -> Result<(), StoreError> {
    if written.in_vain.is_empty() {
        Ok(())
    } else {
        Err(unavailable("what was used is not there"))
    }
}

/// Adds all of them, and gives the positions of those that found their place taken.
///
/// # Errors
/// When any of them failed otherwise: nothing of the transaction may be kept then.
pub(crate) async fn add_all(
    additions: Vec<Note>,
    connection: &mut SqliteConnection,
) -> Result<Vec<usize>, StoreError> {
    let mut refused = Vec::new();
    for batch in batches(additions) {
        refused.extend(write_at_once(batch, "", connection).await?.in_vain);
    }
    Ok(refused)
}

/// Statements of one text, for one call, each with its position among all that there are.
#[derive(Debug, Default)]
struct Batch {
    sql: &'static str,
    all: Vec<(usize, Vec<Value>)>,
}

fn batches(notes: Vec<Note>) -> Vec<Batch> {
    let mut batches = Vec::new();
    for Batch { sql, mut all } in by_text(notes) {
        for size in SIZES {
            while all.len() >= size {
                let rest = all.split_off(size);
                batches.push(Batch { sql, all });
                all = rest;
            }
        }
    }
    batches
}

fn by_text(notes: Vec<Note>) -> Vec<Batch> {
    let mut groups: Vec<Batch> = Vec::new();
    for (position, Note { sql, values }) in notes.into_iter().enumerate() {
        let one = (position, values);
        match groups.iter_mut().find(|group| group.sql == sql) {
            Some(group) => group.all.push(one),
            None => groups.push(Batch {
                sql,
                all: vec![one],
            }),
        }
    }
    groups
}

/// What came of a call.
#[derive(Debug, Default)]
struct Written {
    /// The positions of the statements that have written nothing.
    in_vain: Vec<usize>,
    rows: Vec<SqliteRow>,
}

async fn write_at_once(
    Batch { sql, all }: Batch,
    following: &str,
    connection: &mut SqliteConnection,
) -> Result<Written, StoreError> {
    let mut text = vec![sql; all.len()];
    text.push(following);
    let query = sqlx::query(AssertSqlSafe(text.join(";")));
    let (positions, values): (Vec<_>, Vec<_>) = all.into_iter().unzip();
    let mut positions = positions.into_iter();
    let mut outcomes = connection.fetch_many(bind(query, values.into_iter().flatten()));
    let mut written = Written::default();
    while let Some(outcome) = outcomes
        .try_next()
        .await
        .map_err(|error| store_error(&error))?
    {
        match outcome {
            Either::Right(row) => written.rows.push(row),
            // Once there is no position left, it is of what follows, which need not change anything.
            Either::Left(done) => {
                let in_vain = positions.next().filter(|_| done.rows_affected() == 0);
                written.in_vain.extend(in_vain);
            }
        }
    }
    Ok(written)
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
