use std::sync::Arc;

use breakglass_app::{Credentials, Error};
use breakglass_domain::audit::{AuditAction, Outcome};
use breakglass_domain::{Privilege, Secret};
use breakglass_test_support::{ADMIN_PASSWORD, TestApp};

use crate::support::{bearer, origin, records_of, viewer};

fn basic(username: &str, password: &str) -> Credentials {
    Credentials::Basic {
        username: username.to_owned(),
        password: Secret::new(password),
    }
}

#[tokio::test]
async fn each_use_of_an_emergency_token_is_counted_and_audited() {
    let test = TestApp::start().await;
    let token = test.add_emergency_client(&test.made.realm, "fire").await;
    for _ in 0..3 {
        bearer(&test, &token).await.unwrap();
    }
    let used = records_of(&test, AuditAction::EmergencyTokenUsed).await;
    assert_eq!(used.len(), 3);
    assert!(used.iter().all(|record| record.event.emergency));
    assert_eq!(used[0].event.details["operation"], "test");
    let view = test
        .app
        .get_emergency_client(&test.admin(), test.made.realm.id, "fire")
        .await
        .unwrap();
    assert_eq!(view.client.usage.uses, 3);
    assert!(view.client.usage.last_used_at.is_some());
}

#[tokio::test]
async fn a_use_that_cannot_be_audited_is_refused() {
    let test = TestApp::start().await;
    let token = test.add_emergency_client(&test.made.realm, "fire").await;
    test.store.refuse_writes(true);
    assert!(matches!(bearer(&test, &token).await, Err(Error::Store(_))));
}

#[tokio::test]
async fn repeated_refusals_of_one_source_are_folded_into_one_record() {
    let test = TestApp::start().await;
    for _ in 0..5 {
        let refused = test
            .app
            .authenticate(None, origin("203.0.113.9"), "listRealms")
            .await;
        assert!(matches!(refused, Err(Error::Unauthenticated(_))));
    }
    test.app
        .authenticate(None, origin("203.0.113.10"), "listRealms")
        .await
        .unwrap_err();
    assert_eq!(
        records_of(&test, AuditAction::AuthenticationFailed)
            .await
            .len(),
        2
    );
    test.clock.advance_minutes(1);
    breakglass_app::Housekeeping::default()
        .round(&test.app)
        .await
        .unwrap();
    let failed = records_of(&test, AuditAction::AuthenticationFailed).await;
    assert_eq!(failed.len(), 3);
    assert_eq!(failed[2].event.details["repeats"], "4");
    assert_eq!(
        failed[2].event.source_address.as_deref(),
        Some("203.0.113.9")
    );
    assert!(
        failed
            .iter()
            .all(|record| record.event.outcome == Outcome::Denied)
    );
}

#[tokio::test]
async fn a_source_that_fails_too_often_is_put_off_but_never_an_emergency_token() {
    let test = TestApp::start().await;
    let token = test.add_emergency_client(&test.made.realm, "fire").await;
    let limit = test.app.options().failure_limit;
    for _ in 0..limit {
        let wrong = Some(Credentials::Bearer(Secret::new("wrong")));
        let refused = test
            .app
            .authenticate(wrong, origin("198.51.100.7"), "test")
            .await;
        assert!(matches!(refused, Err(Error::Unauthenticated(_))));
    }
    let hashes = test.hasher.hashes();
    let refused = test
        .app
        .authenticate(
            Some(basic("admin", ADMIN_PASSWORD)),
            origin("198.51.100.7"),
            "test",
        )
        .await;
    assert!(matches!(
        refused,
        Err(Error::RateLimited {
            retry_after_seconds: 1..=60
        })
    ));
    assert_eq!(
        test.hasher.hashes(),
        hashes,
        "a source that is put off costs no hash"
    );
    assert!(bearer(&test, &token).await.is_ok());
    assert!(
        test.app
            .authenticate(
                Some(basic("admin", ADMIN_PASSWORD)),
                origin("192.0.2.77"),
                "test"
            )
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn requests_without_a_credential_hold_nobody_back() {
    let test = TestApp::start().await;
    for _ in 0..=test.app.options().failure_limit {
        let refused = test
            .app
            .authenticate(None, origin("192.0.2.5"), "test")
            .await;
        assert!(matches!(refused, Err(Error::Unauthenticated(_))));
    }
    let right = Some(basic("admin", ADMIN_PASSWORD));
    assert!(
        test.app
            .authenticate(right, origin("192.0.2.5"), "test")
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn an_unknown_account_costs_what_a_wrong_password_costs() {
    let test = TestApp::start().await;
    let before = test.hasher.hashes();
    for name in ["admin", "stranger", "no\nname"] {
        let refused = test
            .app
            .authenticate(Some(basic(name, "wrong")), origin("192.0.2.5"), "test")
            .await;
        assert!(matches!(refused, Err(Error::Unauthenticated(_))));
    }
    assert_eq!(test.hasher.hashes() - before, 3);
}

#[tokio::test]
async fn a_name_that_is_no_accounts_is_not_written_down() {
    let test = TestApp::start().await;
    test.app
        .authenticate(Some(basic("hunter2", "x")), origin("192.0.2.5"), "test")
        .await
        .unwrap_err();
    test.app
        .authenticate(Some(basic("admin", "x")), origin("192.0.2.6"), "test")
        .await
        .unwrap_err();
    let failed = records_of(&test, AuditAction::AuthenticationFailed).await;
    assert!(!format!("{failed:?}").contains("hunter2"));
    assert_eq!(failed[1].event.details["username"], "admin");
}

#[tokio::test]
async fn a_missing_privilege_is_refused_and_audited() {
    let test = TestApp::start().await;
    assert!(
        test.app
            .authorize(&viewer(), Privilege::View, "read")
            .await
            .is_ok()
    );
    let refused = test
        .app
        .authorize(&viewer(), Privilege::Manage, "write")
        .await;
    assert_eq!(
        refused,
        Err(Error::Forbidden {
            missing: Some(Privilege::Manage)
        })
    );
    let denied = records_of(&test, AuditAction::AuthorizationDenied).await;
    assert_eq!(denied.len(), 1);
    assert_eq!(denied[0].event.actor.id, "viewer");
    assert_eq!(denied[0].event.outcome, Outcome::Denied);
}

#[tokio::test]
async fn a_digest_written_by_a_stranger_opens_nothing() {
    let test = TestApp::start().await;
    let realm = test.made.realm.id;
    test.add_emergency_client(&test.made.realm, "fire").await;
    let forged = Secret::new("a token that no key signed");
    let mut unit = test.ports().store.begin().await.unwrap();
    let mut client = unit
        .find_emergency_client(realm, &"fire".parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    client.token.digest = breakglass_domain::TokenDigest::of(forged.expose());
    unit.update_emergency_client(&client).await.unwrap();
    let record = records_of(&test, AuditAction::EmergencyClientCreated)
        .await
        .remove(0);
    unit.commit(&test.audit_key().await, record.event.into())
        .await
        .unwrap();
    assert!(matches!(
        bearer(&test, &forged).await,
        Err(Error::Unauthenticated(_))
    ));
}

#[tokio::test]
async fn passwords_tried_at_once_are_held_to_the_same_limit() {
    let test = TestApp::start().await;
    let before = test.hasher.hashes();
    let attempts: Vec<_> = (0..200)
        .map(|_| {
            let app = Arc::clone(&test.app);
            tokio::spawn(async move {
                let wrong = Some(basic("admin", "wrong"));
                app.authenticate(wrong, origin("198.51.100.7"), "test")
                    .await
            })
        })
        .collect();
    for attempt in attempts {
        attempt.await.unwrap().unwrap_err();
    }
    assert_eq!(
        test.hasher.hashes() - before,
        test.app.options().failure_limit
    );
}

#[tokio::test]
async fn a_right_password_uses_up_no_attempt() {
    let test = TestApp::start().await;
    for _ in 0..=test.app.options().failure_limit {
        let right = Some(basic("admin", ADMIN_PASSWORD));
        assert!(
            test.app
                .authenticate(right, origin("198.51.100.7"), "test")
                .await
                .is_ok()
        );
    }
}

#[tokio::test]
async fn a_flood_from_many_addresses_neither_fills_the_audit_nor_frees_a_guesser() {
    let test = TestApp::start().await;
    for host in 0..5000_u32 {
        let address = format!("2001:db8::{:x}:{:x}", host >> 8, host & 0xff);
        test.app
            .authenticate(
                Some(Credentials::Bearer(Secret::new("dead"))),
                origin(&address),
                "test",
            )
            .await
            .unwrap_err();
        let network = format!("2001:db8:{host:x}::1");
        test.app
            .authenticate(
                Some(Credentials::Bearer(Secret::new("dead"))),
                origin(&network),
                "test",
            )
            .await
            .unwrap_err();
    }
    assert!(
        records_of(&test, AuditAction::AuthenticationFailed)
            .await
            .len()
            < 200
    );
    let mut refused = None;
    for _ in 0..=test.app.options().failure_limit {
        let wrong = Some(basic("admin", "wrong"));
        refused = test
            .app
            .authenticate(wrong, origin("203.0.113.200"), "test")
            .await
            .err();
    }
    assert!(matches!(refused, Some(Error::RateLimited { .. })));
    test.clock.advance_minutes(1);
    breakglass_app::Housekeeping::default()
        .round(&test.app)
        .await
        .unwrap();
    let told: u64 = records_of(&test, AuditAction::AuthenticationFailed)
        .await
        .iter()
        .map(|record| {
            record
                .event
                .details
                .get("repeats")
                .map_or(1, |repeats| repeats.parse().unwrap())
        })
        .sum();
    assert!(told >= 10_000, "every refusal is told: {told}");
}

#[tokio::test]
async fn repeats_that_cannot_be_recorded_stay_counted() {
    let test = TestApp::start().await;
    for _ in 0..4 {
        test.app
            .authenticate(None, origin("203.0.113.9"), "test")
            .await
            .unwrap_err();
    }
    test.clock.advance_minutes(1);
    test.store.refuse_writes(true);
    let mut housekeeping = breakglass_app::Housekeeping::default();
    housekeeping.round(&test.app).await.unwrap_err();
    test.store.refuse_writes(false);
    housekeeping.round(&test.app).await.unwrap();
    housekeeping.round(&test.app).await.unwrap();
    let failed = records_of(&test, AuditAction::AuthenticationFailed).await;
    assert_eq!(failed.len(), 2);
    assert_eq!(failed[1].event.details["repeats"], "3");
}

#[tokio::test]
async fn a_recalled_token_is_not_brought_back_by_its_digest_alone() {
    let test = TestApp::start().await;
    let realm = test.made.realm.id;
    let old = test.add_emergency_client(&test.made.realm, "fire").await;
    // Also when its signature was verified here before.
    bearer(&test, &old).await.unwrap();
    test.clock.advance_minutes(1);
    test.app
        .regenerate_emergency_client(&test.admin(), realm, "fire")
        .await
        .unwrap();
    let mut unit = test.ports().store.begin().await.unwrap();
    let mut client = unit
        .find_emergency_client(realm, &"fire".parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    client.token.digest = breakglass_domain::TokenDigest::of(old.expose());
    unit.update_emergency_client(&client).await.unwrap();
    let record = records_of(&test, AuditAction::EmergencyClientCreated)
        .await
        .remove(0);
    unit.commit(&test.audit_key().await, record.event.into())
        .await
        .unwrap();
    assert!(matches!(
        bearer(&test, &old).await,
        Err(Error::Unauthenticated(_))
    ));
}
