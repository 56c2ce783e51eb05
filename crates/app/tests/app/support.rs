//! What the tests of several areas share.

use breakglass_app::{
    Caller, ClientCredentials, Credentials, Error, Grant, IssuedAccessToken, IssuedApiToken,
    Origin, TokenRequest,
};
use breakglass_domain::audit::{AuditAction, AuditRecord};
use breakglass_domain::{
    ApiClientDraft, ApiTokenDraft, EmergencyClientDraft, Principal, PrincipalId, Privilege,
    RoleAssignmentDraft, RoleScope, Secret,
};
use breakglass_ports::store::{AuditFilter, AuditOrder};
use breakglass_test_support::TestApp;

pub(crate) fn draft(client_id: &str, ttl: i64) -> EmergencyClientDraft {
    EmergencyClientDraft {
        client_id: Some(client_id.to_owned()),
        client_name: Some("Name".to_owned()),
        client_description: None,
        access_token_ttl: Some(ttl),
        dpop_key_thumbprint: None,
    }
}

pub(crate) fn origin(address: &str) -> Origin {
    Origin {
        source_address: Some(address.parse().unwrap()),
        request_id: Some("r-1".to_owned()),
        ..Origin::default()
    }
}

/// A caller without any privilege.
pub(crate) fn nobody() -> Caller {
    let principal = Principal::Account {
        username: "nobody".parse().unwrap(),
        privileges: vec![],
    };
    Caller::without_session(principal, Origin::default())
}

/// A caller that may read.
pub(crate) fn viewer() -> Caller {
    let principal = Principal::Account {
        username: "viewer".parse().unwrap(),
        privileges: vec![Privilege::View],
    };
    Caller::without_session(principal, Origin::default())
}

pub(crate) async fn bearer(test: &TestApp, token: &Secret) -> Result<Caller, Error> {
    let credentials = Some(Credentials::Bearer(token.clone()));
    test.app
        .authenticate(credentials, origin("198.51.100.7"), "test")
        .await
}

/// Every record of the audit, the oldest first.
pub(crate) async fn records(test: &TestApp) -> Vec<AuditRecord> {
    let filter = AuditFilter {
        after: None,
        limit: 1000,
        order: AuditOrder::Ascending,
        realm_id: None,
        action: None,
    };
    test.app
        .list_audit_records(&test.admin(), filter)
        .await
        .unwrap()
        .records
}

/// The records of one action.
pub(crate) async fn records_of(test: &TestApp, action: AuditAction) -> Vec<AuditRecord> {
    let mut found = records(test).await;
    found.retain(|record| record.event.action == action);
    found
}

/// An API client of the first realm.
pub(crate) async fn add_api_client(test: &TestApp, client_id: &str) -> PrincipalId {
    let draft = ApiClientDraft {
        client_id: Some(client_id.to_owned()),
        client_name: Some(format!("Client {client_id}")),
        client_description: None,
    };
    let realm = test.made.realm.id;
    let made = test
        .app
        .create_api_client(&test.admin(), realm, draft)
        .await;
    made.unwrap().id
}

/// Gives a principal of the first realm these roles over the whole realm, until the end if there is one.
pub(crate) async fn give_roles(
    test: &TestApp,
    id: PrincipalId,
    roles: &[&str],
    expires_at: Option<i64>,
) {
    let draft = |role: &&str| RoleAssignmentDraft {
        role_name: Some((*role).to_owned()),
        scope: Some(RoleScope::SsoRealm),
        expires_at,
    };
    let drafts = roles.iter().map(draft).collect();
    let realm = test.made.realm.id;
    test.app
        .replace_role_assignments(&test.admin(), realm, id, drafts)
        .await
        .unwrap();
}

/// An API token of 30 days of the client.
pub(crate) async fn add_api_token(test: &TestApp, client_id: &str) -> IssuedApiToken {
    let draft = ApiTokenDraft {
        token_name: Some("nightly".to_owned()),
        ..ApiTokenDraft::default()
    };
    let realm = test.made.realm.id;
    test.app
        .create_api_token(&test.admin(), realm, client_id, draft)
        .await
        .unwrap()
}

/// A request to the token endpoint for nothing but the grant.
pub(crate) fn request(grant: Grant) -> TokenRequest {
    TokenRequest {
        grant,
        client: None,
        proof: None,
        scope: None,
        audience: Vec::new(),
        expires_in: None,
    }
}

/// What the token endpoint of the first tenant answers.
pub(crate) async fn issue(
    test: &TestApp,
    request: TokenRequest,
) -> Result<IssuedAccessToken, Error> {
    test.app
        .issue_access_token("CUSTOMER", request, &origin("198.51.100.7"))
        .await
}

/// An access token for an API token.
pub(crate) async fn exchange(test: &TestApp, api_token: &Secret) -> Result<Secret, Error> {
    let issued = issue(test, request(Grant::ApiToken(api_token.clone()))).await;
    issued.map(|issued| issued.access_token)
}

/// The credentials of a client.
pub(crate) fn credentials(client_id: &str, secret: &Secret) -> ClientCredentials {
    ClientCredentials::Secret {
        client_id: client_id.to_owned(),
        secret: secret.clone(),
    }
}
