//! Every status of the error table, in the words of its surface.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Ask, Harness, IAM, Told};

fn client(id: &str) -> Value {
    json!({"clientId": id, "clientName": "Name", "accessTokenTtl": 60})
}

/// The code of the fleet's envelope.
fn code(told: &Told) -> String {
    let body = told.json();
    assert_eq!(body["type"], "Error");
    assert_eq!(body["httpStatusCode"], told.status);
    let more = body["moreInformation"].as_array().unwrap();
    assert_eq!(more[1]["name"], "requestId");
    assert_eq!(more[1]["value"], told.header("x-request-id"));
    more[0]["value"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn each_status_of_the_table_has_its_code() {
    let harness = Harness::start().await;
    harness.add_client("taken").await;
    let clients = harness.clients();
    let absent = format!("{IAM}/ssorealms/00000000-0000-4000-8000-000000000000");
    for (ask, status, expected) in [
        (Ask::post(&clients).json(&json!({})), 400, "INVALID_REQUEST"),
        (Ask::post(&clients), 400, "INVALID_REQUEST"),
        (
            Ask::post(&clients).bytes("application/json", "{"),
            400,
            "MALFORMED_BODY",
        ),
        (
            Ask::get(format!("{clients}/absent")),
            404,
            "EMERGENCY_CLIENT_NOT_FOUND",
        ),
        (
            Ask::get(format!("{clients}/a%2Fb")),
            404,
            "EMERGENCY_CLIENT_NOT_FOUND",
        ),
        (Ask::get(&absent), 404, "REALM_NOT_FOUND"),
        (
            Ask::get(format!("{IAM}/ssorealms/none")),
            404,
            "REALM_NOT_FOUND",
        ),
        (Ask::get(format!("{IAM}/tasks/none")), 404, "TASK_NOT_FOUND"),
        (Ask::get(format!("{IAM}/nothing")), 404, "PATH_NOT_FOUND"),
        (Ask::get("/suite-api/api/versions"), 404, "PATH_NOT_FOUND"),
        (Ask::get(format!("{clients}/%ff")), 404, "PATH_NOT_FOUND"),
        (Ask::put(&clients), 405, "METHOD_NOT_ALLOWED"),
        (
            Ask::post(&clients).json(&client("taken")),
            409,
            "EMERGENCY_CLIENT_EXISTS",
        ),
        (
            Ask::post(&clients).bytes("text/xml", "<a/>"),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (
            Ask::post(&clients)
                .json(&client("x"))
                .header("content-encoding", "gzip"),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
    ] {
        let told = harness.send_as_admin(ask.clone()).await;
        assert_eq!(told.status, status, "{ask:?} {}", told.text);
        assert_eq!(code(&told), expected, "{ask:?}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_which_are_right() {
    let harness = Harness::start().await;
    let told = harness.send(Ask::delete(harness.clients())).await;
    assert_eq!(told.status, 405);
    assert_eq!(told.header("allow"), "GET, HEAD, POST");
}

#[tokio::test]
async fn a_body_of_a_mebibyte_is_taken_and_one_byte_more_is_not() {
    let harness = Harness::start().await;
    let limit = 1024 * 1024;
    let padded = |length: usize| {
        let mut body = client("big").to_string();
        body.push_str(&" ".repeat(length - body.len()));
        Ask::post(harness.clients()).bytes("application/json", body)
    };
    let told = harness.send_as_admin(padded(limit + 1)).await;
    assert_eq!(told.status, 413);
    assert_eq!(code(&told), "REQUEST_TOO_LARGE");
    harness
        .send_as_admin(padded(limit))
        .await
        .expect(StatusCode::CREATED);
}

#[tokio::test]
async fn broken_json_is_told_with_its_line_and_column() {
    let harness = Harness::start().await;
    let body = "{\n  \"clientId\": \"x\",\n  oops\n}";
    let ask = Ask::post(harness.clients()).bytes("application/json", body);
    let told = harness
        .send_as_admin(ask)
        .await
        .expect(StatusCode::BAD_REQUEST);
    let location = &told.json()["inputBodyLocation"];
    assert_eq!(*location, json!({"lineNumber": 3, "columnNumber": 3}));
}

#[tokio::test]
async fn every_faulty_field_is_named_whether_its_type_or_its_value_is_wrong() {
    let harness = Harness::start().await;
    let body = json!({
        "clientId": 7,
        "accessTokenTtl": 259_201,
        "clientDescription": "x".repeat(4001),
    });
    let told = harness
        .send_as_admin(Ask::post(harness.clients()).json(&body))
        .await
        .expect(StatusCode::BAD_REQUEST);
    assert_eq!(
        told.faulty_fields(),
        [
            "accessTokenTtl",
            "clientDescription",
            "clientId",
            "clientName"
        ]
    );
    let clientless = told.json()["validationFailures"][2].clone();
    assert_eq!(clientless["failureMessage"], "must be a text");
}

#[tokio::test]
async fn a_wrong_type_is_named_and_nothing_else_is() {
    let harness = Harness::start().await;
    let body = json!({"clientId": "x", "clientName": "Name", "accessTokenTtl": "60"});
    let told = harness
        .send_as_admin(Ask::post(harness.clients()).json(&body))
        .await
        .expect(StatusCode::BAD_REQUEST);
    assert_eq!(told.faulty_fields(), ["accessTokenTtl"]);
}

#[tokio::test]
async fn a_field_that_is_given_twice_and_a_text_that_steers_a_terminal_are_named() {
    let harness = Harness::start().await;
    let twice =
        r#"{"clientId": "x", "clientName": "Name", "accessTokenTtl": 60, "accessTokenTtl": 600}"#;
    let steering = json!({"clientId": "x", "clientName": "\u{1b}[2J", "accessTokenTtl": 60});
    for (body, field) in [
        (twice.to_owned(), "accessTokenTtl"),
        (steering.to_string(), "clientName"),
    ] {
        let ask = Ask::post(harness.clients()).bytes("application/json", body.as_str());
        let told = harness.send_as_admin(ask).await;
        assert_eq!(told.status, 400, "{body}");
        assert_eq!(told.faulty_fields(), [field]);
    }
    let clients = harness.send_as_admin(Ask::get(harness.clients())).await;
    assert_eq!(clients.json(), json!({"emergencyClients": []}));
}

#[tokio::test]
async fn a_store_that_cannot_write_is_told_as_such_without_its_reason() {
    let harness = Harness::start().await;
    harness.test.store.refuse_writes(true);
    let told = harness
        .send_as_admin(Ask::post(harness.clients()).json(&client("x")))
        .await
        .expect(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(code(&told), "UNAVAILABLE");
    assert_eq!(told.header("retry-after"), "1");
    assert!(!told.text.contains("told to fail"), "{}", told.text);
    harness.test.store.refuse_writes(false);
    let clients = harness.send_as_admin(Ask::get(harness.clients())).await;
    assert_eq!(clients.json(), json!({"emergencyClients": []}));
}

#[tokio::test]
async fn the_broker_and_breakglass_tell_errors_in_their_own_words() {
    let harness = Harness::start().await;
    let told = harness.send(Ask::get("/acs/t/ABSENT/jwks")).await;
    assert_eq!(told.status, 404);
    insta::assert_json_snapshot!(told.json(), @r#"
    {
      "error": "invalid_request",
      "error_description": "The broker was not found."
    }
    "#);
    let told = harness
        .send_as_admin(Ask::get("/breakglass/v1/audit/records?limit=0&order=UP"))
        .await;
    assert_eq!(told.status, 400);
    assert_eq!(told.header("content-type"), "application/problem+json");
    let mut body = told.json();
    let instance = body["instance"].take();
    let id = told.header("x-request-id");
    assert_eq!(instance, format!("urn:breakglass:request:{id}"));
    insta::assert_json_snapshot!(body, @r#"
    {
      "code": "INVALID_REQUEST",
      "detail": "The request is not valid: order must be ASCENDING or DESCENDING.",
      "errors": [
        {
          "detail": "must be ASCENDING or DESCENDING",
          "path": "order"
        }
      ],
      "instance": null,
      "status": 400,
      "title": "The request is not valid",
      "type": "urn:breakglass:problem:INVALID_REQUEST"
    }
    "#);
}
