//! `/openapi.json`.

use http::StatusCode;

use crate::support::{Ask, Harness};

#[tokio::test]
async fn the_document_shows_what_is_served_and_nothing_else() {
    let harness = Harness::start().await;
    let told = harness
        .send(Ask::get("/openapi.json"))
        .await
        .expect(StatusCode::OK);
    let document = told.json();
    assert_eq!(document["openapi"], "3.1.0");
    let clients = "/suite-api/api/fleet-management/iam/ssorealms/{ssoRealmId}/emergency-clients";
    assert!(document["paths"][clients]["post"].is_object());
    let api_clients = "/suite-api/api/fleet-management/iam/ssorealms/{ssoRealmId}/api-clients";
    let is_served = document["paths"]
        .as_object()
        .unwrap()
        .contains_key(api_clients);
    let path = api_clients.replace("{ssoRealmId}", &harness.realm());
    let told = harness.send(Ask::get(path)).await;
    assert_eq!(is_served, told.status != 404);
}
