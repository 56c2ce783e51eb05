//! Emergency clients.

use breakglass_api_types::breakglass::{
    EmergencyClientRecord, EmergencyClientRecords, EmergencyClientRequest, EmergencyTokenStatus,
    NewEmergencyClient,
};
use breakglass_api_types::{Operation, fleet_iam};
use breakglass_domain::{Minutes, Timestamp};

use crate::arguments::{ConnectArgs, EmergencyClientCommand, IssueArgs, Output};
use crate::client::{Answer, Call, Client};
use crate::commands::issued::{self, Issued};
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
            dpop_key_thumbprint,
            realm,
            issue,
            ..
        } => {
            let draft = EmergencyClientRequest {
                client_id: Some(client_id.clone()),
                client_name: client_name.clone().or_else(|| Some(client_id.clone())),
                client_description: client_description.clone(),
                access_token_ttl: Some(ttl.get().into()),
                dpop_key_thumbprint: dpop_key_thumbprint.clone(),
            };
            let realm = realm::resolve(client, realm.realm.as_deref()).await?;
            create(client, &realm, draft, issue, context).await
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
            issue,
            ..
        } => {
            let realm = realm::resolve(client, realm.realm.as_deref()).await?;
            regenerate(client, &realm, named.id(), issue, context).await
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

/// A client whose tokens are bound to a key is made on our own surface, any other on the fleet's.
async fn create(
    client: &Client,
    realm: &str,
    draft: EmergencyClientRequest,
    issue: &IssueArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    if draft.dpop_key_thumbprint.is_some() {
        let path = [("realmId", realm)];
        let call = Call::new(Operation::CreateEmergencyClientRecord, &path).body(&draft)?;
        return issued::hand_over(client, call, issue, read_bound, context).await;
    }
    let draft = fleet_iam::EmergencyClient {
        client_id: draft.client_id,
        client_name: draft.client_name,
        client_description: draft.client_description,
        access_token_ttl: draft.access_token_ttl.and_then(|ttl| ttl.try_into().ok()),
        ..fleet_iam::EmergencyClient::default()
    };
    let path = [("ssoRealmId", realm)];
    let call = Call::new(Operation::CreateEmergencyClient, &path).body(&draft)?;
    issued::hand_over(client, call, issue, read, context).await
}

/// The token of a client whose tokens are bound to a key, and whose it is.
fn read_bound(answer: &Answer, context: &Context) -> Result<Issued, Failure> {
    let made: NewEmergencyClient = answer.parse()?;
    let record = made.emergency_client.unwrap_or_default();
    let bound = record.dpop_key_thumbprint.clone();
    Ok(Issued {
        noun: "token",
        secret: made.access_token,
        facts: vec![
            ("Client", record.client_id.clone().unwrap_or_default()),
            ("Name", record.client_name.clone().unwrap_or_default()),
            ("Issuer", made.issuer.unwrap_or_default()),
            ("Token left", left(&record, context.clock.now())),
            ("Bound to key", table::optional(bound)),
        ],
        advice: "Keep it where an emergency does not reach.",
    })
}

/// The token of an answer, and whose it is.
fn read(answer: &Answer, context: &Context) -> Result<Issued, Failure> {
    let issued: fleet_iam::EmergencyClient = answer.parse()?;
    let now = context.clock.now();
    let end = issued
        .access_token_expiration_date
        .map(Timestamp::from_millis);
    Ok(Issued {
        noun: "token",
        secret: issued.access_token,
        facts: vec![
            ("Client", issued.client_id.unwrap_or_default()),
            ("Name", issued.client_name.unwrap_or_default()),
            ("Issuer", issued.oidc_issuer_url.unwrap_or_default()),
            (
                "Token left",
                table::optional(end.map(|end| lifetime::countdown(now, end))),
            ),
        ],
        advice: "Keep it where an emergency does not reach.",
    })
}

async fn regenerate(
    client: &Client,
    realm: &str,
    id: &str,
    issue: &IssueArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let path = [("ssoRealmId", realm), ("clientId", id)];
    let call = Call::new(Operation::RegenerateEmergencyClient, &path);
    issued::hand_over(client, call, issue, read, context).await
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
        // The contract answers a deletion with nothing, and nothing is no JSON.
        Output::Json if answer.bytes().is_empty() => Ok(()),
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
            table::short(record.client_id.as_deref()),
            table::short(record.client_name.as_deref()),
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
        (
            "Bound to key",
            table::optional(record.dpop_key_thumbprint.as_deref()),
        ),
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
