//! How the installation stands.

use breakglass_api_types::Operation;
use breakglass_api_types::breakglass::{RealmStatus, ServerStatus};
use breakglass_domain::Timestamp;

use crate::arguments::{ConnectArgs, Output};
use crate::client::{Call, Client};
use crate::commands::realm;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::{lifetime, table};

/// Shows how the installation stands. Warnings go to standard error.
///
/// # Errors
/// When it is refused, or nobody answers.
pub(crate) async fn run(
    connect: &ConnectArgs,
    output: Output,
    context: &mut Context,
) -> Result<Exit, Failure> {
    let client = Client::connect(connect, context).await?;
    let outcome = show(&client, connect.local, output, context).await;
    client.finish(outcome).await.map(|()| Exit::Success)
}

async fn show(
    client: &Client,
    local: bool,
    output: Output,
    context: &mut Context,
) -> Result<(), Failure> {
    let answer = client
        .call(Call::new(Operation::GetServerStatus, &[]))
        .await?;
    if output == Output::Json {
        return context.console.verbatim(answer.bytes());
    }
    let status: ServerStatus = answer.parse()?;
    // The server's clock is the one that its tokens live by.
    let now = status
        .now
        .map_or_else(|| context.clock.now(), Timestamp::from_millis);
    // With --local it is this command that has started, and it serves nobody.
    let started = status.started_at.filter(|_| !local);
    let started = started.map(Timestamp::from_millis);
    let audit = status.audit.unwrap_or_default();
    let facts = [
        ("Version", status.version.unwrap_or_default()),
        ("Public URL", status.public_url.unwrap_or_default()),
        ("Instance", status.instance_id.unwrap_or_default()),
        (
            "Started",
            table::optional(started.map(|at| lifetime::ago(now, at))),
        ),
        ("Audit records", table::optional(audit.records)),
        (
            "Signed up to",
            table::optional(audit.last_checkpoint_sequence),
        ),
    ];
    context
        .console
        .line(table::render(&table::of_facts(facts)))?;
    let realms = status.realms.unwrap_or_default();
    context.console.line(format!("\n{}", rows(&realms, now)))?;
    for warning in status.warnings.unwrap_or_default() {
        context
            .console
            .note(format!("warning: {}", table::cell(&warning)));
    }
    Ok(())
}

fn rows(realms: &[RealmStatus], now: Timestamp) -> String {
    let mut rows = table::with_columns(&[
        "REALM",
        "TENANT",
        "LIVE CLIENTS",
        "NEAREST EXPIRY",
        "LAST USED",
    ]);
    for realm in realms {
        let expiry = realm.nearest_expiry.map(Timestamp::from_millis);
        let used = realm.last_used_at.map(Timestamp::from_millis);
        rows.add_row([
            table::optional(realm.realm_id.as_deref()),
            table::optional(realm.tenant.as_deref()),
            realm::live_of_total(realm),
            table::optional(expiry.map(|end| lifetime::countdown(now, end))),
            table::optional(used.map(|at| lifetime::ago(now, at))),
        ]);
    }
    table::render(&rows)
}
