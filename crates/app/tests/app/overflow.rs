//! Tokens that leave claims out.

use breakglass_app::{
    Credentials, Error, Expansion, ExpansionFormat, Grant, GrantFault, TokenRequest,
};
use breakglass_domain::{
    AccessTokenClaims, ComponentRole, ComponentType, PrincipalId, Privilege, RoleAssignmentDraft,
    RoleDraft, RoleScope, ScopeResource, Secret, TokenPolicyDraft,
};
use breakglass_test_support::TestApp;
use proptest::prelude::*;

use crate::support::{
    add_api_client, add_api_token, bearer, exchange, give_roles, issue, origin, request,
};

async fn add_role(test: &TestApp, name: &str, display_name: Option<String>) {
    let role = RoleDraft {
        name: Some(name.to_owned()),
        display_name,
        component_roles: vec![ComponentRole {
            component_type: ComponentType::Vcenter,
            roles: vec!["Auditor".to_owned()],
        }],
        ..RoleDraft::default()
    };
    // It may be there already.
    drop(test.app.create_role(&test.admin(), role).await);
}

/// Gives a client so many custom roles beside these.
async fn many_roles(test: &TestApp, client: PrincipalId, count: usize, more: &[&str]) {
    let mut names: Vec<String> = (0..count)
        .map(|number| format!("auditor-{number:04}"))
        .collect();
    for name in &names {
        add_role(test, name, None).await;
    }
    names.extend(more.iter().map(|&name| name.to_owned()));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    give_roles(test, client, &names, None).await;
}

async fn expand(
    test: &TestApp,
    token: &Secret,
    format: ExpansionFormat,
) -> Result<Expansion, Error> {
    let shown = Some(Credentials::Bearer(token.clone()));
    let origin = origin("198.51.100.7");
    test.app
        .expand_access_token("CUSTOMER", shown, format, &origin)
        .await
}

async fn raw(test: &TestApp, token: &Secret) -> AccessTokenClaims {
    let Ok(Expansion::Raw(claims)) = expand(test, token, ExpansionFormat::Raw).await else {
        unreachable!("claims were asked for");
    };
    *claims
}

async fn twin(test: &TestApp, token: &Secret) -> Secret {
    let Ok(Expansion::Jwt(token)) = expand(test, token, ExpansionFormat::Jwt).await else {
        unreachable!("a token was asked for");
    };
    token
}

#[tokio::test]
async fn what_a_token_leaves_out_it_lets_its_holder_do_all_the_same() {
    let test = TestApp::start().await;
    let client = add_api_client(&test, "ci").await;
    many_roles(&test, client, 200, &["vcf_viewer"]).await;
    let api_token = add_api_token(&test, "ci").await.token;
    let token = exchange(&test, &api_token).await.unwrap();
    assert!(token.expose().len() <= 4096);
    let caller = bearer(&test, &token).await.unwrap();
    assert!(caller.principal.holds(Privilege::View));
    assert!(!caller.principal.holds(Privilege::Manage));
    // Another process has not kept what it leaves out.
    let other = test.another_process().await;
    assert!(
        bearer(&other, &token)
            .await
            .unwrap()
            .principal
            .holds(Privilege::View)
    );
    give_roles(&test, client, &["vcf_administrator"], None).await;
    for test in [&test, &other] {
        let caller = bearer(test, &token).await.unwrap();
        assert!(caller.principal.holds(Privilege::View), "it is included");
        assert!(
            !caller.principal.holds(Privilege::Manage),
            "it is not carried"
        );
    }
    give_roles(&test, client, &["auditor-0001"], None).await;
    for test in [&test, &other] {
        assert!(
            !bearer(test, &token)
                .await
                .unwrap()
                .principal
                .holds(Privilege::View)
        );
    }
}

#[tokio::test]
async fn a_narrower_copy_of_an_overflow_token_is_whole() {
    let test = TestApp::start().await;
    let client = add_api_client(&test, "ci").await;
    many_roles(&test, client, 200, &["vcf_viewer"]).await;
    let api_token = add_api_token(&test, "ci").await.token;
    let token = exchange(&test, &api_token).await.unwrap();
    let narrower = |subject_token: &Secret| TokenRequest {
        scope: Some("vcf_viewer auditor-0007".to_owned()),
        ..request(Grant::TokenExchange {
            subject_token: subject_token.clone(),
            actor_token: None,
        })
    };
    let copy = issue(&test, narrower(&token)).await.unwrap();
    assert_eq!(copy.scope.as_deref(), Some("auditor-0007 vcf_viewer"));
    let whole = expand(&test, &copy.access_token, ExpansionFormat::Raw).await;
    assert_eq!(whole.err(), Some(Error::Grant(GrantFault::NotOverflowing)));
    assert!(
        bearer(&test, &copy.access_token)
            .await
            .unwrap()
            .principal
            .holds(Privilege::View)
    );
    // A copy of the twin dies with the token that the twin is of.
    let copy = issue(&test, narrower(&twin(&test, &token).await))
        .await
        .unwrap();
    let admin = test.admin();
    test.app.revoke(&admin, "CUSTOMER", &token).await.unwrap();
    assert!(bearer(&test, &copy.access_token).await.is_err());
}

#[tokio::test]
async fn a_twin_says_what_its_token_leaves_out_and_dies_with_it() {
    let test = TestApp::start().await;
    let client = add_api_client(&test, "ci").await;
    many_roles(&test, client, 40, &[]).await;
    let api_token = add_api_token(&test, "ci").await.token;
    let token = exchange(&test, &api_token).await.unwrap();
    let expanded = twin(&test, &token).await;
    let admin = test.admin();
    let introspected = async |token: &Secret| {
        let found = test
            .app
            .introspect(&admin, "CUSTOMER", token)
            .await
            .unwrap();
        found.map(|active| active.claims().into_owned())
    };
    let told = introspected(&expanded).await.unwrap();
    let small = introspected(&token).await.unwrap();
    assert_eq!(told.roles, small.roles);
    assert_eq!(told.expands, Some(small.token_id));
    assert_eq!(told.expires_at, small.expires_at);
    test.clock.advance_minutes(29);
    assert_eq!(introspected(&twin(&test, &token).await).await, Some(told));
    // A key that came after the token signs its twin for as long as the token lives.
    let realm = test.made.realm.id;
    test.app.rotate_signing_key(&admin, realm).await.unwrap();
    test.app.revoke(&admin, "CUSTOMER", &token).await.unwrap();
    assert_eq!(introspected(&expanded).await, None);
    let dead = expand(&test, &token, ExpansionFormat::Raw).await;
    assert_eq!(dead.err(), Some(Error::Grant(GrantFault::InvalidToken)));
}

#[tokio::test]
async fn a_role_that_is_renamed_is_told_anew_and_one_that_ends_ends_the_token() {
    let test = TestApp::start().await;
    let client = add_api_client(&test, "ci").await;
    many_roles(&test, client, 40, &[]).await;
    let api_token = add_api_token(&test, "ci").await.token;
    let before = exchange(&test, &api_token).await.unwrap();
    let renamed = RoleDraft {
        name: Some("auditor-0007".to_owned()),
        display_name: Some("Renamed".to_owned()),
        component_roles: vec![ComponentRole {
            component_type: ComponentType::Vcenter,
            roles: vec!["Auditor".to_owned()],
        }],
        ..RoleDraft::default()
    };
    test.app.update_role(&test.admin(), renamed).await.unwrap();
    let after = exchange(&test, &api_token).await.unwrap();
    let name = |claims: AccessTokenClaims| claims.roles[7].display_name.clone();
    assert_eq!(name(raw(&test, &before).await), "auditor-0007");
    assert_eq!(name(raw(&test, &after).await), "Renamed");

    let end = test.app.now().millis() + 60_000;
    let names: Vec<String> = (0..40)
        .map(|number| format!("auditor-{number:04}"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    give_roles(&test, client, &names, Some(end)).await;
    let issued = issue(&test, request(Grant::ApiToken(api_token.clone()))).await;
    assert_eq!(issued.unwrap().expires_in_seconds, 60);
    test.clock.advance(60_000);
    let issued = issue(&test, request(Grant::ApiToken(api_token)))
        .await
        .unwrap();
    assert_eq!(issued.scope, None, "they are over, and were not kept");
}

/// Roles with names of whatever length, some of them limited to instances.
fn roles() -> impl Strategy<Value = Vec<(usize, usize, usize)>> {
    let role = (1_usize..100, 0_usize..200, 0_usize..4);
    prop::collection::vec(role, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn no_token_is_longer_than_the_threshold_and_its_expansion_says_all(
        roles in roles(),
        threshold in 3072_i64..=12_288,
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let outcome: Result<(), TestCaseError> = runtime.block_on(async {
            let test = TestApp::start().await;
            let draft = TokenPolicyDraft { token_overflow_threshold: Some(threshold) };
            let realm = test.made.realm.id;
            test.app.update_token_policy(&test.admin(), realm, draft).await.unwrap();
            let client = add_api_client(&test, "ci").await;
            let mut held = Vec::new();
            for (number, (name, display_name, resources)) in roles.iter().enumerate() {
                let name = format!("{number:02}-{}", "n".repeat(*name));
                let display_name = (*display_name > 0).then(|| "\u{1f511}".repeat(*display_name));
                add_role(&test, &name, display_name).await;
                let resource = |number| ScopeResource { id: format!("instance-{number}"), name: None };
                held.push(RoleAssignmentDraft {
                    role_name: Some(name),
                    scope: Some(match resources {
                        0 => RoleScope::SsoRealm,
                        count => RoleScope::VcfInstance((0..*count).map(resource).collect()),
                    }),
                    expires_at: None,
                });
            }
            test.app
                .replace_role_assignments(&test.admin(), realm, client, held)
                .await
                .unwrap();
            let api_token = add_api_token(&test, "ci").await.token;
            let token = exchange(&test, &api_token).await.unwrap();
            let bytes = i64::try_from(token.expose().len()).unwrap();
            prop_assert!(bytes <= threshold, "{bytes}");
            let admin = test.admin();
            let told = test.app.introspect(&admin, "CUSTOMER", &token).await.unwrap().unwrap();
            prop_assert_eq!(told.claims().roles.len(), roles.len());
            match expand(&test, &token, ExpansionFormat::Raw).await {
                Ok(_) => {
                    let claims = raw(&test, &token).await;
                    prop_assert_eq!(&claims, &*told.claims());
                    let twin = twin(&test, &token).await;
                    let twin = test.app.introspect(&admin, "CUSTOMER", &twin).await.unwrap();
                    if let Some(twin) = twin {
                        prop_assert_eq!(twin.claims().authorization(), claims.authorization());
                    }
                }
                Err(error) => prop_assert_eq!(error, Error::Grant(GrantFault::NotOverflowing)),
            }
            Ok(())
        });
        outcome?;
    }
}
