//! A request that succeeds, for every operation that is served: what the tests that walk the table send.

use breakglass_api_types::{OPERATIONS, Operation, OperationSpec};
use breakglass_app::{Conflict, Error, TokenIssuerDraft};
use breakglass_domain::{
    ApiClientDraft, ApiTokenDraft, ClientProfileDraft, ComponentRole, ComponentType, OauthAppDraft,
    PrincipalId, ProfileFilter, Realm, RoleAssignmentDraft, RoleDraft, RoleScope,
};
use serde_json::{Value, json};

use crate::support::{Ask, Harness, SERVICE};

/// The emergency client that the samples speak of. It has to be there. The role that they speak of is called the same, and is
/// made by the samples themselves.
pub(crate) const CLIENT: &str = "sample";

/// The API client that the samples speak of, and make.
const API_CLIENT: &str = "sample-api";

/// A token that is alive nowhere.
const DEAD_TOKEN: &str = "eyJhbGciOiJub25lIn0.e30.e30";

/// The operations that are served, as the served document says.
pub(crate) async fn served(harness: &Harness) -> Vec<&'static OperationSpec> {
    let document = harness.send(Ask::get("/openapi.json")).await.json();
    let paths = document["paths"].as_object().unwrap().values();
    let names: Vec<String> = paths
        .flat_map(|methods| methods.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap().to_owned())
        .collect();
    let specs = OPERATIONS
        .iter()
        .filter(|spec| names.iter().any(|name| name == spec.name));
    let specs: Vec<_> = specs.collect();
    assert_eq!(specs.len(), names.len());
    assert!(specs.len() >= 69, "{}", specs.len());
    specs
}

/// A request for the operation that succeeds, when its caller may send it.
pub(crate) async fn sample(harness: &Harness, operation: Operation, realm: &Realm) -> Ask {
    let application = &harness.test.app;
    let admin = harness.test.admin();
    let (_, broker) = application.get_realm(&admin, realm.id).await.unwrap();
    let broker = broker.broker;
    let realm_id = realm.id.to_string();
    let task = match operation {
        Operation::GetIamTaskDetails => {
            let task = application.delete_realm(&admin, realm.id, false).await;
            task.unwrap().to_string()
        }
        _ => String::new(),
    };
    let principal = add_role_and_api_client(harness, realm).await;
    if operation == Operation::DeleteRoleAssignments {
        let held = RoleAssignmentDraft {
            role_name: Some("vcf_viewer".to_owned()),
            scope: Some(RoleScope::SsoRealm),
            expires_at: None,
        };
        application
            .replace_role_assignments(&admin, realm.id, principal, vec![held])
            .await
            .unwrap();
    }
    let made = add_credentials(harness, realm, operation).await;
    let client_id = match operation {
        Operation::DeleteEmergencyClient
        | Operation::GetEmergencyClient
        | Operation::GetEmergencyClientRecord
        | Operation::RegenerateEmergencyClient => CLIENT,
        _ => API_CLIENT,
    };
    let principal = principal.to_string();
    let values = [
        ("apiTokenId", made.api_token.as_str()),
        ("clientId", client_id),
        ("issuerAlias", CLIENT),
        ("name", CLIENT),
        ("oauthAppId", made.app.as_str()),
        ("principalId", principal.as_str()),
        ("profile", made.profile.as_str()),
        ("realmId", realm_id.as_str()),
        ("secretId", made.secret.as_str()),
        ("ssoRealmId", realm_id.as_str()),
        ("taskId", task.as_str()),
        ("tenant", broker.tenant.as_str()),
        ("username", "admin"),
    ];
    let path = operation.path(&values).unwrap();
    let ask = Ask::new(operation.spec().method.as_str(), path);
    match operation {
        Operation::AcquireToken => ask.json(&json!({
            "username": "admin",
            "password": breakglass_test_support::ADMIN_PASSWORD,
        })),
        Operation::CreateApiClient => ask.json(&json!({"clientId": "new", "clientName": "New"})),
        Operation::CreateBroker => ask.json(&json!({"tenant": "NEW", "displayName": "New"})),
        Operation::CreateEmergencyClient | Operation::CreateEmergencyClientRecord => {
            ask.json(&json!({
                "clientId": "new",
                "clientName": "New",
                "accessTokenTtl": 60,
            }))
        }
        Operation::CreateRole => ask.json(&role("new")),
        Operation::CreateSsoRealm => {
            let draft = breakglass_domain::BrokerDraft {
                tenant: Some("BARE".to_owned()),
                display_name: Some("Bare".to_owned()),
                algorithm: None,
            };
            let bare = application.create_broker(&admin, draft).await.unwrap();
            ask.json(&json!({"vidbResourceId": bare.broker.id.to_string()}))
        }
        Operation::IntrospectToken | Operation::RevokeToken => {
            ask.form(&format!("token={DEAD_TOKEN}"))
        }
        Operation::ExchangeOpsTokenWithJwtToken => ask.json(&json!({"serviceKeys": [SERVICE]})),
        Operation::QueryApiClients | Operation::QueryApiTokens => ask.json(&json!({})),
        Operation::SetAccountPassword => ask.json(&json!({"password": "another long password"})),
        Operation::UpdateApiClient => ask.json(&json!({
            "clientUuid": principal,
            "clientName": "Renamed",
        })),
        Operation::UpdateIamSettings => ask.json(&settings()),
        Operation::UpdateRoleAssignment => ask.json(&json!({"vcfRoleAssignments": [
            {"roleName": "vcf_viewer", "roleScope": {"scopeType": "SSO_REALM"}},
        ]})),
        Operation::UpdateRoleDefinition => ask.json(&role(CLIENT)),
        Operation::UpdateVidbMetadata => ask.json(&json!({
            "id": broker.id.to_string(),
            "displayName": "Renamed",
        })),
        _ => with_credentials(ask, operation, &made),
    }
}

/// The sample of an operation on credentials with its body.
fn with_credentials(ask: Ask, operation: Operation, made: &Credentials) -> Ask {
    let Credentials {
        api_token,
        app,
        text,
        ..
    } = made;
    match operation {
        Operation::RotateSigningKey => ask.json(&json!({"immediately": false})),
        Operation::CreateRegisteredToken => ask.json(&json!({})),
        Operation::InvokeVapi => ask.json(&json!({
            "jsonrpc": "2.0",
            "id": "1",
            "method": "invoke",
            "params": {
                "serviceId": "com.vmware.cis.session",
                "operationId": "create",
                "input": {"STRUCTURE": {"operation-input": {}}},
            },
        })),
        Operation::UpdateTokenPolicy => ask.json(&json!({"tokenOverflowThreshold": 5000})),
        Operation::UpdateKeyPolicy => ask.json(&json!({"overlap": 60})),
        Operation::CreateClientSecret => ask.json(&json!({"overlapMinutes": 5})),
        Operation::ReplaceClientKeys => ask.json(&json!({"keys": [public_jwk()]})),
        Operation::CreateOAuthApp => ask.json(&json!({"clientName": "New"})),
        Operation::GenerateApiToken => ask.json(&json!({
            "apiClientId": API_CLIENT,
            "tokenName": "New",
        })),
        Operation::IssueToken => ask.form(&format!(
            "grant_type=urn:custom:vcf:params:oauth:grant-type:api-token&api_token={text}"
        )),
        Operation::CreateClientProfile => ask.json(&profile("new")),
        Operation::CreateSecurityTokenIssuer => ask.json(&json!({
            "issuer_alias": "new",
            "issuer": "https://new.example",
            "signing_cert_chains": [{"cert_chain": [certificate()]}],
        })),
        Operation::EvaluateAccess => ask.json(&question()),
        Operation::EvaluateAccesses => ask.json(&json!({"evaluations": [question(), question()]})),
        Operation::UpdateClientProfile => ask.json(&json!({"grants": []})),
        Operation::UpdateSecurityTokenIssuer => {
            ask.json(&json!({"issuer": "https://renamed.example"}))
        }
        Operation::UpdateApiToken => ask.json(&json!({"id": api_token, "tokenName": "Renamed"})),
        Operation::UpdateOAuthApp => ask.json(&json!({"id": app, "clientName": "Renamed"})),
        _ => ask,
    }
}

/// The public key of RFC 8037, appendix A.2.
pub(crate) fn public_jwk() -> Value {
    json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    })
}

/// What the samples speak of by ids that the server made.
#[derive(Default)]
struct Credentials {
    api_token: String,
    app: String,
    profile: String,
    secret: String,
    /// The text of the API token.
    text: String,
}

/// Makes what the sample of the operation speaks of.
async fn add_credentials(harness: &Harness, realm: &Realm, operation: Operation) -> Credentials {
    let (app, admin) = (&harness.test.app, harness.test.admin());
    let mut made = Credentials::default();
    match operation {
        Operation::DeleteApiToken
        | Operation::GetApiToken
        | Operation::IssueToken
        | Operation::ReGenerateApiToken
        | Operation::UpdateApiToken => {
            let draft = ApiTokenDraft {
                token_name: Some(CLIENT.to_owned()),
                ..ApiTokenDraft::default()
            };
            let issued = app
                .create_api_token(&admin, realm.id, API_CLIENT, draft)
                .await;
            let issued = issued.unwrap();
            made.api_token = issued.view.token.id.to_string();
            issued.token.expose().clone_into(&mut made.text);
        }
        Operation::DeleteOAuthApp
        | Operation::GetOAuthApp
        | Operation::RotateOAuthAppSecret
        | Operation::UpdateOAuthApp => {
            let draft = OauthAppDraft {
                client_name: Some(CLIENT.to_owned()),
                ..OauthAppDraft::default()
            };
            let issued = app.create_oauth_app(&admin, realm.id, draft).await;
            made.app = issued.unwrap().view.app.id.to_string();
        }
        Operation::DeleteClientSecret => {
            let issued = app.create_client_secret(&admin, realm.id, API_CLIENT, None);
            made.secret = issued.await.unwrap().secret.id.to_string();
        }
        Operation::DeleteClientProfile
        | Operation::GetClientProfile
        | Operation::ListClientProfiles
        | Operation::UpdateClientProfile => {
            let draft = ClientProfileDraft {
                local_user_name: Some(CLIENT.to_owned()),
                grants: Some(vec![]),
                ..ClientProfileDraft::default()
            };
            let realm = Some(realm.id);
            // It may be there from the sample before.
            drop(app.create_client_profile(&admin, realm, draft).await);
            let all = ProfileFilter::All;
            let there = app.list_client_profiles(&admin, realm, &all).await;
            let profile = there.unwrap().remove(0);
            made.profile = profile.id.to_string();
        }
        Operation::DeleteSecurityTokenIssuer
        | Operation::GetSecurityTokenIssuer
        | Operation::ListSecurityTokenIssuers
        | Operation::UpdateSecurityTokenIssuer => {
            let draft = TokenIssuerDraft {
                issuer_alias: Some(CLIENT.to_owned()),
                issuer: Some("https://sample.example".to_owned()),
                signing_cert_chains: Some(vec![vec![certificate()]]),
                jwks_uri: None,
            };
            let realm = Some(realm.id);
            let made = app.create_token_issuer(&admin, realm, draft).await;
            assert!(matches!(made, Ok(()) | Err(Error::IssuerTaken { .. })));
        }
        _ => {}
    }
    made
}

/// A certificate that nobody vouches for, in PEM.
pub(crate) fn certificate() -> String {
    let made = rcgen::generate_simple_self_signed(vec!["issuer.example".to_owned()]);
    made.unwrap().cert.pem()
}

/// A profile of a local account.
fn profile(name: &str) -> Value {
    json!({
        "local_user_name": name,
        "grants": [{"resource_type": "ENTITLEMENT", "entitlement": "READ_ONLY"}],
    })
}

/// A question about a user whom nobody knows.
fn question() -> Value {
    json!({
        "subject": {"type": "local_user", "id": "nobody"},
        "action": {"name": "READ_ONLY"},
        "resource": {"type": "system", "id": "1"},
    })
}

/// Makes the role and the API client of the samples, unless they are there already, and gives the client's principal.
async fn add_role_and_api_client(harness: &Harness, realm: &Realm) -> PrincipalId {
    let (app, admin) = (&harness.test.app, harness.test.admin());
    let role = RoleDraft {
        name: Some(CLIENT.to_owned()),
        component_roles: vec![ComponentRole {
            component_type: ComponentType::Vcenter,
            roles: vec!["Sampler".to_owned()],
        }],
        ..RoleDraft::default()
    };
    let made = app.create_role(&admin, role).await.map(drop);
    assert!(matches!(
        made,
        Ok(()) | Err(Error::Conflict(Conflict::RoleExists))
    ));
    let client = ApiClientDraft {
        client_id: Some(API_CLIENT.to_owned()),
        client_name: Some("Sample".to_owned()),
        client_description: None,
    };
    let made = app.create_api_client(&admin, realm.id, client).await;
    assert!(matches!(
        made,
        Ok(_) | Err(Error::Conflict(Conflict::ApiClientExists))
    ));
    let view = app.get_api_client(&admin, realm.id, API_CLIENT).await;
    view.unwrap().client.id
}

/// A role of this name with everything that a role must have and another meaning than the sample's.
fn role(name: &str) -> Value {
    json!({
        "roleName": name,
        "componentRoles": [{"componentType": "NSX_MANAGER", "roles": ["auditor"]}],
    })
}

/// Settings that keep every bound and are not the first ones.
pub(crate) fn settings() -> Value {
    json!({
        "accessTokenTtl": 60,
        "allUsersGroupEnabled": true,
        "apiTokenRetentionPeriod": 43200,
        "apiTokenTtl": 43200,
        "jitInactiveUserEnabled": true,
        "jitInactiveUserTtl": 20160,
    })
}
