use breakglass_app::{Error, Resource};
use breakglass_test_support::TestApp;

#[tokio::test]
async fn a_status_list_is_kept_until_a_token_is_recalled_or_half_its_time_is_over() {
    let test = TestApp::start().await;
    let list = async || test.app.status_list("CUSTOMER").await.unwrap().jwt;
    let first = list().await;
    test.add_emergency_client(&test.made.realm, "fire").await;
    assert_eq!(list().await, first, "issuing a token recalls none");
    test.app
        .regenerate_emergency_client(&test.admin(), test.made.realm.id, "fire")
        .await
        .unwrap();
    let recalled = list().await;
    assert_ne!(recalled, first);
    test.clock.advance(14_999);
    assert_eq!(list().await, recalled);
    test.clock.advance(1);
    assert_ne!(list().await, recalled);
}

#[tokio::test]
async fn a_recall_by_another_process_shows_at_once() {
    let test = TestApp::start().await;
    let other = test.another_process().await;
    test.add_emergency_client(&test.made.realm, "fire").await;
    let before = test.app.status_list("CUSTOMER").await.unwrap();
    other
        .app
        .delete_emergency_client(&test.admin(), test.made.realm.id, "fire")
        .await
        .unwrap();
    assert_ne!(test.app.status_list("CUSTOMER").await.unwrap(), before);
}

#[tokio::test]
async fn an_unknown_tenant_has_no_issuer() {
    let test = TestApp::start().await;
    let absent = Error::NotFound(Resource::Broker);
    assert_eq!(test.app.issuer("NOBODY").await.unwrap_err(), absent);
    assert_eq!(test.app.public_keys("no/body").await.unwrap_err(), absent);
    assert_eq!(test.app.status_list("NOBODY").await.unwrap_err(), absent);
    assert_eq!(test.app.public_keys("CUSTOMER").await.unwrap().len(), 1);
}
