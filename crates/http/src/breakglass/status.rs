//! `/breakglass/v1/status`: how the installation stands.

use breakglass_api_types::breakglass::{AuditStatus, RealmStatus, ServerStatus};
use breakglass_app::{AuditState, Warning};
use breakglass_domain::Timestamp;

use super::whole;
use crate::call::Call;
use crate::failure::Failure;
use crate::reply::Reply;

/// `getServerStatus`.
pub(crate) async fn get(call: &Call) -> Result<Reply, Failure> {
    let status = call.app().status(call.caller()?).await?;
    let warnings = status.realms.iter().flat_map(|realm| {
        let tenant = &realm.broker.broker.tenant;
        let warnings = realm.warnings.iter();
        warnings.map(move |warning| format!("realm of {tenant}: {warning}"))
    });
    Reply::json(&ServerStatus {
        audit: Some(audit(&status.audit)),
        instance_id: Some(status.instance_id.to_string()),
        now: Some(status.now.millis()),
        public_url: Some(status.public_url.clone()),
        realms: Some(status.realms.iter().map(realm).collect()),
        started_at: Some(status.started_at.millis()),
        version: Some(call.shared.options.version.to_owned()),
        warnings: Some(warnings.collect()),
    })
}

fn audit(state: &AuditState) -> AuditStatus {
    // Sequences have no gap, so that the last one counts the records.
    let last = state.head.map_or(0, |head| whole(head.sequence));
    AuditStatus {
        last_checkpoint_sequence: state.last_checkpoint.map(|last| whole(last.sequence)),
        last_sequence: Some(last),
        records: Some(last),
    }
}

fn realm(status: &breakglass_app::RealmStatus) -> RealmStatus {
    let broker = &status.broker.broker;
    let emergency = &status.emergency;
    RealmStatus {
        display_name: Some(broker.display_name.to_string()),
        last_used_at: emergency.last_used_at.map(Timestamp::millis),
        live_emergency_clients: Some(whole(emergency.live)),
        nearest_expiry: emergency.nearest_expiry.map(Timestamp::millis),
        oidc_issuer_url: Some(status.broker.issuer.clone()),
        realm_id: Some(status.realm.id.to_string()),
        tenant: Some(broker.tenant.to_string()),
        total_emergency_clients: Some(whole(emergency.total)),
        warnings: Some(status.warnings.iter().map(Warning::to_string).collect()),
    }
}
