//! `/acs/t/{tenant}/statuslist`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::Value;

use crate::support::{Ask, Harness, is_jwt};

async fn list(harness: &Harness) -> String {
    let told = harness
        .send(Ask::get("/acs/t/CUSTOMER/statuslist"))
        .await
        .expect(StatusCode::OK);
    assert_eq!(told.header("content-type"), "application/statuslist+jwt");
    // A cache that kept the list as long as the verifier behind it would double the lag of a recall.
    assert_eq!(told.header("cache-control"), "no-cache");
    assert!(is_jwt(&told.text), "{}", told.text);
    told.text
}

fn part(jwt: &str, place: usize) -> Value {
    let part = URL_SAFE_NO_PAD
        .decode(jwt.split('.').nth(place).unwrap())
        .unwrap();
    serde_json::from_slice(&part).unwrap()
}

#[tokio::test]
async fn the_list_is_a_jwt_of_its_own_kind() {
    let harness = Harness::start().await;
    let jwt = list(&harness).await;
    assert_eq!(part(&jwt, 0)["typ"], "statuslist+jwt");
    let claims = part(&jwt, 1);
    assert_eq!(
        claims["sub"],
        "https://breakglass.test/acs/t/CUSTOMER/statuslist"
    );
    assert_eq!(claims["ttl"], 30);
    assert_eq!(claims["status_list"]["bits"], 1);
}

#[tokio::test]
async fn a_recall_shows_in_the_very_next_list() {
    let harness = Harness::start().await;
    harness.add_client("x").await;
    let before = list(&harness).await;
    assert_eq!(list(&harness).await, before, "nothing happened in between");
    let path = format!("{}/x", harness.clients());
    harness
        .send_as_admin(Ask::delete(path))
        .await
        .expect(StatusCode::ACCEPTED);
    let after = list(&harness).await;
    assert_ne!(
        part(&before, 1)["status_list"]["lst"],
        part(&after, 1)["status_list"]["lst"]
    );
}

#[tokio::test]
async fn a_verifier_that_asks_whether_its_copy_still_holds_is_told_in_a_word() {
    let harness = Harness::start().await;
    harness.add_client("x").await;
    let ask = || Ask::get("/acs/t/CUSTOMER/statuslist");
    let first = harness.send(ask()).await.expect(StatusCode::OK);
    let tag = first.header("etag").to_owned();
    let again = || ask().header("if-none-match", &tag);
    let mut head = again();
    head.method = "HEAD";
    for ask in [again(), head] {
        let told = harness.send(ask).await.expect(StatusCode::NOT_MODIFIED);
        assert_eq!(told.text, "");
        assert_eq!(told.header("etag"), tag);
        assert_eq!(told.header("cache-control"), "no-cache");
        assert_eq!(told.header("content-type"), "");
        assert_eq!(told.header("content-length"), "");
    }

    let path = format!("{}/x", harness.clients());
    harness
        .send_as_admin(Ask::delete(path))
        .await
        .expect(StatusCode::ACCEPTED);
    let recalled = harness.send(again()).await.expect(StatusCode::OK);
    assert_ne!(recalled.header("etag"), tag);
    assert_ne!(recalled.text, first.text);

    let tag = recalled.header("etag").to_owned();
    harness.test.clock.advance(15_000);
    let fresh = harness
        .send(ask().header("if-none-match", &tag))
        .await
        .expect(StatusCode::OK);
    assert_ne!(part(&fresh.text, 1)["iat"], part(&recalled.text, 1)["iat"]);
}

#[tokio::test]
async fn a_list_that_is_sent_outlives_the_copy_that_may_be_kept_of_it() {
    let harness = Harness::start().await;
    let first = part(&list(&harness).await, 1);
    let ttl = first["ttl"].as_i64().unwrap();
    harness.test.clock.advance(ttl * 500 - 1000);
    let kept = part(&list(&harness).await, 1);
    assert_eq!(kept, first, "half of its time is not over");
    let now = first["iat"].as_i64().unwrap() + ttl / 2 - 1;
    assert!(kept["exp"].as_i64().unwrap() >= now + ttl);
}
