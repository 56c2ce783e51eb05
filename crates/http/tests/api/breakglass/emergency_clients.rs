//! `/breakglass/v1/realms/{realmId}/emergency-clients`.

use http::StatusCode;

use crate::support::{Ask, Harness, IAM, bearer, is_millis, is_uuid, shaped};

#[tokio::test]
async fn a_client_is_told_with_its_maker_and_its_use() {
    let harness = Harness::start().await;
    let token = harness.add_client("x").await;
    let realms = Ask::get(format!("{IAM}/ssorealms")).authorization(&bearer(&token));
    harness.send(realms.clone()).await.expect(StatusCode::OK);
    harness.send(realms).await.expect(StatusCode::OK);
    harness
        .send_as_admin(Ask::post(format!("{}/x/regenerate", harness.clients())))
        .await
        .expect(StatusCode::OK);
    let path = format!(
        "/breakglass/v1/realms/{}/emergency-clients",
        harness.realm()
    );
    let one = harness.send_as_admin(Ask::get(format!("{path}/x"))).await;
    let one = one.expect(StatusCode::OK).json();
    insta::assert_json_snapshot!(one, {
        ".accessTokenExpirationDate" => insta::dynamic_redaction(shaped("millis", is_millis)),
        ".createdAt" => insta::dynamic_redaction(shaped("millis", is_millis)),
        ".lastRegeneratedAt" => insta::dynamic_redaction(shaped("millis", is_millis)),
        ".lastUsedAt" => insta::dynamic_redaction(shaped("millis", is_millis)),
        ".tokenId" => insta::dynamic_redaction(shaped("uuid", is_uuid)),
        ".tokenIssuedAt" => insta::dynamic_redaction(shaped("millis", is_millis)),
    }, @r#"
    {
      "accessTokenExpirationDate": "[millis]",
      "accessTokenStatus": "ACTIVE",
      "accessTokenTtl": 60,
      "clientId": "x",
      "clientName": "x",
      "createdAt": "[millis]",
      "createdBy": "account:admin",
      "lastRegeneratedAt": "[millis]",
      "lastUsedAt": "[millis]",
      "tokenId": "[uuid]",
      "tokenIssuedAt": "[millis]",
      "uses": 2
    }
    "#);
    let all = harness.send_as_admin(Ask::get(&path)).await.json();
    assert_eq!(all["emergencyClients"], serde_json::json!([one]));
}

#[tokio::test]
async fn an_unknown_realm_and_an_unknown_client_are_told_apart() {
    let harness = Harness::start().await;
    for (realm, code) in [
        ("none".to_owned(), "REALM_NOT_FOUND"),
        (
            "00000000-0000-4000-8000-000000000000".to_owned(),
            "REALM_NOT_FOUND",
        ),
        (harness.realm(), "EMERGENCY_CLIENT_NOT_FOUND"),
    ] {
        let path = format!("/breakglass/v1/realms/{realm}/emergency-clients/absent");
        let told = harness.send_as_admin(Ask::get(path)).await;
        assert_eq!(told.expect(StatusCode::NOT_FOUND).json()["code"], code);
    }
}
