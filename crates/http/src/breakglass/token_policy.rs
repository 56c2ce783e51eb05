//! `/breakglass/v1/realms/{realmId}/token-policy`: how long the access tokens of a realm may be.

use breakglass_api_types::breakglass::{TokenPolicy, TokenPolicyChange};
use breakglass_domain::{OverflowThreshold, TokenPolicyDraft};

use super::emergency_client::realm;
use crate::call::Call;
use crate::failure::{Failure, reject_faults};
use crate::reply::Reply;

/// `getTokenPolicy`.
pub(crate) async fn get(call: &Call) -> Result<Reply, Failure> {
    let realm = realm(call)?;
    let threshold = call.app().token_policy(call.caller()?, realm).await?;
    answer(threshold)
}

/// `updateTokenPolicy`.
pub(crate) async fn update(call: &Call) -> Result<Reply, Failure> {
    let realm = realm(call)?;
    let parsed = call.json::<TokenPolicyChange>()?;
    reject_faults(parsed.failures, None)?;
    let draft = TokenPolicyDraft {
        token_overflow_threshold: parsed.value.token_overflow_threshold,
    };
    let caller = call.caller()?;
    let threshold = call.app().update_token_policy(caller, realm, draft).await?;
    answer(threshold)
}

fn answer(threshold: OverflowThreshold) -> Result<Reply, Failure> {
    Reply::json(&TokenPolicy {
        token_overflow_threshold: Some(threshold.get().into()),
    })
}
