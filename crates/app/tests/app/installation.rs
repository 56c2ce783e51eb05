use std::sync::Arc;

use breakglass_app::{App, Error, FirstStart, OpenError, Options};
use breakglass_domain::Secret;
use breakglass_domain::audit::AuditAction;
use breakglass_test_support::TestApp;

use crate::support::{bearer, records, records_of};

#[tokio::test]
async fn a_first_start_makes_everything_once() {
    let test = TestApp::start().await;
    let actions: Vec<_> = records(&test)
        .await
        .iter()
        .map(|record| record.event.action)
        .collect();
    assert_eq!(
        actions,
        [
            AuditAction::ServerInitialized,
            AuditAction::SigningKeyCreated,
            AuditAction::BrokerCreated,
            AuditAction::SigningKeyCreated,
            AuditAction::RealmCreated,
            AuditAction::AccountCreated,
        ]
    );
    let again = FirstStart {
        public_url: "https://elsewhere.test".to_owned(),
        admin_username: "other".to_owned(),
        admin_password: None,
    };
    assert!(
        App::initialize(test.ports(), again)
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(records(&test).await.len(), 6);
}

#[tokio::test]
async fn another_master_key_is_refused_and_changes_nothing() {
    let test = TestApp::start().await;
    let ports = test.ports_with_another_master_key();
    let refused = App::open(ports, Options::default()).await.err();
    assert_eq!(refused, Some(OpenError::WrongMasterKey));
    assert_eq!(records(&test).await.len(), 6);
}

#[tokio::test]
async fn an_empty_store_is_not_opened() {
    let test = TestApp::start().await;
    let folder = tempfile::tempdir().unwrap();
    let ports = test.ports_over(folder.path()).await;
    let refused = App::open(ports.clone(), Options::default()).await.err();
    assert_eq!(refused, Some(OpenError::NotInitialized));
    let short = FirstStart {
        public_url: "https://x.test".to_owned(),
        admin_username: "admin".to_owned(),
        admin_password: Some(Secret::new("short")),
    };
    assert!(matches!(
        App::initialize(&ports, short.clone()).await,
        Err(Error::Invalid(_))
    ));
    let generated = FirstStart {
        admin_password: None,
        ..short
    };
    let made = App::initialize(&ports, generated).await.unwrap().unwrap();
    assert!(made.generated_password.unwrap().expose().len() >= 24);
}

#[tokio::test]
async fn tokens_outlive_a_change_of_the_public_url() {
    let test = TestApp::start().await;
    let token = test.add_emergency_client(&test.made.realm, "fire").await;
    let mut moved = App::open(test.ports().clone(), Options::default())
        .await
        .unwrap();
    moved.set_public_url("https://moved.test").await.unwrap();
    let moved = Arc::new(moved);
    assert_eq!(moved.public_url(), "https://moved.test");
    assert_eq!(
        records_of(&test, AuditAction::ServerReconfigured)
            .await
            .len(),
        1
    );
    let credentials = Some(breakglass_app::Credentials::Bearer(token.clone()));
    assert!(
        moved
            .authenticate(credentials, breakglass_app::Origin::default(), "test")
            .await
            .is_ok()
    );
    assert!(bearer(&test, &token).await.is_ok());
    let active = moved
        .introspect(&test.admin(), "CUSTOMER", &token)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        active.claims().issuer,
        "https://breakglass.test/acs/t/CUSTOMER"
    );
    assert_eq!(active.claims().audience, ["https://breakglass.test"]);
}
