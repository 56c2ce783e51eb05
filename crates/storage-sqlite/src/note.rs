//! Statements that need no answer before the group is committed: that something was used, and the records of the audit. They go
//! to the connection's thread many at a time, since each way there and back costs more than what is done there.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use breakglass_ports::StoreError;
use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Either, Executor};

use crate::error::{store_error, unavailable};

/// How many statements go at once. Each size is a text of its own, which the connection keeps prepared.
const SIZES: [usize; 3] = [16, 4, 1];

/// How many rows a statement adds that takes several.
const ROWS: [usize; 6] = [32, 16, 8, 4, 2, 1];

/// The values of a row.
type Row = Vec<Value>;

/// What a note says, with a `?` for each value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Text {
    /// A statement for each row.
    Each(&'static str),
    /// When rows of this table were last used, by one statement: the time, and the realm and the id of the row. Of one row only the
    /// last counts.
    LastUse(&'static str),
    /// Rows that are added by one statement: what stands before their values, and the values of one.
    Rows(&'static str, &'static str),
}

/// A row, which is there to be written unless it is added.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    text: Text,
    values: Row,
}

/// A row that is added unless its place is taken.
#[derive(Clone, Debug)]
pub(crate) struct Addition {
    /// With a `?` for each value.
    sql: &'static str,
    values: Row,
}

/// What a statement writes.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Value {
    Bytes(Vec<u8>),
    /// One of the few names of kinds.
    Name(&'static str),
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
    /// This text with these values.
    pub(crate) fn new(text: Text, values: impl Into<Row>) -> Self {
        Self {
            text,
            values: values.into(),
        }
    }

    /// Writes it alone, and gives the number of rows.
    pub(crate) async fn write(self, connection: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
        let sql = self.text.times(1, "");
        write(sql, self.values, connection).await
    }
}

impl Addition {
    /// This statement with these values.
    pub(crate) fn new(sql: &'static str, values: impl Into<Row>) -> Self {
        Self {
            sql,
            values: values.into(),
        }
    }

    /// Writes it alone, and gives the number of rows.
    pub(crate) async fn write(self, connection: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
        write(self.sql.to_owned(), self.values, connection).await
    }
}

async fn write(
    sql: String,
    values: Row,
    connection: &mut SqliteConnection,
) -> Result<u64, sqlx::Error> {
    let arguments = arguments(vec![values]).map_err(sqlx::Error::Encode)?;
    let query = sqlx::query_with(AssertSqlSafe(sql), arguments);
    Ok(query.execute(connection).await?.rows_affected())
}

impl Text {
    /// How many rows go at once.
    fn sizes(self) -> &'static [usize] {
        match self {
            Self::Each(_) => &SIZES,
            Self::LastUse(_) | Self::Rows(..) => &ROWS,
        }
    }

    /// For so many rows, and with what follows.
    fn times(self, rows: usize, following: &str) -> String {
        let times = |row, between| vec![row; rows].join(between);
        match self {
            Self::Each(sql) => [&times(sql, ";"), ";", following].concat(),
            Self::LastUse(table) => format!(
                "UPDATE {table} SET last_used_at = used.column1 FROM (VALUES {}) AS used
                 WHERE realm_id = used.column2 AND id = used.column3;{following}",
                times("(?, ?, ?)", ",")
            ),
            Self::Rows(before, row) => [before, &times(row, ","), ";", following].concat(),
        }
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
    let Some((text, last)) = batches.pop() else {
        return Ok(run(following.to_owned(), Vec::new(), connection)
            .await?
            .rows);
    };
    for (text, rows) in batches {
        write_rows(text, rows, "", connection).await?;
    }
    write_rows(text, last, following, connection).await
}

/// Writes the rows, each of which is there to be written.
async fn write_rows(
    text: Text,
    rows: Vec<Row>,
    following: &str,
    connection: &mut SqliteConnection,
) -> Result<Vec<SqliteRow>, StoreError> {
    let (count, sql) = (rows.len(), text.times(rows.len(), following));
    let done = run(sql, rows, connection).await?;
    // No statement writes more than its rows, so that all have found theirs when the sum is right. What follows comes after.
    let statements = match text {
        Text::Each(_) => count,
        Text::LastUse(_) | Text::Rows(..) => 1,
    };
    let written: u64 = done.affected.iter().take(statements).sum();
    if usize::try_from(written) == Ok(count) {
        Ok(done.rows)
    } else {
        Err(unavailable("what was used is not there"))
    }
}

/// Adds all of them, and gives the positions of those that found their place taken.
///
/// # Errors
/// When any of them failed otherwise: nothing of the transaction may be kept then.
pub(crate) async fn add_all(
    additions: Vec<Addition>,
    connection: &mut SqliteConnection,
) -> Result<Vec<usize>, StoreError> {
    let mut by_text: Vec<(&str, Vec<(usize, Row)>)> = Vec::new();
    for (position, Addition { sql, values }) in additions.into_iter().enumerate() {
        push(&mut by_text, sql, (position, values));
    }
    let mut refused = Vec::new();
    for (sql, all) in by_text {
        for batch in cut(all, &SIZES) {
            let (positions, values): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
            let text = Text::Each(sql).times(values.len(), "");
            let done = run(text, values, connection).await?;
            let outcomes = positions.into_iter().zip(done.affected);
            refused.extend(outcomes.filter_map(|(position, rows)| (rows == 0).then_some(position)));
        }
    }
    Ok(refused)
}

/// The rows of each text, in as many parts as there are calls.
fn batches(notes: Vec<Note>) -> Vec<(Text, Vec<Row>)> {
    let mut by_text: Vec<(Text, Vec<Row>)> = Vec::new();
    for Note { text, values } in notes {
        push(&mut by_text, text, values);
    }
    let mut batches = Vec::new();
    for (text, mut rows) in by_text {
        if matches!(text, Text::LastUse(_)) {
            rows = last_of_each(rows);
        }
        let parts = cut(rows, text.sizes()).into_iter();
        batches.extend(parts.map(|part| (text, part)));
    }
    batches
}

/// Of the rows that are alike in all but the first value, the last.
fn last_of_each(mut rows: Vec<Row>) -> Vec<Row> {
    rows.reverse();
    // What is alike stays in its order.
    rows.sort_by(|one, other| which(one).cmp(which(other)));
    rows.dedup_by(|earlier, last| which(earlier) == which(last));
    rows
}

/// The values that tell which row it is.
fn which(row: &[Value]) -> &[Value] {
    row.get(1..).unwrap_or_default()
}

fn push<K: PartialEq, T>(groups: &mut Vec<(K, Vec<T>)>, key: K, one: T) {
    match groups.iter_mut().find(|(known, _)| *known == key) {
        Some((_, group)) => group.push(one),
        None => groups.push((key, vec![one])),
    }
}

/// Cuts it into parts of these sizes, of which the last is 1.
fn cut<T>(mut all: Vec<T>, sizes: &[usize]) -> Vec<Vec<T>> {
    let mut parts = Vec::new();
    for size in sizes {
        while all.len() >= *size {
            let rest = all.split_off(*size);
            parts.push(all);
            all = rest;
        }
    }
    parts
}

/// What came of a call.
#[derive(Debug, Default)]
struct Done {
    /// How many rows each statement has written.
    affected: Vec<u64>,
    rows: Vec<SqliteRow>,
}

async fn run(
    sql: String,
    values: Vec<Row>,
    connection: &mut SqliteConnection,
) -> Result<Done, StoreError> {
    let arguments = arguments(values).map_err(|error| unavailable(&error))?;
    let query = sqlx::query_with(AssertSqlSafe(sql), arguments);
    let mut outcomes = connection.fetch_many(query);
    let mut done = Done::default();
    while let Some(outcome) = outcomes
        .try_next()
        .await
        .map_err(|error| store_error(&error))?
    {
        match outcome {
            Either::Right(row) => done.rows.push(row),
            Either::Left(statement) => done.affected.push(statement.rows_affected()),
        }
    }
    Ok(done)
}

fn arguments(rows: Vec<Row>) -> Result<SqliteArguments, sqlx::error::BoxDynError> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(rows.iter().map(Vec::len).sum(), 0);
    for value in rows.into_iter().flatten() {
        match value {
            Value::Bytes(bytes) => arguments.add(bytes),
            Value::Name(name) => arguments.add(shared(name)),
            Value::Number(number) => arguments.add(number),
            Value::Text(text) => arguments.add(text),
            Value::Null => arguments.add(None::<i64>),
        }?;
    }
    Ok(arguments)
}

/// A name that is there once however many rows have it: what is bound belongs to the connection's thread.
fn shared(name: &'static str) -> Arc<str> {
    thread_local! {
        static NAMES: RefCell<HashMap<&'static str, Arc<str>>> = RefCell::default();
    }
    NAMES.with_borrow_mut(|names| Arc::clone(names.entry(name).or_insert_with(|| name.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_for_several_rows_is_one_statement_or_one_for_each() {
        let rows = Text::Rows("INSERT INTO a VALUES ", "(?, ?)");
        assert_eq!(rows.times(2, ""), "INSERT INTO a VALUES (?, ?),(?, ?);");
        let each = Text::Each("DELETE FROM a WHERE b = ?");
        assert_eq!(
            each.times(2, "COMMIT"),
            "DELETE FROM a WHERE b = ?;DELETE FROM a WHERE b = ?;COMMIT"
        );
    }

    #[test]
    fn rows_go_in_as_few_calls_as_the_sizes_allow() {
        let lengths = |sizes| {
            let parts = cut(vec![(); 39], sizes).into_iter();
            parts.map(|part| part.len()).collect::<Vec<_>>()
        };
        assert_eq!(lengths(&ROWS), [32, 4, 2, 1]);
        assert_eq!(lengths(&SIZES), [16, 16, 4, 1, 1, 1]);
    }

    #[test]
    fn of_what_only_the_last_counts_of_the_last_is_written() {
        let last = Text::LastUse("a");
        let each = Text::Each("UPDATE a SET d = d + 1, e = ? WHERE c = ?");
        let note = |text, time: i64, row: i64| Note::new(text, [time.into(), row.into()]);
        let notes = [
            (last, 1, 7),
            (each, 1, 7),
            (last, 2, 8),
            (each, 2, 7),
            (last, 3, 7),
            (last, 2, 7),
        ];
        let written = batches(
            notes
                .map(|(text, time, row)| note(text, time, row))
                .to_vec(),
        );
        let row = |time: i64, row: i64| vec![Value::Number(time), Value::Number(row)];
        assert_eq!(
            written,
            [
                (last, vec![row(2, 7), row(2, 8)]),
                (each, vec![row(1, 7)]),
                (each, vec![row(2, 7)]),
            ]
        );
    }
}
