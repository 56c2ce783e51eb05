//! `/breakglass/v1/brokers`.

use http::StatusCode;
use serde_json::json;

use crate::support::{Ask, Harness, is_millis, is_uuid, shaped};

const PATH: &str = "/breakglass/v1/brokers";

#[tokio::test]
async fn a_broker_is_made_and_listed_and_its_issuer_answers() {
    let harness = Harness::start().await;
    let body = json!({"tenant": "EMEA", "displayName": "Europe", "algorithm": "EdDSA"});
    let told = harness
        .send_as_admin(Ask::post(PATH).json(&body))
        .await
        .expect(StatusCode::CREATED);
    let made = told.json();
    insta::assert_json_snapshot!(made, {
        ".id" => insta::dynamic_redaction(shaped("uuid", is_uuid)),
        ".createdAt" => insta::dynamic_redaction(shaped("millis", is_millis)),
    }, @r#"
    {
      "algorithm": "EdDSA",
      "createdAt": "[millis]",
      "deploymentType": "EMBEDDED",
      "displayName": "Europe",
      "id": "[uuid]",
      "oidcIssuerUrl": "https://breakglass.test/acs/t/EMEA",
      "tenant": "EMEA"
    }
    "#);
    let listed = harness.send_as_admin(Ask::get(PATH)).await.json();
    assert_eq!(listed["brokers"].as_array().unwrap().len(), 2);
    assert_eq!(listed["brokers"][1], made);
    assert_eq!(harness.send(Ask::get("/acs/t/EMEA/jwks")).await.status, 200);
}

#[tokio::test]
async fn a_taken_tenant_is_a_conflict_and_every_faulty_field_is_named() {
    let harness = Harness::start().await;
    let create = |body| harness.send_as_admin(Ask::post(PATH).json(&body));
    let told = create(json!({"tenant": "CUSTOMER", "displayName": "x"})).await;
    assert_eq!(
        told.expect(StatusCode::CONFLICT).json()["code"],
        "TENANT_EXISTS"
    );
    let told = create(json!({"tenant": "a/b", "algorithm": "HS256"})).await;
    let body = told.expect(StatusCode::BAD_REQUEST).json();
    let errors = body["errors"].as_array().unwrap().iter();
    let paths: Vec<&str> = errors
        .map(|error| error["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["algorithm", "displayName", "tenant"]);
}
