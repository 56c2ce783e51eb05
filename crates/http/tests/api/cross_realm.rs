//! The administrator of one realm is nobody in another.

use breakglass_api_types::{Operation, Privilege};

use crate::samples::{CLIENT, sample, served};
use crate::support::{Harness, bearer};

/// What another realm's administrator is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    /// This status, as if what is asked for were not there, or because it takes the whole installation.
    Refused(u16),
    /// That a field of the body or the request is wrong: this one.
    Faulty(&'static str),
    /// What is in their own reach, and nothing of the other realm.
    OwnReach,
    /// That it was done, in their own realm.
    OwnRealm,
    /// The whole, because it belongs to no realm.
    Whole,
}

/// Every operation that is not public has its arm: a new one needs a decision.
fn verdict(operation: Operation) -> Verdict {
    match operation {
        Operation::CreateHostToken
        | Operation::DeleteVcenterSession
        | Operation::GetVcenterSession
        | Operation::IntrospectToken
        | Operation::RevokeToken => Verdict::Refused(401),
        // An emergency token leaves nothing out.
        Operation::CreateRegisteredToken => Verdict::Refused(400),
        Operation::CreateClientProfile
        | Operation::CreateSecurityTokenIssuer
        | Operation::CreateVcenterSession => Verdict::OwnRealm,
        Operation::CreateBroker | Operation::SetAccountPassword => Verdict::Refused(403),
        Operation::CreateApiClient
        | Operation::CreateClientSecret
        | Operation::CreateEmergencyClient
        | Operation::CreateEmergencyClientRecord
        | Operation::CreateOAuthApp
        | Operation::DeleteApiClient
        | Operation::DeleteApiToken
        | Operation::DeleteClientProfile
        | Operation::DeleteClientSecret
        | Operation::DeleteEmergencyClient
        | Operation::DeleteOAuthApp
        | Operation::DeleteRoleAssignments
        | Operation::DeleteSecurityTokenIssuer
        | Operation::DeleteSsoRealm
        | Operation::GenerateApiToken
        | Operation::GetApiClient
        | Operation::GetApiToken
        | Operation::GetClientProfile
        | Operation::GetEmergencyClient
        | Operation::GetEmergencyClientRecord
        | Operation::GetIamTaskDetails
        | Operation::GetKeyPolicy
        | Operation::GetOAuthApp
        | Operation::GetRoleAssignment
        | Operation::GetSecurityTokenIssuer
        | Operation::GetSsoRealm
        | Operation::GetTokenPolicy
        | Operation::ListClientKeys
        | Operation::ListClientSecrets
        | Operation::ListEmergencyClientRecords
        | Operation::ListEmergencyClients
        | Operation::ListOAuthApps
        | Operation::ListSigningKeys
        | Operation::QueryApiClients
        | Operation::QueryApiTokens
        | Operation::ReGenerateApiToken
        | Operation::RegenerateEmergencyClient
        | Operation::ReplaceClientKeys
        | Operation::RotateOAuthAppSecret
        | Operation::RotateSigningKey
        | Operation::UpdateApiClient
        | Operation::UpdateApiToken
        | Operation::UpdateClientProfile
        | Operation::UpdateKeyPolicy
        | Operation::UpdateOAuthApp
        | Operation::UpdateRoleAssignment
        | Operation::UpdateSecurityTokenIssuer
        | Operation::UpdateTokenPolicy
        | Operation::UpdateVidbMetadata => Verdict::Refused(404),
        // The body names a broker that is not there for this caller.
        Operation::CreateSsoRealm => Verdict::Faulty("vidbResourceId"),
        // An access token is no session.
        Operation::ExchangeOpsTokenWithJwtToken | Operation::ReleaseToken => {
            Verdict::Faulty("Authorization")
        }
        Operation::EvaluateAccess
        | Operation::EvaluateAccesses
        | Operation::ForwardAuth
        | Operation::GetEligibleVidbs
        | Operation::GetMetrics
        | Operation::GetServerStatus
        | Operation::GetSsoRealmList
        | Operation::ListAuditRecords
        | Operation::ListBrokers
        | Operation::ListClientProfiles
        | Operation::ListSecurityTokenIssuers => Verdict::OwnReach,
        Operation::CreateAuditCheckpoint
        | Operation::CreateRole
        | Operation::DeleteRole
        | Operation::GetIamSettings
        | Operation::GetRole
        | Operation::GetVcfRolesPaginated
        | Operation::ListAuditActions
        | Operation::ListAuditCheckpoints
        | Operation::UpdateIamSettings
        | Operation::UpdateRoleDefinition
        | Operation::VerifyAudit => Verdict::Whole,
        other => unreachable!("what is another realm's administrator told of {other:?}?"),
    }
}

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
        let ask = sample(&harness, spec.id, &realm).await;
        let known = harness.records().await.len();
        let told = harness.send(ask.authorization(&bearer(&token))).await;
        match verdict(spec.id) {
            Verdict::Refused(status) => assert_eq!(told.status, status, "{}", spec.name),
            Verdict::Faulty(field) => {
                assert_eq!(told.status, 400, "{}", spec.name);
                assert_eq!(told.faulty_fields(), [field], "{}", spec.name);
            }
            Verdict::OwnReach => {
                assert_eq!(told.status, spec.success, "{}", spec.name);
                for id in [realm.id.to_string(), realm.broker_id.to_string()] {
                    assert!(!told.text.contains(&id), "{} shows {id}", spec.name);
                }
                assert!(!told.text.contains("CUSTOMER"), "{}", spec.name);
            }
            Verdict::OwnRealm => {
                assert_eq!(told.status, spec.success, "{}", spec.name);
                let records = harness.records().await;
                let realms = records[known..].iter().map(|record| record.event.realm_id);
                assert!(realms.flatten().all(|id| id == other.id), "{}", spec.name);
                continue;
            }
            Verdict::Whole => {
                assert_eq!(told.status, spec.success, "{}", spec.name);
                continue;
            }
        }
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
