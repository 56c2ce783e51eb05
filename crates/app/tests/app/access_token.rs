use breakglass_app::Error;
use breakglass_domain::audit::AuditAction;
use breakglass_domain::{Secret, TokenStatus};
use breakglass_test_support::TestApp;

use crate::support::{bearer, nobody, records_of, viewer};

#[tokio::test]
async fn only_a_live_token_of_the_tenant_is_active() {
    let test = TestApp::start().await;
    test.add_realm("OTHER").await;
    let token = test.add_emergency_client(&test.made.realm, "fire").await;
    let active = test
        .app
        .introspect(&viewer(), "CUSTOMER", &token)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(active.claims().client_id, "fire");
    let found = test.app.introspect(&viewer(), "OTHER", &token).await;
    assert!(found.unwrap().is_none());
    let unknown = Secret::new("unknown");
    let found = test.app.introspect(&viewer(), "CUSTOMER", &unknown).await;
    assert!(found.unwrap().is_none());
    test.clock.advance_minutes(60);
    let found = test.app.introspect(&viewer(), "CUSTOMER", &token).await;
    assert!(found.unwrap().is_none());
    assert!(
        test.app
            .introspect(&nobody(), "CUSTOMER", &token)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn introspections_of_one_token_are_folded() {
    let test = TestApp::start().await;
    let token = test.add_emergency_client(&test.made.realm, "fire").await;
    for _ in 0..5 {
        test.app
            .introspect(&viewer(), "CUSTOMER", &token)
            .await
            .unwrap();
    }
    assert_eq!(
        records_of(&test, AuditAction::EmergencyTokenIntrospected)
            .await
            .len(),
        1
    );
    test.clock.advance_minutes(1);
    breakglass_app::Housekeeping::default()
        .round(&test.app)
        .await
        .unwrap();
    let told = records_of(&test, AuditAction::EmergencyTokenIntrospected).await;
    assert_eq!(told[1].event.details["repeats"], "4");
}

#[tokio::test]
async fn a_revoked_token_is_dead_and_its_client_can_be_given_another() {
    let test = TestApp::start().await;
    let realm = test.made.realm.id;
    let token = test.add_emergency_client(&test.made.realm, "fire").await;
    let neighbour = test.add_emergency_client(&test.made.realm, "water").await;
    assert!(
        test.app
            .revoke(&viewer(), "CUSTOMER", &token)
            .await
            .is_err()
    );
    for _ in 0..2 {
        test.app
            .revoke(&test.admin(), "CUSTOMER", &token)
            .await
            .unwrap();
    }
    assert!(bearer(&test, &token).await.is_err());
    assert!(bearer(&test, &neighbour).await.is_ok());
    assert_eq!(
        records_of(&test, AuditAction::EmergencyTokenRevoked)
            .await
            .len(),
        1
    );
    let view = test
        .app
        .get_emergency_client(&test.admin(), realm, "fire")
        .await
        .unwrap();
    assert_eq!(view.status, TokenStatus::Revoked);
    let issued = test
        .app
        .regenerate_emergency_client(&test.admin(), realm, "fire")
        .await
        .unwrap();
    assert!(bearer(&test, &issued.access_token).await.is_ok());
}

#[tokio::test]
async fn a_caller_of_another_realm_is_no_client_of_this_tenant() {
    let test = TestApp::start().await;
    test.add_realm("OTHER").await;
    let token = test.add_emergency_client(&test.made.realm, "fire").await;
    let caller = bearer(&test, &token).await.unwrap();
    assert!(
        test.app
            .introspect(&caller, "CUSTOMER", &token)
            .await
            .unwrap()
            .is_some()
    );
    let refused = test.app.introspect(&caller, "OTHER", &token).await;
    assert!(matches!(refused, Err(Error::Unauthenticated(_))));
    assert!(test.app.revoke(&caller, "OTHER", &token).await.is_err());
}
