//! Issuers that a realm trusts.

use std::fs;
use std::path::PathBuf;

use breakglass_api_types::Operation;
use breakglass_api_types::esx::{
    EsxCertChain, EsxTokenIssuerCreateSpec, EsxTokenIssuerInfo, EsxTokenIssuerSummary,
    EsxTokenIssuerUpdateSpec,
};

use crate::arguments::{Output, TokenIssuerCommand};
use crate::client::{Answer, Call, Client};
use crate::commands::host::Place;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::table;

/// Carries out a command.
///
/// # Errors
/// When it is refused, or cannot be carried out.
pub(crate) async fn run(
    command: &TokenIssuerCommand,
    context: &mut Context,
) -> Result<Exit, Failure> {
    let client = Client::connect(&command.place().connect, context).await?;
    let outcome = carry_out(command, &client, context).await;
    client.finish(outcome).await.map(|()| Exit::Success)
}

async fn carry_out(
    command: &TokenIssuerCommand,
    client: &Client,
    context: &mut Context,
) -> Result<(), Failure> {
    let place = Place::find(client, command.place()).await?;
    let output = command.place().output.output;
    match command {
        TokenIssuerCommand::Add {
            alias,
            issuer,
            chain,
            jwks_uri,
            ..
        } => {
            let spec = EsxTokenIssuerCreateSpec {
                issuer: Some(issuer.clone()),
                issuer_alias: Some(alias.clone()),
                signing_cert_chains: given_chains(chain)?,
                jwks_uri: jwks_uri.clone(),
            };
            let call = Call::new(Operation::CreateSecurityTokenIssuer, &[]).body(&spec)?;
            place.call(client, call).await?;
            context
                .console
                .note(format!("Tokens of {} are trusted.", table::cell(issuer)));
            Ok(())
        }
        TokenIssuerCommand::List { .. } => {
            let call = Call::new(Operation::ListSecurityTokenIssuers, &[]);
            list(&place.call(client, call).await?, output, context)
        }
        TokenIssuerCommand::Remove { alias, yes, .. } => {
            if !yes {
                context
                    .console
                    .confirm(&format!("Trust the issuer {alias:?} no longer?"))?;
            }
            let path = [("issuerAlias", alias.as_str())];
            let call = Call::new(Operation::DeleteSecurityTokenIssuer, &path);
            place.call(client, call).await?;
            let told = format!("{} is trusted no longer.", table::cell(alias));
            context.console.note(told);
            Ok(())
        }
        TokenIssuerCommand::Show { alias, .. } => {
            let path = [("issuerAlias", alias.as_str())];
            let call = Call::new(Operation::GetSecurityTokenIssuer, &path);
            show(&place.call(client, call).await?, output, context)
        }
        TokenIssuerCommand::Update {
            alias,
            issuer,
            chain,
            jwks_uri,
            ..
        } => {
            let spec = EsxTokenIssuerUpdateSpec {
                issuer: issuer.clone(),
                signing_cert_chains: given_chains(chain)?,
                jwks_uri: jwks_uri.clone(),
            };
            let path = [("issuerAlias", alias.as_str())];
            let call = Call::new(Operation::UpdateSecurityTokenIssuer, &path).body(&spec)?;
            place.call(client, call).await?;
            context
                .console
                .note(format!("Changed {}.", table::cell(alias)));
            Ok(())
        }
    }
}

/// The chains of these files, if there are any. What is in them is for the server to judge.
fn given_chains(files: &[PathBuf]) -> Result<Option<Vec<EsxCertChain>>, Failure> {
    let chains = files
        .iter()
        .map(|path| {
            let text = fs::read_to_string(path).map_err(|error| {
                let message = format!("cannot read {}", path.display());
                Failure::caused(Exit::Usage, message, &error)
            })?;
            Ok(EsxCertChain {
                cert_chain: Some(vec![text]),
            })
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    Ok(Some(chains).filter(|chains| !chains.is_empty()))
}

fn list(answer: &Answer, output: Output, context: &mut Context) -> Result<(), Failure> {
    if output == Output::Json {
        return context.console.verbatim(answer.bytes());
    }
    let issuers: Vec<EsxTokenIssuerSummary> = answer.parse()?;
    let mut rows = table::with_columns(&["ALIAS", "ISSUER"]);
    for issuer in issuers {
        rows.add_row([
            table::short(issuer.issuer_alias.as_deref()),
            table::optional(issuer.issuer.as_deref()),
        ]);
    }
    context.console.line(table::render(&rows))
}

fn show(answer: &Answer, output: Output, context: &mut Context) -> Result<(), Failure> {
    if output == Output::Json {
        return context.console.verbatim(answer.bytes());
    }
    let issuer: EsxTokenIssuerInfo = answer.parse()?;
    let chains = issuer.signing_cert_chains.unwrap_or_default();
    let facts = [
        ("Issuer", issuer.issuer.unwrap_or_default()),
        ("Keys at", issuer.jwks_uri.unwrap_or_default()),
        ("Chains", chains.len().to_string()),
    ];
    context
        .console
        .line(table::render(&table::of_facts(facts)))?;
    for certificate in chains
        .into_iter()
        .filter_map(|chain| chain.cert_chain)
        .flatten()
    {
        context.console.line(certificate.trim_end())?;
    }
    Ok(())
}
