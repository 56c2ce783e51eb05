use std::sync::Arc;

use breakglass_app::{Conflict, Error, Resource};
use breakglass_domain::audit::AuditAction;
use breakglass_domain::{EmergencyClientDraft, Privilege, RealmId, TokenStatus};
use breakglass_test_support::{PUBLIC_URL, TestApp};

use crate::support::{bearer, draft, nobody, records, records_of, viewer};

#[tokio::test]
async fn a_new_client_opens_doors_until_its_time_is_over() {
    let test = TestApp::start().await;
    let realm = test.made.realm.id;
    let issued = test
        .app
        .create_emergency_client(&test.admin(), realm, draft("fire", 60))
        .await
        .unwrap();
    assert_eq!(issued.view.status, TokenStatus::Active);
    assert_eq!(issued.view.issuer, format!("{PUBLIC_URL}/acs/t/CUSTOMER"));
    let caller = bearer(&test, &issued.access_token).await.unwrap();
    assert!(caller.principal.is_emergency());
    test.clock.advance_minutes(60);
    assert!(matches!(
        bearer(&test, &issued.access_token).await,
        Err(Error::Unauthenticated(_))
    ));
    let view = test
        .app
        .get_emergency_client(&test.admin(), realm, "fire")
        .await
        .unwrap();
    assert_eq!(view.status, TokenStatus::Expired);
}

#[tokio::test]
async fn a_maker_is_told_with_its_kind() {
    let test = TestApp::start().await;
    let token = test.add_emergency_client(&test.made.realm, "admin").await;
    let caller = bearer(&test, &token).await.unwrap();
    let issued = test
        .app
        .create_emergency_client(&caller, test.made.realm.id, draft("second", 60))
        .await
        .unwrap();
    assert_eq!(issued.view.client.created_by, "emergency_client:admin");
    let first = test
        .app
        .get_emergency_client(&test.admin(), test.made.realm.id, "admin")
        .await
        .unwrap();
    assert_eq!(first.client.created_by, "account:admin");
}

#[tokio::test]
async fn making_a_client_is_audited_and_tells_no_secret() {
    let test = TestApp::start().await;
    let token = test.add_emergency_client(&test.made.realm, "fire").await;
    let made = records_of(&test, AuditAction::EmergencyClientCreated).await;
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].event.realm_id, Some(test.made.realm.id));
    assert_eq!(made[0].event.actor.id, "admin");
    assert_eq!(made[0].event.target.as_ref().unwrap().id, "fire");
    assert!(!format!("{made:?}").contains(token.expose()));
}

#[tokio::test]
async fn a_taken_id_is_a_conflict_in_its_own_realm_only() {
    let test = TestApp::start().await;
    let other = test.add_realm("OTHER").await;
    test.add_emergency_client(&test.made.realm, "fire").await;
    let again = test
        .app
        .create_emergency_client(&test.admin(), test.made.realm.id, draft("fire", 60))
        .await;
    assert!(matches!(
        again,
        Err(Error::Conflict(Conflict::EmergencyClientExists))
    ));
    test.add_emergency_client(&other, "fire").await;
}

#[tokio::test]
async fn a_faulty_draft_changes_nothing() {
    let test = TestApp::start().await;
    let before = records(&test).await.len();
    let refused = test
        .app
        .create_emergency_client(
            &test.admin(),
            test.made.realm.id,
            EmergencyClientDraft::default(),
        )
        .await;
    let Err(Error::Invalid(report)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(report.failures().len(), 3);
    assert_eq!(records(&test).await.len(), before);
}

#[tokio::test]
async fn regenerating_kills_the_old_token_at_once() {
    let test = TestApp::start().await;
    let realm = test.made.realm.id;
    let old = test.add_emergency_client(&test.made.realm, "fire").await;
    assert!(bearer(&test, &old).await.is_ok());
    test.clock.advance_minutes(10);
    let issued = test
        .app
        .regenerate_emergency_client(&test.admin(), realm, "fire")
        .await
        .unwrap();
    assert!(bearer(&test, &old).await.is_err());
    assert!(bearer(&test, &issued.access_token).await.is_ok());
    let client = issued.view.client;
    assert_eq!(
        client.token.expires_at,
        client.token.issued_at.plus(client.ttl)
    );
    assert_eq!(client.last_regenerated_at, Some(client.token.issued_at));
}

#[tokio::test]
async fn of_two_regenerates_at_once_exactly_one_token_lives() {
    let test = TestApp::start().await;
    let realm = test.made.realm.id;
    test.add_emergency_client(&test.made.realm, "fire").await;
    let regenerate = || {
        let (app, admin) = (Arc::clone(&test.app), test.admin());
        tokio::spawn(async move {
            app.regenerate_emergency_client(&admin, realm, "fire")
                .await
                .unwrap()
        })
    };
    let issued: Vec<_> = [regenerate(), regenerate(), regenerate(), regenerate()]
        .into_iter()
        .collect();
    let mut alive = Vec::new();
    for task in issued {
        let token = task.await.unwrap().access_token;
        if bearer(&test, &token).await.is_ok() {
            alive.push(token);
        }
    }
    assert_eq!(alive.len(), 1);
    let last = records_of(&test, AuditAction::EmergencyClientRegenerated)
        .await
        .pop()
        .unwrap();
    let view = test
        .app
        .get_emergency_client(&test.admin(), realm, "fire")
        .await
        .unwrap();
    assert_eq!(
        last.event.details["token_id"],
        view.client.token.id.to_string()
    );
}

#[tokio::test]
async fn a_deleted_client_is_gone_and_its_token_dead() {
    let test = TestApp::start().await;
    let realm = test.made.realm.id;
    let token = test.add_emergency_client(&test.made.realm, "fire").await;
    test.app
        .delete_emergency_client(&test.admin(), realm, "fire")
        .await
        .unwrap();
    assert!(bearer(&test, &token).await.is_err());
    let gone = test
        .app
        .delete_emergency_client(&test.admin(), realm, "fire")
        .await;
    assert!(matches!(
        gone,
        Err(Error::NotFound(Resource::EmergencyClient))
    ));
    assert_eq!(
        records_of(&test, AuditAction::EmergencyClientDeleted)
            .await
            .len(),
        1
    );
}

#[tokio::test]
async fn another_realm_does_not_exist_for_an_emergency_client() {
    let test = TestApp::start().await;
    let other = test.add_realm("OTHER").await;
    test.add_emergency_client(&other, "theirs").await;
    let token = test.add_emergency_client(&test.made.realm, "ours").await;
    let caller = bearer(&test, &token).await.unwrap();
    let absent = |error: Error| assert_eq!(error, Error::NotFound(Resource::Realm));
    absent(
        test.app
            .list_emergency_clients(&caller, other.id)
            .await
            .unwrap_err(),
    );
    absent(
        test.app
            .get_emergency_client(&caller, other.id, "theirs")
            .await
            .unwrap_err(),
    );
    absent(
        test.app
            .create_emergency_client(&caller, other.id, draft("x", 1))
            .await
            .unwrap_err(),
    );
    absent(
        test.app
            .regenerate_emergency_client(&caller, other.id, "theirs")
            .await
            .unwrap_err(),
    );
    absent(
        test.app
            .delete_emergency_client(&caller, other.id, "theirs")
            .await
            .unwrap_err(),
    );
    assert_eq!(
        test.app
            .list_emergency_clients(&caller, test.made.realm.id)
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn writes_need_the_privilege_to_manage_and_reads_that_to_view() {
    let test = TestApp::start().await;
    let realm = test.made.realm.id;
    let manage = Error::Forbidden {
        missing: Some(Privilege::Manage),
    };
    let view = Error::Forbidden {
        missing: Some(Privilege::View),
    };
    let app = &test.app;
    assert_eq!(
        app.create_emergency_client(&viewer(), realm, draft("x", 1))
            .await
            .unwrap_err(),
        manage
    );
    assert_eq!(
        app.regenerate_emergency_client(&viewer(), realm, "x")
            .await
            .unwrap_err(),
        manage
    );
    assert_eq!(
        app.delete_emergency_client(&viewer(), realm, "x")
            .await
            .unwrap_err(),
        manage
    );
    assert_eq!(
        app.list_emergency_clients(&nobody(), realm)
            .await
            .unwrap_err(),
        view
    );
    assert_eq!(
        app.get_emergency_client(&nobody(), realm, "x")
            .await
            .unwrap_err(),
        view
    );
}

#[tokio::test]
async fn an_unknown_realm_is_not_found() {
    let test = TestApp::start().await;
    let unknown = RealmId::from_random([9; 16]);
    let refused = test
        .app
        .create_emergency_client(&test.admin(), unknown, draft("x", 1))
        .await;
    assert_eq!(refused.unwrap_err(), Error::NotFound(Resource::Realm));
}

#[tokio::test]
async fn a_store_that_takes_no_writes_changes_nothing() {
    let test = TestApp::start().await;
    let realm = test.made.realm.id;
    let token = test.add_emergency_client(&test.made.realm, "fire").await;
    test.store.refuse_writes(true);
    assert!(
        test.app
            .regenerate_emergency_client(&test.admin(), realm, "fire")
            .await
            .is_err()
    );
    test.store.refuse_writes(false);
    assert!(bearer(&test, &token).await.is_ok());
}
