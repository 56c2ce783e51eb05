//! `/acs/t/{tenant}/introspect`.

use breakglass_domain::audit::AuditAction;
use http::StatusCode;
use serde_json::json;

use crate::support::{Ask, Harness, bearer, is_seconds, is_uuid, shaped};

fn introspect(token: &str) -> Ask {
    let form: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("token", token)
        .finish();
    Ask::post("/acs/t/CUSTOMER/introspect").form(&form)
}

#[tokio::test]
async fn a_live_token_is_told_with_its_claims() {
    let harness = Harness::start().await;
    let token = harness.add_client("night shift").await;
    let told = harness
        .send_as_admin(introspect(token.expose()))
        .await
        .expect(StatusCode::OK);
    assert_eq!(told.header("cache-control"), "no-store");
    insta::assert_json_snapshot!(told.json(), {
        ".auth_time" => insta::dynamic_redaction(shaped("seconds", is_seconds)),
        ".exp" => insta::dynamic_redaction(shaped("seconds", is_seconds)),
        ".iat" => insta::dynamic_redaction(shaped("seconds", is_seconds)),
        ".jti" => insta::dynamic_redaction(shaped("uuid", is_uuid)),
        ".realm" => insta::dynamic_redaction(shaped("uuid", is_uuid)),
    }, @r#"
    {
      "acct": "night shift",
      "active": true,
      "aud": [
        "https://breakglass.test"
      ],
      "auth_time": "[seconds]",
      "client_id": "night shift",
      "exp": "[seconds]",
      "group_ids": [],
      "group_names": [],
      "iat": "[seconds]",
      "iss": "https://breakglass.test/acs/t/CUSTOMER",
      "jti": "[uuid]",
      "realm": "[uuid]",
      "roles": [
        {
          "display_name": "VCF Administrator",
          "membership_type": "DIRECT",
          "name": "vcf_administrator",
          "resources": []
        }
      ],
      "status": {
        "status_list": {
          "idx": 0,
          "uri": "https://breakglass.test/acs/t/CUSTOMER/statuslist"
        }
      },
      "sub": "night shift",
      "token_type": "Bearer",
      "username": "night shift"
    }
    "#);
}

#[tokio::test]
async fn the_claims_are_those_of_the_token_itself() {
    use base64::Engine;
    let harness = Harness::start().await;
    let token = harness.add_client("x").await;
    let payload = token.expose().split('.').nth(1).unwrap();
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(payload)
        .unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    let told = harness
        .send_as_admin(introspect(token.expose()))
        .await
        .json();
    for (name, value) in claims.as_object().unwrap() {
        assert_eq!(told[name], *value, "{name}");
    }
}

#[tokio::test]
async fn whatever_is_not_alive_gets_one_answer() {
    let harness = Harness::start().await;
    let expired = harness.add_client("expired").await;
    harness.test.clock.advance_minutes(61);
    let deleted = harness.add_client("deleted").await;
    let path = format!("{}/deleted", harness.clients());
    harness
        .send_as_admin(Ask::delete(path))
        .await
        .expect(StatusCode::ACCEPTED);
    let other = harness.test.add_realm("OTHER").await;
    let elsewhere = harness.test.add_emergency_client(&other, "x").await;
    let session = harness.admin.trim_start_matches("OpsToken ").to_owned();
    for token in [
        expired.expose(),
        deleted.expose(),
        elsewhere.expose(),
        "no token at all",
        &session,
    ] {
        let told = harness.send_as_admin(introspect(token)).await;
        assert_eq!(told.status, 200, "{token}");
        assert_eq!(told.text, r#"{"active":false}"#, "{token}");
    }
}

#[tokio::test]
async fn an_introspection_of_a_live_token_is_recorded_once_a_minute() {
    let harness = Harness::start().await;
    let token = harness.add_client("x").await;
    let known = harness.records().await.len();
    for _ in 0..3 {
        harness.send_as_admin(introspect(token.expose())).await;
    }
    let actions = harness.actions_since(known).await;
    assert_eq!(actions, [AuditAction::EmergencyTokenIntrospected]);
}

#[tokio::test]
async fn a_token_may_ask_about_itself() {
    let harness = Harness::start().await;
    let token = harness.add_client("x").await;
    let told = harness
        .send(introspect(token.expose()).authorization(&bearer(&token)))
        .await;
    assert_eq!(told.json()["active"], true);
}

#[tokio::test]
async fn a_form_that_is_faulty_is_an_invalid_request() {
    let harness = Harness::start().await;
    for (body, description) in [
        ("", "The request is not valid: token is required."),
        ("token=", "The request is not valid: token is required."),
        (
            "token=a&token=b",
            "The request is not valid: token must not stand there twice.",
        ),
    ] {
        let ask = Ask::post("/acs/t/CUSTOMER/introspect").form(body);
        let told = harness.send_as_admin(ask).await;
        assert_eq!(told.status, 400, "{body}");
        let expected = json!({"error": "invalid_request", "error_description": description});
        assert_eq!(told.json(), expected);
    }
    let ask = Ask::post("/acs/t/CUSTOMER/introspect").json(&json!({"token": "a"}));
    let told = harness.send_as_admin(ask).await;
    assert_eq!(told.status, 415);
    assert_eq!(told.json()["error"], "invalid_request");
}
