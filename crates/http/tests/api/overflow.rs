//! Tokens that leave claims out, for the tests that need one.

use breakglass_app::{Grant, TokenRequest};
use breakglass_domain::{
    ApiClientDraft, ApiTokenDraft, ComponentRole, ComponentType, RoleAssignmentDraft, RoleDraft,
    RoleScope, Secret,
};

use crate::support::Harness;

/// The name of a role of these.
pub(crate) fn role_name(number: usize) -> String {
    format!("auditor-of-the-{number:03}-th-data-center")
}

/// Gives a client of the first realm so many roles, and gives the text of an API token of it.
pub(crate) async fn many_roles(harness: &Harness, client_id: &str, count: usize) -> Secret {
    let (app, admin) = (&harness.test.app, harness.test.admin());
    let realm = harness.test.made.realm.id;
    let mut held = Vec::new();
    for number in 0..count {
        let role = RoleDraft {
            name: Some(role_name(number)),
            component_roles: vec![ComponentRole {
                component_type: ComponentType::Vcenter,
                roles: vec!["Auditor".to_owned()],
            }],
            ..RoleDraft::default()
        };
        // It may be there from a client before.
        drop(app.create_role(&admin, role).await);
        held.push(RoleAssignmentDraft {
            role_name: Some(role_name(number)),
            scope: Some(RoleScope::SsoRealm),
            expires_at: None,
        });
    }
    let client = ApiClientDraft {
        client_id: Some(client_id.to_owned()),
        client_name: Some("Many roles".to_owned()),
        client_description: None,
    };
    let client = app.create_api_client(&admin, realm, client).await.unwrap();
    app.replace_role_assignments(&admin, realm, client.id, held)
        .await
        .unwrap();
    let draft = ApiTokenDraft {
        token_name: Some("nightly".to_owned()),
        ..ApiTokenDraft::default()
    };
    let issued = app.create_api_token(&admin, realm, client_id, draft).await;
    issued.unwrap().token
}

/// An access token for an API token.
pub(crate) async fn access_token(harness: &Harness, api_token: &Secret) -> Secret {
    let request = TokenRequest {
        grant: Grant::ApiToken(api_token.clone()),
        client: None,
        proof: None,
        scope: None,
        audience: Vec::new(),
        expires_in: None,
    };
    let app = &harness.test.app;
    let issued = app
        .issue_access_token("CUSTOMER", request, &breakglass_app::Origin::default())
        .await;
    issued.unwrap().access_token
}

/// A token of a client with so many roles that it leaves claims out.
pub(crate) async fn overflow_token(harness: &Harness, client_id: &str) -> Secret {
    let api_token = many_roles(harness, client_id, 60).await;
    access_token(harness, &api_token).await
}
