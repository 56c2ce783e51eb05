//! `…/iam/settings`: the settings that hold for every realm.

use breakglass_api_types::fleet_iam::GlobalIamSettings;
use breakglass_domain::{IamSettings, IamSettingsDraft, Minutes};

use crate::call::Call;
use crate::failure::{Failure, reject_faults};
use crate::reply::Reply;

/// `getIamSettings`.
pub(crate) async fn get(call: &Call) -> Result<Reply, Failure> {
    let settings = call.app().get_settings(call.caller()?).await?;
    Reply::json(&wire(&settings))
}

/// `updateIamSettings`. The whole object is replaced, so that what is left out is told as missing.
pub(crate) async fn update(call: &Call) -> Result<Reply, Failure> {
    let parsed = call.json::<GlobalIamSettings>()?;
    let draft = draft(&parsed.value);
    reject_faults(parsed.failures, draft.clone().accept().err())?;
    let settings = call.app().update_settings(call.caller()?, draft).await?;
    Reply::json(&wire(&settings))
}

fn draft(body: &GlobalIamSettings) -> IamSettingsDraft {
    // The reader has told of every number below zero, so that what becomes of one here is never acted on.
    let minutes = |value: Option<i32>| value.map(|value| u32::try_from(value).unwrap_or_default());
    IamSettingsDraft {
        access_token_ttl: minutes(body.access_token_ttl),
        all_users_group_enabled: body.all_users_group_enabled,
        api_token_retention_period: minutes(body.api_token_retention_period),
        api_token_ttl: minutes(body.api_token_ttl),
        jit_inactive_user_enabled: body.jit_inactive_user_enabled,
        jit_inactive_user_ttl: minutes(body.jit_inactive_user_ttl),
    }
}

fn wire(settings: &IamSettings) -> GlobalIamSettings {
    let minutes = |ttl: Minutes| i32::try_from(ttl.get()).ok();
    let inactive = settings.jit_inactive_user_ttl();
    GlobalIamSettings {
        access_token_ttl: minutes(settings.access_token_ttl()),
        all_users_group_enabled: Some(settings.all_users_group_enabled()),
        api_token_retention_period: minutes(settings.api_token_retention_period()),
        api_token_ttl: minutes(settings.api_token_ttl()),
        jit_inactive_user_enabled: Some(inactive.is_some()),
        // The contract has 0 while it is disabled.
        jit_inactive_user_ttl: minutes(inactive.unwrap_or(Minutes::new(0))),
    }
}
