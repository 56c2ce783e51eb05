//! `/rest`: the older dialect.

use serde_json::json;

use super::support::{overflowing, twin, watched};
use crate::esx::support::list_with;
use crate::support::{Ask, Harness, basic};

const SESSION: &str = "/rest/com/vmware/cis/session";

#[tokio::test]
async fn a_session_begins_and_ends_in_the_older_dialect() {
    let harness = Harness::start().await;
    let told = harness
        .send(Ask::post(SESSION).authorization(&basic("admin")))
        .await;
    assert_eq!(told.status, 200, "{}", told.text);
    let session = told.json()["value"].as_str().unwrap().to_owned();
    let header = "vmware-api-session-id";
    let get = Ask::post(format!("{SESSION}?~action=get")).header(header, &session);
    assert_eq!(harness.send(get).await.json()["value"]["user"], "admin");
    let delete = Ask::delete(SESSION).header(header, &session);
    let told = harness.send(delete.clone()).await;
    assert_eq!((told.status, told.text.as_str()), (200, ""));
    let told = harness.send(delete).await;
    assert_eq!(told.status, 401);
    let body = told.json();
    assert_eq!(body["type"], "com.vmware.vapi.std.errors.unauthenticated");
    assert_eq!(body["value"]["error_type"], "UNAUTHENTICATED");
    assert!(
        body["value"]["challenge"]
            .as_str()
            .unwrap()
            .contains("Basic")
    );
    assert!(!told.challenges().is_empty());
}

#[tokio::test]
async fn a_twin_is_registered_in_the_older_dialect() {
    let (harness, issuer) = watched().await;
    let token = overflowing(&harness, &issuer, "alice");
    let ask =
        Ask::post("/rest/vcenter/registered-tokens").authorization(&format!("Bearer {token}"));
    let wrong = json!({"expanded_access_token": "x"});
    let told = harness.send(ask.clone().json(&wrong)).await;
    assert_eq!(told.status, 400);
    assert_eq!(
        told.json()["type"],
        "com.vmware.vapi.std.errors.invalid_argument"
    );
    let right = json!({"expanded_access_token": twin(&harness, &issuer, "alice")});
    let told = harness.send(ask.json(&right)).await;
    assert_eq!((told.status, told.text.as_str()), (200, ""));
    assert_eq!(list_with(&harness, &token).await.status, 200);
}

#[tokio::test]
async fn a_path_that_is_not_there_is_told_in_the_older_dialect() {
    let harness = Harness::start().await;
    let told = harness.send(Ask::get("/rest/vcenter/vm")).await;
    assert_eq!(told.status, 404);
    assert_eq!(
        told.json()["type"],
        "com.vmware.vapi.std.errors.operation_not_found"
    );
}
