//! Secrets of API clients and OAuth apps.

use breakglass_api_types::Operation;
use breakglass_api_types::breakglass::{ClientSecretRecords, ClientSecretRequest, NewClientSecret};
use breakglass_domain::Timestamp;

use crate::arguments::{ClientSecretCommand, Output};
use crate::client::{Answer, Call, Client};
use crate::commands::api_token::tell;
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
    command: &ClientSecretCommand,
    context: &mut Context,
) -> Result<Exit, Failure> {
    let client = Client::connect(command.place().0, context).await?;
    let outcome = carry_out(command, &client, context).await;
    client.finish(outcome).await.map(|()| Exit::Success)
}

async fn carry_out(
    command: &ClientSecretCommand,
    client: &Client,
    context: &mut Context,
) -> Result<(), Failure> {
    let realm = realm::resolve(client, command.place().1.realm.as_deref()).await?;
    match command {
        ClientSecretCommand::Create {
            client_id,
            overlap,
            issue,
            ..
        } => {
            let path = [("realmId", realm.as_str()), ("clientId", client_id)];
            let request = ClientSecretRequest {
                overlap_minutes: overlap.map(|overlap| overlap.get().into()),
            };
            let call = Call::new(Operation::CreateClientSecret, &path).body(&request)?;
            issued::hand_over(client, call, issue, read, context).await
        }
        ClientSecretCommand::Delete {
            id,
            client_id,
            yes,
            place,
        } => {
            if !yes {
                let question = format!("Delete the secret {id:?} of {client_id:?}?");
                context.console.confirm(&question)?;
            }
            let path = [
                ("realmId", realm.as_str()),
                ("clientId", client_id),
                ("secretId", id),
            ];
            let call = Call::new(Operation::DeleteClientSecret, &path);
            let answer = client.call(call).await?;
            let told = format!("Deleted {}.", table::cell(id));
            tell(&answer, place.output.output, &told, context)
        }
        ClientSecretCommand::List { client_id, place } => {
            let path = [("realmId", realm.as_str()), ("clientId", client_id)];
            let call = Call::new(Operation::ListClientSecrets, &path);
            list(&client.call(call).await?, place.output.output, context)
        }
    }
}

fn list(answer: &Answer, output: Output, context: &mut Context) -> Result<(), Failure> {
    if output == Output::Json {
        return context.console.verbatim(answer.bytes());
    }
    let found: ClientSecretRecords = answer.parse()?;
    let now = context.clock.now();
    let ago = |millis: Option<i64>| {
        let then = millis.map(Timestamp::from_millis);
        table::optional(then.map(|then| lifetime::ago(now, then)))
    };
    let mut rows = table::with_columns(&["ID", "MADE", "LEFT", "LAST USED"]);
    for secret in found.client_secrets.unwrap_or_default() {
        let end = secret.expires_at.map(Timestamp::from_millis);
        rows.add_row([
            table::optional(secret.secret_id.as_deref()),
            ago(secret.created_at),
            table::optional(end.map(|end| lifetime::countdown(now, end))),
            ago(secret.last_used_at),
        ]);
    }
    context.console.line(table::render(&rows))
}

/// The secret of an answer, and whose it is.
fn read(answer: &Answer, _: &Context) -> Result<Issued, Failure> {
    let made: NewClientSecret = answer.parse()?;
    Ok(Issued {
        noun: "secret",
        facts: vec![
            ("Client", made.client_id.unwrap_or_default()),
            ("Secret", made.secret_id.unwrap_or_default()),
        ],
        secret: made.client_secret,
        advice: "Nobody can look it up again.",
    })
}
