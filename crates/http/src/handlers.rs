//! Which operation is answered by what: the only list of what is served.
//!
//! To serve another operation, write its handler beside those of its area and give it an arm here. The router, the
//! served OpenAPI document, the metrics and the tests follow by themselves.

use std::future::ready;

use breakglass_api_types::Operation;

use crate::call::Handler;
use crate::{breakglass, broker, esx, fleet_iam, vcenter};

/// A handler whose future is boxed, so that all have one type.
macro_rules! serve {
    ($($handler:ident)::+) => {
        Some(|call| Box::pin($($handler)::+(call)))
    };
}

/// The same for a handler that waits for nothing.
macro_rules! serve_at_once {
    ($($handler:ident)::+) => {
        Some(|call| Box::pin(ready($($handler)::+(call))))
    };
}

/// What answers an operation; `None` while nothing does.
#[deny(clippy::wildcard_enum_match_arm)]
#[expect(
    clippy::too_many_lines,
    reason = "it is one table, with a line for each operation"
)]
pub(crate) fn handler(operation: Operation) -> Option<Handler> {
    match operation {
        Operation::CreateRegisteredToken => serve!(vcenter::registered_token::create),
        Operation::CreateVcenterSession => serve!(vcenter::session::create),
        Operation::DeleteVcenterSession => serve!(vcenter::session::delete),
        Operation::GetVcenterSession => serve_at_once!(vcenter::session::get),
        Operation::InvokeVapi => serve!(vcenter::invoke::invoke),
        Operation::ListClientProfiles => serve!(esx::client_profile::list),
        Operation::CreateClientProfile => serve!(esx::client_profile::create),
        Operation::DeleteClientProfile => serve!(esx::client_profile::delete),
        Operation::GetClientProfile => serve!(esx::client_profile::get),
        Operation::UpdateClientProfile => serve!(esx::client_profile::update),
        Operation::CreateHostToken => serve!(esx::host_token::create),
        Operation::ListSecurityTokenIssuers => serve!(esx::token_issuer::list),
        Operation::CreateSecurityTokenIssuer => serve!(esx::token_issuer::create),
        Operation::DeleteSecurityTokenIssuer => serve!(esx::token_issuer::delete),
        Operation::GetSecurityTokenIssuer => serve!(esx::token_issuer::get),
        Operation::UpdateSecurityTokenIssuer => serve!(esx::token_issuer::update),
        Operation::EvaluateAccess => serve!(breakglass::authzen::evaluate),
        Operation::EvaluateAccesses => serve!(breakglass::authzen::evaluate_all),
        Operation::GetAuthzenConfiguration => serve_at_once!(breakglass::authzen::configuration),
        Operation::ForwardAuth => serve!(breakglass::forward_auth::check),
        Operation::AcquireToken => serve!(fleet_iam::session::acquire),
        Operation::ExchangeOpsTokenWithJwtToken => serve!(fleet_iam::session::exchange),
        Operation::ReleaseToken => serve!(fleet_iam::session::release),
        Operation::GetIamSettings => serve!(fleet_iam::settings::get),
        Operation::UpdateIamSettings => serve!(fleet_iam::settings::update),
        Operation::GetSsoRealmList => serve!(fleet_iam::realm::list),
        Operation::CreateSsoRealm => serve!(fleet_iam::realm::create),
        Operation::DeleteSsoRealm => serve!(fleet_iam::realm::delete),
        Operation::GetSsoRealm => serve!(fleet_iam::realm::get),
        Operation::ListEmergencyClients => serve!(fleet_iam::emergency_client::list),
        Operation::CreateEmergencyClient => serve!(fleet_iam::emergency_client::create),
        Operation::DeleteEmergencyClient => serve!(fleet_iam::emergency_client::delete),
        Operation::GetEmergencyClient => serve!(fleet_iam::emergency_client::get),
        Operation::RegenerateEmergencyClient => serve!(fleet_iam::emergency_client::regenerate),
        Operation::GetIamTaskDetails => serve!(fleet_iam::task::get),
        Operation::GetEligibleVidbs => serve!(fleet_iam::broker::list),
        Operation::GetVcfRolesPaginated => serve!(fleet_iam::role::list),
        Operation::CreateRole => serve!(fleet_iam::role::create),
        Operation::UpdateRoleDefinition => serve!(fleet_iam::role::update),
        Operation::DeleteRole => serve!(fleet_iam::role::delete),
        Operation::GetRole => serve!(fleet_iam::role::get),
        Operation::GetRoleAssignment => serve!(fleet_iam::role_assignment::get),
        Operation::UpdateRoleAssignment => serve!(fleet_iam::role_assignment::replace),
        Operation::DeleteRoleAssignments => serve!(fleet_iam::role_assignment::delete),
        Operation::CreateApiClient => serve!(fleet_iam::api_client::create),
        Operation::UpdateApiClient => serve!(fleet_iam::api_client::update),
        Operation::GetApiClient => serve!(fleet_iam::api_client::get),
        Operation::DeleteApiClient => serve!(fleet_iam::api_client::delete),
        Operation::QueryApiClients => serve!(fleet_iam::api_client::query),
        Operation::GenerateApiToken => serve!(fleet_iam::api_token::create),
        Operation::UpdateApiToken => serve!(fleet_iam::api_token::update),
        Operation::GetApiToken => serve!(fleet_iam::api_token::get),
        Operation::DeleteApiToken => serve!(fleet_iam::api_token::delete),
        Operation::ReGenerateApiToken => serve!(fleet_iam::api_token::regenerate),
        Operation::QueryApiTokens => serve!(fleet_iam::api_token::query),
        Operation::ListOAuthApps => serve!(fleet_iam::oauth_app::list),
        Operation::CreateOAuthApp => serve!(fleet_iam::oauth_app::create),
        Operation::UpdateOAuthApp => serve!(fleet_iam::oauth_app::update),
        Operation::GetOAuthApp => serve!(fleet_iam::oauth_app::get),
        Operation::DeleteOAuthApp => serve!(fleet_iam::oauth_app::delete),
        Operation::RotateOAuthAppSecret => serve!(fleet_iam::oauth_app::rotate),
        Operation::UpdateVidbMetadata => serve!(fleet_iam::broker::rename),
        Operation::GetAuthorizationServerMetadata
        | Operation::GetAuthorizationServerMetadataUnderIssuer
        | Operation::GetOpenidConfiguration => serve!(broker::issuer::metadata),
        Operation::IntrospectToken => serve!(broker::access_token::introspect),
        Operation::ExpandAccessToken => serve!(broker::expansion::expand),
        Operation::GetJwks => serve!(broker::issuer::keys),
        Operation::RevokeToken => serve!(broker::access_token::revoke),
        Operation::IssueToken => serve!(broker::token::issue),
        Operation::GetStatusList => serve!(broker::issuer::status_list),
        Operation::SetAccountPassword => serve!(breakglass::account::set_password),
        Operation::ListAuditActions => serve_at_once!(breakglass::audit::list_actions),
        Operation::ListAuditCheckpoints => serve!(breakglass::audit::list_checkpoints),
        Operation::CreateAuditCheckpoint => serve!(breakglass::audit::create_checkpoint),
        Operation::ListAuditRecords => serve!(breakglass::audit::list_records),
        Operation::VerifyAudit => serve!(breakglass::audit::verify),
        Operation::ListBrokers => serve!(breakglass::broker::list),
        Operation::CreateBroker => serve!(breakglass::broker::create),
        Operation::GetTokenPolicy => serve!(breakglass::token_policy::get),
        Operation::UpdateTokenPolicy => serve!(breakglass::token_policy::update),
        Operation::GetKeyPolicy => serve!(breakglass::signing_key::policy),
        Operation::ListSigningKeys => serve!(breakglass::signing_key::list),
        Operation::RotateSigningKey => serve!(breakglass::signing_key::rotate),
        Operation::UpdateKeyPolicy => serve!(breakglass::signing_key::update_policy),
        Operation::ListClientKeys => serve!(breakglass::client_key::list),
        Operation::ReplaceClientKeys => serve!(breakglass::client_key::replace),
        Operation::ListClientSecrets => serve!(breakglass::client_secret::list),
        Operation::CreateClientSecret => serve!(breakglass::client_secret::create),
        Operation::DeleteClientSecret => serve!(breakglass::client_secret::delete),
        Operation::ListEmergencyClientRecords => serve!(breakglass::emergency_client::list),
        Operation::CreateEmergencyClientRecord => {
            serve!(breakglass::emergency_client::create)
        }
        Operation::GetEmergencyClientRecord => serve!(breakglass::emergency_client::get),
        Operation::GetServerStatus => serve!(breakglass::status::get),
        Operation::GetHealth => serve_at_once!(breakglass::probe::health),
        Operation::GetMetrics => serve!(breakglass::metrics::get),
        Operation::GetOpenapi => serve_at_once!(breakglass::openapi::get),
        Operation::GetReadiness => serve!(breakglass::probe::readiness),
        Operation::ConfigureIdp
        | Operation::CreateIamComponentAuthSource
        | Operation::DeleteComponentRole
        | Operation::DeleteIamComponentAuthSource
        | Operation::DeleteIdpConfiguration
        | Operation::DeprovisionPrincipal
        | Operation::ExecuteLdapSync
        | Operation::GenerateScimSyncClient
        | Operation::GetComponentRole
        | Operation::GetComponentRoleDefinitions
        | Operation::GetComponentRoleSummaries
        | Operation::GetComponentRoles
        | Operation::GetEligibleComponents
        | Operation::GetGroupMembersList
        | Operation::GetGroupsList
        | Operation::GetIamComponentAuthSources
        | Operation::GetIdpConfiguration
        | Operation::GetLdapDirectories
        | Operation::GetLdapSyncLogById
        | Operation::GetLdapSyncLogs
        | Operation::GetLdapSyncProfile
        | Operation::GetScimSyncClientInfo
        | Operation::GetUserGroupDetails
        | Operation::GetUsersList
        | Operation::LookupLdapGroups
        | Operation::LookupLdapUsers
        | Operation::ProvisionComponentRole
        | Operation::ProvisionPrincipal
        | Operation::RetryApplyForRole
        | Operation::TriggerDriftCheck
        | Operation::UpdateComponentRole
        | Operation::UpdateIdpConfiguration
        | Operation::UpdateLdapSyncProfile
        | Operation::ValidateSamlMetadata => None,
    }
}

/// Whether anything answers an operation.
pub(crate) fn is_served(operation: Operation) -> bool {
    handler(operation).is_some()
}

#[cfg(test)]
mod tests {
    use breakglass_api_types::OPERATIONS;

    use super::*;

    /// The operations of the contracts that nothing answers yet, one name a line. The list may only shrink.
    const UNHANDLED: &str = include_str!("../tests/unhandled_operations.txt");

    #[test]
    fn every_operation_has_a_handler_or_stands_on_the_list_that_may_only_shrink() {
        let listed: Vec<&str> = UNHANDLED.lines().collect();
        let unserved: Vec<&str> = OPERATIONS
            .iter()
            .filter(|spec| !is_served(spec.id))
            .map(|spec| spec.name)
            .collect();
        assert_eq!(listed, unserved);
        assert!(listed.len() <= MOST_UNHANDLED, "{}", listed.len());
    }

    /// How many operations may be without a handler. Lower it with every handler that is added; never raise it.
    const MOST_UNHANDLED: usize = 47;
}
