//! `…/iam/ssorealms`.

use breakglass_domain::BrokerDraft;
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Ask, Harness, IAM, bearer, is_seconds, is_uuid, shaped};

fn path() -> String {
    format!("{IAM}/ssorealms")
}

async fn bare_broker(harness: &Harness) -> String {
    let draft = BrokerDraft {
        tenant: Some("BARE".to_owned()),
        display_name: Some("Bare".to_owned()),
        algorithm: None,
    };
    let broker = harness
        .test
        .app
        .create_broker(&harness.test.admin(), draft)
        .await;
    broker.unwrap().broker.id.to_string()
}

async fn task(harness: &Harness, id: &Value) -> Value {
    let path = format!("{IAM}/tasks/{}", id.as_str().unwrap());
    harness.send_as_admin(Ask::get(path)).await.json()
}

#[tokio::test]
async fn the_first_realm_is_listed_and_read() {
    let harness = Harness::start().await;
    let list = harness
        .send_as_admin(Ask::get(path()))
        .await
        .expect(StatusCode::OK)
        .json();
    insta::assert_json_snapshot!(list, {
        ".ssoRealms[].id" => insta::dynamic_redaction(shaped("uuid", is_uuid)),
        ".ssoRealms[].vidbResourceId" => insta::dynamic_redaction(shaped("uuid", is_uuid)),
        ".ssoRealms[].vcfInstanceId" => insta::dynamic_redaction(shaped("uuid", is_uuid)),
        ".ssoRealms[].createdAt" => insta::dynamic_redaction(shaped("seconds", is_seconds)),
        ".ssoRealms[].updatedAt" => insta::dynamic_redaction(shaped("seconds", is_seconds)),
    }, @r#"
    {
      "ssoRealms": [
        {
          "createdAt": "[seconds]",
          "id": "[uuid]",
          "issues": [],
          "name": "Embedded broker",
          "ssoRealmCoverage": [],
          "totalConfiguredComponents": 0,
          "updatedAt": "[seconds]",
          "vcfInstanceId": "[uuid]",
          "vidbResourceId": "[uuid]"
        }
      ]
    }
    "#);
    let one = harness
        .send_as_admin(Ask::get(format!("{}/{}", path(), harness.realm())))
        .await;
    assert_eq!(one.json(), list["ssoRealms"][0]);
}

#[tokio::test]
async fn a_realm_is_made_on_a_broker_that_has_none() {
    let harness = Harness::start().await;
    let broker = bare_broker(&harness).await;
    let ask = Ask::post(path()).json(&json!({"vidbResourceId": broker}));
    let told = harness
        .send_as_admin(ask.clone())
        .await
        .expect(StatusCode::CREATED);
    let made = told.json();
    assert_eq!(made["vidbResourceId"], broker.as_str());
    assert!(is_uuid(made["id"].as_str().unwrap()));
    let again = harness
        .send_as_admin(ask)
        .await
        .expect(StatusCode::CONFLICT);
    assert_eq!(again.json()["apiErrorCode"], 4093);
}

#[tokio::test]
async fn a_realm_needs_a_broker_that_exists() {
    let harness = Harness::start().await;
    for body in [
        json!({}),
        json!({"vidbResourceId": "none"}),
        json!({"vidbResourceId": "00000000-0000-4000-8000-000000000000"}),
    ] {
        let told = harness.send_as_admin(Ask::post(path()).json(&body)).await;
        assert_eq!(told.status, 400, "{body}");
        assert_eq!(told.faulty_fields(), ["vidbResourceId"], "{body}");
    }
}

#[tokio::test]
async fn a_realm_with_credentials_is_deleted_only_by_force() {
    let harness = Harness::start().await;
    let token = harness.add_client("x").await;
    let realm = format!("{}/{}", path(), harness.realm());
    let told = harness
        .send_as_admin(Ask::delete(&realm))
        .await
        .expect(StatusCode::ACCEPTED);
    let id = told.json()["taskId"].clone();
    assert_eq!(task(&harness, &id).await["taskStatus"], "QUEUED");
    harness.test.app.run_queued_tasks().await.unwrap();
    insta::assert_json_snapshot!(task(&harness, &id).await, {
        ".taskId" => insta::dynamic_redaction(shaped("uuid", is_uuid)),
        ".errorDetails.timestamp" => insta::dynamic_redaction(shaped("seconds", is_seconds)),
    }, @r#"
    {
      "errorDetails": {
        "errorCode": "1500",
        "errorMessage": "The realm still holds 1 emergency clients, 0 API clients and 0 OAuth apps; force deletes them.",
        "timestamp": "[seconds]"
      },
      "taskId": "[uuid]",
      "taskStatus": "FAILED",
      "taskType": "SSO_REALM_RESET"
    }
    "#);
    assert_eq!(harness.send_as_admin(Ask::get(&realm)).await.status, 200);

    let told = harness
        .send_as_admin(Ask::delete(format!("{realm}?force=true")))
        .await
        .expect(StatusCode::ACCEPTED);
    harness.test.app.run_queued_tasks().await.unwrap();
    let ended = task(&harness, &told.json()["taskId"]).await;
    assert_eq!(ended["taskStatus"], "COMPLETED");
    assert_eq!(harness.send_as_admin(Ask::get(&realm)).await.status, 404);
    let told = harness
        .send(Ask::get(path()).authorization(&bearer(&token)))
        .await;
    assert_eq!(told.status, 401);
}

#[tokio::test]
async fn force_is_true_or_false() {
    let harness = Harness::start().await;
    let realm = format!("{}/{}", path(), harness.realm());
    let told = harness
        .send_as_admin(Ask::delete(format!("{realm}?force=maybe")))
        .await;
    assert_eq!(told.status, 400);
    assert_eq!(told.faulty_fields(), ["force"]);
    assert_eq!(harness.test.app.run_queued_tasks().await, Ok(0));
}
