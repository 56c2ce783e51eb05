//! `/acs/t/{tenant}/revoke`.

use http::StatusCode;

use crate::support::{Ask, Harness, IAM, bearer};

fn revoke(token: &str) -> Ask {
    Ask::post("/acs/t/CUSTOMER/revoke").form(&format!("token={token}&token_type_hint=access_token"))
}

#[tokio::test]
async fn a_revoked_token_is_dead_and_its_client_stays() {
    let harness = Harness::start().await;
    let token = harness.add_client("x").await;
    let told = harness.send_as_admin(revoke(token.expose())).await;
    assert_eq!((told.status, told.text.as_str()), (200, ""));
    let realms = Ask::get(format!("{IAM}/ssorealms")).authorization(&bearer(&token));
    assert_eq!(harness.send(realms).await.status, 401);
    let path = format!("{}/x", harness.clients());
    let told = harness.send_as_admin(Ask::get(&path)).await;
    // The fleet's contract has no word for a revoked token.
    assert_eq!(told.json()["accessTokenStatus"], "EXPIRED");
    let own = format!(
        "/breakglass/v1/realms/{}/emergency-clients/x",
        harness.realm()
    );
    let told = harness.send_as_admin(Ask::get(own)).await;
    assert_eq!(told.json()["accessTokenStatus"], "REVOKED");
    harness
        .send_as_admin(Ask::post(format!("{path}/regenerate")))
        .await
        .expect(StatusCode::OK);
}

#[tokio::test]
async fn an_unknown_token_gets_the_same_answer() {
    let harness = Harness::start().await;
    let known = harness.records().await.len();
    for token in ["unknown", "a.b.c"] {
        let told = harness.send_as_admin(revoke(token)).await;
        assert_eq!((told.status, told.text.as_str()), (200, ""));
    }
    assert_eq!(harness.actions_since(known).await, []);
}

#[tokio::test]
async fn the_broker_of_another_realm_does_not_revoke() {
    let harness = Harness::start().await;
    let other = harness.test.add_realm("OTHER").await;
    let elsewhere = harness.test.add_emergency_client(&other, "x").await;
    let told = harness.send_as_admin(revoke(elsewhere.expose())).await;
    assert_eq!(told.status, 200);
    let realms = Ask::get(format!("{IAM}/ssorealms")).authorization(&bearer(&elsewhere));
    assert_eq!(harness.send(realms).await.status, 200);
}
