//! `/suite-api/api/auth/token`: sessions of local accounts.

use std::net::IpAddr;

use breakglass_api_types::fleet_iam::{
    AddressType, AuthToken, ServiceDetails, TokenExchangeRequest, TokenExchangeResponse,
    UsernamePassword,
};
use breakglass_api_types::{FieldFailure, Parsed, Sensitive};
use breakglass_app::AcquiredSession;
use breakglass_domain::{Secret, Service, Timestamp};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::call::Call;
use crate::failure::{Failure, reject_faults};
use crate::reply::Reply;

/// The name of the one place that accounts are kept in.
const LOCAL: &str = "local";

/// `acquireToken`.
pub(crate) async fn acquire(call: &Call) -> Result<Reply, Failure> {
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
pub(crate) async fn release(call: &Call) -> Result<Reply, Failure> {
    call.app().release_session(call.caller()?).await?;
    Ok(Reply::empty())
}

/// `exchangeOpsTokenWithJwtToken`. What a service takes it as is the service's own affair: some want it as a bearer, some in a
/// header of their own.
pub(crate) async fn exchange(call: &Call) -> Result<Reply, Failure> {
    let mut query = call.query();
    let told: Option<bool> = query.read("includeServiceDetails", "must be true or false");
    query.finish_with(Ok(()))?;
    let Parsed { value, failures } = call.json::<TokenExchangeRequest>()?;
    reject_faults(failures, None)?;
    let keys = value.service_keys.unwrap_or_default();
    let issued = call
        .app()
        .issue_service_token(call.caller()?, &keys)
        .await?;
    let services = || issued.services.iter().map(details).collect();
    let answer = TokenExchangeResponse {
        jwt_token: Some(Sensitive::new(issued.token.expose())),
        services: (told == Some(true)).then(services),
    };
    Ok(Reply::json(&answer)?.with_token())
}

fn details(service: &Service) -> ServiceDetails {
    let address = service.address.as_deref();
    ServiceDetails {
        address: service.address.clone(),
        address_type: Some(match address.map(str::parse) {
            Some(Ok(IpAddr::V4(_))) => AddressType::Ipv4,
            Some(Ok(IpAddr::V6(_))) => AddressType::Ipv6,
            Some(Err(_)) => AddressType::Fqdn,
            None => AddressType::Unknown,
        }),
        base_path: service.base_path.clone(),
        certificates: Some(Vec::new()),
        key: Some(service.key.clone()),
        name: Some(service.name.clone()),
        port: service.port.map(i32::from),
        type_: service.kind.clone(),
        version: service.version.clone(),
    }
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
