use breakglass_app::Warning;
use breakglass_test_support::TestApp;

use crate::support::bearer;

#[tokio::test]
async fn the_status_sums_up_each_realm_and_warns() {
    let test = TestApp::start().await;
    let lonely = test.app.status(&test.admin()).await.unwrap();
    assert_eq!(
        lonely.realms[0].warnings,
        [Warning::FewLiveClients { live: 0 }]
    );
    let token = test.add_emergency_client(&test.made.realm, "one").await;
    test.add_emergency_client(&test.made.realm, "two").await;
    bearer(&test, &token).await.unwrap();
    let status = test.app.status(&test.admin()).await.unwrap();
    let realm = &status.realms[0];
    assert_eq!((realm.emergency.total, realm.emergency.live), (2, 2));
    assert_eq!(realm.emergency.last_used_at, Some(status.now));
    assert!(matches!(
        realm.warnings[..],
        [Warning::FewSoon { live: 0, .. }]
    ));
    assert!(status.audit.head.is_some());
}

#[tokio::test]
async fn a_realms_caller_sees_its_realm_alone() {
    let test = TestApp::start().await;
    test.add_realm("OTHER").await;
    let token = test.add_emergency_client(&test.made.realm, "one").await;
    let caller = bearer(&test, &token).await.unwrap();
    assert_eq!(test.app.status(&caller).await.unwrap().realms.len(), 1);
    assert_eq!(
        test.app.status(&test.admin()).await.unwrap().realms.len(),
        2
    );
}
