//! `/breakglass/v1/realms/{realmId}/clients/{clientId}/secrets`: the secrets of clients, whatever their kind.

use breakglass_api_types::breakglass::{
    ClientSecretRecord, ClientSecretRecords, ClientSecretRequest, NewClientSecret,
};
use breakglass_api_types::{Parsed, Sensitive};
use breakglass_app::{Error, Resource};
use breakglass_domain::client_secret::accept_overlap;
use breakglass_domain::{ClientSecret, Timestamp};

use super::emergency_client::realm;
use crate::call::Call;
use crate::failure::{Failure, reject_faults};
use crate::reply::Reply;

/// `listClientSecrets`.
pub(crate) async fn list(call: &Call) -> Result<Reply, Failure> {
    let realm = realm(call)?;
    let client_id = call.parameter("clientId");
    let secrets = call
        .app()
        .list_client_secrets(call.caller()?, realm, client_id)
        .await?;
    Reply::json(&ClientSecretRecords {
        client_secrets: Some(secrets.iter().map(wire).collect()),
    })
}

/// `createClientSecret`.
pub(crate) async fn create(call: &Call) -> Result<Reply, Failure> {
    let realm = realm(call)?;
    let Parsed { value, failures } = call.json::<ClientSecretRequest>()?;
    let overlap = value.overlap_minutes;
    reject_faults(failures, accept_overlap(overlap).err())?;
    let client_id = call.parameter("clientId");
    let issued = call
        .app()
        .create_client_secret(call.caller()?, realm, client_id, overlap)
        .await?;
    let secret = NewClientSecret {
        client_id: Some(issued.client.client_id),
        client_secret: Some(Sensitive::new(issued.client_secret.expose())),
        created_at: Some(issued.secret.created_at.millis()),
        secret_id: Some(issued.secret.id.to_string()),
    };
    Ok(Reply::json(&secret)?.with_token())
}

/// `deleteClientSecret`. A text that is no id names no secret.
pub(crate) async fn delete(call: &Call) -> Result<Reply, Failure> {
    let realm = realm(call)?;
    let client_id = call.parameter("clientId");
    let absent = Error::NotFound(Resource::ClientSecret);
    let id = call.parameter("secretId").parse().map_err(|_| absent)?;
    call.app()
        .delete_client_secret(call.caller()?, realm, client_id, id)
        .await?;
    Ok(Reply::empty())
}

fn wire(secret: &ClientSecret) -> ClientSecretRecord {
    ClientSecretRecord {
        created_at: Some(secret.created_at.millis()),
        expires_at: secret.expires_at.map(Timestamp::millis),
        last_used_at: secret.last_used_at.map(Timestamp::millis),
        secret_id: Some(secret.id.to_string()),
    }
}
