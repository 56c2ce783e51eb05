//! What the commands on a realm's hosts share, and the explanation of a token.

use breakglass_api_types::Operation;
use breakglass_api_types::breakglass::{
    AuthzenAction, AuthzenEvaluation, AuthzenEvaluationRequest, AuthzenResource, AuthzenSubject,
};
use breakglass_domain::Entitlement;
use serde_json::Value;

use crate::arguments::{DecideArgs, Output, PlaceArgs};
use crate::client::{Answer, Call, Client};
use crate::commands::{realm, token};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::table;

/// The header with the realm that a request is for.
const REALM: &str = "x-breakglass-realm";

/// The realm of a command, if one was named.
pub(crate) struct Place(Option<String>);

impl Place {
    /// Looks the named realm up.
    ///
    /// # Errors
    /// When there is no such realm.
    pub(crate) async fn find(client: &Client, place: &PlaceArgs) -> Result<Self, Failure> {
        match place.realm.realm.as_deref() {
            Some(named) => Ok(Self(Some(realm::resolve(client, Some(named)).await?))),
            None => Ok(Self(None)),
        }
    }

    /// Asks for something of the realm.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub(crate) async fn call(&self, client: &Client, call: Call<'_>) -> Result<Answer, Failure> {
        client.call(call.header(REALM, self.0.clone())).await
    }
}

/// Explains a token: who vouches for its holder, which profiles match, and what they grant.
///
/// # Errors
/// [`Exit::TokenInvalid`] when it is worth nothing.
pub(crate) async fn decide(args: &DecideArgs, context: &mut Context) -> Result<Exit, Failure> {
    let token = token::read(&args.token, &mut context.console)?;
    let client = Client::connect(&args.place.connect, context).await?;
    let outcome = explain(args, token.expose(), &client, context).await;
    client.finish(outcome).await
}

async fn explain(
    args: &DecideArgs,
    token: &str,
    client: &Client,
    context: &mut Context,
) -> Result<Exit, Failure> {
    let place = Place::find(client, &args.place).await?;
    let question = AuthzenEvaluationRequest {
        subject: Some(AuthzenSubject {
            id: Some(token.to_owned()),
            type_: Some("token".to_owned()),
            properties: None,
        }),
        action: Some(AuthzenAction {
            name: Some(Entitlement::ReadOnly.name().to_owned()),
            properties: None,
        }),
        resource: Some(AuthzenResource {
            type_: Some("system".to_owned()),
            id: Some("all".to_owned()),
            properties: None,
        }),
        context: None,
    };
    let call = Call::new(Operation::EvaluateAccess, &[]).body(&question)?;
    let answer = place.call(client, call).await?;
    if args.place.output.output == Output::Json {
        context.console.verbatim(answer.bytes())?;
    }
    let told: AuthzenEvaluation = answer.parse()?;
    let told = told.context.unwrap_or_default();
    if told.get("subject").is_none() {
        let reason = text(&told, "reason");
        return Err(Failure::new(Exit::TokenInvalid, reason));
    }
    if args.place.output.output == Output::Table {
        context
            .console
            .line(table::render(&table::of_facts(facts(&told))))?;
    }
    Ok(Exit::Success)
}

fn text(told: &Value, name: &str) -> String {
    let text = told.get(name).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

fn facts(told: &Value) -> Vec<(&'static str, String)> {
    let list = |value: Option<&Value>| -> Vec<String> {
        let values = value.and_then(Value::as_array).into_iter().flatten();
        values
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let mut facts = vec![
        ("Holder", text(told, "subject")),
        ("Verified by", text(told, "verified_by")),
        ("Realm", text(told, "realm")),
        ("Profiles", list(told.get("client_profiles")).join(" ")),
    ];
    for entitlement in Entitlement::ALL {
        let reasons = told
            .get("grants")
            .and_then(|grants| grants.get(entitlement.name()));
        let reasons = reasons.and_then(Value::as_array).into_iter().flatten();
        let reasons: Vec<String> = reasons.map(reason).collect();
        let told = if reasons.is_empty() {
            "no".to_owned()
        } else {
            reasons.join(", ")
        };
        facts.push((entitlement.name(), told));
    }
    facts
}

fn reason(reason: &Value) -> String {
    if reason.get("administrator").is_some() {
        return "as the administrator".to_owned();
    }
    let (profile, subject) = (text(reason, "client_profile"), text(reason, "subject_type"));
    format!("by profile {profile} ({subject})")
}
