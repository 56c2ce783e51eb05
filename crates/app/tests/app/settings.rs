use breakglass_app::Error;
use breakglass_domain::audit::AuditAction;
use breakglass_domain::{IamSettings, IamSettingsDraft, Minutes};
use breakglass_test_support::TestApp;

use crate::support::records_of;

#[tokio::test]
async fn settings_are_replaced_and_the_audit_says_what_changed() {
    let test = TestApp::start().await;
    assert_eq!(
        test.app.get_settings(&test.admin()).await.unwrap(),
        IamSettings::default()
    );
    let draft = IamSettingsDraft {
        access_token_ttl: Some(30),
        all_users_group_enabled: Some(false),
        api_token_retention_period: Some(43_200),
        api_token_ttl: Some(43_200),
        jit_inactive_user_enabled: Some(true),
        jit_inactive_user_ttl: Some(10_080),
    };
    let updated = test
        .app
        .update_settings(&test.admin(), draft)
        .await
        .unwrap();
    assert_eq!(updated.access_token_ttl(), Minutes::new(30));
    assert_eq!(test.app.get_settings(&test.admin()).await.unwrap(), updated);
    let changes = records_of(&test, AuditAction::SettingsUpdated)
        .await
        .remove(0)
        .event
        .details;
    assert_eq!(changes["accessTokenTtl"], "480 -> 30");
    assert_eq!(changes["jitInactiveUserTtl"], "disabled -> 10080");
    assert_eq!(changes.len(), 2);
}

#[tokio::test]
async fn faulty_settings_change_nothing() {
    let test = TestApp::start().await;
    let refused = test
        .app
        .update_settings(&test.admin(), IamSettingsDraft::default())
        .await;
    assert!(matches!(refused, Err(Error::Invalid(_))));
    assert_eq!(
        test.app.get_settings(&test.admin()).await.unwrap(),
        IamSettings::default()
    );
    assert!(
        records_of(&test, AuditAction::SettingsUpdated)
            .await
            .is_empty()
    );
}
