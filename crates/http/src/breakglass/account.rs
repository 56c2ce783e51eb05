//! `/breakglass/v1/accounts`: local accounts.

use breakglass_api_types::Sensitive;
use breakglass_api_types::breakglass::PasswordChangeRequest;
use breakglass_domain::Secret;
use breakglass_domain::account::accept_password;

use crate::call::Call;
use crate::failure::{Failure, reject_faults};
use crate::reply::Reply;

/// `setAccountPassword`.
pub(crate) async fn set_password(call: &Call) -> Result<Reply, Failure> {
    let parsed = call.json::<PasswordChangeRequest>()?;
    let password = parsed.value.password.as_ref();
    let password = Secret::new(password.map_or("", Sensitive::expose));
    reject_faults(parsed.failures, accept_password(&password).err())?;
    call.app()
        .set_password(call.caller()?, call.parameter("username"), &password)
        .await?;
    Ok(Reply::empty())
}
