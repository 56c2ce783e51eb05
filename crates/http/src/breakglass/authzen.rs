//! OpenID AuthZEN Authorization API 1.0: other services ask, and are told why.

use std::collections::BTreeMap;

use std::sync::Arc;

use breakglass_api_types::breakglass::{
    AuthzenConfiguration, AuthzenEvaluation, AuthzenEvaluationRequest, AuthzenEvaluations,
    AuthzenEvaluationsRequest, AuthzenSubject,
};
use breakglass_api_types::{Operation, Parsed};
use breakglass_app::{Error, HostIdentity};
use breakglass_domain::decision::{Decision, Holder, Reason};
use breakglass_domain::{Entitlement, Secret, VerifiedBy};
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::failure::{Failure, reject_faults};
use crate::reply::Reply;

/// The most questions of one request.
const MAX_EVALUATIONS: usize = 256;

/// `getAuthzenConfiguration`.
pub(crate) fn configuration(call: &Call) -> Result<Reply, Failure> {
    let public_url = call.app().public_url();
    let endpoint = |operation: Operation| Some(format!("{public_url}{}", operation.spec().path));
    Reply::json(&AuthzenConfiguration {
        access_evaluation_endpoint: endpoint(Operation::EvaluateAccess),
        access_evaluations_endpoint: endpoint(Operation::EvaluateAccesses),
        policy_decision_point: Some(public_url.to_owned()),
    })
}

/// `evaluateAccess`.
pub(crate) async fn evaluate(call: &Call) -> Result<Reply, Failure> {
    let Parsed { value, failures } = call.json::<AuthzenEvaluationRequest>()?;
    reject_faults(failures, None)?;
    Reply::json(&answer(call, &value).await?)
}

/// `evaluateAccesses`.
pub(crate) async fn evaluate_all(call: &Call) -> Result<Reply, Failure> {
    let Parsed { value, failures } = call.json::<AuthzenEvaluationsRequest>()?;
    // What a question leaves out stands outside it, so what the reader misses within is looked for once both are together.
    let within = |path: &str| path.starts_with("evaluations[") && path.matches('.').count() == 1;
    let failures = failures
        .into_iter()
        .filter(|failure| !(within(&failure.path) && failure.message.contains("required")));
    reject_faults(failures.collect(), None)?;
    let outside = AuthzenEvaluationRequest {
        subject: value.subject,
        action: value.action,
        resource: value.resource,
        context: value.context,
    };
    let questions = value.evaluations.unwrap_or_default();
    if questions.is_empty() {
        require(&outside, "")?;
        return Reply::json(&answer(call, &outside).await?);
    }
    if questions.len() > MAX_EVALUATIONS {
        let rule = format!("must have at most {MAX_EVALUATIONS} entries");
        return Err(Failure::of_field("evaluations", &rule));
    }
    let stop = stop(value.options.as_ref())?;
    let mut answers = Vec::new();
    for (place, question) in questions.into_iter().enumerate() {
        let question = AuthzenEvaluationRequest {
            subject: question.subject.or_else(|| outside.subject.clone()),
            action: question.action.or_else(|| outside.action.clone()),
            resource: question.resource.or_else(|| outside.resource.clone()),
            context: None,
        };
        require(&question, &format!("evaluations[{place}]."))?;
        let answered = answer(call, &question).await?;
        let is_last = stop.is_some() && answered.decision == stop;
        answers.push(answered);
        if is_last {
            break;
        }
    }
    Reply::json(&AuthzenEvaluations {
        evaluations: Some(answers),
    })
}

/// After which decision no further question is answered (section 7.1.2.1).
fn stop(options: Option<&Value>) -> Result<Option<bool>, Failure> {
    let semantic = options.and_then(|options| options.get("evaluations_semantic"));
    match semantic.map(Value::as_str) {
        None | Some(Some("execute_all")) => Ok(None),
        Some(Some("deny_on_first_deny")) => Ok(Some(false)),
        Some(Some("permit_on_first_permit")) => Ok(Some(true)),
        Some(_) => {
            let rule = "must be execute_all, deny_on_first_deny or permit_on_first_permit";
            Err(Failure::of_field("options.evaluations_semantic", rule))
        }
    }
}

fn require(question: &AuthzenEvaluationRequest, path: &str) -> Result<(), Failure> {
    let absent = [
        ("subject", question.subject.is_none()),
        ("action", question.action.is_none()),
        ("resource", question.resource.is_none()),
    ];
    match absent.into_iter().find(|(_, is_absent)| *is_absent) {
        Some((name, _)) => Err(Failure::of_field(&format!("{path}{name}"), "is required")),
        None => Ok(()),
    }
}

async fn answer(
    call: &Call,
    question: &AuthzenEvaluationRequest,
) -> Result<AuthzenEvaluation, Failure> {
    let action = question.action.as_ref();
    let action = action.and_then(|action| action.name.as_deref());
    let Ok(entitlement) = action.unwrap_or_default().parse::<Entitlement>() else {
        return Ok(denied("the action is no entitlement"));
    };
    let subject = question.subject.clone().unwrap_or_default();
    let decided = match decision(call, &subject).await {
        Ok(decided) => decided,
        Err(Failure::App(Error::DpopNonceNeeded { .. })) => Err("the token is bound to a key"),
        Err(failure) => return Err(failure),
    };
    match decided {
        Ok((decision, holder)) => Ok(told(&decision, entitlement, holder)),
        Err(reason) => Ok(denied(reason)),
    }
}

/// What is decided, with what is known of the holder of a token; or why nothing is.
type Decided = Result<(Arc<Decision>, Option<Value>), &'static str>;

/// What is decided of a subject.
async fn decision(call: &Call, subject: &AuthzenSubject) -> Result<Decided, Failure> {
    let id = subject.id.as_deref().unwrap_or_default();
    let (app, caller) = (call.app(), call.caller()?);
    let known = match subject.type_.as_deref() {
        Some("token") => {
            let operation = Operation::EvaluateAccess.name();
            let found = app
                .decide_for_token(caller, call.realm, &Secret::new(id), operation)
                .await;
            let found = match found {
                Err(Error::RegistrationRequired(_)) => {
                    return Ok(Err(
                        "the token leaves claims out that have to be registered",
                    ));
                }
                found => found?,
            };
            return Ok(found
                .map(|identity| (identity.decision.clone(), Some(holder(&identity))))
                .ok_or("the token is not good, or bound to what was not shown"));
        }
        Some("user") => match external(id, subject.properties.as_ref()) {
            Some(known) => known,
            None => {
                return Ok(Err(
                    "the properties of the subject name no issuer_alias, or cannot be read",
                ));
            }
        },
        Some("local_user") => Holder::local(id),
        _ => return Ok(Err("the type of the subject is not known here")),
    };
    let decision = app.decide(caller, call.realm, &known).await?;
    Ok(Ok((Arc::new(decision), None)))
}

/// A user as an issuer names it, by the word of whoever asks.
fn external(id: &str, properties: Option<&Value>) -> Option<Holder> {
    let properties = properties?;
    let alias = properties.get("issuer_alias")?.as_str()?.parse().ok()?;
    let groups: Vec<String> = match properties.get("groups") {
        Some(groups) => serde_json::from_value(groups.clone()).ok()?,
        None => Vec::new(),
    };
    let privs: BTreeMap<String, Vec<String>> = match properties.get("privs") {
        Some(privs) => serde_json::from_value(privs.clone()).ok()?,
        None => BTreeMap::new(),
    };
    let privileges = privs
        .into_iter()
        .map(|(scope, held)| (scope, held.into_iter().collect()));
    Some(Holder {
        privileges: privileges.collect(),
        ..Holder::of_issuer(alias, id).in_groups(groups.iter().map(String::as_str))
    })
}

/// Who holds a token, and by whom that is known.
fn holder(identity: &HostIdentity) -> Value {
    let verified_by = match &identity.known.verified_by {
        VerifiedBy::Issuer(alias) => alias.to_string(),
        VerifiedBy::Local => "a local account".to_owned(),
    };
    let profiles: Vec<String> = identity
        .decision
        .matched()
        .iter()
        .map(ToString::to_string)
        .collect();
    json!({
        "subject": identity.subject(),
        "verified_by": verified_by,
        "realm": identity.realm_id.to_string(),
        "client_profiles": profiles,
    })
}

fn told(decision: &Decision, entitlement: Entitlement, holder: Option<Value>) -> AuthzenEvaluation {
    let is_granted = decision.grants(entitlement);
    let reasons: Vec<Value> = decision.reasons(entitlement).map(reason).collect();
    let entitlements: Vec<&str> = decision
        .entitlements()
        .into_iter()
        .map(Entitlement::name)
        .collect();
    let why = if is_granted {
        "granted"
    } else {
        "nothing grants it"
    };
    let mut context = Map::from_iter([
        ("reason".to_owned(), json!(why)),
        ("reasons".to_owned(), json!(reasons)),
        ("entitlements".to_owned(), json!(entitlements)),
    ]);
    if let Some(Value::Object(holder)) = holder {
        let granted = decision.entitlements().into_iter();
        let grants: Map<String, Value> = granted
            .map(|one| {
                let reasons: Vec<Value> = decision.reasons(one).map(reason).collect();
                (one.name().to_owned(), json!(reasons))
            })
            .collect();
        context.insert("grants".to_owned(), Value::Object(grants));
        context.extend(holder);
    }
    AuthzenEvaluation {
        context: Some(Value::Object(context)),
        decision: Some(is_granted),
    }
}

/// Why something is granted, for programs.
fn reason(reason: Reason) -> Value {
    match reason {
        Reason::Administrator => json!({"administrator": true}),
        Reason::Profile { id, subject } => {
            json!({"client_profile": id.to_string(), "subject_type": subject.name()})
        }
    }
}

fn denied(reason: &str) -> AuthzenEvaluation {
    AuthzenEvaluation {
        context: Some(json!({"reason": reason})),
        decision: Some(false),
    }
}
