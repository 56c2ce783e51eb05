//! `…/token`.

use breakglass_api_types::esx::EsxHostToken;
use breakglass_api_types::{Operation, Sensitive};

use crate::call::Call;
use crate::failure::Failure;
use crate::reply::Reply;

/// `createHostToken`.
pub(crate) async fn create(call: &Call) -> Result<Reply, Failure> {
    let operation = Operation::CreateHostToken.name();
    let token = call
        .app()
        .issue_host_token(call.caller()?, operation)
        .await?;
    let answer = EsxHostToken {
        access_token: Some(Sensitive::new(token.expose())),
    };
    Ok(Reply::json(&answer)?.with_token())
}
