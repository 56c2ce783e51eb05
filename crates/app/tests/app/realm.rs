use breakglass_app::{Conflict, Error, Housekeeping, Resource};
use breakglass_domain::audit::{AuditAction, Outcome};
use breakglass_domain::{BrokerId, TaskState};
use breakglass_test_support::TestApp;

use crate::support::{bearer, records_of};

#[tokio::test]
async fn a_broker_has_one_realm() {
    let test = TestApp::start().await;
    let again = test
        .app
        .create_realm(&test.admin(), test.made.broker.id)
        .await;
    assert_eq!(again.unwrap_err(), Error::Conflict(Conflict::RealmExists));
    let unknown = test
        .app
        .create_realm(&test.admin(), BrokerId::from_random([3; 16]))
        .await;
    assert!(matches!(unknown, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn a_realm_with_credentials_is_deleted_only_by_force() {
    let test = TestApp::start().await;
    let realm = &test.made.realm;
    let token = test.add_emergency_client(realm, "fire").await;
    let gentle = test
        .app
        .delete_realm(&test.admin(), realm.id, false)
        .await
        .unwrap();
    assert_eq!(
        test.app
            .get_task(&test.admin(), gentle)
            .await
            .unwrap()
            .state,
        TaskState::Queued
    );
    Housekeeping::default().round(&test.app).await.unwrap();
    let task = test.app.get_task(&test.admin(), gentle).await.unwrap();
    let TaskState::Failed(error) = task.state else {
        panic!("{task:?}")
    };
    assert_eq!(error.code, "1500");
    assert!(bearer(&test, &token).await.is_ok());
    let failed = records_of(&test, AuditAction::RealmDeletionFailed).await;
    assert_eq!(failed[0].event.outcome, Outcome::Failure);

    let forced = test
        .app
        .delete_realm(&test.admin(), realm.id, true)
        .await
        .unwrap();
    Housekeeping::default().round(&test.app).await.unwrap();
    assert_eq!(
        test.app
            .get_task(&test.admin(), forced)
            .await
            .unwrap()
            .state,
        TaskState::Completed
    );
    assert!(bearer(&test, &token).await.is_err());
    assert_eq!(
        test.app
            .get_realm(&test.admin(), realm.id)
            .await
            .unwrap_err(),
        Error::NotFound(Resource::Realm)
    );
    assert_eq!(
        records_of(&test, AuditAction::EmergencyClientDeleted)
            .await
            .len(),
        1
    );
    assert_eq!(records_of(&test, AuditAction::RealmDeleted).await.len(), 1);
}

#[tokio::test]
async fn an_empty_realm_is_deleted_and_its_broker_gets_another() {
    let test = TestApp::start().await;
    test.app
        .delete_realm(&test.admin(), test.made.realm.id, false)
        .await
        .unwrap();
    assert_eq!(test.app.run_queued_tasks().await.unwrap(), 1);
    assert_eq!(test.app.run_queued_tasks().await.unwrap(), 0);
    assert!(
        test.app
            .create_realm(&test.admin(), test.made.broker.id)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_task_asked_for_by_one_process_is_run_by_another() {
    let test = TestApp::start().await;
    let other = test.another_process().await;
    let task = other
        .app
        .delete_realm(&test.admin(), test.made.realm.id, false)
        .await
        .unwrap();
    Housekeeping::default().round(&test.app).await.unwrap();
    assert_eq!(
        other.app.get_task(&test.admin(), task).await.unwrap().state,
        TaskState::Completed
    );
}

#[tokio::test]
async fn realms_and_tasks_are_kept_within_reach() {
    let test = TestApp::start().await;
    let other = test.add_realm("OTHER").await;
    let token = test.add_emergency_client(&test.made.realm, "fire").await;
    let caller = bearer(&test, &token).await.unwrap();
    let seen = test.app.list_realms(&caller).await.unwrap();
    assert_eq!(
        seen.iter().map(|(realm, _)| realm.id).collect::<Vec<_>>(),
        [test.made.realm.id]
    );
    assert!(test.app.get_realm(&caller, other.id).await.is_err());
    assert!(
        test.app
            .delete_realm(&caller, other.id, true)
            .await
            .is_err()
    );
    let task = test
        .app
        .delete_realm(&test.admin(), other.id, false)
        .await
        .unwrap();
    assert_eq!(
        test.app.get_task(&caller, task).await.unwrap_err(),
        Error::NotFound(Resource::Task)
    );
}
