//! `…/ssorealms/{ssoRealmId}/emergency-clients`. Instants are milliseconds, lifetimes minutes.
//!
//! The contract's states of a token are `ACTIVE` and `EXPIRED`. A token that was revoked before its time is told as
//! `EXPIRED` here, for it opens nothing; Breakglass's own surface tells the two apart.

use breakglass_api_types::fleet_iam::{
    EmergencyClient, EmergencyClients, RoleScope, RoleScopeType, TokenStatus, VcfRoleAssignment,
};
use breakglass_api_types::{Parsed, Sensitive};
use breakglass_app::{EmergencyClientView, IssuedEmergencyClient};
use breakglass_domain::{EmergencyClientDraft, RoleClaim};

use super::realm;
use crate::call::Call;
use crate::failure::{Failure, reject_faults};
use crate::reply::Reply;

/// `listEmergencyClients`.
pub(crate) async fn list(call: &Call) -> Result<Reply, Failure> {
    let realm = realm::id(call)?;
    let clients = call
        .app()
        .list_emergency_clients(call.caller()?, realm)
        .await?;
    Reply::json(&EmergencyClients {
        emergency_clients: Some(clients.iter().map(wire).collect()),
    })
}

/// `getEmergencyClient`.
pub(crate) async fn get(call: &Call) -> Result<Reply, Failure> {
    let realm = realm::id(call)?;
    let client_id = call.parameter("clientId");
    let view = call
        .app()
        .get_emergency_client(call.caller()?, realm, client_id)
        .await?;
    Reply::json(&wire(&view))
}

/// `createEmergencyClient`. Whatever is wrong is told at once: what the reader could not read and what the domain does not
/// accept.
pub(crate) async fn create(call: &Call) -> Result<Reply, Failure> {
    let realm = realm::id(call)?;
    let Parsed { value, failures } = call.json::<EmergencyClient>()?;
    let draft = EmergencyClientDraft {
        client_id: value.client_id,
        client_name: value.client_name,
        client_description: value.client_description,
        access_token_ttl: value.access_token_ttl.map(i64::from),
        dpop_key_thumbprint: None,
    };
    let cap = call.app().options().emergency_ttl_cap;
    reject_faults(failures, draft.clone().accept(cap).err())?;
    let issued = call
        .app()
        .create_emergency_client(call.caller()?, realm, draft)
        .await?;
    with_token(&issued)
}

/// `regenerateEmergencyClient`.
pub(crate) async fn regenerate(call: &Call) -> Result<Reply, Failure> {
    let realm = realm::id(call)?;
    let client_id = call.parameter("clientId");
    let issued = call
        .app()
        .regenerate_emergency_client(call.caller()?, realm, client_id)
        .await?;
    with_token(&issued)
}

/// `deleteEmergencyClient`. The contract has 202; the token is dead before it is sent.
pub(crate) async fn delete(call: &Call) -> Result<Reply, Failure> {
    let realm = realm::id(call)?;
    let client_id = call.parameter("clientId");
    call.app()
        .delete_emergency_client(call.caller()?, realm, client_id)
        .await?;
    Ok(Reply::empty())
}

/// The two answers that hold the token, this once.
fn with_token(issued: &IssuedEmergencyClient) -> Result<Reply, Failure> {
    let client = EmergencyClient {
        access_token: Some(Sensitive::new(issued.access_token.expose())),
        ..wire(&issued.view)
    };
    Ok(Reply::json(&client)?.with_token())
}

fn wire(view: &EmergencyClientView) -> EmergencyClient {
    let client = &view.client;
    EmergencyClient {
        access_token: None,
        access_token_expiration_date: Some(client.token.expires_at.millis()),
        access_token_status: Some(match view.status {
            breakglass_domain::TokenStatus::Active => TokenStatus::Active,
            breakglass_domain::TokenStatus::Expired | breakglass_domain::TokenStatus::Revoked => {
                TokenStatus::Expired
            }
        }),
        access_token_ttl: i32::try_from(client.ttl.get()).ok(),
        client_description: client.client_description.clone(),
        client_id: Some(client.client_id.to_string()),
        client_name: Some(client.client_name.clone()),
        oidc_issuer_url: Some(view.issuer.clone()),
        roles: Some(vec![administrator()]),
        // An emergency token is good as it is; there it can be exchanged for a narrower copy.
        token_endpoint_url: Some(format!("{}/token", view.issuer)),
    }
}

/// The role that every emergency token carries, over its whole realm.
fn administrator() -> VcfRoleAssignment {
    let role = RoleClaim::administrator();
    VcfRoleAssignment {
        expires_at: None,
        role_display_name: Some(role.display_name),
        role_name: Some(role.name),
        role_scope: Some(RoleScope {
            resources: Some(Vec::new()),
            scope_type: Some(RoleScopeType::SsoRealm),
            sso_name: None,
        }),
    }
}
