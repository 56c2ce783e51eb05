//! `/healthz` and `/readyz`: for whatever starts, stops and balances servers.

use crate::call::Call;
use crate::failure::Failure;
use crate::reply::Reply;

/// `getHealth`: the process answers.
#[expect(
    clippy::unnecessary_wraps,
    reason = "every handler has one type, and this one alone cannot fail"
)]
pub(crate) fn health(_: &Call) -> Result<Reply, Failure> {
    Ok(Reply::of("text/plain; charset=utf-8", "ok\n"))
}

/// `getReadiness`: the store answers too.
pub(crate) async fn readiness(call: &Call) -> Result<Reply, Failure> {
    call.app().check_ready().await?;
    Ok(Reply::of("text/plain; charset=utf-8", "ready\n"))
}
