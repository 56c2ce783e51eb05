//! `/suite-api/api/auth/token`.

use breakglass_app::Options;
use breakglass_domain::ServiceDraft;
use breakglass_http::ApiOptions;
use breakglass_test_support::ADMIN_PASSWORD;
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Ask, Harness, IAM, bearer, is_jwt, is_millis, is_uuid, shaped};

fn acquire(body: &Value) -> Ask {
    Ask::post("/suite-api/api/auth/token/acquire").json(body)
}

fn release() -> Ask {
    Ask::post("/suite-api/api/auth/token/release")
}

fn realms() -> Ask {
    Ask::get(format!("{IAM}/ssorealms"))
}

fn is_ops_token(text: &str) -> bool {
    text.split_once("::")
        .is_some_and(|(one, other)| is_uuid(one) && is_uuid(other))
}

/// RFC 3339 in UTC, to the second.
fn is_calendar(text: &str) -> bool {
    let shape = |c: char| if c.is_ascii_digit() { '0' } else { c };
    text.chars().map(shape).eq("0000-00-00T00:00:00Z".chars())
}

#[tokio::test]
async fn a_password_gives_a_session() {
    let harness = Harness::start().await;
    let told = harness
        .send(acquire(
            &json!({"username": "admin", "password": ADMIN_PASSWORD}),
        ))
        .await
        .expect(StatusCode::OK);
    assert_eq!(told.header("cache-control"), "no-store");
    assert_eq!(told.header("pragma"), "no-cache");
    let body = told.json();
    insta::assert_json_snapshot!(body, {
        ".expiresAt" => insta::dynamic_redaction(shaped("calendar", is_calendar)),
        ".token" => insta::dynamic_redaction(shaped("ops-token", is_ops_token)),
        ".validity" => insta::dynamic_redaction(shaped("millis", is_millis)),
    }, @r#"
    {
      "expiresAt": "[calendar]",
      "roles": [
        "identity.management.manage",
        "identity.management.view"
      ],
      "token": "[ops-token]",
      "validity": "[millis]"
    }
    "#);
    let authorization = format!("OpsToken {}", body["token"].as_str().unwrap());
    let told = harness.send(realms().authorization(&authorization)).await;
    assert_eq!(told.status, 200);
}

#[tokio::test]
async fn a_session_lives_six_hours_from_its_last_use() {
    let harness = Harness::start().await;
    harness.test.clock.advance_minutes(359);
    assert_eq!(harness.send_as_admin(realms()).await.status, 200);
    harness.test.clock.advance_minutes(359);
    assert_eq!(harness.send_as_admin(realms()).await.status, 200);
    harness.test.clock.advance_minutes(360);
    assert_eq!(harness.send_as_admin(realms()).await.status, 401);
}

#[tokio::test]
async fn wrong_credentials_are_refused_alike() {
    let harness = Harness::start().await;
    let mut answers = Vec::new();
    for (username, password) in [("admin", "wrong"), ("absent", ADMIN_PASSWORD), ("", "")] {
        let told = harness
            .send(
                acquire(&json!({"username": username, "password": password}))
                    .header("x-request-id", "same"),
            )
            .await
            .expect(StatusCode::UNAUTHORIZED);
        assert_eq!(told.challenges().len(), 2);
        answers.push(told.text);
    }
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
}

#[tokio::test]
async fn only_local_accounts_are_known() {
    let harness = Harness::start().await;
    let with = |source: Value| {
        acquire(&json!({
            "username": "admin",
            "password": ADMIN_PASSWORD,
            "authSource": source,
        }))
    };
    for source in [json!(null), json!("local"), json!("LOCAL"), json!("")] {
        assert_eq!(harness.send(with(source)).await.status, 200);
    }
    let told = harness.send(with(json!("Imported LDAP Server"))).await;
    assert_eq!(told.status, 400);
    assert_eq!(told.faulty_fields(), ["authSource"]);
    let told = harness
        .send(acquire(&json!({"authSource": "x", "username": 1})))
        .await;
    assert_eq!(told.faulty_fields(), ["authSource", "password", "username"]);
}

#[tokio::test]
async fn a_released_session_is_dead() {
    let harness = Harness::start().await;
    let told = harness.send_as_admin(release()).await;
    assert_eq!((told.status, told.text.as_str()), (200, ""));
    assert_eq!(harness.send_as_admin(realms()).await.status, 401);
    assert_eq!(harness.send_as_admin(release()).await.status, 401);
}

#[tokio::test]
async fn an_access_token_is_no_session_to_release() {
    let harness = Harness::start().await;
    let token = harness.add_client("c").await;
    let told = harness.send(release().authorization(&bearer(&token))).await;
    assert_eq!(told.status, 400);
    assert_eq!(told.faulty_fields(), ["Authorization"]);
}

fn exchange(keys: &Value) -> Ask {
    Ask::post("/suite-api/api/auth/token/exchange").json(&json!({"serviceKeys": keys}))
}

#[tokio::test]
async fn a_session_is_exchanged_for_a_token_of_services() {
    let draft = ServiceDraft {
        key: Some("ops-ni".to_owned()),
        name: Some("VCF OPS NI".to_owned()),
        kind: Some("VCF_OPS_NI".to_owned()),
        address: Some("192.0.2.7".to_owned()),
        port: Some(8000),
        base_path: Some("base-path".to_owned()),
        version: Some("9.1.0.0".to_owned()),
        ..ServiceDraft::default()
    };
    let options = Options {
        services: vec![draft.accept().unwrap()],
        ..Options::default()
    };
    let harness = Harness::start_with(options, ApiOptions::default()).await;
    let mut detailed = exchange(&json!(["ops-ni"]));
    detailed.path.push_str("?includeServiceDetails=true");
    let told = harness.send_as_admin(detailed).await.expect(StatusCode::OK);
    assert_eq!(told.header("cache-control"), "no-store");
    let told = told.json();
    let token = told["jwtToken"].as_str().unwrap();
    insta::assert_json_snapshot!(told, {
        ".jwtToken" => insta::dynamic_redaction(shaped("jwt", is_jwt)),
    }, @r#"
    {
      "jwtToken": "[jwt]",
      "services": [
        {
          "address": "192.0.2.7",
          "addressType": "IPV4",
          "basePath": "base-path",
          "certificates": [],
          "key": "ops-ni",
          "name": "VCF OPS NI",
          "port": 8000,
          "type": "VCF_OPS_NI",
          "version": "9.1.0.0"
        }
      ]
    }
    "#);
    let ask = Ask::post("/acs/t/CUSTOMER/introspect").form(&format!("token={token}"));
    let known = harness.send_as_admin(ask).await.json();
    assert_eq!(
        (&known["sub"], &known["aud"]),
        (&json!("admin"), &json!(["ops-ni"]))
    );

    let told = harness.send_as_admin(exchange(&json!(["ops-ni"]))).await;
    assert_eq!(told.json().get("services"), None);
    for (keys, field) in [
        (json!(["ops-ni", "other"]), "serviceKeys[1]"),
        (json!([]), "serviceKeys"),
        (json!(null), "serviceKeys"),
        (json!([1]), "serviceKeys[0]"),
    ] {
        let told = harness.send_as_admin(exchange(&keys)).await;
        assert_eq!(told.status, 400, "{keys}");
        assert_eq!(told.faulty_fields(), [field], "{keys}");
    }
    let mut odd = exchange(&json!(["ops-ni"]));
    odd.path.push_str("?includeServiceDetails=perhaps");
    let told = harness.send_as_admin(odd).await;
    assert_eq!(told.faulty_fields(), ["includeServiceDetails"]);
    assert_eq!(harness.send(exchange(&json!(["ops-ni"]))).await.status, 401);
}
