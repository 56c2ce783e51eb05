//! Public keys of API clients and OAuth apps.

use std::fs;
use std::path::Path;

use breakglass_api_types::Operation;
use breakglass_api_types::breakglass::{ClientKeyRecords, ClientKeysRequest};
use breakglass_domain::Timestamp;

use crate::arguments::{ClientKeyCommand, Output};
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
    command: &ClientKeyCommand,
    context: &mut Context,
) -> Result<Exit, Failure> {
    let client = Client::connect(&command.place().connect, context).await?;
    let outcome = carry_out(command, &client, context).await;
    client.finish(outcome).await.map(|()| Exit::Success)
}

async fn carry_out(
    command: &ClientKeyCommand,
    client: &Client,
    context: &mut Context,
) -> Result<(), Failure> {
    let args = command.place();
    let realm = realm::resolve(client, args.realm.realm.as_deref()).await?;
    let (ClientKeyCommand::List { client_id, .. } | ClientKeyCommand::Set { client_id, .. }) =
        command;
    let path = [("realmId", realm.as_str()), ("clientId", client_id)];
    let call = match command {
        ClientKeyCommand::List { .. } => Call::new(Operation::ListClientKeys, &path),
        ClientKeyCommand::Set { jwks, .. } => {
            Call::new(Operation::ReplaceClientKeys, &path).body(&read(jwks)?)?
        }
    };
    list(&client.call(call).await?, args.output.output, context)
}

/// The key set of a file.
fn read(path: &Path) -> Result<ClientKeysRequest, Failure> {
    let failed = |error: &dyn std::error::Error| {
        let message = format!("cannot read a JWK set from {}: {error}", path.display());
        Failure::new(Exit::Invalid, message)
    };
    let text = fs::read(path).map_err(|error| failed(&error))?;
    serde_json::from_slice(&text).map_err(|error| failed(&error))
}

fn list(answer: &Answer, output: Output, context: &mut Context) -> Result<(), Failure> {
    if output == Output::Json {
        return context.console.verbatim(answer.bytes());
    }
    let found: ClientKeyRecords = answer.parse()?;
    let now = context.clock.now();
    let mut rows = table::with_columns(&["THUMBPRINT", "KID", "ALGORITHM", "LAST USED"]);
    for key in found.client_keys.unwrap_or_default() {
        let used = key.last_used_at.map(Timestamp::from_millis);
        rows.add_row([
            table::optional(key.thumbprint.as_deref()),
            table::optional(key.kid.as_deref()),
            table::optional(key.algorithm.as_deref()),
            table::optional(used.map(|used| lifetime::ago(now, used))),
        ]);
    }
    context.console.line(table::render(&rows))
}
