//! `…/ssorealms/{ssoRealmId}/api-clients`: programs that hold roles.

use breakglass_api_types::fleet_iam::{ApiClient, ApiClients, ClientTokenQuery};
use breakglass_api_types::{FieldFailure, Operation, Parsed};
use breakglass_app::{ApiClientKey, ApiClientView};
use breakglass_domain::{ApiClientDraft, Page};

use super::{client_query, page, realm, role_assignment};
use crate::call::Call;
use crate::failure::{Failure, reject_faults};
use crate::reply::Reply;

/// `createApiClient`.
pub(crate) async fn create(call: &Call) -> Result<Reply, Failure> {
    let realm = realm::id(call)?;
    let Parsed { value, failures } = call.json::<ApiClient>()?;
    let draft = draft(value);
    reject_faults(failures, draft.clone().accept().err())?;
    let client = call
        .app()
        .create_api_client(call.caller()?, realm, draft)
        .await?;
    // A new client holds no role.
    let roles = Vec::new();
    Reply::json(&wire(&ApiClientView { client, roles }))
}

/// `updateApiClient`. The client is addressed by `clientUuid`, or by `clientId` when that is absent.
pub(crate) async fn update(call: &Call) -> Result<Reply, Failure> {
    let realm = realm::id(call)?;
    let Parsed {
        value,
        mut failures,
    } = call.json::<ApiClient>()?;
    failures.retain(|failure| !is_of_new_clients_alone(failure, &value));
    let principal = value.client_uuid.as_deref().map(str::parse);
    let key = match (principal, &value.client_id) {
        (Some(Ok(principal)), _) => Some(ApiClientKey::Principal(principal)),
        (None, Some(id)) => Some(ApiClientKey::Id(id.clone())),
        (Some(Err(_)), _) => {
            failures.push(FieldFailure::new("clientUuid", "must be a UUID"));
            None
        }
        (None, None) => {
            let rule = "is required when clientId is absent";
            failures.push(FieldFailure::new("clientUuid", rule));
            None
        }
    };
    let draft = draft(value);
    reject_faults(failures, draft.clone().accept_change().err())?;
    let key = key.ok_or(Failure::Defect("a client without a key passed as sound"))?;
    call.app()
        .update_api_client(call.caller()?, realm, &key, draft)
        .await?;
    Ok(Reply::empty())
}

/// `getApiClient`.
pub(crate) async fn get(call: &Call) -> Result<Reply, Failure> {
    let realm = realm::id(call)?;
    let client_id = call.parameter("clientId");
    let view = call
        .app()
        .get_api_client(call.caller()?, realm, client_id)
        .await?;
    Reply::json(&wire(&view))
}

/// `deleteApiClient`.
pub(crate) async fn delete(call: &Call) -> Result<Reply, Failure> {
    let realm = realm::id(call)?;
    let client_id = call.parameter("clientId");
    call.app()
        .delete_api_client(call.caller()?, realm, client_id)
        .await?;
    Ok(Reply::empty())
}

/// `queryApiClients`. What is found is ordered by `clientId`.
pub(crate) async fn query(call: &Call) -> Result<Reply, Failure> {
    let realm = realm::id(call)?;
    let wanted = page::request(call.query())?;
    let search = client_query::read(call.json::<ClientTokenQuery>()?)?;
    let Page { entries, total } = call
        .app()
        .query_api_clients(call.caller()?, realm, &search, wanted)
        .await?;
    let path = Operation::QueryApiClients
        .path(&[("ssoRealmId", &realm.to_string())])
        .map_err(|_| Failure::Defect("the path of a search lacks a parameter"))?;
    Reply::json(&ApiClients {
        api_clients: Some(entries.iter().map(wire).collect()),
        links: Some(page::links(&path, call.query_text(), wanted, total)),
        page_info: Some(page::info(wanted, total)),
    })
}

/// Whether a failure is no more than the absence of a field that only a new client must have: the contract has one type
/// for new clients and for changes, and what a change leaves out stays.
fn is_of_new_clients_alone(failure: &FieldFailure, given: &ApiClient) -> bool {
    let is_absent = match failure.path.as_str() {
        "clientId" => given.client_id.is_none(),
        "clientName" => given.client_name.is_none(),
        _ => false,
    };
    is_absent && failure.message == "is required"
}

fn draft(given: ApiClient) -> ApiClientDraft {
    ApiClientDraft {
        client_id: given.client_id,
        client_name: given.client_name,
        client_description: given.client_description,
    }
}

fn wire(view: &ApiClientView) -> ApiClient {
    let client = &view.client;
    ApiClient {
        client_description: client.client_description.clone(),
        client_id: Some(client.client_id.to_string()),
        client_name: Some(client.client_name.to_string()),
        client_uuid: Some(client.id.to_string()),
        roles: Some(view.roles.iter().map(role_assignment::wire).collect()),
    }
}
