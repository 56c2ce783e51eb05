//! Errors as OAuth 2 has them (RFC 6749, section 5.2).

use breakglass_api_types::broker::OAuthError;
use breakglass_app::Refusal;
use http::StatusCode;

use crate::problem::Problem;

/// The media type and the bytes of an error.
pub(crate) fn envelope(problem: &Problem) -> (&'static str, Vec<u8>) {
    let error = OAuthError {
        error: Some(code(problem).to_owned()),
        error_description: Some(description(&problem.message)),
        error_uri: None,
    };
    let body = serde_json::to_vec(&error).unwrap_or_default();
    ("application/json", body)
}

/// The registered code: RFC 6749, sections 4.1.2.1 and 5.2, RFC 6750, section 3.1, RFC 8693,
/// section 2.2.2, and RFC 9449, section 12.2. What no code was registered for,
/// such as an unknown tenant, is a request that is not valid here.
fn code(problem: &Problem) -> &'static str {
    match problem.code {
        "INVALID_DPOP_PROOF" => return "invalid_dpop_proof",
        "INVALID_GRANT" => return "invalid_grant",
        "INVALID_SCOPE" => return "invalid_scope",
        "INVALID_TARGET" => return "invalid_target",
        "INVALID_TOKEN" => return "invalid_token",
        "UNAUTHORIZED_CLIENT" => return "unauthorized_client",
        "UNSUPPORTED_GRANT_TYPE" => return "unsupported_grant_type",
        "USE_DPOP_NONCE" => return "use_dpop_nonce",
        _ => {}
    }
    match problem.status {
        StatusCode::UNAUTHORIZED if problem.refusal == Some(Refusal::NoToken) => "invalid_request",
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
