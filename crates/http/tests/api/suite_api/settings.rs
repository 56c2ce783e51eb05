//! `…/iam/settings`.

use http::StatusCode;
use serde_json::json;

use crate::samples::settings;
use crate::support::{Ask, Harness, IAM};

fn path() -> String {
    format!("{IAM}/settings")
}

#[tokio::test]
async fn the_first_settings_are_those_of_the_contract() {
    let harness = Harness::start().await;
    let told = harness.send_as_admin(Ask::get(path())).await;
    insta::assert_json_snapshot!(told.expect(StatusCode::OK).json(), @r#"
    {
      "accessTokenTtl": 480,
      "allUsersGroupEnabled": false,
      "apiTokenRetentionPeriod": 43200,
      "apiTokenTtl": 43200,
      "jitInactiveUserEnabled": false,
      "jitInactiveUserTtl": 0
    }
    "#);
}

#[tokio::test]
async fn settings_are_replaced_as_a_whole_and_can_be_sent_back_as_they_came() {
    let harness = Harness::start().await;
    let first = harness.send_as_admin(Ask::get(path())).await.json();
    let told = harness
        .send_as_admin(Ask::put(path()).json(&settings()))
        .await;
    assert_eq!(told.expect(StatusCode::OK).json(), settings());
    let read = harness.send_as_admin(Ask::get(path())).await;
    assert_eq!(read.json(), settings());
    let told = harness.send_as_admin(Ask::put(path()).json(&first)).await;
    assert_eq!(told.expect(StatusCode::OK).json(), first);
}

#[tokio::test]
async fn every_faulty_setting_is_named_and_none_is_kept() {
    let harness = Harness::start().await;
    let first = harness.send_as_admin(Ask::get(path())).await.json();
    let faulty = json!({
        "accessTokenTtl": 29,
        "allUsersGroupEnabled": "yes",
        "apiTokenTtl": -1,
        "jitInactiveUserEnabled": true,
        "jitInactiveUserTtl": 1,
    });
    let told = harness.send_as_admin(Ask::put(path()).json(&faulty)).await;
    assert_eq!(told.status, 400);
    assert_eq!(
        told.faulty_fields(),
        [
            "accessTokenTtl",
            "allUsersGroupEnabled",
            "apiTokenRetentionPeriod",
            "apiTokenTtl",
            "jitInactiveUserTtl"
        ]
    );
    assert_eq!(harness.send_as_admin(Ask::get(path())).await.json(), first);
}
