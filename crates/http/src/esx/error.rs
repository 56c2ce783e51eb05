//! Errors as the vendor's APIs have them: an `error_type`, messages, and data by its kind.

use breakglass_api_types::esx::{VapiError, VapiMessage};
use http::StatusCode;
use serde_json::{Value, json};

use crate::problem::Problem;

/// The status of an error: what exists already is a bad request here.
pub(crate) fn status(problem: &Problem) -> StatusCode {
    match problem.status {
        StatusCode::CONFLICT => StatusCode::BAD_REQUEST,
        other => other,
    }
}

/// The media type and the bytes of an error. `challenge` is what `WWW-Authenticate` says.
pub(crate) fn envelope(problem: &Problem, challenge: &[String]) -> (&'static str, Vec<u8>) {
    let body = serde_json::to_vec(&error(problem, challenge)).unwrap_or_default();
    ("application/json", body)
}

/// What a caller is told of a problem.
pub(crate) fn error(problem: &Problem, challenge: &[String]) -> VapiError {
    let id = format!("breakglass.{}", problem.code.to_ascii_lowercase());
    // Why somebody may not do something is not for them to know.
    let text = match problem.status {
        StatusCode::FORBIDDEN => "You may not do this.",
        _ => problem.message.as_str(),
    };
    let message = VapiMessage {
        args: Some(Vec::new()),
        default_message: Some(text.to_owned()),
        id: Some(id),
    };
    VapiError {
        challenge: (!challenge.is_empty()).then(|| challenge.join(", ")),
        data: data(problem),
        error_type: Some(error_type(problem).to_owned()),
        messages: Some(vec![message]),
    }
}

fn data(problem: &Problem) -> Option<Value> {
    if let Some((issuer, alias)) = &problem.taken {
        return Some(json!({"issuer": issuer, "issuer_alias": alias}));
    }
    let fields = problem.fields.iter();
    let fields: Vec<Value> = fields
        .map(|field| json!({"path": field.path, "message": field.message}))
        .collect();
    (!fields.is_empty()).then(|| json!({"fields": fields}))
}

fn error_type(problem: &Problem) -> &'static str {
    match problem.status {
        StatusCode::CONFLICT => "ALREADY_EXISTS",
        StatusCode::UNAUTHORIZED => "UNAUTHENTICATED",
        StatusCode::FORBIDDEN => "UNAUTHORIZED",
        StatusCode::NOT_FOUND if problem.code == "PATH_NOT_FOUND" => "OPERATION_NOT_FOUND",
        StatusCode::NOT_FOUND => "NOT_FOUND",
        StatusCode::REQUEST_TIMEOUT => "TIMED_OUT",
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => "SERVICE_UNAVAILABLE",
        StatusCode::INTERNAL_SERVER_ERROR => "ERROR",
        StatusCode::BAD_REQUEST if problem.code == "INVALID_REQUEST" => "INVALID_ARGUMENT",
        _ => "INVALID_REQUEST",
    }
}
