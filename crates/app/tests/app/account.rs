use breakglass_app::{Credentials, Error, Resource};
use breakglass_domain::Secret;
use breakglass_domain::audit::AuditAction;
use breakglass_test_support::{ADMIN_PASSWORD, TestApp};

use crate::support::{bearer, origin, records_of};

#[tokio::test]
async fn a_new_password_ends_the_sessions_of_the_old() {
    let test = TestApp::start().await;
    let session = test.ops_token().await;
    let password = Secret::new("a new and long password");
    test.app
        .set_password(&test.admin(), "admin", &password)
        .await
        .unwrap();
    let credentials = Some(Credentials::OpsToken(session));
    assert!(
        test.app
            .authenticate(credentials, origin("192.0.2.1"), "test")
            .await
            .is_err()
    );
    assert!(
        test.app
            .acquire_session("admin", &password, &origin("192.0.2.1"))
            .await
            .is_ok()
    );
    let old = Secret::new(ADMIN_PASSWORD);
    assert!(
        test.app
            .acquire_session("admin", &old, &origin("192.0.2.1"))
            .await
            .is_err()
    );
    let set = records_of(&test, AuditAction::AccountPasswordSet).await;
    assert_eq!(set[0].event.details["sessions_ended"], "1");
}

#[tokio::test]
async fn a_short_password_and_an_unknown_account_are_refused() {
    let test = TestApp::start().await;
    let short = test
        .app
        .set_password(&test.admin(), "admin", &Secret::new("short"))
        .await;
    assert!(matches!(short, Err(Error::Invalid(_))));
    let unknown = test
        .app
        .set_password(
            &test.admin(),
            "nobody",
            &Secret::new("long enough a password"),
        )
        .await;
    assert_eq!(unknown, Err(Error::NotFound(Resource::Account)));
}

#[tokio::test]
async fn a_realms_emergency_client_cannot_step_into_the_installation() {
    let test = TestApp::start().await;
    let token = test.add_emergency_client(&test.made.realm, "fire").await;
    let caller = bearer(&test, &token).await.unwrap();
    let refused = test
        .app
        .set_password(&caller, "admin", &Secret::new("long enough a password"))
        .await;
    assert_eq!(refused, Err(Error::Forbidden { missing: None }));
}
