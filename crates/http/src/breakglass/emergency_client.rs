//! `/breakglass/v1/realms/{realmId}/emergency-clients`: who made a client, and how it was used; and clients whose tokens are
//! bound to a key.

use breakglass_api_types::breakglass::{
    EmergencyClientRecord, EmergencyClientRecords, EmergencyClientRequest, EmergencyTokenStatus,
    NewEmergencyClient,
};
use breakglass_api_types::{Parsed, Sensitive};
use breakglass_app::{EmergencyClientView, Error, Resource};
use breakglass_domain::{EmergencyClientDraft, RealmId, Timestamp, TokenStatus};

use super::whole;
use crate::call::Call;
use crate::failure::{Failure, reject_faults};
use crate::reply::Reply;

/// `listEmergencyClientRecords`.
pub(crate) async fn list(call: &Call) -> Result<Reply, Failure> {
    let realm = realm(call)?;
    let clients = call
        .app()
        .list_emergency_clients(call.caller()?, realm)
        .await?;
    Reply::json(&EmergencyClientRecords {
        emergency_clients: Some(clients.iter().map(wire).collect()),
    })
}

/// `getEmergencyClientRecord`.
pub(crate) async fn get(call: &Call) -> Result<Reply, Failure> {
    let realm = realm(call)?;
    let client_id = call.parameter("clientId");
    let view = call
        .app()
        .get_emergency_client(call.caller()?, realm, client_id)
        .await?;
    Reply::json(&wire(&view))
}

/// `createEmergencyClientRecord`. Whatever is wrong is told at once, as by the fleet operation.
pub(crate) async fn create(call: &Call) -> Result<Reply, Failure> {
    let realm = realm(call)?;
    let Parsed { value, failures } = call.json::<EmergencyClientRequest>()?;
    let draft = EmergencyClientDraft {
        client_id: value.client_id,
        client_name: value.client_name,
        client_description: value.client_description,
        access_token_ttl: value.access_token_ttl,
        dpop_key_thumbprint: value.dpop_key_thumbprint,
    };
    let cap = call.app().options().emergency_ttl_cap;
    reject_faults(failures, draft.clone().accept(cap).err())?;
    let issued = call
        .app()
        .create_emergency_client(call.caller()?, realm, draft)
        .await?;
    let made = NewEmergencyClient {
        access_token: Some(Sensitive::new(issued.access_token.expose())),
        emergency_client: Some(wire(&issued.view)),
        issuer: Some(issued.view.issuer),
    };
    Ok(Reply::json(&made)?.with_token())
}

/// The realm of the path. A text that is no id names no realm.
pub(super) fn realm(call: &Call) -> Result<RealmId, Failure> {
    let absent = Error::NotFound(Resource::Realm);
    call.parameter("realmId").parse().map_err(|_| absent.into())
}

fn wire(view: &EmergencyClientView) -> EmergencyClientRecord {
    let client = &view.client;
    let token = &client.token;
    EmergencyClientRecord {
        access_token_expiration_date: Some(token.expires_at.millis()),
        access_token_status: Some(match view.status {
            TokenStatus::Active => EmergencyTokenStatus::Active,
            TokenStatus::Expired => EmergencyTokenStatus::Expired,
            TokenStatus::Revoked => EmergencyTokenStatus::Revoked,
        }),
        access_token_ttl: i32::try_from(client.ttl.get()).ok(),
        client_description: client.client_description.clone(),
        client_id: Some(client.client_id.to_string()),
        client_name: Some(client.client_name.clone()),
        created_at: Some(client.created_at.millis()),
        created_by: Some(client.created_by.clone()),
        dpop_key_thumbprint: client.dpop_key.map(|key| key.to_string()),
        last_regenerated_at: client.last_regenerated_at.map(Timestamp::millis),
        last_used_at: client.usage.last_used_at.map(Timestamp::millis),
        revoked_at: token.revoked_at.map(Timestamp::millis),
        token_id: Some(token.id.to_string()),
        token_issued_at: Some(token.issued_at.millis()),
        uses: Some(whole(client.usage.uses)),
    }
}
