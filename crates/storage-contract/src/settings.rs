//! The fleet-wide IAM settings.

use breakglass_domain::{IamSettings, IamSettingsDraft};

use crate::{Harness, begin, keep, read};

pub async fn find_settings_gives_the_defaults_until_others_were_written<H: Harness>() {
    let harness = H::fresh().await;
    let found = read(&harness).await.find_settings().await;
    assert_eq!(found, Ok(IamSettings::default()));
}

pub async fn update_settings_keeps_every_field<H: Harness>() {
    let harness = H::fresh().await;
    let draft = IamSettingsDraft {
        access_token_ttl: Some(31),
        all_users_group_enabled: Some(true),
        api_token_retention_period: Some(50_001),
        api_token_ttl: Some(60_002),
        jit_inactive_user_enabled: Some(true),
        jit_inactive_user_ttl: Some(20_003),
    };
    let disabled = IamSettingsDraft {
        jit_inactive_user_enabled: Some(false),
        jit_inactive_user_ttl: None,
        ..draft.clone()
    };
    for draft in [draft, disabled] {
        let settings = draft.accept().unwrap();
        let mut unit = begin(&harness).await;
        unit.update_settings(&settings).await.unwrap();
        keep(unit).await;
        let found = read(&harness).await.find_settings().await;
        assert_eq!(found, Ok(settings));
    }
}
