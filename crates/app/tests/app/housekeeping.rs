use breakglass_app::Housekeeping;
use breakglass_domain::audit::AuditAction;
use breakglass_test_support::TestApp;

use crate::support::{records, records_of};

#[tokio::test]
async fn the_end_of_a_token_is_recorded_once_over_all_processes() {
    let test = TestApp::start().await;
    let other = test.another_process().await;
    test.add_emergency_client(&test.made.realm, "fire").await;
    test.clock.advance_minutes(59);
    Housekeeping::default().round(&test.app).await.unwrap();
    assert!(
        records_of(&test, AuditAction::EmergencyTokenExpired)
            .await
            .is_empty()
    );
    test.clock.advance_minutes(1);
    for app in [&test.app, &other.app, &test.app] {
        Housekeeping::default().round(app).await.unwrap();
    }
    let expired = records_of(&test, AuditAction::EmergencyTokenExpired).await;
    assert_eq!(expired.len(), 1);
    assert_eq!(expired[0].event.realm_id, Some(test.made.realm.id));
    test.app
        .regenerate_emergency_client(&test.admin(), test.made.realm.id, "fire")
        .await
        .unwrap();
    test.clock.advance_minutes(60);
    Housekeeping::default().round(&test.app).await.unwrap();
    assert_eq!(
        records_of(&test, AuditAction::EmergencyTokenExpired)
            .await
            .len(),
        2
    );
}

#[tokio::test]
async fn a_server_that_does_nothing_writes_nothing() {
    let test = TestApp::start().await;
    let mut housekeeping = Housekeeping::default();
    housekeeping.round(&test.app).await.unwrap();
    let before = records(&test).await.len();
    for _ in 0..10 {
        test.clock.advance_minutes(30);
        housekeeping.round(&test.app).await.unwrap();
    }
    assert_eq!(records(&test).await.len(), before);
}

#[tokio::test]
async fn start_and_stop_are_recorded_and_the_end_is_signed() {
    let test = TestApp::start().await;
    let other = test.another_process().await;
    other
        .app
        .record_start(&[("listen", "127.0.0.1:1")])
        .await
        .unwrap();
    other.app.stop().await.unwrap();
    assert_eq!(
        records_of(&test, AuditAction::ServerStarted).await[0]
            .event
            .details["listen"],
        "127.0.0.1:1"
    );
    let stopped = records_of(&test, AuditAction::ServerStopped)
        .await
        .remove(0);
    let checkpoints = test
        .app
        .list_audit_checkpoints(&test.admin())
        .await
        .unwrap();
    assert_eq!(
        checkpoints.last().unwrap().checkpoint.sequence,
        stopped.sequence
    );
    assert!(
        other.app.check_ready().await.is_err(),
        "the store is let go of"
    );
}

#[tokio::test]
async fn an_end_that_nobody_saw_is_recorded_by_whoever_takes_the_token_away() {
    let test = TestApp::start().await;
    let realm = test.made.realm.id;
    for client in ["renewed", "deleted", "forced"] {
        test.add_emergency_client(&test.made.realm, client).await;
    }
    test.clock.advance_minutes(60);
    test.app
        .regenerate_emergency_client(&test.admin(), realm, "renewed")
        .await
        .unwrap();
    assert_eq!(
        records_of(&test, AuditAction::EmergencyTokenExpired)
            .await
            .len(),
        1
    );
    test.app
        .delete_emergency_client(&test.admin(), realm, "deleted")
        .await
        .unwrap();
    assert_eq!(
        records_of(&test, AuditAction::EmergencyTokenExpired)
            .await
            .len(),
        2
    );
    test.app
        .delete_realm(&test.admin(), realm, true)
        .await
        .unwrap();
    test.app.run_queued_tasks().await.unwrap();
    let expired = records_of(&test, AuditAction::EmergencyTokenExpired).await;
    let targets: Vec<_> = expired
        .iter()
        .map(|record| record.event.target.as_ref().unwrap().id.as_str())
        .collect();
    assert_eq!(targets, ["renewed", "deleted", "forced"]);
}
