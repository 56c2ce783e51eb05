//! `/suite-api/api/auth/token`: sessions of local accounts.

use breakglass_api_types::fleet_iam::{AuthToken, UsernamePassword};
use breakglass_api_types::{FieldFailure, Parsed, Sensitive};
use breakglass_app::AcquiredSession;
use breakglass_domain::{Secret, Timestamp};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::call::Call;
use crate::failure::{Failure, reject_faults};
use crate::reply::Reply;

/// The name of the one place that accounts are kept in.
const LOCAL: &str = "local";

/// `acquireToken`.
pub(crate) async fn acquire(call: Call) -> Result<Reply, Failure> {
    let Parsed {
        value: body,
        mut failures,
    } = call.json::<UsernamePassword>()?;
    if !is_local(body.auth_source.as_deref()) {
        failures.push(FieldFailure::new(
            "authSource",
            "must be absent or local: accounts are kept nowhere else",
        ));
    }
    reject_faults(failures, None)?;
    let username = body.username.unwrap_or_default();
    let password = Secret::new(body.password.as_ref().map_or("", Sensitive::expose));
    let session = call
        .app()
        .acquire_session(&username, &password, &call.origin)
        .await?;
    Ok(Reply::json(&token(&session))?.with_token())
}

/// `releaseToken`. A caller that came with an access token has no session to end and is told so.
pub(crate) async fn release(call: Call) -> Result<Reply, Failure> {
    call.app().release_session(call.caller()?).await?;
    Ok(Reply::empty())
}

/// Clients are known that send the field empty when their user left it out.
fn is_local(source: Option<&str>) -> bool {
    source.is_none_or(|source| source.is_empty() || source.eq_ignore_ascii_case(LOCAL))
}

fn token(session: &AcquiredSession) -> AuthToken {
    let privileges = session.privileges.iter();
    AuthToken {
        expires_at: calendar(session.expires_at),
        roles: Some(
            privileges
                .map(|privilege| privilege.name().to_owned())
                .collect(),
        ),
        token: Some(Sensitive::new(session.token.expose())),
        validity: Some(session.expires_at.millis()),
    }
}

/// The instant as RFC 3339 has it; `None` beyond the year 9999.
fn calendar(at: Timestamp) -> Option<String> {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.millis()) * 1_000_000).ok()?;
    at.format(&Rfc3339).ok()
}
