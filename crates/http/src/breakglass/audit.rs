//! `/breakglass/v1/audit`: the audit, read and verified.

use breakglass_api_types::breakglass::{
    AuditAction, AuditActions, AuditActor, AuditCheckpoint, AuditCheckpoints, AuditOutcome,
    AuditRecord, AuditRecords, AuditTampering, AuditTarget, AuditVerification,
    AuditVerificationFailure,
};
use breakglass_app::Verification;
use breakglass_domain::audit::{self, Outcome, SignedCheckpoint, Tampering, TamperingKind};
use breakglass_ports::store::{AuditFilter, AuditOrder};

use super::whole;
use crate::call::Call;
use crate::failure::Failure;
use crate::reply::Reply;

/// How many records a page holds when nobody says.
const PAGE: u32 = 100;

/// `listAuditActions`.
pub(crate) fn list_actions(call: &Call) -> Result<Reply, Failure> {
    call.caller()?;
    let actions = audit::AuditAction::ALL.iter().map(|action| AuditAction {
        action: Some(action.name().to_owned()),
        description: Some(action.description().to_owned()),
    });
    Reply::json(&AuditActions {
        actions: Some(actions.collect()),
    })
}

/// `listAuditCheckpoints`.
pub(crate) async fn list_checkpoints(call: &Call) -> Result<Reply, Failure> {
    let checkpoints = call.app().list_audit_checkpoints(call.caller()?).await?;
    Reply::json(&AuditCheckpoints {
        checkpoints: Some(checkpoints.iter().map(checkpoint).collect()),
    })
}

/// `createAuditCheckpoint`.
pub(crate) async fn create_checkpoint(call: &Call) -> Result<Reply, Failure> {
    let signed = call.app().create_audit_checkpoint(call.caller()?).await?;
    Reply::json(&checkpoint(&signed))
}

/// `listAuditRecords`.
pub(crate) async fn list_records(call: &Call) -> Result<Reply, Failure> {
    let filter = filter(call)?;
    let page = call
        .app()
        .list_audit_records(call.caller()?, filter)
        .await?;
    Reply::json(&AuditRecords {
        next: page.next.map(whole),
        records: Some(page.records.iter().map(record).collect()),
    })
}

/// `verifyAudit`. An audit that does not hold is a finding, not a failure: the status is the same.
pub(crate) async fn verify(call: &Call) -> Result<Reply, Failure> {
    let mut query = call.query();
    let given: Option<String> = query.read("checkpoint", "must be a signed checkpoint");
    query.finish()?;
    let found = call
        .app()
        .verify_audit(call.caller()?, given.as_deref())
        .await?;
    Reply::json(&verification(&found))
}

fn filter(call: &Call) -> Result<AuditFilter, Failure> {
    let mut query = call.query();
    let filter = AuditFilter {
        after: query.read("after", "must be a whole number from 0"),
        limit: query.read("limit", "must be 1 to 1000").unwrap_or(PAGE),
        order: query
            .read_with("order", "must be ASCENDING or DESCENDING", order)
            .unwrap_or_default(),
        realm_id: query.read("realmId", "must be a UUID"),
        action: query.read_with(
            "action",
            "must be a name of the catalogue of actions",
            audit::AuditAction::from_name,
        ),
    };
    query.finish()?;
    Ok(filter)
}

fn order(word: &str) -> Option<AuditOrder> {
    match word {
        "ASCENDING" => Some(AuditOrder::Ascending),
        "DESCENDING" => Some(AuditOrder::Descending),
        _ => None,
    }
}

fn checkpoint(signed: &SignedCheckpoint) -> AuditCheckpoint {
    AuditCheckpoint {
        checkpoint: Some(signed.jws.clone()),
        mac: Some(signed.checkpoint.mac.to_string()),
        sequence: Some(whole(signed.checkpoint.sequence)),
        time: Some(signed.checkpoint.time.millis()),
    }
}

fn record(record: &audit::AuditRecord) -> AuditRecord {
    let event = &record.event;
    // An anonymous actor has no id to show.
    let actor_id = Some(event.actor.id.clone()).filter(|id| !id.is_empty());
    AuditRecord {
        action: Some(event.action.name().to_owned()),
        actor: Some(AuditActor {
            id: actor_id,
            kind: Some(event.actor.kind.name().to_owned()),
        }),
        details: Some(event.details.clone()),
        emergency: Some(event.emergency),
        mac: Some(record.mac.to_string()),
        outcome: Some(match event.outcome {
            Outcome::Denied => AuditOutcome::Denied,
            Outcome::Failure => AuditOutcome::Failure,
            Outcome::Success => AuditOutcome::Success,
        }),
        realm_id: event.realm_id.map(|realm| realm.to_string()),
        request_id: event.request_id.clone(),
        sequence: Some(whole(record.sequence)),
        source_address: event.source_address.clone(),
        target: event.target.as_ref().map(|target| AuditTarget {
            id: Some(target.id.clone()),
            kind: Some(target.kind.name().to_owned()),
        }),
        time: Some(event.time.millis()),
    }
}

fn verification(found: &Verification) -> AuditVerification {
    AuditVerification {
        failure: found.tampering.map(failure),
        last_sequence: Some(found.head.map_or(0, |head| whole(head.sequence))),
        records: Some(whole(found.records)),
        valid: Some(found.tampering.is_none()),
    }
}

fn failure(tampering: Tampering) -> AuditVerificationFailure {
    AuditVerificationFailure {
        message: Some(tampering.to_string()),
        reason: Some(match tampering.kind {
            TamperingKind::Changed => AuditTampering::Changed,
            TamperingKind::Forked => AuditTampering::Forked,
            TamperingKind::Missing => AuditTampering::Missing,
            TamperingKind::Truncated => AuditTampering::Truncated,
        }),
        sequence: Some(whole(tampering.sequence)),
    }
}
