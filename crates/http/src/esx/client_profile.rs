//! `…/client-profiles`.

use std::collections::BTreeMap;

use breakglass_api_types::esx::{
    EsxAccessGrant, EsxClientProfileCreateSpec, EsxClientProfileInfo, EsxClientProfileSummary,
    EsxClientProfileUpdateSpec, EsxSubject,
};
use breakglass_api_types::{FieldFailure, Parsed};
use breakglass_domain::client_profile::accept_grants;
use breakglass_domain::{
    AccessGrantDraft, ClientProfile, ClientProfileDraft, ProfileFilterDraft, ProfileSubject,
};
use serde_json::{Value, json};

use super::Projection;
use crate::call::Call;
use crate::failure::{Failure, reject_faults};
use crate::reply::Reply;

/// `listClientProfiles`.
pub(crate) async fn list(call: &Call) -> Result<Reply, Failure> {
    let mut query = call.query();
    let projection = Projection::read(&mut query);
    let mut text = |name: &str| query.read::<String>(name, "must be a text");
    let draft = ProfileFilterDraft {
        local_user_name: text("local_user_name"),
        external_group_name: text("external_group_name"),
        external_user_name: text("external_user_name"),
        issuer_alias: text("issuer_alias"),
        domain: text("domain"),
        scopes: query.all("scopes"),
    };
    let filter = query.finish_with(draft.accept())?;
    let profiles = call
        .app()
        .list_client_profiles(call.caller()?, call.realm, &filter)
        .await?;
    let summaries: Vec<_> = profiles
        .iter()
        .map(|profile| summary(profile, projection))
        .collect();
    Reply::json(&summaries)
}

/// `getClientProfile`. The id is not told again.
pub(crate) async fn get(call: &Call) -> Result<Reply, Failure> {
    let profile = call
        .app()
        .get_client_profile(call.caller()?, call.realm, call.parameter("profile"))
        .await?;
    Reply::json(&EsxClientProfileInfo {
        grants: Some(grants(&profile)),
        subject: Some(subject(&profile.subject)),
    })
}

/// `createClientProfile`. The answer is the id, a bare text.
pub(crate) async fn create(call: &Call) -> Result<Reply, Failure> {
    let Parsed {
        value,
        mut failures,
    } = call.json::<EsxClientProfileCreateSpec>()?;
    let draft = ClientProfileDraft {
        local_user_name: value.local_user_name,
        external_group_name: value.external_group_name,
        external_user_name: value.external_user_name,
        privileges: privileges(value.privileges.as_ref(), &mut failures),
        issuer_alias: value.issuer_alias,
        domain: value.domain,
        grants: value.grants.map(drafts),
    };
    reject_faults(failures, draft.clone().accept().err())?;
    let profile = call
        .app()
        .create_client_profile(call.caller()?, call.realm, draft)
        .await?;
    Reply::json(&profile.id.to_string())
}

/// `updateClientProfile`.
pub(crate) async fn update(call: &Call) -> Result<Reply, Failure> {
    let Parsed { value, failures } = call.json::<EsxClientProfileUpdateSpec>()?;
    let grants = value.grants.map(drafts).map(accept_grants).transpose();
    reject_faults(failures, grants.as_ref().err().cloned())?;
    call.app()
        .update_client_profile(
            call.caller()?,
            call.realm,
            call.parameter("profile"),
            grants.unwrap_or_default(),
        )
        .await?;
    Ok(Reply::empty())
}

/// `deleteClientProfile`.
pub(crate) async fn delete(call: &Call) -> Result<Reply, Failure> {
    call.app()
        .delete_client_profile(call.caller()?, call.realm, call.parameter("profile"))
        .await?;
    Ok(Reply::empty())
}

fn drafts(grants: Vec<EsxAccessGrant>) -> Vec<AccessGrantDraft> {
    grants
        .into_iter()
        .map(|grant| AccessGrantDraft {
            resource_type: grant.resource_type,
            entitlement: grant.entitlement,
        })
        .collect()
}

/// Privileges by scope. The older spelling, an array of entries with `key` and `value`, is taken too.
fn privileges(
    value: Option<&Value>,
    failures: &mut Vec<FieldFailure>,
) -> Option<BTreeMap<String, Vec<String>>> {
    let value = value?;
    let entries: Option<Vec<(String, Value)>> = match value {
        Value::Object(map) => Some(map.clone().into_iter().collect()),
        Value::Array(entries) => entries
            .iter()
            .map(|entry| Some((entry["key"].as_str()?.to_owned(), entry["value"].clone())))
            .collect(),
        _ => None,
    };
    let read = entries.and_then(|entries| {
        let entries = entries.into_iter().map(|(scope, held)| {
            let held = held.as_array()?.iter();
            let held: Option<Vec<String>> =
                held.map(|one| one.as_str().map(str::to_owned)).collect();
            Some((scope, held?))
        });
        entries.collect()
    });
    if read.is_none() {
        let rule = "must be an object of arrays of texts";
        failures.push(FieldFailure::new("privileges", rule));
        // That it is there is known, so that nothing is said of its absence.
        return Some(BTreeMap::from([("?".to_owned(), vec!["?".to_owned()])]));
    }
    read
}

fn summary(profile: &ClientProfile, projection: Projection) -> EsxClientProfileSummary {
    EsxClientProfileSummary {
        client_profile: Some(profile.id.to_string()),
        grants: (projection >= Projection::Full).then(|| grants(profile)),
        subject: (projection >= Projection::Normal).then(|| subject(&profile.subject)),
        summary_type: Some(projection.name().to_owned()),
    }
}

fn grants(profile: &ClientProfile) -> Vec<EsxAccessGrant> {
    let grants = profile.grants.iter();
    grants
        .map(|grant| EsxAccessGrant {
            entitlement: Some(grant.name().to_owned()),
            resource_type: Some("ENTITLEMENT".to_owned()),
        })
        .collect()
}

fn subject(subject: &ProfileSubject) -> EsxSubject {
    EsxSubject {
        domain: subject.domain().map(str::to_owned),
        issuer_alias: subject.issuer_alias().map(ToString::to_string),
        name: subject.name().map(str::to_owned),
        privileges: subject.privileges().map(|map| json!(map)),
        type_: Some(subject.kind().name().to_owned()),
    }
}
