//! Walks over the table of operations: what is served and guarded refuses whoever has not shown who they are or may not do
//! it, every write leaves an audit record, and no read does.

use breakglass_api_types::{Effect, Operation, OperationSpec, Privilege, Surface};
use breakglass_app::Options;
use breakglass_domain::Secret;
use breakglass_domain::audit::AuditAction;
use breakglass_http::ApiOptions;

use crate::samples::{CLIENT, sample, served};
use serde_json::json;

use crate::overflow::overflow_token;
use crate::support::{Ask, Harness, Told, bearer, ops};

/// An application that does not lose patience: the limit on failures would answer 429 from the twentieth on.
async fn patient() -> Harness {
    let options = Options {
        failure_limit: 1000,
        ..Options::default()
    };
    Harness::start_with(options, ApiOptions::default()).await
}

/// The operations that are served to whoever may ask.
async fn guarded(harness: &Harness) -> Vec<&'static OperationSpec> {
    let mut specs = served(harness).await;
    specs.retain(|spec| !is_public(spec));
    specs
}

/// Whether anybody may ask.
fn is_public(spec: &OperationSpec) -> bool {
    matches!(spec.privilege, Privilege::Public | Privilege::PublicOrView)
}

/// The sample with a live token where the sample's own is dead: revoking what is dead changes nothing.
fn effective(ask: Ask, operation: Operation, token: &Secret) -> Ask {
    if operation == Operation::RevokeToken {
        return Ask::post(ask.path).form(&format!("token={}", token.expose()));
    }
    ask
}

/// The sample from somebody who may send it: the administrator, or whoever the operation is for.
async fn entitled(harness: &Harness, operation: Operation, ask: Ask) -> Ask {
    match operation {
        Operation::ExpandAccessToken => {
            let token = overflow_token(harness, "overflowing").await;
            ask.authorization(&bearer(&token))
        }
        Operation::CreateRegisteredToken => {
            let token = overflow_token(harness, "overflowing").await;
            let authorization = bearer(&token);
            let path = "/acs/t/CUSTOMER/expand-access-token?format=jwt";
            let twin = harness.send(Ask::get(path).authorization(&authorization));
            let body = json!({"expanded_access_token": twin.await.text});
            Ask::post(ask.path)
                .json(&body)
                .authorization(&authorization)
        }
        Operation::DeleteVcenterSession | Operation::GetVcenterSession => {
            let session = harness
                .send_as_admin(Ask::post("/api/session"))
                .await
                .json();
            ask.header("vmware-api-session-id", session.as_str().unwrap())
        }
        _ => ask.authorization(&harness.admin),
    }
}

fn assert_envelope(told: &Told, surface: Surface) {
    let body = told.json();
    let (content_type, member) = match surface {
        Surface::Breakglass => ("application/problem+json", "code"),
        Surface::Broker => ("application/json", "error"),
        Surface::Esx | Surface::Vcenter => ("application/json", "error_type"),
        Surface::FleetIam => ("application/json", "apiErrorCode"),
    };
    assert_eq!(told.header("content-type"), content_type);
    assert!(!body[member].is_null(), "{body}");
}

#[tokio::test]
async fn without_credentials_every_guarded_operation_is_refused_and_nothing_changes() {
    let harness = patient().await;
    harness.add_client(CLIENT).await;
    let realm = harness.test.made.realm.clone();
    for spec in guarded(&harness).await {
        let ask = sample(&harness, spec.id, &realm).await;
        let before = harness.state().await;
        let told = harness.send(ask).await;
        assert_eq!(told.status, 401, "{}", spec.name);
        assert_envelope(&told, spec.surface);
        let challenges = told.challenges();
        assert_eq!(challenges.len(), 2, "{}", spec.name);
        assert!(
            challenges.iter().all(|one| !one.contains("error")),
            "{challenges:?}"
        );
        assert_eq!(told.header("cache-control"), "no-store", "{}", spec.name);
        assert_eq!(harness.state().await, before, "{}", spec.name);
    }
}

#[tokio::test]
async fn a_dead_token_is_refused_by_every_guarded_operation_and_named_as_invalid() {
    let harness = patient().await;
    harness.add_client(CLIENT).await;
    let realm = harness.test.made.realm.clone();
    for spec in guarded(&harness).await {
        let sample = sample(&harness, spec.id, &realm).await;
        for token in ["Bearer a.b.c", "OpsToken 1::2", "vRealizeOpsToken 1::2"] {
            let ask = sample.clone().authorization(token);
            let before = harness.state().await;
            let told = harness.send(ask).await;
            assert_eq!(told.status, 401, "{} {token}", spec.name);
            let challenges = told.challenges().join(" ");
            assert!(
                challenges.contains(r#"error="invalid_token""#),
                "{challenges}"
            );
            assert_eq!(harness.state().await, before, "{}", spec.name);
        }
    }
}

#[tokio::test]
async fn without_the_privilege_every_operation_that_needs_one_is_forbidden_and_nothing_changes() {
    use breakglass_domain::Privilege::{Manage, View};
    let harness = Harness::start().await;
    harness.test.add_account("viewer", &[View]).await;
    harness.test.add_account("manager", &[Manage]).await;
    let viewer = ops(&harness.test.ops_token_of("viewer").await);
    let manager = ops(&harness.test.ops_token_of("manager").await);
    harness.add_client(CLIENT).await;
    let realm = harness.test.made.realm.clone();
    for spec in guarded(&harness).await {
        let lacking = match (spec.privilege, spec.effect) {
            (
                Privilege::Authenticated
                | Privilege::Host
                | Privilege::Public
                | Privilege::PublicOrView
                | Privilege::Registrant,
                _,
            ) => continue,
            (Privilege::Entitled | Privilege::Manage, _) | (Privilege::Client, Effect::Write) => {
                &viewer
            }
            (Privilege::View, _) | (Privilege::Client, Effect::Read) => &manager,
        };
        let ask = sample(&harness, spec.id, &realm).await;
        let before = harness.state().await;
        let told = harness.send(ask.authorization(lacking)).await;
        assert_eq!(told.status, 403, "{}: {}", spec.name, told.text);
        assert_envelope(&told, spec.surface);
        assert_eq!(harness.state().await, before, "{}", spec.name);
    }
    let actions = harness.actions_since(0).await;
    assert!(actions.contains(&AuditAction::AuthorizationDenied));
}

#[tokio::test]
async fn whoever_may_not_ask_is_not_told_what_is_there() {
    let harness = patient().await;
    harness.add_client(CLIENT).await;
    let realm = harness.test.made.realm.clone();
    let absent = breakglass_domain::Realm {
        id: breakglass_domain::RealmId::from_random([9; 16]),
        ..realm.clone()
    };
    for spec in guarded(&harness)
        .await
        .iter()
        .filter(|spec| spec.path.contains('{'))
    {
        let mut there = sample(&harness, spec.id, &realm).await;
        let told = harness.send(there.clone()).await;
        there.path = there
            .path
            .replace(&realm.id.to_string(), &absent.id.to_string())
            .replace(CLIENT, "absent")
            .replace("CUSTOMER", "ABSENT");
        let told_of_absent = harness.send(there).await;
        assert_eq!(told.status, 401, "{}", spec.name);
        assert_eq!(told_of_absent.status, 401, "{}", spec.name);
        assert_eq!(told.text.len(), told_of_absent.text.len(), "{}", spec.name);
    }
}

#[tokio::test]
async fn every_operation_answers_whoever_may_ask_with_the_status_of_its_contract() {
    for spec in served(&Harness::start().await).await {
        let harness = Harness::start().await;
        harness.add_client(CLIENT).await;
        let realm = harness.test.made.realm.clone();
        let ask = sample(&harness, spec.id, &realm).await;
        let told = harness.send(entitled(&harness, spec.id, ask).await).await;
        assert_eq!(told.status, spec.success, "{}: {}", spec.name, told.text);
        assert_eq!(
            told.header("x-content-type-options"),
            "nosniff",
            "{}",
            spec.name
        );
        let kept = told.header("cache-control");
        if is_public(spec) && spec.effect == Effect::Read {
            assert!(
                ["no-cache", "no-store"].contains(&kept) || kept.starts_with("public, max-age="),
                "{kept}"
            );
        } else {
            assert_eq!(kept, "no-store", "{}", spec.name);
        }
    }
}

#[tokio::test]
async fn every_write_leaves_an_audit_record_and_no_read_does() {
    for spec in served(&Harness::start().await).await {
        let harness = Harness::start().await;
        let token = harness.add_client(CLIENT).await;
        let realm = harness.test.made.realm.clone();
        let ask = effective(sample(&harness, spec.id, &realm).await, spec.id, &token);
        let ask = entitled(&harness, spec.id, ask).await;
        let known = harness.records().await.len();
        let told = harness.send(ask).await;
        assert_eq!(told.status, spec.success, "{}", spec.name);
        let actions = harness.actions_since(known).await;
        match spec.effect {
            // Whoever sees what a token leaves out sees a token.
            Effect::Read if spec.id == Operation::ExpandAccessToken => {
                assert_eq!(actions, [AuditAction::AccessTokenExpanded]);
            }
            Effect::Read => assert_eq!(actions, [], "{}", spec.name),
            Effect::Write => assert!(!actions.is_empty(), "{}", spec.name),
        }
    }
}

/// The store itself works: only the record is refused, after whatever the operation wrote.
#[tokio::test]
async fn a_write_whose_record_cannot_be_kept_does_not_happen() {
    for spec in served(&Harness::start().await).await {
        // What fails within a call is told with 200, and registering a token of ours changes nothing.
        let is_special =
            [Operation::InvokeVapi, Operation::CreateRegisteredToken].contains(&spec.id);
        if spec.effect == Effect::Read || is_special {
            continue;
        }
        let harness = Harness::start().await;
        let token = harness.add_client(CLIENT).await;
        let realm = harness.test.made.realm.clone();
        let ask = effective(sample(&harness, spec.id, &realm).await, spec.id, &token);
        let ask = entitled(&harness, spec.id, ask).await;
        let meddler = harness.test.meddler();
        meddler.refuse_audit_records(true).await;
        let before = meddler.rows().await;
        let told = harness.send(ask.clone()).await;
        assert_eq!(told.status, 503, "{}: {}", spec.name, told.text);
        assert_eq!(told.header("retry-after"), "1", "{}", spec.name);
        assert_eq!(meddler.rows().await, before, "{}", spec.name);
        // The refused record is all that stood in the way.
        meddler.refuse_audit_records(false).await;
        let told = harness.send(ask).await;
        assert_eq!(told.status, spec.success, "{}: {}", spec.name, told.text);
        // A host token says all there is to know of it, and sessions are the process's own.
        let is_kept = !matches!(
            spec.id,
            Operation::CreateHostToken
                | Operation::CreateVcenterSession
                | Operation::DeleteVcenterSession
        );
        assert!(
            !is_kept || beyond_the_audit(&meddler.rows().await) != beyond_the_audit(&before),
            "{} writes nothing but its record",
            spec.name
        );
    }
}

/// The rows of every table but the audit's own records.
fn beyond_the_audit(rows: &[String]) -> Vec<&String> {
    rows.iter()
        .filter(|row| !row.starts_with("audit_records: "))
        .collect()
}

#[tokio::test]
async fn every_use_of_an_emergency_token_leaves_a_record_even_of_a_read() {
    let harness = Harness::start().await;
    let token = harness.add_client(CLIENT).await;
    let realm = harness.test.made.realm.clone();
    for spec in guarded(&harness).await {
        // An emergency token is no session.
        if spec.effect == Effect::Write || spec.id == Operation::GetVcenterSession {
            continue;
        }
        let ask = sample(&harness, spec.id, &realm).await;
        let known = harness.records().await.len();
        let authorization = bearer(&token);
        let told = harness.send(ask.authorization(&authorization)).await;
        assert_eq!(told.status, spec.success, "{}: {}", spec.name, told.text);
        let records = harness.records().await;
        let used = &records[known].event;
        assert_eq!(
            used.action,
            AuditAction::EmergencyTokenUsed,
            "{}",
            spec.name
        );
        assert_eq!(used.details["operation"], spec.name);
        assert_eq!(used.source_address.as_deref(), Some("198.51.100.7"));
        assert_eq!(
            used.request_id.as_deref(),
            Some(told.header("x-request-id"))
        );
        assert!(used.emergency);
    }
}
