use breakglass_app::{Error, Grant, GrantFault, Resource, TokenRequest};
use breakglass_domain::Secret;
use breakglass_test_support::TestApp;

use crate::support::{add_api_client, bearer, credentials, issue, origin, request, viewer};

async fn token(test: &TestApp, secret: &Secret) -> Result<Secret, Error> {
    let request = TokenRequest {
        client: Some(credentials("ci", secret)),
        ..request(Grant::ClientCredentials)
    };
    issue(test, request).await.map(|issued| issued.access_token)
}

async fn new_secret(test: &TestApp, overlap: Option<i64>) -> Secret {
    let (admin, realm) = (test.admin(), test.made.realm.id);
    let made = test
        .app
        .create_client_secret(&admin, realm, "ci", overlap)
        .await;
    made.unwrap().client_secret
}

#[tokio::test]
async fn a_new_secret_ends_the_old_one_at_once_or_after_the_overlap() {
    let test = TestApp::start().await;
    add_api_client(&test, "ci").await;
    let first = new_secret(&test, None).await;
    let access = token(&test, &first).await.unwrap();
    let second = new_secret(&test, Some(10)).await;
    assert!(token(&test, &first).await.is_ok() && token(&test, &second).await.is_ok());
    assert!(bearer(&test, &access).await.is_ok());
    test.clock.advance_minutes(10);
    let invalid = Err(Error::Grant(GrantFault::InvalidClient));
    assert_eq!(token(&test, &first).await.map(drop), invalid);
    assert!(bearer(&test, &access).await.is_err());
    let third = new_secret(&test, None).await;
    assert_eq!(token(&test, &second).await.map(drop), invalid);
    assert!(token(&test, &third).await.is_ok());
}

#[tokio::test]
async fn however_many_overlap_the_oldest_go() {
    let test = TestApp::start().await;
    let realm = test.made.realm.id;
    add_api_client(&test, "ci").await;
    for _ in 0..9 {
        new_secret(&test, Some(10_080)).await;
        test.clock.advance_minutes(1);
    }
    let listed = test
        .app
        .list_client_secrets(&viewer(), realm, "ci")
        .await
        .unwrap();
    assert_eq!(listed.len(), 5);
}

#[tokio::test]
async fn a_deleted_secret_takes_its_access_tokens_and_no_others() {
    let test = TestApp::start().await;
    let (admin, realm) = (test.admin(), test.made.realm.id);
    add_api_client(&test, "ci").await;
    add_api_client(&test, "other").await;
    let first = new_secret(&test, None).await;
    test.clock.advance_minutes(1);
    let second = new_secret(&test, Some(60)).await;
    let of_first = token(&test, &first).await.unwrap();
    let of_second = token(&test, &second).await.unwrap();
    let listed = test
        .app
        .list_client_secrets(&viewer(), realm, "ci")
        .await
        .unwrap();
    let id = listed[1].id;
    let foreign = test
        .app
        .delete_client_secret(&admin, realm, "other", id)
        .await;
    assert_eq!(foreign, Err(Error::NotFound(Resource::ClientSecret)));
    test.app
        .delete_client_secret(&admin, realm, "ci", id)
        .await
        .unwrap();
    assert!(token(&test, &first).await.is_err() && bearer(&test, &of_first).await.is_err());
    assert!(token(&test, &second).await.is_ok() && bearer(&test, &of_second).await.is_ok());
}

/// Who is believed that shows this secret of `ci`.
async fn shown(test: &TestApp, secret: &Secret) -> Option<String> {
    let caller = test
        .app
        .authenticate_client(
            "CUSTOMER",
            &credentials("ci", secret),
            &origin("192.0.2.1"),
            "introspect",
        )
        .await;
    caller
        .ok()
        .map(|caller| caller.principal.actor().to_string())
}

#[tokio::test]
async fn a_secret_is_believed_until_it_is_taken_away_and_its_client_until_it_goes() {
    let test = TestApp::start().await;
    let (admin, realm) = (test.admin(), test.made.realm.id);
    add_api_client(&test, "ci").await;
    let first = new_secret(&test, None).await;
    let client = shown(&test, &first).await;
    assert!(client.is_some());
    assert_eq!(shown(&test, &first).await, client);
    // Whatever else is changed.
    add_api_client(&test, "other").await;
    assert_eq!(shown(&test, &first).await, client);
    test.clock.advance_minutes(1);
    let second = new_secret(&test, Some(5)).await;
    assert_eq!(shown(&test, &second).await, client);
    assert_eq!(shown(&test, &first).await, client);
    test.clock.advance_minutes(5);
    assert_eq!(shown(&test, &first).await, None);
    let listed = test.app.list_client_secrets(&viewer(), realm, "ci").await;
    for secret in listed.unwrap() {
        let gone = test
            .app
            .delete_client_secret(&admin, realm, "ci", secret.id);
        gone.await.unwrap();
    }
    assert_eq!(shown(&test, &second).await, None);
    let third = new_secret(&test, None).await;
    assert_eq!(shown(&test, &third).await, client);
    let deleted = test.app.delete_api_client(&admin, realm, "ci").await;
    assert_eq!(deleted, Ok(()));
    assert_eq!(shown(&test, &third).await, None);
}
