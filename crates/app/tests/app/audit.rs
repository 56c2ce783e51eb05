use breakglass_app::Error;
use breakglass_domain::audit::{AuditAction, TamperingKind};
use breakglass_ports::store::{AuditFilter, AuditOrder};
use breakglass_test_support::TestApp;

use crate::support::{bearer, records, records_of};

fn page(after: Option<u64>, limit: u32, order: AuditOrder) -> AuditFilter {
    AuditFilter {
        after,
        limit,
        order,
        realm_id: None,
        action: None,
    }
}

#[tokio::test]
async fn pages_follow_one_another_in_both_directions() {
    let test = TestApp::start().await;
    for order in [AuditOrder::Ascending, AuditOrder::Descending] {
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let found = test
                .app
                .list_audit_records(&test.admin(), page(after, 4, order))
                .await
                .unwrap();
            seen.extend(found.records.iter().map(|record| record.sequence));
            match found.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        if order == AuditOrder::Descending {
            seen.reverse();
        }
        assert_eq!(seen, [1, 2, 3, 4, 5, 6]);
    }
    let refused = test
        .app
        .list_audit_records(&test.admin(), page(None, 0, AuditOrder::Ascending))
        .await;
    assert!(matches!(refused, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn a_realms_caller_reads_its_realm_alone() {
    let test = TestApp::start().await;
    let other = test.add_realm("OTHER").await;
    test.add_emergency_client(&other, "theirs").await;
    let token = test.add_emergency_client(&test.made.realm, "ours").await;
    let caller = bearer(&test, &token).await.unwrap();
    let own = page(None, 1000, AuditOrder::Ascending);
    let seen = test
        .app
        .list_audit_records(&caller, own)
        .await
        .unwrap()
        .records;
    assert!(!seen.is_empty());
    assert!(
        seen.iter()
            .all(|record| record.event.realm_id == Some(test.made.realm.id))
    );
    let theirs = AuditFilter {
        realm_id: Some(other.id),
        ..own
    };
    assert!(test.app.list_audit_records(&caller, theirs).await.is_err());
}

#[tokio::test]
async fn an_untouched_audit_verifies_with_a_checkpoint_of_its_own() {
    let test = TestApp::start().await;
    let signed = test
        .app
        .create_audit_checkpoint(&test.admin())
        .await
        .unwrap();
    test.add_emergency_client(&test.made.realm, "fire").await;
    let verification = test
        .app
        .verify_audit(&test.admin(), Some(&signed.jws))
        .await
        .unwrap();
    assert_eq!(verification.tampering, None);
    assert_eq!(verification.records, records(&test).await.len() as u64);
    assert_eq!(
        records_of(&test, AuditAction::AuditCheckpointed)
            .await
            .len(),
        1
    );
}

#[tokio::test]
async fn a_checkpoint_of_another_installation_is_refused() {
    let test = TestApp::start().await;
    let stranger = TestApp::start().await;
    let theirs = stranger
        .app
        .create_audit_checkpoint(&stranger.admin())
        .await
        .unwrap();
    for text in [theirs.jws.as_str(), "", "a.b.c"] {
        let refused = test.app.verify_audit(&test.admin(), Some(text)).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{text}");
    }
}

#[tokio::test]
async fn a_checkpoint_kept_elsewhere_shows_that_an_old_copy_was_put_back() {
    let test = TestApp::start().await;
    let copy = tempfile::tempdir().unwrap();
    // A copy of the folder before the last records: what an attacker who cannot forge a record would put back.
    for entry in std::fs::read_dir(test.folder()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    test.add_emergency_client(&test.made.realm, "fire").await;
    let signed = test
        .app
        .create_audit_checkpoint(&test.admin())
        .await
        .unwrap();
    let ports = test.ports_over(copy.path()).await;
    let old = breakglass_app::App::open(ports, test.app.options().clone())
        .await
        .unwrap();
    assert_eq!(
        old.verify_audit(&test.admin(), None)
            .await
            .unwrap()
            .tampering,
        None
    );
    let tampering = old
        .verify_audit(&test.admin(), Some(&signed.jws))
        .await
        .unwrap()
        .tampering
        .unwrap();
    assert_eq!(
        (tampering.sequence, tampering.kind),
        (7, TamperingKind::Truncated)
    );
}

#[tokio::test]
async fn an_audit_that_was_emptied_does_not_verify() {
    let test = TestApp::start().await;
    let empty = tempfile::tempdir().unwrap();
    let ports = test.ports_over(empty.path()).await;
    // A store of the same installation and keys whose audit begins with something else.
    let mut view = test.ports().store.read().await.unwrap();
    let installation = view.find_installation().await.unwrap().unwrap();
    let mut unit = ports.store.begin().await.unwrap();
    unit.insert_installation(&installation).await.unwrap();
    let first = records(&test).await.remove(4).event;
    unit.commit(&test.audit_key().await, first.into())
        .await
        .unwrap();
    let begun_anew = breakglass_app::App::open(ports, test.app.options().clone())
        .await
        .unwrap();
    let verification = begun_anew.verify_audit(&test.admin(), None).await.unwrap();
    let tampering = verification.tampering.unwrap();
    assert_eq!(
        (tampering.sequence, tampering.kind),
        (1, TamperingKind::Changed)
    );
}
