use breakglass_app::{Credentials, Error};
use breakglass_domain::Secret;
use breakglass_domain::audit::AuditAction;
use breakglass_test_support::{ADMIN_PASSWORD, TestApp};

use crate::support::{bearer, origin, records_of};

async fn present(test: &TestApp, token: &Secret) -> Result<breakglass_app::Caller, Error> {
    let credentials = Some(Credentials::OpsToken(token.clone()));
    test.app
        .authenticate(credentials, origin("192.0.2.1"), "test")
        .await
}

#[tokio::test]
async fn a_session_slides_with_use_and_ends_after_six_idle_hours() {
    let test = TestApp::start().await;
    let token = test.ops_token().await;
    let halves: Vec<&str> = token.expose().split("::").collect();
    assert_eq!(
        halves.iter().map(|half| half.len()).collect::<Vec<_>>(),
        [36, 36]
    );
    for _ in 0..4 {
        test.clock.advance_minutes(5 * 60);
        assert!(present(&test, &token).await.is_ok());
    }
    test.clock.advance_minutes(6 * 60);
    assert!(matches!(
        present(&test, &token).await,
        Err(Error::Unauthenticated(_))
    ));
}

#[tokio::test]
async fn a_released_session_is_over() {
    let test = TestApp::start().await;
    let token = test.ops_token().await;
    let caller = present(&test, &token).await.unwrap();
    test.app.release_session(&caller).await.unwrap();
    assert!(present(&test, &token).await.is_err());
    assert_eq!(
        records_of(&test, AuditAction::SessionAcquired).await.len(),
        1
    );
    assert_eq!(
        records_of(&test, AuditAction::SessionReleased).await.len(),
        1
    );
}

#[tokio::test]
async fn only_a_session_can_be_released() {
    let test = TestApp::start().await;
    let token = test.add_emergency_client(&test.made.realm, "fire").await;
    let caller = bearer(&test, &token).await.unwrap();
    assert!(matches!(
        test.app.release_session(&caller).await,
        Err(Error::Invalid(_))
    ));
}

#[tokio::test]
async fn a_wrong_password_begins_no_session() {
    let test = TestApp::start().await;
    let refused = test
        .app
        .acquire_session("admin", &Secret::new("wrong"), &origin("192.0.2.1"))
        .await;
    assert!(matches!(refused, Err(Error::Unauthenticated(_))));
    let right = Secret::new(ADMIN_PASSWORD);
    assert!(
        test.app
            .acquire_session("admin", &right, &origin("192.0.2.1"))
            .await
            .is_ok()
    );
}
