//! `/api/session`.

use breakglass_api_types::vcenter::VcenterSessionInfo;
use breakglass_app::{Error, Refusal};
use breakglass_domain::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::call::Call;
use crate::credentials::Schemes;
use crate::failure::Failure;
use crate::reply::Reply;

/// `createVcenterSession`. The answer is the id, a bare text.
pub(crate) async fn create(call: &Call) -> Result<Reply, Failure> {
    let absent = Error::Unauthenticated(Refusal::Missing);
    let shown = call.credentials(Schemes::BasicAndTokens);
    let shown = shown.ok_or(Failure::App(absent))?;
    let id = call
        .app()
        .create_host_session(call.caller()?, shown)
        .await?;
    Ok(Reply::json(&id.expose())?.with_token())
}

/// `getVcenterSession`.
pub(crate) fn get(call: &Call) -> Result<Reply, Failure> {
    let session = call.app().get_host_session(call.caller()?)?;
    Reply::json(&VcenterSessionInfo {
        created_time: Some(spelled(session.created_at)?),
        last_accessed_time: Some(spelled(session.used_at)?),
        user: Some(session.subject),
    })
}

/// `deleteVcenterSession`.
pub(crate) async fn delete(call: &Call) -> Result<Reply, Failure> {
    call.app().delete_host_session(call.caller()?).await?;
    Ok(Reply::empty())
}

/// RFC 3339, in milliseconds of UTC.
fn spelled(instant: Timestamp) -> Result<String, Failure> {
    let nanoseconds = i128::from(instant.millis()) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds)
        .ok()
        .and_then(|instant| instant.format(&Rfc3339).ok())
        .ok_or(Failure::Defect("an instant has no name"))
}
