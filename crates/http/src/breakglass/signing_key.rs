//! `/breakglass/v1/realms/{realmId}/signing-keys` and `/key-policy`: the keys that sign the tokens of a realm.

use breakglass_api_types::breakglass::{
    KeyPolicy, KeyPolicyChange, SigningAlgorithm, SigningKey, SigningKeyRotation,
    SigningKeyRotationRequest, SigningKeyState, SigningKeys,
};
use breakglass_app::{KeyPolicyView, SigningKeyView};
use breakglass_domain::{KeyPolicyDraft, KeyState, Minutes, SignatureAlgorithm, Timestamp};

use super::emergency_client::realm;
use super::whole;
use crate::call::Call;
use crate::failure::{Failure, reject_faults};
use crate::reply::Reply;

/// `listSigningKeys`.
pub(crate) async fn list(call: &Call) -> Result<Reply, Failure> {
    let realm = realm(call)?;
    let keys = call.app().list_signing_keys(call.caller()?, realm).await?;
    Reply::json(&SigningKeys {
        signing_keys: Some(keys.iter().map(wire).collect()),
    })
}

/// `rotateSigningKey`.
pub(crate) async fn rotate(call: &Call) -> Result<Reply, Failure> {
    let realm = realm(call)?;
    let parsed = call.json::<SigningKeyRotationRequest>()?;
    reject_faults(parsed.failures, None)?;
    let caller = call.caller()?;
    let rotation = if parsed.value.immediately.unwrap_or_default() {
        call.app().replace_signing_keys(caller, realm).await?
    } else {
        call.app().rotate_signing_key(caller, realm).await?
    };
    Reply::json(&SigningKeyRotation {
        recalled_credentials: Some(whole(rotation.recalled.credentials)),
        recalled_emergency_tokens: Some(whole(rotation.recalled.emergency_tokens)),
        signing_key: Some(wire(&rotation.made)),
    })
}

/// `getKeyPolicy`.
pub(crate) async fn policy(call: &Call) -> Result<Reply, Failure> {
    let realm = realm(call)?;
    let policy = call.app().key_policy(call.caller()?, realm).await?;
    answer(&policy)
}

/// `updateKeyPolicy`.
pub(crate) async fn update_policy(call: &Call) -> Result<Reply, Failure> {
    let realm = realm(call)?;
    let parsed = call.json::<KeyPolicyChange>()?;
    reject_faults(parsed.failures, None)?;
    let draft = KeyPolicyDraft {
        algorithm: parsed.value.algorithm.map(|name| name.as_str().to_owned()),
        rotation_period: parsed.value.rotation_period,
        overlap: parsed.value.overlap,
    };
    let caller = call.caller()?;
    let policy = call.app().update_key_policy(caller, realm, draft).await?;
    answer(&policy)
}

fn answer(view: &KeyPolicyView) -> Result<Reply, Failure> {
    let period = view.policy.rotation_period.map_or(0, Minutes::get);
    Reply::json(&KeyPolicy {
        algorithm: Some(algorithm(view.algorithm)),
        overlap: Some(view.policy.overlap.get().into()),
        rotation_period: Some(period.into()),
    })
}

fn wire(view: &SigningKeyView) -> SigningKey {
    let key = &view.key;
    SigningKey {
        activates_at: Some(key.activates_at.millis()),
        algorithm: Some(algorithm(key.algorithm)),
        created_at: Some(key.created_at.millis()),
        kid: Some(key.id.to_string()),
        retired_at: key.retired_at.map(Timestamp::millis),
        signs_until: Some(key.signs_until.millis()),
        state: Some(match view.state {
            KeyState::Active => SigningKeyState::Active,
            KeyState::Next => SigningKeyState::Next,
            KeyState::Retired => SigningKeyState::Retired,
            KeyState::Retiring => SigningKeyState::Retiring,
        }),
    }
}

/// The algorithm in the words of the contract.
pub(super) const fn algorithm(algorithm: SignatureAlgorithm) -> SigningAlgorithm {
    match algorithm {
        SignatureAlgorithm::EdDsa => SigningAlgorithm::EdDsa,
        SignatureAlgorithm::Es256 => SigningAlgorithm::Es256,
        SignatureAlgorithm::Rs256 => SigningAlgorithm::Rs256,
    }
}
