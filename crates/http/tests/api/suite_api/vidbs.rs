//! `…/iam/vidbs`.

use http::StatusCode;
use serde_json::json;

use crate::support::{Ask, Harness, IAM, is_uuid, shaped};

fn path() -> String {
    format!("{IAM}/vidbs")
}

#[tokio::test]
async fn the_first_broker_is_listed() {
    let harness = Harness::start().await;
    let told = harness.send_as_admin(Ask::get(path())).await;
    insta::assert_json_snapshot!(told.expect(StatusCode::OK).json(), {
        ".vidbs[].id" => insta::dynamic_redaction(shaped("uuid", is_uuid)),
        ".vidbs[].vcfInstanceId" => insta::dynamic_redaction(shaped("uuid", is_uuid)),
        ".vidbs[].version" => "[version]",
    }, @r#"
    {
      "vidbs": [
        {
          "deploymentType": "EMBEDDED",
          "displayName": "Embedded broker",
          "fqdn": "breakglass.test",
          "healthy": true,
          "id": "[uuid]",
          "oidcConfigurationUrl": "https://breakglass.test/acs/t/CUSTOMER/.well-known/openid-configuration",
          "vcfInstanceId": "[uuid]",
          "version": "[version]",
          "vidbStatus": {
            "eligibilityStatus": "ELIGIBLE",
            "reasons": []
          }
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn brokers_are_filtered_by_instance_and_deployment() {
    let harness = Harness::start().await;
    let all = harness.send_as_admin(Ask::get(path())).await.json();
    let instance = all["vidbs"][0]["vcfInstanceId"].as_str().unwrap();
    for (query, count) in [
        (format!("vcfInstanceId={instance}"), 1),
        (
            "vcfInstanceId=00000000-0000-4000-8000-000000000000".to_owned(),
            0,
        ),
        ("deploymentType=EMBEDDED".to_owned(), 1),
        ("deploymentType=EXTERNAL".to_owned(), 0),
        ("newer=filter".to_owned(), 1),
    ] {
        let told = harness
            .send_as_admin(Ask::get(format!("{}?{query}", path())))
            .await;
        let found = told.json()["vidbs"].as_array().unwrap().len();
        assert_eq!(found, count, "{query}");
    }
    let told = harness
        .send_as_admin(Ask::get(format!(
            "{}?vcfInstanceId=1&deploymentType=UNKNOWN",
            path()
        )))
        .await;
    assert_eq!(told.status, 400);
    assert_eq!(told.faulty_fields(), ["deploymentType", "vcfInstanceId"]);
}

#[tokio::test]
async fn a_broker_is_renamed() {
    let harness = Harness::start().await;
    let all = harness.send_as_admin(Ask::get(path())).await.json();
    let id = &all["vidbs"][0]["id"];
    let rename = |body| Ask::new("PATCH", path()).json(&body);
    let told = harness
        .send_as_admin(rename(
            json!({"id": id, "displayName": "EMEA", "healthy": false}),
        ))
        .await;
    assert_eq!((told.status, told.text.as_str()), (204, ""));
    let all = harness.send_as_admin(Ask::get(path())).await.json();
    assert_eq!(all["vidbs"][0]["displayName"], "EMEA");
    assert_eq!(all["vidbs"][0]["healthy"], true);
    let told = harness
        .send_as_admin(rename(json!({"displayName": ""})))
        .await;
    assert_eq!(told.status, 400);
    assert_eq!(told.faulty_fields(), ["displayName", "id"]);
    let absent = "00000000-0000-4000-8000-000000000000";
    let told = harness
        .send_as_admin(rename(json!({"id": absent, "displayName": "x"})))
        .await;
    assert_eq!(told.status, 404);
}
