//! `…/iam/ssorealms/{ssoRealmId}/emergency-clients`.

use breakglass_api_types::Operation;
use breakglass_domain::ClientId;
use http::StatusCode;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Ask, Harness, IAM, is_jwt, is_millis, shaped};

fn body(client_id: &str) -> Value {
    json!({
        "clientId": client_id,
        "clientName": "Night shift",
        "clientDescription": "For the night",
        "accessTokenTtl": 60,
    })
}

fn realms() -> Ask {
    Ask::get(format!("{IAM}/ssorealms"))
}

async fn create(harness: &Harness, client_id: &str) -> Value {
    let ask = Ask::post(harness.clients()).json(&body(client_id));
    let told = harness.send_as_admin(ask).await;
    told.expect(StatusCode::CREATED).json()
}

/// What the token of an answer opens, as the status of a request with it.
async fn opens(harness: &Harness, answer: &Value) -> u16 {
    let token = answer["accessToken"].as_str().unwrap();
    let authorization = format!("Bearer {token}");
    harness
        .send(realms().authorization(&authorization))
        .await
        .status
}

#[tokio::test]
async fn a_created_client_is_told_with_its_token_this_once() {
    let harness = Harness::start().await;
    let told = harness
        .send_as_admin(Ask::post(harness.clients()).json(&body("night-shift")))
        .await
        .expect(StatusCode::CREATED);
    assert_eq!(told.header("cache-control"), "no-store");
    assert_eq!(told.header("pragma"), "no-cache");
    let created = told.json();
    insta::assert_json_snapshot!(created, {
        ".accessToken" => insta::dynamic_redaction(shaped("jwt", is_jwt)),
        ".accessTokenExpirationDate" => insta::dynamic_redaction(shaped("millis", is_millis)),
    }, @r#"
    {
      "accessToken": "[jwt]",
      "accessTokenExpirationDate": "[millis]",
      "accessTokenStatus": "ACTIVE",
      "accessTokenTtl": 60,
      "clientDescription": "For the night",
      "clientId": "night-shift",
      "clientName": "Night shift",
      "oidcIssuerUrl": "https://breakglass.test/acs/t/CUSTOMER",
      "roles": [
        {
          "roleDisplayName": "VCF Administrator",
          "roleName": "vcf_administrator",
          "roleScope": {
            "resources": [],
            "scopeType": "SSO_REALM"
          }
        }
      ],
      "tokenEndpointUrl": "https://breakglass.test/acs/t/CUSTOMER/token"
    }
    "#);
    assert_eq!(opens(&harness, &created).await, 200);
    let mut without_token = created.clone();
    without_token.as_object_mut().unwrap().remove("accessToken");
    let one = harness
        .send_as_admin(Ask::get(format!("{}/night-shift", harness.clients())))
        .await
        .expect(StatusCode::OK);
    assert_eq!(one.json(), without_token);
    let all = harness
        .send_as_admin(Ask::get(harness.clients()))
        .await
        .expect(StatusCode::OK);
    assert_eq!(all.json(), json!({"emergencyClients": [without_token]}));
    let token = created["accessToken"].as_str().unwrap();
    assert!(!all.text.contains(token) && !one.text.contains(token));
}

#[tokio::test]
async fn what_the_server_sets_and_what_nobody_knows_is_ignored_in_a_request() {
    let harness = Harness::start().await;
    let mut wanted = body("x");
    wanted["accessToken"] = json!("mine");
    wanted["accessTokenStatus"] = json!("EXPIRED");
    wanted["accessTokenExpirationDate"] = json!(1);
    wanted["roles"] = json!("everything");
    wanted["newer"] = json!({"field": true});
    let told = harness
        .send_as_admin(Ask::post(harness.clients()).json(&wanted))
        .await
        .expect(StatusCode::CREATED);
    let created = told.json();
    assert!(is_jwt(created["accessToken"].as_str().unwrap()));
    assert_eq!(created["accessTokenStatus"], "ACTIVE");
    assert_eq!(created["newer"], Value::Null);
}

#[tokio::test]
async fn the_expiry_is_the_lifetime_from_now_and_the_status_follows_the_clock() {
    let harness = Harness::start().await;
    let created = create(&harness, "x").await;
    let now = harness.test.app.now().millis();
    let expires = created["accessTokenExpirationDate"].as_i64().unwrap();
    assert_eq!(expires - now, 60 * 60 * 1000);
    harness.test.clock.advance_minutes(60);
    let path = format!("{}/x", harness.clients());
    let told = harness.send_as_admin(Ask::get(path)).await;
    assert_eq!(told.json()["accessTokenStatus"], "EXPIRED");
    assert_eq!(opens(&harness, &created).await, 401);
}

#[tokio::test]
async fn regenerating_keeps_the_client_and_kills_the_old_token() {
    let harness = Harness::start().await;
    let created = create(&harness, "x").await;
    harness.test.clock.advance_minutes(10);
    let path = format!("{}/x/regenerate", harness.clients());
    let told = harness
        .send_as_admin(Ask::post(&path))
        .await
        .expect(StatusCode::OK);
    assert_eq!(told.header("cache-control"), "no-store");
    assert_eq!(told.header("pragma"), "no-cache");
    let regenerated = told.json();
    let later = |answer: &Value| answer["accessTokenExpirationDate"].as_i64().unwrap();
    assert_eq!(later(&regenerated) - later(&created), 10 * 60 * 1000);
    for field in [
        "clientId",
        "clientName",
        "clientDescription",
        "accessTokenTtl",
    ] {
        assert_eq!(regenerated[field], created[field], "{field}");
    }
    assert_eq!(opens(&harness, &created).await, 401);
    assert_eq!(opens(&harness, &regenerated).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_regenerates_at_once_both_answer_and_one_token_lives() {
    let harness = Harness::start().await;
    create(&harness, "x").await;
    let path = format!("{}/x/regenerate", harness.clients());
    let ask = || harness.send_as_admin(Ask::post(&path));
    let (one, other) = tokio::join!(ask(), ask());
    let answers = [one, other].map(|told| told.expect(StatusCode::OK).json());
    for answer in &answers {
        assert!(is_jwt(answer["accessToken"].as_str().unwrap()));
    }
    let mut alive = Vec::new();
    for answer in &answers {
        alive.push(opens(&harness, answer).await);
    }
    alive.sort_unstable();
    assert_eq!(alive, [200, 401]);
    let records = harness.records().await;
    let last = records.iter().rev().find_map(|record| {
        let event = &record.event;
        (event.action.name() == "emergency_client.regenerated")
            .then(|| event.details["token_id"].clone())
    });
    let view = harness
        .test
        .app
        .get_emergency_client(&harness.test.admin(), harness.test.made.realm.id, "x")
        .await
        .unwrap();
    assert_eq!(last, Some(view.client.token.id.to_string()));
}

#[tokio::test]
async fn a_deleted_client_is_gone_and_its_token_dead() {
    let harness = Harness::start().await;
    let created = create(&harness, "x").await;
    let path = format!("{}/x", harness.clients());
    let told = harness.send_as_admin(Ask::delete(&path)).await;
    assert_eq!((told.status, told.text.as_str()), (202, ""));
    assert_eq!(opens(&harness, &created).await, 401);
    for ask in [
        Ask::get(&path),
        Ask::delete(&path),
        Ask::post(format!("{path}/regenerate")),
    ] {
        let told = harness.send_as_admin(ask).await;
        assert_eq!(told.status, 404, "{}", told.text);
    }
    // The name is free again.
    create(&harness, "x").await;
}

#[tokio::test]
async fn an_emergency_client_can_do_the_whole_of_it_in_its_realm() {
    let harness = Harness::start().await;
    let created = create(&harness, "first").await;
    let token = format!("Bearer {}", created["accessToken"].as_str().unwrap());
    let ask = Ask::post(harness.clients()).json(&body("second"));
    let told = harness.send(ask.authorization(&token)).await;
    assert_eq!(told.status, 201);
    let path = format!("{}/first", harness.clients());
    let told = harness.send(Ask::delete(path).authorization(&token)).await;
    assert_eq!(told.status, 202, "it may even delete itself");
    assert_eq!(opens(&harness, &created).await, 401);
}

#[tokio::test]
async fn ids_of_every_allowed_kind_are_made_read_and_deleted_by_path() {
    let harness = Harness::start().await;
    for id in [
        "emergency client 1",
        "a+b@c.example:8443",
        "ümläut-日本",
        "हिन्दी",
        "...",
        "-_.@:+",
        &"x".repeat(256),
    ] {
        create(&harness, id).await;
        let realm = harness.realm();
        let values = [("ssoRealmId", realm.as_str()), ("clientId", id)];
        let path = Operation::GetEmergencyClient.path(&values).unwrap();
        let told = harness.send_as_admin(Ask::get(&path)).await;
        assert_eq!(told.json()["clientId"], id);
        let told = harness.send_as_admin(Ask::delete(&path)).await;
        assert_eq!(told.status, 202, "{id}");
    }
    for id in [
        "",
        " a",
        "a ",
        ".",
        "..",
        "a/b",
        "a?b",
        "a#b",
        "a%b",
        &"x".repeat(257),
    ] {
        let ask = Ask::post(harness.clients()).json(&body(id));
        let told = harness.send_as_admin(ask).await;
        assert_eq!(told.status, 400, "{id}");
        assert_eq!(told.faulty_fields(), ["clientId"], "{id}");
    }
}

#[tokio::test]
async fn an_id_is_found_in_either_spelling_of_its_letters_and_taken_in_both() {
    let harness = Harness::start().await;
    let (composed, decomposed) = ("\u{e1}rbol", "a\u{301}rbol");
    create(&harness, decomposed).await;
    let realm = harness.realm();
    for spelled in [composed, decomposed] {
        let ask = Ask::post(harness.clients()).json(&body(spelled));
        let told = harness.send_as_admin(ask).await;
        assert_eq!(told.status, 409, "{spelled:?}");
        let values = [("ssoRealmId", realm.as_str()), ("clientId", spelled)];
        let path = Operation::GetEmergencyClient.path(&values).unwrap();
        let told = harness.send_as_admin(Ask::get(path)).await;
        assert_eq!(told.json()["clientId"], composed);
    }
}

/// Texts of the letters that a client id may have, and a few that it may not.
fn id_texts() -> impl Strategy<Value = String> {
    "[\\p{L}\\p{M}\\p{N} _.@:+-]{1,64}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_allowed_id_survives_its_path(id in id_texts()) {
        let parsed = id.parse::<ClientId>();
        prop_assume!(parsed.is_ok());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let harness = Harness::start().await;
            create(&harness, &id).await;
            let realm = harness.realm();
            let kept = parsed.unwrap();
            // As it was made, and as the answers spell it.
            for spelled in [id.as_str(), kept.as_str()] {
                let values = [("ssoRealmId", realm.as_str()), ("clientId", spelled)];
                let path = Operation::GetEmergencyClient.path(&values).unwrap();
                let told = harness.send_as_admin(Ask::get(path)).await;
                assert_eq!(told.status, 200);
                assert_eq!(told.json()["clientId"], kept.as_str());
            }
        });
    }
}
