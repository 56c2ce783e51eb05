//! The audit.

mod export;

use std::fs;
use std::path::Path;

use breakglass_api_types::Operation;
use breakglass_api_types::breakglass::{
    AuditCheckpoint, AuditOutcome, AuditRecord, AuditRecords, AuditVerification,
};
use breakglass_domain::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::anchor::{self, append_line};
use crate::arguments::{AuditCommand, AuditOrder, ConnectArgs, Output};
use crate::client::{Call, Client};
use crate::commands::realm;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::settings::DataSettings;
use crate::table;

/// Carries out a command.
///
/// # Errors
/// When it is refused, or cannot be carried out.
pub(crate) async fn run(command: &AuditCommand, context: &mut Context) -> Result<Exit, Failure> {
    let client = Client::connect(connection(command), context).await?;
    let outcome = carry_out(command, &client, context).await;
    client.finish(outcome).await
}

fn connection(command: &AuditCommand) -> &ConnectArgs {
    match command {
        AuditCommand::Checkpoint { connect, .. }
        | AuditCommand::Export { connect, .. }
        | AuditCommand::List { connect, .. }
        | AuditCommand::Verify { connect, .. } => connect,
    }
}

async fn carry_out(
    command: &AuditCommand,
    client: &Client,
    context: &mut Context,
) -> Result<Exit, Failure> {
    match command {
        AuditCommand::Checkpoint {
            append,
            output,
            connect,
        } => {
            if connect.local
                && let Some(path) = DataSettings::resolve(&connect.data)?.checkpoint_file
            {
                anchor::ensure_writable(&path)?;
            }
            checkpoint(client, append.as_deref(), output.output, context).await?;
        }
        AuditCommand::Export { file, after, .. } => {
            export::run(client, file.as_deref(), *after, context).await?;
        }
        AuditCommand::List {
            limit,
            after,
            action,
            realm,
            order,
            output,
            ..
        } => {
            let realm = match realm.as_deref() {
                Some(named) => Some(realm::resolve(client, Some(named)).await?),
                None => None,
            };
            let call = page(*limit, *after, *order)
                .query("action", action.as_deref())
                .query("realmId", realm);
            list(client, call, output.output, context).await?;
        }
        AuditCommand::Verify {
            checkpoint, output, ..
        } => return verify(client, checkpoint.as_deref(), output.output, context).await,
    }
    Ok(Exit::Success)
}

fn page<'a>(limit: u32, after: Option<u64>, order: AuditOrder) -> Call<'a> {
    Call::new(Operation::ListAuditRecords, &[])
        .query("after", after)
        .query("limit", Some(limit))
        .query("order", Some(order.as_str()))
}

async fn list(
    client: &Client,
    call: Call<'_>,
    output: Output,
    context: &mut Context,
) -> Result<(), Failure> {
    let answer = client.call(call).await?;
    if output == Output::Json {
        return context.console.verbatim(answer.bytes());
    }
    let page: AuditRecords = answer.parse()?;
    let mut rows = table::with_columns(&[
        "SEQUENCE",
        "TIME",
        "ACTION",
        "OUTCOME",
        "ACTOR",
        "TARGET",
        "SOURCE",
        "EMERGENCY",
    ]);
    for record in page.records.unwrap_or_default() {
        rows.add_row(row(&record));
    }
    context.console.line(table::render(&rows))?;
    if let Some(next) = page.next {
        context
            .console
            .note(format!("There are more: --after {next}"));
    }
    Ok(())
}

fn row(record: &AuditRecord) -> [String; 8] {
    let actor = record.actor.as_ref();
    let target = record.target.as_ref();
    [
        table::optional(record.sequence),
        table::optional(record.time.and_then(calendar)),
        table::optional(record.action.as_deref()),
        table::optional(record.outcome.map(AuditOutcome::as_str)),
        table::optional(actor.and_then(|actor| named(actor.kind.as_deref(), actor.id.as_deref()))),
        table::optional(target.and_then(|it| named(it.kind.as_deref(), it.id.as_deref()))),
        table::optional(record.source_address.as_deref()),
        table::optional(
            record
                .emergency
                .filter(|emergency| *emergency)
                .map(|_| "yes"),
        ),
    ]
}

fn named(kind: Option<&str>, id: Option<&str>) -> Option<String> {
    match (kind, id.filter(|id| !id.is_empty())) {
        (Some(kind), Some(id)) => Some(format!("{kind}:{id}")),
        (kind, _) => kind.map(str::to_owned),
    }
}

/// RFC 3339, in whole seconds.
pub(crate) fn calendar(millis: i64) -> Option<String> {
    let seconds = Timestamp::from_millis(millis).seconds();
    let instant = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
    instant.format(&Rfc3339).ok()
}

async fn verify(
    client: &Client,
    checkpoint: Option<&str>,
    output: Output,
    context: &mut Context,
) -> Result<Exit, Failure> {
    let checkpoint = checkpoint.map(read_checkpoint).transpose()?;
    let newest = newest(client).await;
    let call = Call::new(Operation::VerifyAudit, &[]).query("checkpoint", checkpoint);
    let answer = client.call(call).await?;
    let found: AuditVerification = answer.parse()?;
    let console = &mut context.console;
    if output == Output::Json {
        console.verbatim(answer.bytes())?;
    }
    if found.valid == Some(true) {
        let records = found.records.unwrap_or_default();
        // That the newest cannot even be listed matters now, and no sooner: a verification that fails says more.
        all_checked(records, newest?)?;
        if output == Output::Table {
            console.line(format!("The audit holds: {records} records."))?;
        }
        return Ok(Exit::Success);
    }
    let failure = found.failure.unwrap_or_default();
    let place = table::optional(failure.sequence);
    let reason = failure.reason.map_or("UNKNOWN", |reason| reason.as_str());
    let message = format!("the audit does not hold from record {place} on: {reason}");
    let told = Failure::new(Exit::AuditTampered, message);
    Err(failure.message.into_iter().fold(told, Failure::with_detail))
}

/// Whoever checks fewer records than there are has not found that all of them hold.
fn all_checked(checked: i64, newest: Option<i64>) -> Result<(), Failure> {
    match newest.filter(|newest| checked < *newest) {
        None => Ok(()),
        Some(newest) => {
            let message = format!("only {checked} of {newest} records of the audit were checked");
            Err(Failure::new(Exit::AuditTampered, message))
        }
    }
}

/// The sequence of the newest record that may be seen.
///
/// # Errors
/// When the server does not say.
async fn newest(client: &Client) -> Result<Option<i64>, Failure> {
    let call = page(1, None, AuditOrder::Descending);
    let page: AuditRecords = client.call(call).await?.parse()?;
    let records = page.records.unwrap_or_default();
    Ok(records.first().and_then(|record| record.sequence))
}

/// A checkpoint as it was given, or the last line of a file of checkpoints: it stands for all before it.
fn read_checkpoint(given: &str) -> Result<String, Failure> {
    let path = Path::new(given);
    if !path.exists() && given.split('.').count() == 3 {
        return Ok(given.to_owned());
    }
    let text = fs::read_to_string(path).map_err(|error| {
        let message = format!("{given:?} is neither a checkpoint nor a file of them");
        Failure::caused(Exit::Usage, message, &error)
    })?;
    let last = text
        .lines()
        .rev()
        .map(str::trim)
        .find(|line| !line.is_empty());
    last.map(str::to_owned)
        .ok_or_else(|| Failure::new(Exit::Usage, format!("{given} holds no checkpoint")))
}

async fn checkpoint(
    client: &Client,
    append: Option<&Path>,
    output: Output,
    context: &mut Context,
) -> Result<(), Failure> {
    let answer = client
        .call(Call::new(Operation::CreateAuditCheckpoint, &[]))
        .await?;
    let signed: AuditCheckpoint = answer.parse()?;
    let jws = signed.checkpoint.unwrap_or_default();
    if let Some(path) = append {
        append_line(path, &jws).map_err(|error| {
            let message = format!("cannot append to {}", path.display());
            Failure::caused(Exit::Failed, message, &error)
        })?;
    }
    if output == Output::Json {
        return context.console.verbatim(answer.bytes());
    }
    let sequence = table::optional(signed.sequence);
    let told = format!("Signed up to record {sequence}. Keep it where this server cannot write.");
    context.console.note(told);
    context.console.line(jws)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_a_file_is_the_checkpoint() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoints");
        fs::write(&path, "a.b.c\nd.e.f\n\n").unwrap();
        assert_eq!(read_checkpoint(path.to_str().unwrap()).unwrap(), "d.e.f");
        assert_eq!(read_checkpoint("x.y.z").unwrap(), "x.y.z");
        fs::write(&path, "\n").unwrap();
        assert!(read_checkpoint(path.to_str().unwrap()).is_err());
        assert!(read_checkpoint("nowhere").is_err());
    }

    #[test]
    fn a_verification_of_a_part_is_none_of_the_whole() {
        // More may have come since the newest was asked for.
        for (checked, newest) in [(7, Some(7)), (8, Some(7)), (0, None)] {
            assert_eq!(all_checked(checked, newest), Ok(()));
        }
        let failure = all_checked(6, Some(7)).unwrap_err();
        assert_eq!(failure.exit, Exit::AuditTampered);
        assert!(failure.message.contains("6 of 7"), "{failure}");
    }

    #[test]
    fn an_instant_is_told_in_calendar_text() {
        assert_eq!(
            calendar(1_790_000_000_999).as_deref(),
            Some("2026-09-21T14:13:20Z")
        );
        assert_eq!(calendar(i64::MAX), None);
    }
}
