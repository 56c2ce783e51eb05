//! Errors as OAuth 2 has them (RFC 6749, section 5.2).

use breakglass_api_types::broker::OAuthError;
use http::StatusCode;

use crate::problem::Problem;

/// The media type and the bytes of an error.
pub(crate) fn envelope(problem: &Problem) -> (&'static str, Vec<u8>) {
    let error = OAuthError {
        error: Some(code(problem.status).to_owned()),
        error_description: Some(description(&problem.message)),
        error_uri: None,
    };
    let body = serde_json::to_vec(&error).unwrap_or_default();
    ("application/json", body)
}

/// The registered code: RFC 6749, sections 4.1.2.1 and 5.2, and RFC 6750, section 3.1. What no code was registered for,
/// such as an unknown tenant, is a request that is not valid here.
fn code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "invalid_client",
        StatusCode::FORBIDDEN => "insufficient_scope",
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            "temporarily_unavailable"
        }
        StatusCode::INTERNAL_SERVER_ERROR => "server_error",
        _ => "invalid_request",
    }
}

/// RFC 6749, section 5.2: a description holds visible ASCII and spaces, without `"` and `\`.
fn description(message: &str) -> String {
    let allowed = |letter: char| matches!(letter, ' '..='~') && !matches!(letter, '"' | '\\');
    message
        .chars()
        .map(|letter| if allowed(letter) { letter } else { '\'' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_keeps_to_the_letters_it_may_have() {
        assert_eq!(description("a \"b\" \\ ü."), "a 'b' ' '.");
    }
}
