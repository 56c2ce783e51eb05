//! `/breakglass/v1/realms/{realmId}/clients/{clientId}/keys`: the public keys of clients, whatever their kind.

use breakglass_api_types::Parsed;
use breakglass_api_types::breakglass::{ClientKeyRecord, ClientKeyRecords, ClientKeysRequest};
use breakglass_domain::{ClientKey, Timestamp};

use super::emergency_client::realm;
use crate::call::Call;
use crate::failure::{Failure, reject_faults};
use crate::reply::Reply;

/// `listClientKeys`.
pub(crate) async fn list(call: &Call) -> Result<Reply, Failure> {
    let realm = realm(call)?;
    let client_id = call.parameter("clientId");
    let keys = call
        .app()
        .list_client_keys(call.caller()?, realm, client_id)
        .await?;
    answer(&keys)
}

/// `replaceClientKeys`.
pub(crate) async fn replace(call: &Call) -> Result<Reply, Failure> {
    let realm = realm(call)?;
    let Parsed { value, failures } = call.json::<ClientKeysRequest>()?;
    reject_faults(failures, None)?;
    let given = value.keys.unwrap_or_default();
    let keys: Vec<String> = given.iter().map(ToString::to_string).collect();
    let client_id = call.parameter("clientId");
    let keys = call
        .app()
        .replace_client_keys(call.caller()?, realm, client_id, &keys)
        .await?;
    answer(&keys)
}

fn answer(keys: &[ClientKey]) -> Result<Reply, Failure> {
    Reply::json(&ClientKeyRecords {
        client_keys: Some(keys.iter().map(wire).collect()),
    })
}

fn wire(key: &ClientKey) -> ClientKeyRecord {
    ClientKeyRecord {
        algorithm: Some(key.key.algorithm.name().to_owned()),
        created_at: Some(key.created_at.millis()),
        kid: key.key.kid.clone(),
        last_used_at: key.last_used_at.map(Timestamp::millis),
        thumbprint: Some(key.key.thumbprint.to_string()),
    }
}
