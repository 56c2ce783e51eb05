//! From a failure to what a caller is told: the one place that knows which status a failure has.
//!
//! The surfaces wrap a [`Problem`] in envelopes of their own; see `fleet_iam::error`, `broker::error` and
//! `breakglass::problem`.

mod challenge;

use breakglass_api_types::{Fault, FieldFailure, Malformed, Surface};
use breakglass_app::{Error, GrantFault, NeededRegistration, Refusal};
use breakglass_domain::ErrorKind;
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;

pub(crate) use self::challenge::{DPOP_ALGORITHMS, challenges_of};
use crate::api::Body;
use crate::failure::Failure;
use crate::{breakglass, broker, esx, fleet_iam};

/// After how many seconds a caller should try again when the store cannot take a request.
const UNAVAILABLE_SECONDS: u64 = 1;

/// The same when there are too many of what it asks for.
const NO_ROOM_SECONDS: u64 = 60;

/// The header with a nonce for proofs of possession (RFC 9449, section 8).
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// What a caller is told of a failure.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    /// The status of the answer.
    pub(crate) status: StatusCode,
    /// A stable name of the failure for programs.
    pub(crate) code: &'static str,
    /// A sentence for people, without secrets.
    pub(crate) message: String,
    /// Every field that is wrong.
    pub(crate) fields: Vec<FieldFailure>,
    /// Where the body can no longer be read.
    pub(crate) location: Option<Malformed>,
    /// What the caller lacks, when it was not believed.
    pub(crate) refusal: Option<Refusal>,
    /// The issuer that is trusted already, and its alias.
    pub(crate) taken: Option<(String, String)>,
    /// What the caller has to do first with its token, which leaves claims out.
    pub(crate) registration: Option<NeededRegistration>,
    /// The nonce that a proof of possession needs.
    pub(crate) dpop_nonce: Option<String>,
    /// When to try again, in seconds.
    pub(crate) retry_after: Option<u64>,
    /// The methods that there are.
    pub(crate) allowed: Option<String>,
}

/// What is known of a code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Code {
    /// The code.
    pub(crate) name: &'static str,
    /// The same as the number that the fleet contract wants: the status and a count of one digit, or of two from the tenth on.
    pub(crate) number: i32,
    /// The kind in words.
    pub(crate) title: &'static str,
}

/// Every code that a caller can be told, ordered by name. Neither a name nor a number is ever reused.
pub(crate) const CODES: [Code; 54] = [
    code("ACCOUNT_NOT_FOUND", 4041, "No such account"),
    code("API_CLIENT_EXISTS", 4095, "The API client exists already"),
    code("API_CLIENT_NOT_FOUND", 4047, "No such API client"),
    code("API_TOKEN_NOT_FOUND", 40410, "No such API token"),
    code("AUDIT_DAMAGED", 5002, "A record of the audit was changed"),
    code("BROKER_NOT_FOUND", 4042, "No such broker"),
    code(
        "CLIENT_ID_TAKEN",
        40910,
        "A client of another kind has that id",
    ),
    code("CLIENT_NOT_FOUND", 40411, "No such client"),
    code(
        "CLIENT_PROFILE_EXISTS",
        40912,
        "The client profile exists already",
    ),
    code("CLIENT_PROFILE_NOT_FOUND", 40414, "No such client profile"),
    code("CLIENT_SECRET_NOT_FOUND", 40412, "No such secret"),
    code("CONFLICT", 4091, "It exists already"),
    code(
        "EMERGENCY_CLIENT_EXISTS",
        4092,
        "The emergency client exists already",
    ),
    code(
        "EMERGENCY_CLIENT_NOT_FOUND",
        4043,
        "No such emergency client",
    ),
    code("FORBIDDEN", 4031, "Not allowed"),
    code("INTERNAL", 5001, "The server failed"),
    code("INVALID_CLIENT", 4012, "The client is not authenticated"),
    code(
        "INVALID_DPOP_PROOF",
        4009,
        "The proof of possession is not good",
    ),
    code("INVALID_GRANT", 4004, "The token is not good"),
    code("INVALID_REQUEST", 4001, "The request is not valid"),
    code("INVALID_SCOPE", 4005, "The scope cannot be given"),
    code("INVALID_TARGET", 4006, "The audience cannot be given"),
    code("INVALID_TOKEN", 40011, "The token is not good"),
    code(
        "ISSUER_ALIAS_TAKEN",
        40913,
        "The alias is that of another issuer",
    ),
    code("MALFORMED_BODY", 4002, "The body cannot be read"),
    code("METHOD_NOT_ALLOWED", 4051, "No such method here"),
    code(
        "NEXT_KEY_EXISTS",
        40911,
        "The next signing key is there already",
    ),
    code("NOT_OVERFLOWING", 40012, "The token leaves nothing out"),
    code("NO_ROOM", 5033, "There are too many of these"),
    code("OAUTH_APP_NOT_FOUND", 40413, "No such OAuth app"),
    code("PATH_NOT_FOUND", 4046, "No such path"),
    code("PRINCIPAL_NOT_FOUND", 4048, "No such principal"),
    code("REALM_EXISTS", 4093, "The broker has its realm already"),
    code("REALM_NOT_FOUND", 4044, "No such realm"),
    code(
        "REGISTRATION_REQUIRED",
        4013,
        "The expanded token has to be registered",
    ),
    code("REQUEST_BROKEN", 4003, "The request broke off"),
    code(
        "REQUEST_TIMED_OUT",
        4081,
        "The request did not arrive in time",
    ),
    code("REQUEST_TOO_LARGE", 4131, "The request is too large"),
    code("ROLE_EXISTS", 4096, "The role exists already"),
    code("ROLE_IS_BUILT_IN", 4097, "The role never changes"),
    code("ROLE_IS_HELD", 4098, "The role is still assigned"),
    code("ROLE_NOT_FOUND", 4049, "No such role"),
    code("TASK_NOT_FOUND", 4045, "No such task"),
    code("TENANT_EXISTS", 4094, "The tenant is taken"),
    code("TIMED_OUT", 5032, "The answer took too long"),
    code(
        "TOKEN_ISSUER_EXISTS",
        40914,
        "The issuer is trusted already",
    ),
    code("TOKEN_ISSUER_NOT_FOUND", 40415, "No such trusted issuer"),
    code("TOO_MANY_ATTEMPTS", 4291, "Too many attempts failed"),
    code("UNAUTHENTICATED", 4011, "Not authenticated"),
    code("UNAUTHORIZED_CLIENT", 4007, "The token is another client's"),
    code("UNAVAILABLE", 5031, "Not available now"),
    code("UNSUPPORTED_GRANT_TYPE", 4008, "No such grant"),
    code(
        "UNSUPPORTED_MEDIA_TYPE",
        4151,
        "The media type is not taken",
    ),
    code("USE_DPOP_NONCE", 40010, "The proof needs a nonce"),
];

impl Problem {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            fields: Vec::new(),
            location: None,
            refusal: None,
            taken: None,
            registration: None,
            dpop_nonce: None,
            retry_after: None,
            allowed: None,
        }
    }

    /// What is known of the code.
    pub(crate) fn facts(&self) -> Code {
        CODES
            .into_iter()
            .find(|known| known.name == self.code)
            .unwrap_or(code(
                self.code,
                i32::from(self.status.as_u16()) * 10,
                "Failed",
            ))
    }
}

impl From<&Failure> for Problem {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::App(error) => of_error(error),
            Failure::BodyBroken => Self::new(
                StatusCode::BAD_REQUEST,
                "REQUEST_BROKEN",
                "The body of the request broke off.",
            ),
            Failure::BodyTimedOut => Self::new(
                StatusCode::REQUEST_TIMEOUT,
                "REQUEST_TIMED_OUT",
                "The body of the request did not arrive in time.",
            ),
            Failure::Defect(_) | Failure::Panicked => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "INTERNAL",
                "The server failed to answer; its log says why.",
            ),
            Failure::Malformed(malformed) => Self {
                location: Some(malformed.clone()),
                ..Self::new(
                    StatusCode::BAD_REQUEST,
                    "MALFORMED_BODY",
                    match malformed.fault {
                        Fault::Limit => format!("The body is more than is read here: {malformed}."),
                        Fault::Syntax => format!("The body is not JSON: {malformed}."),
                    },
                )
            },
            Failure::MediaType(expected) => Self::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "UNSUPPORTED_MEDIA_TYPE",
                format!("The body must be {expected}, without a content coding."),
            ),
            Failure::MethodNotAllowed { allowed } => Self {
                allowed: Some(allowed.clone()),
                ..Self::new(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "METHOD_NOT_ALLOWED",
                    format!("This path takes {allowed}."),
                )
            },
            Failure::NotRouted => Self::new(
                StatusCode::NOT_FOUND,
                "PATH_NOT_FOUND",
                "There is no such path.",
            ),
            Failure::TimedOut => Self {
                retry_after: Some(UNAVAILABLE_SECONDS),
                ..Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "TIMED_OUT",
                    "The answer took too long; whether the request took effect is not known.",
                )
            },
            Failure::UnsupportedGrantType => Self::new(
                StatusCode::BAD_REQUEST,
                "UNSUPPORTED_GRANT_TYPE",
                "This grant_type is not served; the metadata of the issuer lists those that are.",
            ),
            Failure::TooLarge { limit } => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "REQUEST_TOO_LARGE",
                format!("The body of a request may have {limit} bytes."),
            ),
        }
    }
}

/// What a caller is told of a failure. That of the server itself is logged.
pub(crate) fn problem_of(failure: &Failure) -> Problem {
    let problem = Problem::from(failure);
    if matches!(failure, Failure::App(Error::NoRoom)) {
        tracing::warn!("there is no room for more of what a request asks for");
    } else if problem.status.is_server_error() {
        tracing::error!(
            error = failure as &dyn std::error::Error,
            "failed to answer a request"
        );
    }
    problem
}

/// The answer to a failed request, in the envelope of its surface.
pub(crate) fn respond(failure: &Failure, surface: Surface, request_id: &str) -> Response<Body> {
    let problem = problem_of(failure);
    let challenges = challenges_of(&problem, surface);
    let (content_type, body) = match surface {
        Surface::Breakglass => breakglass::problem::envelope(&problem, request_id),
        Surface::Broker => broker::error::envelope(&problem),
        Surface::Esx | Surface::Vcenter => esx::error::envelope(&problem, &challenges),
        Surface::FleetIam => fleet_iam::error::envelope(&problem, request_id),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = match surface {
        Surface::Esx | Surface::Vcenter => esx::error::status(&problem),
        Surface::Breakglass | Surface::Broker | Surface::FleetIam => problem.status,
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    let mut tell = |name: HeaderName, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.append(name, value);
        }
    };
    if let Some(allowed) = &problem.allowed {
        tell(ALLOW, allowed);
    }
    if let Some(seconds) = problem.retry_after {
        tell(RETRY_AFTER, &seconds.to_string());
    }
    if let Some(nonce) = &problem.dpop_nonce {
        tell(DPOP_NONCE, nonce);
    }
    for challenge in &challenges {
        tell(WWW_AUTHENTICATE, challenge);
    }
    response
}

fn of_error(error: &Error) -> Problem {
    let mut problem = Problem::new(status(error.kind()), error.code(), error.public_message());
    match error {
        Error::Invalid(report) => {
            let failures = report.failures().iter();
            problem.fields = failures
                .map(|failure| FieldFailure::new(&failure.path, &failure.message))
                .collect();
        }
        Error::IssuerTaken { issuer, alias } => {
            problem.taken = Some((issuer.clone(), alias.clone()));
        }
        Error::RegistrationRequired(registration) => {
            problem.registration = Some((**registration).clone());
        }
        Error::NoRoom => problem.retry_after = Some(NO_ROOM_SECONDS),
        Error::DpopNonceNeeded { nonce, .. } => problem.dpop_nonce = Some(nonce.clone()),
        Error::RateLimited {
            retry_after_seconds,
        } => problem.retry_after = Some(*retry_after_seconds),
        Error::Grant(GrantFault::InvalidClient) => problem.refusal = Some(Refusal::Client),
        Error::Unauthenticated(refusal) => problem.refusal = Some(*refusal),
        Error::Store(_) if error.kind() == ErrorKind::Unavailable => {
            problem.retry_after = Some(UNAVAILABLE_SECONDS);
        }
        Error::AuditDamaged { .. }
        | Error::Conflict(_)
        | Error::Crypto(_)
        | Error::Forbidden { .. }
        | Error::Grant(_)
        | Error::NotEntitled
        | Error::NotFound(_)
        | Error::Store(_) => {}
    }
    problem
}

/// The one table from kinds of failure to statuses.
#[deny(clippy::wildcard_enum_match_arm)]
fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorKind::Invalid => StatusCode::BAD_REQUEST,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

const fn code(name: &'static str, number: i32, title: &'static str) -> Code {
    Code {
        name,
        number,
        title,
    }
}

#[cfg(test)]
mod tests;
