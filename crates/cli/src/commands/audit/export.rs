//! Every record, written down.

use std::fs::{self, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::{newest, page};
use crate::arguments::AuditOrder;
use crate::client::Client;
use crate::context::Context;
use crate::exit::{Exit, Failure};

/// Records per page of an export: the most that the contract allows.
const PAGE: u32 = 1000;

/// What an export needs of a page; the records stay as they came.
#[derive(Deserialize)]
struct RawPage {
    #[serde(default)]
    records: Vec<Value>,
    next: Option<u64>,
}

/// Writes every record after a sequence number, and fails afterwards when some are missing.
///
/// # Errors
/// When the records cannot be read or written; [`Exit::AuditTampered`] when the export is not whole.
pub(super) async fn run(
    client: &Client,
    file: Option<&Path>,
    after: u64,
    context: &mut Context,
) -> Result<(), Failure> {
    let mut sink = file.map(new_file).transpose()?;
    let newest = newest(client).await?.and_then(|it| u64::try_from(it).ok());
    let mut tally = Tally::new(after);
    let mut place = Some(after);
    while let Some(after) = place {
        let call = page(PAGE, Some(after), AuditOrder::Ascending);
        let page: RawPage = client.call(call).await?.parse()?;
        for record in &page.records {
            match &mut sink {
                Some(sink) => writeln!(sink, "{record}").map_err(|error| unwritten(&error))?,
                None => context.console.line(record.to_string())?,
            }
            tally.note(record.get("sequence").and_then(Value::as_u64));
        }
        place = page.next;
        if place.is_some_and(|next| next <= after) {
            let message = "the server sends the same page again and again";
            return Err(Failure::new(Exit::Failed, message));
        }
    }
    if let Some(sink) = sink {
        let file = sink
            .into_inner()
            .map_err(|error| unwritten(error.error()))?;
        file.sync_all().map_err(|error| unwritten(&error))?;
    }
    let written = tally.written;
    context.console.note(format!("Exported {written} records."));
    match tally.missing(newest, client.sees_every_realm()) {
        None => Ok(()),
        Some(missing) => Err(incomplete(missing)),
    }
}

/// What was written, and what should have been.
struct Tally {
    written: u64,
    last: u64,
    /// The first sequence number that was skipped.
    skipped: Option<u64>,
}

impl Tally {
    fn new(after: u64) -> Self {
        Self {
            written: 0,
            last: after,
            skipped: None,
        }
    }

    /// Notes a record. One without a number fills no gap.
    fn note(&mut self, sequence: Option<u64>) {
        self.written += 1;
        let Some(sequence) = sequence else { return };
        let expected = self.last.saturating_add(1);
        if sequence != expected {
            self.skipped = self.skipped.or(Some(expected));
        }
        self.last = self.last.max(sequence);
    }

    /// The first record that is missing: of those up to the newest, and in between when all can be seen.
    fn missing(&self, newest: Option<u64>, all: bool) -> Option<u64> {
        let cut = newest
            .is_some_and(|newest| newest > self.last)
            .then(|| self.last.saturating_add(1));
        self.skipped.filter(|_| all).or(cut)
    }
}

fn incomplete(missing: u64) -> Failure {
    let message = format!("the export is not whole: record {missing} of the audit is missing");
    Failure::new(Exit::AuditTampered, message)
        .with_detail("`breakglass audit verify` says what became of it")
}

fn new_file(path: &Path) -> Result<BufWriter<fs::File>, Failure> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map(BufWriter::new)
        .map_err(|error| {
            let message = format!("cannot make {}", path.display());
            Failure::caused(Exit::Failed, message, &error)
        })
}

fn unwritten(error: &std::io::Error) -> Failure {
    Failure::caused(Exit::Failed, "cannot write the export", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(after: u64, records: &[u64], newest: Option<u64>, all: bool, missing: Option<u64>) {
        let mut tally = Tally::new(after);
        for record in records {
            tally.note(Some(*record));
        }
        assert_eq!(tally.missing(newest, all), missing, "{records:?}");
    }

    #[test]
    fn what_is_missing_is_noticed() {
        check(0, &[1, 2, 3], Some(3), true, None);
        check(7, &[8, 9, 10], Some(9), true, None);
        check(0, &[], None, true, None);
        check(0, &[2, 3], Some(3), true, Some(1));
        check(0, &[1, 3, 5], Some(5), true, Some(2));
        check(0, &[1, 2], Some(3), true, Some(3));
        check(0, &[], Some(3), true, Some(1));
        check(9, &[], Some(3), true, None);
    }

    #[test]
    fn a_realm_has_gaps_where_the_records_of_others_are() {
        check(0, &[2, 5], Some(5), false, None);
        check(0, &[2], Some(5), false, Some(3));
    }
}
