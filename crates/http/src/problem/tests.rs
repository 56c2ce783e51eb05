use breakglass_app::{Conflict, NeededRegistration, Resource};
use breakglass_domain::{Privilege, ValidationReport};
use breakglass_ports::{CryptoError, StoreError};
use http_body_util::BodyExt;
use serde_json::Value;

use super::*;

fn errors() -> Vec<Error> {
    let unavailable = StoreError::Unavailable {
        reason: "/var/lib/secret".to_owned(),
    };
    vec![
        Error::AuditDamaged { sequence: 40 },
        Error::Conflict(Conflict::ApiClientExists),
        Error::Conflict(Conflict::ClientIdTaken),
        Error::Conflict(Conflict::EmergencyClientExists),
        Error::Conflict(Conflict::NextKeyExists),
        Error::Conflict(Conflict::RealmExists),
        Error::Conflict(Conflict::RoleExists),
        Error::Conflict(Conflict::RoleIsBuiltIn),
        Error::Conflict(Conflict::RoleIsHeld),
        Error::Conflict(Conflict::TenantExists),
        Error::Crypto(CryptoError::Failed),
        Error::Forbidden {
            missing: Some(Privilege::View),
        },
        Error::Grant(GrantFault::InvalidClient),
        Error::Grant(GrantFault::InvalidGrant),
        Error::Grant(GrantFault::InvalidDpopProof),
        Error::Grant(GrantFault::InvalidScope),
        Error::Grant(GrantFault::InvalidTarget),
        Error::Grant(GrantFault::InvalidToken),
        Error::Grant(GrantFault::NotOverflowing),
        Error::Grant(GrantFault::UnauthorizedClient),
        Error::Invalid(ValidationReport::of("clientId", "is required")),
        Error::NotFound(Resource::Account),
        Error::NotFound(Resource::ApiClient),
        Error::NotFound(Resource::ApiToken),
        Error::NotFound(Resource::Broker),
        Error::NotFound(Resource::Client),
        Error::NotFound(Resource::ClientSecret),
        Error::NotFound(Resource::EmergencyClient),
        Error::NotFound(Resource::OauthApp),
        Error::NotFound(Resource::Principal),
        Error::NotFound(Resource::Realm),
        Error::NotFound(Resource::Role),
        Error::NotFound(Resource::Task),
        Error::RateLimited {
            retry_after_seconds: 7,
        },
        Error::NoRoom,
        Error::RegistrationRequired(Box::new(NeededRegistration {
            expansion: "https://b.example/expand".to_owned(),
            configuration: Some("https://b.example/.well-known/openid-configuration".to_owned()),
        })),
        Error::Store(StoreError::Conflict),
        Error::Store(StoreError::Missing),
        Error::Store(unavailable),
        Error::Unauthenticated(Refusal::Missing),
        Error::Conflict(Conflict::ClientProfileExists),
        Error::Conflict(Conflict::IssuerAliasTaken),
        Error::IssuerTaken {
            issuer: "https://i.example".to_owned(),
            alias: "a".to_owned(),
        },
        Error::NotFound(Resource::ClientProfile),
        Error::NotFound(Resource::TokenIssuer),
        Error::DpopNonceNeeded {
            nonce: "n".to_owned(),
            is_grant: true,
        },
    ]
}

fn failures() -> Vec<Failure> {
    let mut failures: Vec<Failure> = errors().into_iter().map(Failure::App).collect();
    failures.extend([
        Failure::BodyBroken,
        Failure::BodyTimedOut,
        Failure::Defect("a defect"),
        Failure::Malformed(Malformed {
            fault: Fault::Syntax,
            line: 2,
            column: 0,
            message: "expected value".to_owned(),
        }),
        Failure::MediaType("application/json"),
        Failure::MethodNotAllowed {
            allowed: "GET, HEAD".to_owned(),
        },
        Failure::NotRouted,
        Failure::Panicked,
        Failure::TimedOut,
        Failure::TooLarge { limit: 5 },
        Failure::UnsupportedGrantType,
    ]);
    failures
}

async fn told(failure: &Failure, surface: Surface) -> (http::response::Parts, Value) {
    let (parts, body) = respond(failure, surface, "request-1").into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (parts, serde_json::from_slice(&bytes).unwrap())
}

#[test]
fn every_failure_has_a_code_of_the_catalogue_and_every_code_a_failure() {
    let mut used: Vec<&str> = failures()
        .iter()
        .map(|failure| Problem::from(failure).code)
        .collect();
    used.sort_unstable();
    used.dedup();
    let known: Vec<&str> = CODES.iter().map(|code| code.name).collect();
    assert_eq!(used, known);
}

#[test]
fn the_number_of_a_code_begins_with_its_status_and_is_its_own() {
    let mut numbers: Vec<i32> = CODES.iter().map(|code| code.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), CODES.len());
    for failure in failures() {
        let problem = Problem::from(&failure);
        let status = i32::from(problem.status.as_u16());
        let number = problem.facts().number;
        let beginning = if number < 10_000 {
            number / 10
        } else {
            number / 100
        };
        assert_eq!(beginning, status, "{failure}");
    }
}

#[tokio::test]
async fn the_fleet_is_told_in_its_own_envelope() {
    let failure = Failure::of_field("clientId", "is required");
    let (parts, body) = told(&failure, Surface::FleetIam).await;
    assert_eq!(parts.status, 400);
    insta::assert_json_snapshot!(body, @r#"
    {
      "apiErrorCode": 4001,
      "httpStatusCode": 400,
      "message": "The request is not valid: clientId is required.",
      "moreInformation": [
        {
          "name": "code",
          "value": "INVALID_REQUEST"
        },
        {
          "name": "requestId",
          "value": "request-1"
        }
      ],
      "type": "Error",
      "validationFailures": [
        {
          "failureMessage": "is required",
          "violationPath": "clientId"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn broken_json_is_told_with_its_place() {
    let malformed = breakglass_api_types::read::<breakglass_api_types::fleet_iam::EmergencyClient>(
        b"{\n  \"clientId\": }",
    );
    let failure = Failure::from(malformed.unwrap_err());
    let (_, body) = told(&failure, Surface::FleetIam).await;
    assert_eq!(body["inputBodyLocation"]["lineNumber"], 2);
    assert_eq!(body["inputBodyLocation"]["columnNumber"], 15);
}

#[test]
fn json_beyond_the_limits_is_not_called_no_json() {
    let deep = "[".repeat(200);
    for (body, expected) in [
        (
            "{\"accessTokenTtl\": 1e400}",
            "The body is more than is read here: line 1, column 24: the number is too large.",
        ),
        (
            deep.as_str(),
            "The body is more than is read here: line 1, column 128: lists and objects are nested too deep.",
        ),
        (
            "oops",
            "The body is not JSON: line 1, column 1: expected value.",
        ),
    ] {
        let malformed = breakglass_api_types::read::<
            breakglass_api_types::fleet_iam::EmergencyClient,
        >(body.as_bytes());
        let failure = Failure::from(malformed.unwrap_err());
        assert_eq!(Problem::from(&failure).message, expected);
    }
}

#[tokio::test]
async fn the_broker_speaks_oauth() {
    let refused = Failure::App(Error::Unauthenticated(Refusal::Password));
    let (parts, body) = told(&refused, Surface::Broker).await;
    assert_eq!(parts.status, 401);
    insta::assert_json_snapshot!(body, @r#"
    {
      "error": "invalid_client",
      "error_description": "The credentials are missing, wrong, expired or recalled."
    }
    "#);
    let challenges: Vec<_> = parts.headers.get_all(WWW_AUTHENTICATE).iter().collect();
    assert_eq!(
        challenges,
        [
            r#"Basic realm="breakglass", charset="UTF-8""#,
            r#"Bearer realm="breakglass""#
        ]
    );
}

#[tokio::test]
async fn breakglass_speaks_problem_details() {
    let (parts, body) = told(
        &Failure::of_field("limit", "must be 1 to 1000"),
        Surface::Breakglass,
    )
    .await;
    assert_eq!(parts.headers[CONTENT_TYPE], "application/problem+json");
    insta::assert_json_snapshot!(body, @r#"
    {
      "code": "INVALID_REQUEST",
      "detail": "The request is not valid: limit must be 1 to 1000.",
      "errors": [
        {
          "detail": "must be 1 to 1000",
          "path": "limit"
        }
      ],
      "instance": "urn:breakglass:request:request-1",
      "status": 400,
      "title": "The request is not valid",
      "type": "urn:breakglass:problem:INVALID_REQUEST"
    }
    "#);
}

#[tokio::test]
async fn a_dead_token_is_named_as_such_and_a_missing_one_is_not() {
    for (refusal, bearer) in [
        (
            Refusal::Token,
            r#"Bearer realm="breakglass", error="invalid_token""#,
        ),
        (Refusal::Missing, r#"Bearer realm="breakglass""#),
    ] {
        let failure = Failure::App(Error::Unauthenticated(refusal));
        let (parts, _) = told(&failure, Surface::FleetIam).await;
        let challenges: Vec<_> = parts.headers.get_all(WWW_AUTHENTICATE).iter().collect();
        assert_eq!(challenges, [bearer, r#"OpsToken realm="breakglass""#]);
    }
}

#[tokio::test]
async fn what_may_be_tried_again_says_when_and_a_wrong_method_says_which() {
    for failure in failures() {
        let (parts, _) = told(&failure, Surface::FleetIam).await;
        let later = matches!(parts.status.as_u16(), 429 | 503);
        assert_eq!(parts.headers.contains_key(RETRY_AFTER), later, "{failure}");
        assert_eq!(
            parts.headers.contains_key(ALLOW),
            parts.status == 405,
            "{failure}"
        );
        assert_eq!(
            parts.headers.contains_key(WWW_AUTHENTICATE),
            parts.status == 401,
            "{failure}"
        );
    }
}

#[tokio::test]
async fn no_envelope_holds_what_only_the_log_may_know() {
    for surface in [
        Surface::Breakglass,
        Surface::Broker,
        Surface::Esx,
        Surface::FleetIam,
        Surface::Vcenter,
    ] {
        for failure in failures() {
            let (_, body) = told(&failure, surface).await;
            assert!(!body.to_string().contains("/var/lib"), "{failure}");
        }
    }
}
