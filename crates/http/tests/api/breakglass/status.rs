//! `/breakglass/v1/status`.

use http::StatusCode;

use crate::support::{Ask, Harness, is_millis, is_uuid, shaped};

#[tokio::test]
async fn the_installation_is_summed_up_with_what_to_worry_about() {
    let harness = Harness::start().await;
    harness.add_client("x").await;
    let told = harness
        .send_as_admin(Ask::get("/breakglass/v1/status"))
        .await;
    let status = told.expect(StatusCode::OK).json();
    let total = harness.records().await.len();
    assert_eq!(status["audit"]["lastSequence"], total);
    insta::assert_json_snapshot!(status, {
        ".audit" => "[audit]",
        ".instanceId" => insta::dynamic_redaction(shaped("uuid", is_uuid)),
        ".now" => insta::dynamic_redaction(shaped("millis", is_millis)),
        ".startedAt" => insta::dynamic_redaction(shaped("millis", is_millis)),
        ".realms[].nearestExpiry" => insta::dynamic_redaction(shaped("millis", is_millis)),
        ".realms[].realmId" => insta::dynamic_redaction(shaped("uuid", is_uuid)),
        ".version" => "[version]",
    }, @r#"
    {
      "audit": "[audit]",
      "instanceId": "[uuid]",
      "now": "[millis]",
      "publicUrl": "https://breakglass.test",
      "realms": [
        {
          "displayName": "Embedded broker",
          "liveEmergencyClients": 1,
          "nearestExpiry": "[millis]",
          "oidcIssuerUrl": "https://breakglass.test/acs/t/CUSTOMER",
          "realmId": "[uuid]",
          "tenant": "CUSTOMER",
          "totalEmergencyClients": 1,
          "warnings": [
            "only 1 emergency client is alive; keep at least 2, held apart"
          ]
        }
      ],
      "startedAt": "[millis]",
      "version": "[version]",
      "warnings": [
        "realm of CUSTOMER: only 1 emergency client is alive; keep at least 2, held apart"
      ]
    }
    "#);
}
