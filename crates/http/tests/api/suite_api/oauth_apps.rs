//! `…/ssorealms/{ssoRealmId}/oauth-apps`.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Ask, Harness, IAM, is_seconds, is_uuid, shaped};

fn path(harness: &Harness) -> String {
    format!("{IAM}/ssorealms/{}/oauth-apps", harness.realm())
}

async fn make(harness: &Harness) -> Value {
    let body = json!({
        "clientName": "Grafana",
        "redirectUrls": ["https://grafana.example/login"],
        "logoutUrls": ["https://grafana.example/bye"],
    });
    let told = harness
        .send_as_admin(Ask::post(path(harness)).json(&body))
        .await;
    told.expect(StatusCode::CREATED).json()
}

#[tokio::test]
async fn the_secret_is_shown_when_made_and_when_rotated_and_never_else() {
    let harness = Harness::start().await;
    let made = make(&harness).await;
    let first = made["clientSecret"].as_str().unwrap().to_owned();
    let one = format!("{}/{}", path(&harness), made["id"].as_str().unwrap());
    let told = harness.send_as_admin(Ask::get(&one)).await.json();
    insta::assert_json_snapshot!(told, {
        ".clientId" => insta::dynamic_redaction(shaped("client id", |text| text.len() == 32)),
        ".createdAt" => insta::dynamic_redaction(shaped("seconds", is_seconds)),
        ".id" => insta::dynamic_redaction(shaped("uuid", is_uuid)),
        ".ssoRealmId" => insta::dynamic_redaction(shaped("uuid", is_uuid)),
        ".updatedAt" => insta::dynamic_redaction(shaped("seconds", is_seconds)),
    }, @r#"
    {
      "clientId": "[client id]",
      "clientName": "Grafana",
      "createdAt": "[seconds]",
      "id": "[uuid]",
      "issuerUrl": "https://breakglass.test/acs/t/CUSTOMER",
      "logoutUrls": [
        "https://grafana.example/bye"
      ],
      "redirectUrls": [
        "https://grafana.example/login"
      ],
      "ssoRealmId": "[uuid]",
      "updatedAt": "[seconds]"
    }
    "#);
    let list = harness.send_as_admin(Ask::get(path(&harness))).await.json();
    assert_eq!(list["oauthApps"], json!([told]));
    let replace = json!({"id": made["id"], "clientName": "Loki"});
    let replaced = harness
        .send_as_admin(Ask::put(path(&harness)).json(&replace))
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(replaced.get("clientSecret"), None);
    assert_eq!(replaced["redirectUrls"], json!([]));
    let rotated = harness
        .send_as_admin(Ask::post(format!("{one}/rotate")))
        .await
        .expect(StatusCode::CREATED)
        .json();
    assert_ne!(rotated["clientSecret"], json!(first));
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret=",
        made["clientId"].as_str().unwrap()
    );
    for (secret, status) in [
        (first.as_str(), 401),
        (rotated["clientSecret"].as_str().unwrap(), 200),
    ] {
        let ask = Ask::post("/acs/t/CUSTOMER/token").form(&format!("{form}{secret}"));
        assert_eq!(harness.send(ask).await.status, status);
    }
}

#[tokio::test]
async fn every_faulty_field_is_named() {
    let harness = Harness::start().await;
    let faulty = json!({"redirectUrls": ["http://app.example/"]});
    let told = harness
        .send_as_admin(Ask::post(path(&harness)).json(&faulty))
        .await;
    assert_eq!(told.status, 400);
    assert_eq!(told.faulty_fields(), ["clientName", "redirectUrls[0]"]);
    let told = harness
        .send_as_admin(Ask::put(path(&harness)).json(&json!({"clientName": "x"})))
        .await;
    assert_eq!(told.faulty_fields(), ["id"]);
}

#[tokio::test]
async fn a_deleted_app_is_gone() {
    let harness = Harness::start().await;
    let made = make(&harness).await;
    let one = format!("{}/{}", path(&harness), made["id"].as_str().unwrap());
    for status in [204, 404] {
        let told = harness.send_as_admin(Ask::delete(&one)).await;
        assert_eq!(told.status, status);
    }
    let told = harness.send_as_admin(Ask::get(&one)).await;
    assert_eq!(
        (told.status, told.code().as_str()),
        (404, "OAUTH_APP_NOT_FOUND")
    );
}
