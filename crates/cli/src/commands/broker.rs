//! Brokers.

use breakglass_api_types::Operation;
use breakglass_api_types::breakglass::{
    Broker, BrokerCreationRequest, BrokerDeploymentType, Brokers, SigningAlgorithm,
};
use breakglass_domain::{BrokerId, SignatureAlgorithm};

use crate::arguments::{BrokerCommand, ConnectArgs, Output};
use crate::client::{Call, Client};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::table;

/// Carries out a command.
///
/// # Errors
/// When it is refused, or cannot be carried out.
pub(crate) async fn run(command: &BrokerCommand, context: &mut Context) -> Result<Exit, Failure> {
    let client = Client::connect(connection(command), context).await?;
    let outcome = carry_out(command, &client, context).await;
    client.finish(outcome).await.map(|()| Exit::Success)
}

fn connection(command: &BrokerCommand) -> &ConnectArgs {
    match command {
        BrokerCommand::Add { connect, .. } | BrokerCommand::List { connect, .. } => connect,
    }
}

async fn carry_out(
    command: &BrokerCommand,
    client: &Client,
    context: &mut Context,
) -> Result<(), Failure> {
    match command {
        BrokerCommand::Add {
            tenant,
            name,
            algorithm,
            output,
            ..
        } => {
            let body = BrokerCreationRequest {
                tenant: Some(tenant.clone()),
                display_name: Some(name.clone()),
                algorithm: algorithm.map(word),
            };
            let call = Call::new(Operation::CreateBroker, &[]).body(&body)?;
            let answer = client.call(call).await?;
            match output.output {
                Output::Json => context.console.verbatim(answer.bytes()),
                Output::Table => print(vec![answer.parse()?], context),
            }
        }
        BrokerCommand::List { output, .. } => {
            let answer = client.call(Call::new(Operation::ListBrokers, &[])).await?;
            match output.output {
                Output::Json => context.console.verbatim(answer.bytes()),
                Output::Table => {
                    let found: Brokers = answer.parse()?;
                    print(found.brokers.unwrap_or_default(), context)
                }
            }
        }
    }
}

/// The id of a broker that is named by its id or its tenant.
///
/// # Errors
/// When there is none.
pub(crate) async fn resolve(client: &Client, named: &str) -> Result<String, Failure> {
    if named.parse::<BrokerId>().is_ok() {
        return Ok(named.to_owned());
    }
    let call = Call::new(Operation::ListBrokers, &[]);
    let found: Brokers = client.call(call).await?.parse()?;
    found
        .brokers
        .unwrap_or_default()
        .into_iter()
        .find(|broker| broker.tenant.as_deref() == Some(named))
        .and_then(|broker| broker.id)
        .ok_or_else(|| {
            let message = format!("no broker has the id or the tenant {named:?}");
            Failure::new(Exit::NotFound, message)
        })
}

fn print(brokers: Vec<Broker>, context: &mut Context) -> Result<(), Failure> {
    let mut rows = table::with_columns(&[
        "BROKER",
        "TENANT",
        "NAME",
        "ALGORITHM",
        "DEPLOYMENT",
        "ISSUER",
    ]);
    for broker in brokers {
        rows.add_row([
            table::optional(broker.id.as_deref()),
            table::optional(broker.tenant.as_deref()),
            table::optional(broker.display_name.as_deref()),
            table::optional(broker.algorithm.map(SigningAlgorithm::as_str)),
            table::optional(broker.deployment_type.map(BrokerDeploymentType::as_str)),
            table::optional(broker.oidc_issuer_url.as_deref()),
        ]);
    }
    context.console.line(table::render(&rows))
}

/// The algorithm in the words of the contract.
pub(crate) const fn word(algorithm: SignatureAlgorithm) -> SigningAlgorithm {
    match algorithm {
        SignatureAlgorithm::EdDsa => SigningAlgorithm::EdDsa,
        SignatureAlgorithm::Es256 => SigningAlgorithm::Es256,
        SignatureAlgorithm::Rs256 => SigningAlgorithm::Rs256,
    }
}
