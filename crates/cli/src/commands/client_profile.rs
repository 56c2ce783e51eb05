//! Client profiles.

use std::collections::BTreeMap;

use breakglass_api_types::Operation;
use breakglass_api_types::esx::{
    EsxAccessGrant, EsxClientProfileCreateSpec, EsxClientProfileInfo, EsxClientProfileSummary,
    EsxClientProfileUpdateSpec, EsxSubject,
};
use serde_json::{Map, Value, json};

use crate::arguments::{ClientProfileCommand, Output, SubjectArgs};
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
    command: &ClientProfileCommand,
    context: &mut Context,
) -> Result<Exit, Failure> {
    let client = Client::connect(&command.place().connect, context).await?;
    let outcome = carry_out(command, &client, context).await;
    client.finish(outcome).await.map(|()| Exit::Success)
}

async fn carry_out(
    command: &ClientProfileCommand,
    client: &Client,
    context: &mut Context,
) -> Result<(), Failure> {
    let place = Place::find(client, command.place()).await?;
    let output = command.place().output.output;
    match command {
        ClientProfileCommand::Create { subject, grant, .. } => {
            let spec = spec(subject, grant)?;
            let call = Call::new(Operation::CreateClientProfile, &[]).body(&spec)?;
            let answer = place.call(client, call).await?;
            if output == Output::Json {
                return context.console.verbatim(answer.bytes());
            }
            context.console.line(answer.parse::<String>()?)
        }
        ClientProfileCommand::Delete { id, yes, .. } => {
            if !yes {
                context
                    .console
                    .confirm(&format!("Delete the client profile {id:?}?"))?;
            }
            let path = [("profile", id.as_str())];
            let call = Call::new(Operation::DeleteClientProfile, &path);
            place.call(client, call).await?;
            context
                .console
                .note(format!("Deleted {}.", table::cell(id)));
            Ok(())
        }
        ClientProfileCommand::List { .. } => {
            let call = Call::new(Operation::ListClientProfiles, &[]);
            let call = call.query("projection", Some("FULL"));
            list(&place.call(client, call).await?, output, context)
        }
        ClientProfileCommand::Show { id, .. } => {
            let path = [("profile", id.as_str())];
            let call = Call::new(Operation::GetClientProfile, &path);
            show(&place.call(client, call).await?, output, context)
        }
        ClientProfileCommand::Update { id, grant, .. } => {
            let path = [("profile", id.as_str())];
            let spec = EsxClientProfileUpdateSpec {
                grants: Some(grants(grant)),
            };
            let call = Call::new(Operation::UpdateClientProfile, &path).body(&spec)?;
            place.call(client, call).await?;
            context
                .console
                .note(format!("Changed {}.", table::cell(id)));
            Ok(())
        }
    }
}

fn spec(subject: &SubjectArgs, grant: &[String]) -> Result<EsxClientProfileCreateSpec, Failure> {
    let mut by_scope: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for text in &subject.privileges {
        let (scope, held) = text.split_once('=').ok_or_else(|| {
            let message = format!("{text:?} is not of the form scope=privilege,privilege");
            Failure::new(Exit::Usage, message)
        })?;
        by_scope.entry(scope).or_default().extend(held.split(','));
    }
    let scopes = by_scope.into_iter();
    let privileges: Map<String, Value> = scopes
        .map(|(scope, held)| (scope.to_owned(), json!(held)))
        .collect();
    Ok(EsxClientProfileCreateSpec {
        domain: subject.domain.clone(),
        external_group_name: subject.external_group.clone(),
        external_user_name: subject.external_user.clone(),
        grants: Some(grants(grant)),
        issuer_alias: subject.issuer_alias.clone(),
        local_user_name: subject.local_user.clone(),
        privileges: (!privileges.is_empty()).then_some(Value::Object(privileges)),
    })
}

fn grants(names: &[String]) -> Vec<EsxAccessGrant> {
    let names = names.iter();
    names
        .map(|name| EsxAccessGrant {
            entitlement: Some(name.clone()),
            resource_type: Some("ENTITLEMENT".to_owned()),
        })
        .collect()
}

fn list(answer: &Answer, output: Output, context: &mut Context) -> Result<(), Failure> {
    if output == Output::Json {
        return context.console.verbatim(answer.bytes());
    }
    let profiles: Vec<EsxClientProfileSummary> = answer.parse()?;
    let mut rows = table::with_columns(&["ID", "SUBJECT", "GRANTS"]);
    for profile in profiles {
        let subject = profile.subject.unwrap_or_default();
        rows.add_row([
            table::optional(profile.client_profile.as_deref()),
            described(&subject),
            names(profile.grants.as_deref()),
        ]);
    }
    context.console.line(table::render(&rows))
}

fn show(answer: &Answer, output: Output, context: &mut Context) -> Result<(), Failure> {
    if output == Output::Json {
        return context.console.verbatim(answer.bytes());
    }
    let profile: EsxClientProfileInfo = answer.parse()?;
    let subject = profile.subject.unwrap_or_default();
    let facts = [
        ("Subject", described(&subject)),
        ("Grants", names(profile.grants.as_deref())),
    ];
    context.console.line(table::render(&table::of_facts(facts)))
}

/// A subject in one line.
fn described(subject: &EsxSubject) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let by = match &subject.issuer_alias {
        Some(alias) => format!(" of {alias}"),
        None => String::new(),
    };
    let what = match (&subject.name, &subject.domain) {
        (Some(name), Some(domain)) => format!("{name}@{domain}"),
        (Some(name), None) => name.clone(),
        (None, _) => subject
            .privileges
            .as_ref()
            .map_or_else(String::new, Value::to_string),
    };
    let what = format!("{} {what}{by}", text(&subject.type_));
    table::cell(&what)
}

fn names(grants: Option<&[EsxAccessGrant]>) -> String {
    let grants = grants.unwrap_or_default().iter();
    let names: Vec<&str> = grants
        .filter_map(|grant| grant.entitlement.as_deref())
        .collect();
    names.join(" ")
}
