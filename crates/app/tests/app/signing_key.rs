use breakglass_app::{Conflict, Error, Housekeeping, SigningKeyView};
use breakglass_domain::audit::AuditAction;
use breakglass_domain::{
    AccessTokenClaims, KeyPolicyDraft, KeyState, Minutes, Secret, TokenStatus,
};
use breakglass_ports::Clock;
use breakglass_test_support::TestApp;

use crate::support::{add_api_client, add_api_token, bearer, exchange, give_roles, records_of};

/// Minutes of a day.
const DAY: i64 = 24 * 60;

async fn keys(test: &TestApp) -> Vec<SigningKeyView> {
    let realm = test.made.realm.id;
    test.app
        .list_signing_keys(&test.admin(), realm)
        .await
        .unwrap()
}

async fn states(test: &TestApp) -> Vec<KeyState> {
    keys(test).await.iter().map(|view| view.state).collect()
}

/// The `kid`s that verifiers are given.
async fn published(test: &TestApp) -> Vec<String> {
    let keys = test.app.public_keys("CUSTOMER").await.unwrap();
    keys.iter().map(|key| key.id.to_string()).collect()
}

/// The `kid` of a token.
fn signer_of(test: &TestApp, token: &Secret) -> String {
    let id = test.ports().signer.claimed_key(token);
    id.unwrap().to_string()
}

async fn round(test: &TestApp) {
    Housekeeping::default().round(&test.app).await.unwrap();
}

#[tokio::test]
async fn a_key_is_published_before_it_signs_and_after_its_last_token() {
    let test = TestApp::start().await;
    let realm = test.made.realm.clone();
    let first = test.add_emergency_client(&realm, "first").await;
    let rotation = test.app.rotate_signing_key(&test.admin(), realm.id).await;
    let made = rotation.unwrap().made.key;
    assert_eq!(states(&test).await, [KeyState::Next, KeyState::Active]);
    let expected = [made.id.to_string(), signer_of(&test, &first)];
    assert_eq!(published(&test).await, expected);
    let again = test.app.rotate_signing_key(&test.admin(), realm.id).await;
    assert_eq!(again.unwrap_err(), Error::Conflict(Conflict::NextKeyExists));

    test.clock.advance_minutes(DAY - 30);
    let last = test.add_emergency_client(&realm, "last").await;
    assert_eq!(signer_of(&test, &last), signer_of(&test, &first));
    test.clock.advance_minutes(30);
    let next = test.add_emergency_client(&realm, "next").await;
    assert_eq!(signer_of(&test, &next), made.id.to_string());
    assert_eq!(states(&test).await, [KeyState::Active, KeyState::Retiring]);
    round(&test).await;
    assert_eq!(published(&test).await.len(), 2);
    assert!(bearer(&test, &last).await.is_ok());

    // The end of the last token is rounded up to the hour.
    test.clock.advance_minutes(91);
    round(&test).await;
    assert_eq!(states(&test).await, [KeyState::Active, KeyState::Retired]);
    assert_eq!(published(&test).await, [made.id.to_string()]);
    let retired = &keys(&test).await[1].key;
    assert!(retired.sealed_private_key.as_bytes().is_empty());
    let records = records_of(&test, AuditAction::SigningKeyRetired).await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].event.realm_id, Some(realm.id));
}

#[tokio::test]
async fn keys_follow_one_another_by_themselves() {
    let test = TestApp::start().await;
    round(&test).await;
    test.clock.advance_minutes(89 * DAY - 1);
    round(&test).await;
    assert_eq!(states(&test).await, [KeyState::Active]);
    test.clock.advance_minutes(1);
    round(&test).await;
    round(&test.another_process().await).await;
    assert_eq!(states(&test).await, [KeyState::Next, KeyState::Active]);
    test.clock.advance_minutes(DAY);
    round(&test).await;
    assert_eq!(states(&test).await, [KeyState::Active, KeyState::Retired]);
    assert_eq!(
        records_of(&test, AuditAction::SigningKeyCreated)
            .await
            .len(),
        3
    );
}

#[tokio::test]
async fn a_policy_says_what_the_next_key_is() {
    let test = TestApp::start().await;
    let (admin, realm) = (test.admin(), test.made.realm.clone());
    let draft = KeyPolicyDraft {
        algorithm: Some("EdDSA".to_owned()),
        rotation_period: Some(0),
        overlap: Some(1),
    };
    let changed = test.app.update_key_policy(&admin, realm.id, draft).await;
    let changed = changed.unwrap();
    assert_eq!(test.app.key_policy(&admin, realm.id).await, Ok(changed));
    let partial = KeyPolicyDraft::default();
    let same = test.app.update_key_policy(&admin, realm.id, partial).await;
    assert_eq!(same, Ok(changed));

    test.clock.advance_minutes(1000 * DAY);
    round(&test).await;
    assert_eq!(states(&test).await, [KeyState::Active]);
    let made = test.app.rotate_signing_key(&admin, realm.id).await.unwrap();
    let algorithm = made.made.key.algorithm;
    assert_eq!(algorithm.name(), "EdDSA");
    let issuer = test.app.issuer("CUSTOMER").await.unwrap();
    let names: Vec<_> = issuer.algorithms.iter().map(|name| name.name()).collect();
    assert_eq!(names, ["EdDSA", "ES256"]);
    test.clock.advance_minutes(1);
    let token = test.add_emergency_client(&realm, "c").await;
    assert!(bearer(&test, &token).await.is_ok());

    let faulty = KeyPolicyDraft {
        algorithm: Some("HS256".to_owned()),
        rotation_period: Some(1440),
        overlap: Some(1440),
    };
    let refused = test.app.update_key_policy(&admin, realm.id, faulty).await;
    let Err(Error::Invalid(report)) = refused else {
        unreachable!("{refused:?}")
    };
    let paths = report.failures().iter().map(|failure| &failure.path);
    assert!(paths.eq(["algorithm", "overlap"]));
}

#[tokio::test]
async fn an_emergency_recalls_everything_that_was_signed_and_nothing_of_others() {
    let test = TestApp::start().await;
    let (admin, realm) = (test.admin(), test.made.realm.clone());
    let other_realm = test.add_realm("OTHER").await;
    let other = test.add_emergency_client(&other_realm, "other").await;
    let paper = test.add_emergency_client(&realm, "paper").await;
    let client = add_api_client(&test, "ci").await;
    give_roles(&test, client, &["vcf_viewer"], None).await;
    let credential = add_api_token(&test, "ci").await.token;
    let access = exchange(&test, &credential).await.unwrap();
    for token in [&other, &paper, &access] {
        assert!(bearer(&test, token).await.is_ok());
    }
    let before = test.app.status_list("CUSTOMER").await.unwrap();

    let rotation = test.app.replace_signing_keys(&admin, realm.id).await;
    let rotation = rotation.unwrap();
    assert_eq!(rotation.made.state, KeyState::Active);
    assert_eq!(rotation.recalled.emergency_tokens, 1);
    assert_eq!(rotation.recalled.credentials, 1);
    assert_eq!(states(&test).await, [KeyState::Active, KeyState::Retired]);
    assert_eq!(published(&test).await, [rotation.made.key.id.to_string()]);
    for process in [&test, &test.another_process().await] {
        assert!(bearer(process, &paper).await.is_err());
        assert!(bearer(process, &access).await.is_err());
        assert!(bearer(process, &other).await.is_ok());
    }
    let after = test.app.status_list("CUSTOMER").await.unwrap();
    assert_ne!(after.jwt, before.jwt);
    let view = test.app.get_emergency_client(&admin, realm.id, "paper");
    assert_eq!(view.await.unwrap().status, TokenStatus::Revoked);

    // The credential lives on, and so does the client.
    let fresh = exchange(&test, &credential).await.unwrap();
    assert!(bearer(&test, &fresh).await.is_ok());
    let again = test
        .app
        .regenerate_emergency_client(&admin, realm.id, "paper");
    let again = again.await.unwrap().access_token;
    assert!(bearer(&test, &again).await.is_ok());
    let records = records_of(&test, AuditAction::SigningKeyRevoked).await;
    assert_eq!(records.len(), 1);
}

#[tokio::test]
async fn what_was_forged_with_a_stolen_key_dies_with_it_though_nothing_tells_of_its_use() {
    let test = TestApp::start().await;
    let (admin, realm) = (test.admin(), test.made.realm.clone());
    let client = add_api_client(&test, "ci").await;
    give_roles(&test, client, &["vcf_viewer"], None).await;
    let credential = add_api_token(&test, "ci").await.token;
    let access = exchange(&test, &credential).await.unwrap();
    let broker = test.made.broker.clone();
    let mut view = test.ports().store.read().await.unwrap();
    let keys = view.list_signing_keys(Some(broker.id)).await.unwrap();
    drop(view);
    let signer = &test.ports().signer;
    let claims = signer.verify_access_token(&keys, &broker.issuer_path(), &access);
    let claims = AccessTokenClaims {
        expires_at: test.clock.now().plus(Minutes::new(30 * 24 * 60)),
        ..claims.unwrap()
    };
    let forged = signer.sign_access_token(&keys[0], &claims).unwrap();
    // The credential was last used longer ago than any token lives that we issue.
    test.clock.advance_minutes(2 * DAY);
    let other = test.another_process().await;
    for process in [&test, &other] {
        assert!(bearer(process, &forged).await.is_ok());
    }
    let rotation = test.app.replace_signing_keys(&admin, realm.id).await;
    assert_eq!(rotation.unwrap().recalled.credentials, 0);
    for process in [&test, &other, &test.another_process().await] {
        assert!(bearer(process, &forged).await.is_err());
    }
}

#[tokio::test]
async fn no_status_list_of_a_retired_key_is_shown() {
    let test = TestApp::start().await;
    let before = test.app.status_list("CUSTOMER").await.unwrap();
    let (admin, realm) = (test.admin(), test.made.realm.id);
    let rotation = test.app.replace_signing_keys(&admin, realm).await;
    let after = test.app.status_list("CUSTOMER").await.unwrap();
    assert_ne!(after.jwt, before.jwt, "though nothing was recalled");
    let signer = signer_of(&test, &Secret::new(after.jwt.as_ref()));
    assert_eq!(signer, rotation.unwrap().made.key.id.to_string());
}

#[tokio::test]
async fn a_realm_rotates_its_own_keys_alone() {
    let test = TestApp::start().await;
    let other = test.add_realm("OTHER").await;
    let token = test.add_emergency_client(&other, "c").await;
    let stranger = bearer(&test, &token).await.unwrap();
    let realm = test.made.realm.id;
    let absent = test.app.rotate_signing_key(&stranger, realm).await;
    assert!(matches!(absent, Err(Error::NotFound(_))));
    let absent = test.app.replace_signing_keys(&stranger, realm).await;
    assert!(matches!(absent, Err(Error::NotFound(_))));
    let own = test.app.rotate_signing_key(&stranger, other.id).await;
    assert!(own.is_ok());
    assert_eq!(states(&test).await, [KeyState::Active]);
}

#[tokio::test]
async fn the_master_key_changes_while_servers_run() {
    let test = TestApp::start().await;
    let realm = test.made.realm.clone();
    let running = test.another_process().await;
    let mut token = running.add_emergency_client(&realm, "c").await;

    test.begin_master_key_replacement();
    let changing = test.another_process().await;
    let count = changing.app.reseal_keys(&changing.admin()).await;
    assert_eq!(
        count,
        Ok(3),
        "the audit's, the checkpoints' and the broker's"
    );
    test.end_master_key_replacement();

    for process in [&running, &test.another_process().await] {
        assert!(bearer(process, &token).await.is_ok());
        let made = process
            .app
            .rotate_signing_key(&test.admin(), realm.id)
            .await;
        let issued = process
            .app
            .regenerate_emergency_client(&test.admin(), realm.id, "c")
            .await;
        assert!(made.is_ok() || made == Err(Error::Conflict(Conflict::NextKeyExists)));
        token = issued.unwrap().access_token;
        round(process).await;
    }
    let keys = test
        .another_process()
        .await
        .app
        .public_keys("CUSTOMER")
        .await;
    assert_eq!(keys.unwrap().len(), 2, "what was made meanwhile opens too");
    assert_eq!(
        records_of(&test, AuditAction::MasterKeyRotated).await.len(),
        1
    );
}
