//! The administrator of one realm is nobody in another.

use breakglass_api_types::{Operation, Privilege};

use crate::samples::{CLIENT, sample, served};
use crate::support::{Harness, bearer};

/// What an emergency client may see or do that belongs to no realm in particular.
const OF_NO_REALM: &[Operation] = &[
    Operation::CreateAuditCheckpoint,
    Operation::CreateRole,
    Operation::DeleteRole,
    Operation::GetIamSettings,
    Operation::GetRole,
    Operation::GetVcfRolesPaginated,
    Operation::ListAuditActions,
    Operation::ListAuditCheckpoints,
    Operation::UpdateIamSettings,
    Operation::UpdateRoleDefinition,
    Operation::VerifyAudit,
];

/// Lists, which hold what is in reach and leave the rest out.
const LISTS: &[Operation] = &[
    Operation::GetEligibleVidbs,
    Operation::GetServerStatus,
    Operation::GetSsoRealmList,
    Operation::ListAuditRecords,
    Operation::ListBrokers,
];

#[tokio::test]
async fn the_token_of_another_realm_opens_no_operation_on_this_one() {
    let harness = Harness::start().await;
    harness.add_client(CLIENT).await;
    let other = harness.test.add_realm("OTHER").await;
    let token = harness.test.add_emergency_client(&other, CLIENT).await;
    let realm = harness.test.made.realm.clone();
    let guarded = served(&harness).await;
    for spec in guarded
        .iter()
        .filter(|spec| spec.privilege != Privilege::Public)
    {
        if OF_NO_REALM.contains(&spec.id) {
            continue;
        }
        let ask = sample(&harness, spec.id, &realm).await;
        let known = harness.records().await.len();
        let told = harness.send(ask.authorization(&bearer(&token))).await;
        if LISTS.contains(&spec.id) {
            assert_eq!(told.status, 200, "{}", spec.name);
            for id in [realm.id.to_string(), realm.broker_id.to_string()] {
                assert!(!told.text.contains(&id), "{} shows {id}", spec.name);
            }
            assert!(!told.text.contains("CUSTOMER"), "{}", spec.name);
            continue;
        }
        assert!(
            (400..500).contains(&told.status),
            "{}: {}",
            spec.name,
            told.status
        );
        let beyond_the_use = harness.actions_since(known + 1).await;
        let harmless = beyond_the_use.iter().all(|action| {
            use breakglass_domain::audit::AuditAction::{
                AuthenticationFailed, AuthorizationDenied,
            };
            matches!(action, AuthenticationFailed | AuthorizationDenied)
        });
        assert!(harmless, "{}: {beyond_the_use:?}", spec.name);
    }
}

#[tokio::test]
async fn clients_of_one_id_in_two_realms_are_two_clients() {
    let harness = Harness::start().await;
    let first = harness.add_client(CLIENT).await;
    let other = harness.test.add_realm("OTHER").await;
    let second = harness.test.add_emergency_client(&other, CLIENT).await;
    let path = format!("{}/{CLIENT}", harness.clients());
    let delete = crate::support::Ask::delete(path);
    let told = harness.send(delete.authorization(&bearer(&first))).await;
    assert_eq!(told.status, 202);
    let list = crate::support::Ask::get(format!("{}/ssorealms", crate::support::IAM));
    let told = harness
        .send(list.clone().authorization(&bearer(&first)))
        .await;
    assert_eq!(told.status, 401, "the token of the deleted client is dead");
    let told = harness.send(list.authorization(&bearer(&second))).await;
    assert_eq!(told.status, 200, "the other token is alive");
}
