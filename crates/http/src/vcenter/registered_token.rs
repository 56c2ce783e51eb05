//! `/api/vcenter/registered-tokens`.

use breakglass_api_types::Operation;
use breakglass_api_types::vcenter::VcenterRegisteredTokenCreateSpec;
use breakglass_app::{Error, Refusal};
use breakglass_domain::Secret;

use crate::call::Call;
use crate::failure::{Failure, reject_faults};
use crate::reply::Reply;

/// `createRegisteredToken`.
pub(crate) async fn create(call: &Call) -> Result<Reply, Failure> {
    let absent = Error::Unauthenticated(Refusal::Missing);
    let registrant = call.registrant.as_ref().ok_or(Failure::App(absent))?;
    let parsed = call.json::<VcenterRegisteredTokenCreateSpec>()?;
    reject_faults(parsed.failures, None)?;
    let expanded = parsed.value.expanded_access_token;
    let expanded = expanded.map(|token| Secret::new(token.expose()));
    let operation = Operation::CreateRegisteredToken.name();
    call.app()
        .register_token(registrant, expanded.as_ref(), operation)
        .await?;
    Ok(Reply::empty())
}
