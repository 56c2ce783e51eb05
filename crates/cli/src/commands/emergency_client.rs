//! Emergency clients.

use breakglass_api_types::breakglass::{
    EmergencyClientRecord, EmergencyClientRecords, EmergencyTokenStatus,
};
use breakglass_api_types::{Operation, fleet_iam};
use breakglass_domain::{Minutes, Timestamp};

use crate::arguments::{ConnectArgs, EmergencyClientCommand, IssueOutput, Output};
use crate::client::{Answer, Call, Client};
use crate::commands::realm;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::{lifetime, table};

/// Carries out a command.
///
/// # Errors
/// When it is refused, or cannot be carried out.
pub(crate) async fn run(
    command: &EmergencyClientCommand,
    context: &mut Context,
) -> Result<Exit, Failure> {
    let client = Client::connect(connection(command), context).await?;
    let outcome = carry_out(command, &client, context).await;
    client.finish(outcome).await.map(|()| Exit::Success)
}

fn connection(command: &EmergencyClientCommand) -> &ConnectArgs {
    match command {
        EmergencyClientCommand::Create { connect, .. }
        | EmergencyClientCommand::Delete { connect, .. }
        | EmergencyClientCommand::List { connect, .. }
        | EmergencyClientCommand::Regenerate { connect, .. }
        | EmergencyClientCommand::Show { connect, .. } => connect,
    }
}

async fn carry_out(
    command: &EmergencyClientCommand,
    client: &Client,
    context: &mut Context,
) -> Result<(), Failure> {
    match command {
        EmergencyClientCommand::Create {
            client_id,
            client_name,
            client_description,
            ttl,
            realm,
            output,
            ..
        } => {
            let draft = fleet_iam::EmergencyClient {
                client_id: Some(client_id.clone()),
                client_name: client_name.clone().or_else(|| Some(client_id.clone())),
                client_description: client_description.clone(),
                access_token_ttl: i32::try_from(ttl.get()).ok(),
                ..fleet_iam::EmergencyClient::default()
            };
            let realm = realm::resolve(client, realm.realm.as_deref()).await?;
            create(client, &realm, &draft, *output, context).await
        }
        EmergencyClientCommand::Delete {
            client: named,
            yes,
            realm,
            output,
            ..
        } => {
            let realm = realm::resolve(client, realm.realm.as_deref()).await?;
            delete(client, &realm, named.id(), *yes, output.output, context).await
        }
        EmergencyClientCommand::List { realm, output, .. } => {
            let realm = realm::resolve(client, realm.realm.as_deref()).await?;
            list(client, &realm, output.output, context).await
        }
        EmergencyClientCommand::Regenerate {
            client: named,
            realm,
            output,
            ..
        } => {
            let realm = realm::resolve(client, realm.realm.as_deref()).await?;
            regenerate(client, &realm, named.id(), *output, context).await
        }
        EmergencyClientCommand::Show {
            client: named,
            realm,
            output,
            ..
        } => {
            let realm = realm::resolve(client, realm.realm.as_deref()).await?;
            show(client, &realm, named.id(), output.output, context).await
        }
    }
}

async fn create(
    client: &Client,
    realm: &str,
    draft: &fleet_iam::EmergencyClient,
    output: IssueOutput,
    context: &mut Context,
) -> Result<(), Failure> {
    let path = [("ssoRealmId", realm)];
    let call = Call::new(Operation::CreateEmergencyClient, &path).body(draft)?;
    let answer = client.call(call).await?;
    print_issued(&answer, output, context)
}

async fn regenerate(
    client: &Client,
    realm: &str,
    id: &str,
    output: IssueOutput,
    context: &mut Context,
) -> Result<(), Failure> {
    let path = [("ssoRealmId", realm), ("clientId", id)];
    let call = Call::new(Operation::RegenerateEmergencyClient, &path);
    let answer = client.call(call).await?;
    print_issued(&answer, output, context)
}

async fn delete(
    client: &Client,
    realm: &str,
    id: &str,
    yes: bool,
    output: Output,
    context: &mut Context,
) -> Result<(), Failure> {
    if !yes {
        let question = format!("Delete emergency client {id:?}? Its token dies at once.");
        context.console.confirm(&question)?;
    }
    let path = [("ssoRealmId", realm), ("clientId", id)];
    let call = Call::new(Operation::DeleteEmergencyClient, &path);
    let answer = client.call(call).await?;
    match output {
        Output::Json => context.console.verbatim(answer.bytes()),
        Output::Table => {
            let told = format!("Deleted {}; its token is dead.", table::cell(id));
            context.console.line(told)
        }
    }
}

async fn list(
    client: &Client,
    realm: &str,
    output: Output,
    context: &mut Context,
) -> Result<(), Failure> {
    if output == Output::Json {
        let path = [("ssoRealmId", realm)];
        let call = Call::new(Operation::ListEmergencyClients, &path);
        return context.console.verbatim(client.call(call).await?.bytes());
    }
    let path = [("realmId", realm)];
    let call = Call::new(Operation::ListEmergencyClientRecords, &path);
    let records: EmergencyClientRecords = client.call(call).await?.parse()?;
    let now = context.clock.now();
    let mut rows = table::with_columns(&[
        "CLIENT",
        "NAME",
        "STATUS",
        "LEFT",
        "TTL",
        "CREATED",
        "BY",
        "LAST USED",
        "USES",
        "REGENERATED",
    ]);
    for record in records.emergency_clients.unwrap_or_default() {
        rows.add_row([
            table::optional(record.client_id.as_deref()),
            table::optional(record.client_name.as_deref()),
            status(&record),
            left(&record, now),
            ttl(&record),
            ago(record.created_at, now),
            table::optional(record.created_by.as_deref()),
            ago(record.last_used_at, now),
            table::optional(record.uses),
            ago(record.last_regenerated_at, now),
        ]);
    }
    context.console.line(table::render(&rows))
}

async fn show(
    client: &Client,
    realm: &str,
    id: &str,
    output: Output,
    context: &mut Context,
) -> Result<(), Failure> {
    if output == Output::Json {
        let path = [("ssoRealmId", realm), ("clientId", id)];
        let call = Call::new(Operation::GetEmergencyClient, &path);
        return context.console.verbatim(client.call(call).await?.bytes());
    }
    let path = [("realmId", realm), ("clientId", id)];
    let call = Call::new(Operation::GetEmergencyClientRecord, &path);
    let record: EmergencyClientRecord = client.call(call).await?.parse()?;
    let now = context.clock.now();
    let facts = [
        ("Client", record.client_id.clone().unwrap_or_default()),
        ("Name", record.client_name.clone().unwrap_or_default()),
        (
            "Description",
            record.client_description.clone().unwrap_or_default(),
        ),
        ("Realm", realm.to_owned()),
        ("Status", status(&record)),
        ("Token left", left(&record, now)),
        ("Token lives", ttl(&record)),
        ("Token id", record.token_id.clone().unwrap_or_default()),
        ("Token issued", ago(record.token_issued_at, now)),
        ("Created", ago(record.created_at, now)),
        ("Created by", record.created_by.clone().unwrap_or_default()),
        ("Last used", ago(record.last_used_at, now)),
        ("Uses", table::optional(record.uses)),
        ("Last regenerated", ago(record.last_regenerated_at, now)),
    ];
    context.console.line(table::render(&table::of_facts(facts)))
}

/// Prints an answer with a token: the one that is shown this once.
fn print_issued(
    answer: &Answer,
    output: IssueOutput,
    context: &mut Context,
) -> Result<(), Failure> {
    let issued: fleet_iam::EmergencyClient = answer.parse()?;
    let console = &mut context.console;
    if output == IssueOutput::Json {
        return console.verbatim(answer.bytes());
    }
    let token = issued
        .access_token
        .ok_or_else(|| Failure::new(Exit::Failed, "the server answered without a token"))?;
    if output == IssueOutput::Table {
        let now = context.clock.now();
        let end = issued
            .access_token_expiration_date
            .map(Timestamp::from_millis);
        let facts = [
            ("Client", issued.client_id.unwrap_or_default()),
            ("Name", issued.client_name.unwrap_or_default()),
            ("Issuer", issued.oidc_issuer_url.unwrap_or_default()),
            (
                "Token left",
                table::optional(end.map(|end| lifetime::countdown(now, end))),
            ),
        ];
        console.line(table::render(&table::of_facts(facts)))?;
        console.note(
            "The token below is shown only this once. Keep it where an emergency does not reach.",
        );
    }
    console.line(token.expose())
}

fn status(record: &EmergencyClientRecord) -> String {
    table::optional(record.access_token_status.map(EmergencyTokenStatus::as_str))
}

/// How much of the token's time is left, or how long ago it ended and how.
fn left(record: &EmergencyClientRecord, now: Timestamp) -> String {
    if let Some(revoked_at) = record.revoked_at {
        let told = lifetime::ago(now, Timestamp::from_millis(revoked_at));
        return format!("revoked {told}");
    }
    let end = record.access_token_expiration_date;
    let end = end.map(|end| lifetime::countdown(now, Timestamp::from_millis(end)));
    table::optional(end)
}

fn ttl(record: &EmergencyClientRecord) -> String {
    let minutes = record.access_token_ttl;
    let minutes = minutes.and_then(|minutes| u32::try_from(minutes).ok());
    table::optional(minutes.map(|minutes| lifetime::spelled(Minutes::new(minutes))))
}

fn ago(instant: Option<i64>, now: Timestamp) -> String {
    table::optional(instant.map(|instant| lifetime::ago(now, Timestamp::from_millis(instant))))
}
