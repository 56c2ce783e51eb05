//! Answers, and the reasons of those that refuse.

use breakglass_api_types::breakglass::Problem;
use breakglass_api_types::broker::OAuthError;
use breakglass_api_types::esx::VapiError;
use breakglass_api_types::{Operation, Surface, fleet_iam};
use breakglass_domain::ErrorKind;
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::exit::{Exit, Failure};

/// The body of a success.
#[derive(Clone, Debug)]
pub(crate) struct Answer(Bytes);

impl Answer {
    /// The answer to this operation, when it is a success.
    ///
    /// # Errors
    /// With the server's reason when it refuses.
    pub(super) fn of(operation: Operation, response: Response<Bytes>) -> Result<Self, Failure> {
        if response.status().is_success() {
            return Ok(Self(response.into_body()));
        }
        let (parts, body) = response.into_parts();
        let kind = kind_of(parts.status);
        let mut failure = match operation.spec().surface {
            Surface::Breakglass => of_problem(kind, &body),
            Surface::Broker => of_oauth_error(kind, &body),
            Surface::Esx | Surface::Vcenter => of_vapi_error(kind, &body),
            Surface::FleetIam => of_fleet_error(kind, &body),
        }
        .unwrap_or_else(|| {
            let message = format!("the server refused the request with {}", parts.status);
            Failure::new(kind.into(), message)
        });
        if kind == ErrorKind::Internal {
            failure.details.extend(request_id(&parts.headers));
        }
        Err(failure)
    }

    /// The body as it came.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The body as a type of the contract.
    ///
    /// # Errors
    /// When it is not one.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        // The error says where, never what: an answer can hold a token.
        serde_json::from_slice(&self.0).map_err(|error| {
            let place = format!("line {} column {}", error.line(), error.column());
            let message = format!("the answer is not what the contract says, at {place}");
            Failure::new(Exit::Failed, message)
        })
    }
}

/// The kind of failure that a status stands for; one that no contract names is a defect of the server.
fn kind_of(status: StatusCode) -> ErrorKind {
    match status {
        StatusCode::BAD_REQUEST
        | StatusCode::METHOD_NOT_ALLOWED
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::URI_TOO_LONG
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => ErrorKind::Invalid,
        StatusCode::UNAUTHORIZED => ErrorKind::Unauthenticated,
        StatusCode::FORBIDDEN => ErrorKind::Forbidden,
        StatusCode::NOT_FOUND => ErrorKind::NotFound,
        StatusCode::CONFLICT => ErrorKind::Conflict,
        StatusCode::TOO_MANY_REQUESTS => ErrorKind::RateLimited,
        StatusCode::REQUEST_TIMEOUT
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => ErrorKind::Unavailable,
        _ => ErrorKind::Internal,
    }
}

fn of_fleet_error(kind: ErrorKind, body: &[u8]) -> Option<Failure> {
    let error: fleet_iam::Error = serde_json::from_slice(body).ok()?;
    let failure = Failure::new(kind.into(), error.message?);
    let faults = error.validation_failures.unwrap_or_default();
    Some(faults.into_iter().fold(failure, |failure, fault| {
        let (path, message) = (fault.violation_path, fault.failure_message);
        failure.with_detail(fault_line(path, message))
    }))
}

fn of_problem(kind: ErrorKind, body: &[u8]) -> Option<Failure> {
    let problem: Problem = serde_json::from_slice(body).ok()?;
    let failure = Failure::new(kind.into(), problem.detail.or(problem.title)?);
    let faults = problem.errors.unwrap_or_default();
    Some(faults.into_iter().fold(failure, |failure, fault| {
        failure.with_detail(fault_line(fault.path, fault.detail))
    }))
}

/// What exists already is a bad request there, so the type says what it is.
fn of_vapi_error(kind: ErrorKind, body: &[u8]) -> Option<Failure> {
    let error: VapiError = serde_json::from_slice(body).ok()?;
    let kind = match error.error_type.as_deref() {
        Some("ALREADY_EXISTS") => ErrorKind::Conflict,
        _ => kind,
    };
    let message = error.messages?.into_iter().next()?.default_message?;
    let failure = Failure::new(kind.into(), message);
    let fields = error
        .data
        .as_ref()
        .and_then(|data| data["fields"].as_array().cloned());
    let text = |field: &Value, name: &str| field[name].as_str().map(str::to_owned);
    let lines = fields.into_iter().flatten().map(|field| {
        let (path, message) = (text(&field, "path"), text(&field, "message"));
        fault_line(path, message)
    });
    Some(lines.fold(failure, Failure::with_detail))
}

fn of_oauth_error(kind: ErrorKind, body: &[u8]) -> Option<Failure> {
    let error: OAuthError = serde_json::from_slice(body).ok()?;
    let message = error.error_description.or(error.error)?;
    Some(Failure::new(kind.into(), message))
}

fn fault_line(path: Option<String>, message: Option<String>) -> String {
    let (path, message) = (path.unwrap_or_default(), message.unwrap_or_default());
    format!("{path}: {message}")
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get("x-request-id")?.to_str().ok()?;
    Some(format!("the server's log has it under request {id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(operation: Operation, status: u16, body: &str, exit: Exit, told: &str) {
        let response = Response::builder()
            .status(status)
            .header("x-request-id", "r-1")
            .body(Bytes::copy_from_slice(body.as_bytes()))
            .unwrap();
        let failure = Answer::of(operation, response).unwrap_err();
        assert_eq!(failure.exit, exit);
        assert_eq!(failure.to_string(), told);
    }

    #[test]
    fn each_surface_gives_its_reasons_in_its_own_way() {
        check(
            Operation::CreateEmergencyClient,
            400,
            r#"{"message": "Not valid.", "validationFailures": [
                {"violationPath": "clientId", "failureMessage": "is required"},
                {"violationPath": "accessTokenTtl", "failureMessage": "is too long"}]}"#,
            Exit::Invalid,
            "Not valid.\n  clientId: is required\n  accessTokenTtl: is too long",
        );
        check(
            Operation::CreateBroker,
            409,
            r#"{"title": "Conflict", "detail": "It exists.", "errors": [{"path": "tenant", "detail": "is taken"}]}"#,
            Exit::Conflict,
            "It exists.\n  tenant: is taken",
        );
        check(
            Operation::CreateSecurityTokenIssuer,
            400,
            r#"{"error_type": "ALREADY_EXISTS", "messages": [{"default_message": "It exists."}],
                "data": {"fields": [{"path": "issuer", "message": "is taken"}]}}"#,
            Exit::Conflict,
            "It exists.\n  issuer: is taken",
        );
        check(
            Operation::IntrospectToken,
            401,
            r#"{"error": "invalid_client"}"#,
            Exit::Unauthenticated,
            "invalid_client",
        );
    }

    #[test]
    fn an_answer_of_somebody_else_is_told_by_its_status() {
        check(
            Operation::GetServerStatus,
            502,
            "<html>",
            Exit::Unavailable,
            "the server refused the request with 502 Bad Gateway",
        );
    }

    #[test]
    fn a_failed_server_names_the_request() {
        check(
            Operation::GetServerStatus,
            500,
            r#"{"title": "Internal error"}"#,
            Exit::Internal,
            "Internal error\n  the server's log has it under request r-1",
        );
    }

    #[test]
    fn an_answer_that_makes_no_sense_is_not_repeated() {
        let answer = Answer(Bytes::from_static(br#"{"accessToken": ["hunter2"]}"#));
        let failure = answer.parse::<fleet_iam::EmergencyClient>().unwrap_err();
        assert!(!failure.to_string().contains("hunter2"), "{failure}");
    }
}
