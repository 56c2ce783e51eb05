//! Realms.

use std::time::Duration;

use breakglass_api_types::Operation;
use breakglass_api_types::breakglass::{RealmStatus, ServerStatus, TokenPolicy, TokenPolicyChange};
use breakglass_api_types::fleet_iam::{
    IamTaskDetails, SsoRealm, SsoRealmCreationRequest, TaskStatus,
};
use breakglass_domain::RealmId;

use crate::arguments::{ConnectArgs, Output, PlaceArgs, RealmCommand};
use crate::client::{Call, Client};
use crate::commands::broker;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::table;

/// How long a deletion is waited for. A server begins it within its quarter of a second.
const DEADLINE: Duration = Duration::from_mins(1);

/// The longest pause between two looks at a task.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Carries out a command.
///
/// # Errors
/// When it is refused, or cannot be carried out.
pub(crate) async fn run(command: &RealmCommand, context: &mut Context) -> Result<Exit, Failure> {
    let client = Client::connect(connection(command), context).await?;
    let outcome = carry_out(command, &client, context).await;
    client.finish(outcome).await.map(|()| Exit::Success)
}

fn connection(command: &RealmCommand) -> &ConnectArgs {
    match command {
        RealmCommand::Create { connect, .. }
        | RealmCommand::Delete { connect, .. }
        | RealmCommand::List { connect, .. } => connect,
        RealmCommand::TokenPolicy { place, .. } => &place.connect,
    }
}

async fn carry_out(
    command: &RealmCommand,
    client: &Client,
    context: &mut Context,
) -> Result<(), Failure> {
    match command {
        RealmCommand::Create { broker, output, .. } => {
            create(client, broker, output.output, context).await
        }
        RealmCommand::Delete {
            realm,
            name,
            force,
            no_wait,
            yes,
            output,
            ..
        } => {
            let named = realm.as_deref().or(name.as_deref());
            let deletion = Deletion {
                realm: resolve(client, named).await?,
                force: *force,
                wait: !no_wait,
            };
            if !yes {
                context.console.confirm(&deletion.question())?;
            }
            deletion.carry_out(client, output.output, context).await
        }
        RealmCommand::List { output, .. } => list(client, output.output, context).await,
        RealmCommand::TokenPolicy {
            overflow_threshold,
            place,
        } => token_policy(client, *overflow_threshold, place, context).await,
    }
}

async fn create(
    client: &Client,
    broker: &str,
    output: Output,
    context: &mut Context,
) -> Result<(), Failure> {
    let body = SsoRealmCreationRequest {
        vidb_resource_id: Some(broker::resolve(client, broker).await?),
    };
    let call = Call::new(Operation::CreateSsoRealm, &[]).body(&body)?;
    let answer = client.call(call).await?;
    if output == Output::Json {
        return context.console.verbatim(answer.bytes());
    }
    let made: SsoRealm = answer.parse()?;
    // The answer to the creation need not name the realm yet.
    let id = made.id.unwrap_or_default();
    let path = [("ssoRealmId", id.as_str())];
    let call = Call::new(Operation::GetSsoRealm, &path);
    let realm: SsoRealm = client.call(call).await?.parse()?;
    let facts = [
        ("Realm", id.clone()),
        ("Name", realm.name.unwrap_or_default()),
        ("Broker", realm.vidb_resource_id.unwrap_or_default()),
    ];
    context.console.line(table::render(&table::of_facts(facts)))
}

async fn list(client: &Client, output: Output, context: &mut Context) -> Result<(), Failure> {
    if output == Output::Json {
        let call = Call::new(Operation::GetSsoRealmList, &[]);
        return context.console.verbatim(client.call(call).await?.bytes());
    }
    let mut rows = table::with_columns(&["REALM", "TENANT", "NAME", "LIVE CLIENTS", "ISSUER"]);
    for realm in realms(client).await? {
        rows.add_row([
            table::optional(realm.realm_id.as_deref()),
            table::optional(realm.tenant.as_deref()),
            table::optional(realm.display_name.as_deref()),
            live_of_total(&realm),
            table::optional(realm.oidc_issuer_url.as_deref()),
        ]);
    }
    context.console.line(table::render(&rows))
}

async fn token_policy(
    client: &Client,
    threshold: Option<u32>,
    place: &PlaceArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let realm = resolve(client, place.realm.realm.as_deref()).await?;
    let path = [("realmId", realm.as_str())];
    let call = match threshold {
        None => Call::new(Operation::GetTokenPolicy, &path),
        Some(bytes) => Call::new(Operation::UpdateTokenPolicy, &path).body(&TokenPolicyChange {
            token_overflow_threshold: Some(bytes.into()),
        })?,
    };
    let answer = client.call(call).await?;
    if place.output.output == Output::Json {
        return context.console.verbatim(answer.bytes());
    }
    let policy: TokenPolicy = answer.parse()?;
    let bytes = policy.token_overflow_threshold;
    let bytes = bytes
        .map(|bytes| format!("{bytes} bytes"))
        .unwrap_or_default();
    let facts = [("Overflow threshold", bytes)];
    context.console.line(table::render(&table::of_facts(facts)))
}

/// How many of a realm's emergency clients could be used now.
pub(crate) fn live_of_total(realm: &RealmStatus) -> String {
    let live = table::optional(realm.live_emergency_clients);
    format!(
        "{live} of {}",
        table::optional(realm.total_emergency_clients)
    )
}

/// The realm that is meant: by its id, by the tenant of its broker, or the only one there is.
///
/// # Errors
/// When there is none of that name, or several and none was named.
pub(crate) async fn resolve(client: &Client, named: Option<&str>) -> Result<String, Failure> {
    // An id needs no look, and an emergency token's looks are all audited.
    if let Some(id) = named.filter(|name| name.parse::<RealmId>().is_ok()) {
        return Ok(id.to_owned());
    }
    let known = realms(client).await?;
    pick(&known, named)
}

fn pick(known: &[RealmStatus], named: Option<&str>) -> Result<String, Failure> {
    let found: Vec<&RealmStatus> = known
        .iter()
        .filter(|realm| named.is_none_or(|tenant| realm.tenant.as_deref() == Some(tenant)))
        .collect();
    match (found.as_slice(), named) {
        ([realm], _) => Ok(realm.realm_id.clone().unwrap_or_default()),
        (_, Some(tenant)) => {
            let message = format!("no realm has the id or the tenant {tenant:?}");
            Err(Failure::new(Exit::NotFound, message))
        }
        ([], None) => Err(Failure::new(Exit::NotFound, "there is no realm yet")),
        (_, None) => {
            let tenants = known.iter().filter_map(|realm| realm.tenant.clone());
            let failure = Failure::new(
                Exit::Usage,
                "there are several realms; name one with --realm",
            );
            Err(tenants.fold(failure, Failure::with_detail))
        }
    }
}

async fn realms(client: &Client) -> Result<Vec<RealmStatus>, Failure> {
    let call = Call::new(Operation::GetServerStatus, &[]);
    let status: ServerStatus = client.call(call).await?.parse()?;
    Ok(status.realms.unwrap_or_default())
}

/// A deletion that was asked for.
struct Deletion {
    realm: String,
    force: bool,
    wait: bool,
}

impl Deletion {
    fn question(&self) -> String {
        let fate = if self.force {
            " All its emergency clients die with it."
        } else {
            ""
        };
        format!("Delete realm {}?{fate}", self.realm)
    }

    async fn carry_out(
        &self,
        client: &Client,
        output: Output,
        context: &mut Context,
    ) -> Result<(), Failure> {
        let path = [("ssoRealmId", self.realm.as_str())];
        let call =
            Call::new(Operation::DeleteSsoRealm, &path).query("force", self.force.then_some(true));
        let answer = client.call(call).await?;
        let asked: IamTaskDetails = answer.parse()?;
        let id = asked.task_id.unwrap_or_default();
        if !self.wait {
            return match output {
                Output::Json => context.console.verbatim(answer.bytes()),
                Output::Table => {
                    let told = format!("Task {id} deletes realm {}.", self.realm);
                    context.console.line(told)
                }
            };
        }
        client.run_queued_tasks().await?;
        let (answer, task) = wait_for(client, &id).await?;
        if output == Output::Json {
            context.console.verbatim(answer.bytes())?;
        }
        if task.task_status == Some(TaskStatus::Failed) {
            let reason = task.error_details.and_then(|details| details.error_message);
            let message = format!("realm {} was not deleted", self.realm);
            let failure = Failure::new(Exit::TaskFailed, message);
            return Err(reason.into_iter().fold(failure, Failure::with_detail));
        }
        if output == Output::Table {
            context
                .console
                .line(format!("Deleted realm {}.", self.realm))?;
        }
        Ok(())
    }
}

/// Looks at a task until it has ended, at first often and then each second.
async fn wait_for(
    client: &Client,
    id: &str,
) -> Result<(crate::client::Answer, IamTaskDetails), Failure> {
    let path = [("taskId", id)];
    let mut pause = Duration::from_millis(25);
    let mut waited = Duration::ZERO;
    loop {
        let call = Call::new(Operation::GetIamTaskDetails, &path);
        let answer = client.call(call).await?;
        let task: IamTaskDetails = answer.parse()?;
        if matches!(
            task.task_status,
            Some(TaskStatus::Completed | TaskStatus::Failed)
        ) {
            return Ok((answer, task));
        }
        if waited >= DEADLINE {
            let message = format!("task {id} has not ended yet; it goes on at the server");
            return Err(Failure::new(Exit::TaskFailed, message));
        }
        tokio::time::sleep(pause).await;
        waited += pause;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(tenants: &[&str]) -> Vec<RealmStatus> {
        tenants
            .iter()
            .map(|tenant| RealmStatus {
                realm_id: Some(format!("id of {tenant}")),
                tenant: Some((*tenant).to_owned()),
                ..RealmStatus::default()
            })
            .collect()
    }

    #[test]
    fn the_only_realm_needs_no_name() {
        assert_eq!(pick(&known(&["A"]), None), Ok("id of A".to_owned()));
        assert_eq!(
            pick(&known(&["A", "B"]), Some("B")),
            Ok("id of B".to_owned())
        );
    }

    #[test]
    fn of_several_one_must_be_named() {
        let failure = pick(&known(&["A", "B"]), None).unwrap_err();
        assert_eq!((failure.exit, failure.details.len()), (Exit::Usage, 2));
        assert_eq!(pick(&[], None).unwrap_err().exit, Exit::NotFound);
        assert_eq!(
            pick(&known(&["A"]), Some("C")).unwrap_err().exit,
            Exit::NotFound
        );
    }
}
