use breakglass_app::{Error, GrantFault, Housekeeping, Resource};
use breakglass_domain::audit::AuditAction;
use breakglass_domain::{
    ApiTokenDraft, IamSettingsDraft, Minutes, PageRequest, Secret, TokenOrder, TokenQuery,
};
use breakglass_test_support::TestApp;

use crate::support::{
    add_api_client, add_api_token, bearer, exchange, give_roles, records_of, viewer,
};

#[tokio::test]
async fn a_token_is_made_changed_found_and_deleted() {
    let test = TestApp::start().await;
    let (admin, realm) = (test.admin(), test.made.realm.id);
    add_api_client(&test, "ci").await;
    let issued = add_api_token(&test, "ci").await;
    let id = issued.view.token.id;
    assert!(issued.token.expose().starts_with("vidb_"));
    assert!(
        issued
            .token
            .expose()
            .ends_with(&issued.view.token.last_characters)
    );
    let change = ApiTokenDraft {
        token_description: Some("every night".to_owned()),
        access_token_ttl: Some(60),
        ..ApiTokenDraft::default()
    };
    test.app
        .update_api_token(&admin, realm, id, change)
        .await
        .unwrap();
    let found = test.app.get_api_token(&viewer(), realm, id).await.unwrap();
    assert_eq!(found.token.name.as_str(), "nightly");
    assert_eq!(found.token.description.as_deref(), Some("every night"));
    assert_eq!(found.token.access_token_ttl, Minutes::new(60));
    assert_eq!((found.client_id.as_str(), found.is_alive), ("ci", true));
    let page = test
        .app
        .query_api_tokens(
            &viewer(),
            realm,
            &TokenQuery::default(),
            TokenOrder::ExpirationDate,
            true,
            PageRequest::new(0, 10).unwrap(),
        )
        .await
        .unwrap();
    assert_eq!((page.total, page.entries[0].token.id), (1, id));
    test.app.delete_api_token(&admin, realm, id).await.unwrap();
    let gone = test.app.get_api_token(&admin, realm, id).await;
    assert_eq!(gone, Err(Error::NotFound(Resource::ApiToken)));
}

#[tokio::test]
async fn a_token_is_of_a_client_that_exists_and_within_the_ceilings() {
    let test = TestApp::start().await;
    let (admin, realm) = (test.admin(), test.made.realm.id);
    add_api_client(&test, "ci").await;
    let faults = async |client: &str, ttl| {
        let draft = ApiTokenDraft {
            token_name: Some("t".to_owned()),
            api_token_ttl: Some(ttl),
            ..ApiTokenDraft::default()
        };
        let refused = test
            .app
            .create_api_token(&admin, realm, client, draft)
            .await;
        refused.unwrap_err().to_string()
    };
    assert_eq!(
        faults("nobody", 1).await,
        "apiClientId names no API client of the realm"
    );
    assert_eq!(
        faults("ci", 43_201).await,
        "apiTokenTtl must be 1 to 43200 minutes"
    );
}

#[tokio::test]
async fn a_lowered_ceiling_binds_new_access_tokens_at_once() {
    let test = TestApp::start().await;
    let (admin, realm) = (test.admin(), test.made.realm.id);
    let id = add_api_client(&test, "ci").await;
    give_roles(&test, id, &["vcf_viewer"], None).await;
    let draft = ApiTokenDraft {
        token_name: Some("t".to_owned()),
        access_token_ttl: Some(480),
        ..ApiTokenDraft::default()
    };
    let token = test
        .app
        .create_api_token(&admin, realm, "ci", draft)
        .await
        .unwrap()
        .token;
    let lifetime = async || {
        let grant = breakglass_app::Grant::ApiToken(token.clone());
        let issued = crate::support::issue(&test, crate::support::request(grant)).await;
        issued.unwrap().expires_in_seconds
    };
    assert_eq!(lifetime().await, 480 * 60);
    let settings = IamSettingsDraft {
        access_token_ttl: Some(30),
        all_users_group_enabled: Some(false),
        api_token_retention_period: Some(43_200),
        api_token_ttl: Some(43_200),
        jit_inactive_user_enabled: Some(false),
        jit_inactive_user_ttl: None,
    };
    test.app.update_settings(&admin, settings).await.unwrap();
    assert_eq!(lifetime().await, 30 * 60);
}

#[tokio::test]
async fn regenerating_kills_the_old_secret_and_its_access_tokens_within_the_same_second() {
    let test = TestApp::start().await;
    let (admin, realm) = (test.admin(), test.made.realm.id);
    let client = add_api_client(&test, "ci").await;
    give_roles(&test, client, &["vcf_viewer"], None).await;
    let old = add_api_token(&test, "ci").await;
    let neighbour = add_api_token(&test, "ci").await;
    let access = exchange(&test, &old.token).await.unwrap();
    let kept = exchange(&test, &neighbour.token).await.unwrap();
    let id = old.view.token.id;
    let new = test
        .app
        .regenerate_api_token(&admin, realm, id)
        .await
        .unwrap();
    assert_eq!(new.view.token.id, id);
    let dead = exchange(&test, &old.token).await.unwrap_err();
    assert_eq!(dead, Error::Grant(GrantFault::InvalidGrant));
    assert!(bearer(&test, &access).await.is_err());
    assert!(exchange(&test, &new.token).await.is_ok());
    assert!(bearer(&test, &kept).await.is_ok());
}

#[tokio::test]
async fn deleting_a_token_or_its_client_kills_exactly_its_access_tokens() {
    let test = TestApp::start().await;
    let (admin, realm) = (test.admin(), test.made.realm.id);
    let mut tokens = Vec::new();
    for name in ["a", "b"] {
        let id = add_api_client(&test, name).await;
        give_roles(&test, id, &["vcf_viewer"], None).await;
        for _ in 0..2 {
            let issued = add_api_token(&test, name).await;
            let access = exchange(&test, &issued.token).await.unwrap();
            tokens.push((issued, access));
        }
    }
    let alive = async |expected: [bool; 4]| {
        for ((issued, access), expected) in tokens.iter().zip(expected) {
            assert_eq!(bearer(&test, access).await.is_ok(), expected);
            assert_eq!(exchange(&test, &issued.token).await.is_ok(), expected);
        }
    };
    alive([true; 4]).await;
    let first = tokens[0].0.view.token.id;
    test.app
        .delete_api_token(&admin, realm, first)
        .await
        .unwrap();
    alive([false, true, true, true]).await;
    test.app
        .delete_api_client(&admin, realm, "a")
        .await
        .unwrap();
    alive([false, false, true, true]).await;
}

#[tokio::test]
async fn a_token_that_is_over_stays_listed_for_the_retention_period() {
    let test = TestApp::start().await;
    let realm = test.made.realm.id;
    add_api_client(&test, "ci").await;
    let issued = add_api_token(&test, "ci").await;
    let id = issued.view.token.id;
    test.clock.advance_minutes(43_200);
    let over = test.app.get_api_token(&viewer(), realm, id).await.unwrap();
    assert!(!over.is_alive);
    assert!(exchange(&test, &issued.token).await.is_err());
    Housekeeping::default().round(&test.app).await.unwrap();
    assert!(test.app.get_api_token(&viewer(), realm, id).await.is_ok());
    test.clock.advance_minutes(43_200);
    Housekeeping::default().round(&test.app).await.unwrap();
    let gone = test.app.get_api_token(&viewer(), realm, id).await;
    assert_eq!(gone, Err(Error::NotFound(Resource::ApiToken)));
    let told = records_of(&test, AuditAction::ApiTokenForgotten).await;
    assert_eq!(told.len(), 1);
}

#[tokio::test]
async fn an_exchange_is_noted_and_a_wrong_text_is_not() {
    let test = TestApp::start().await;
    let realm = test.made.realm.id;
    add_api_client(&test, "ci").await;
    let issued = add_api_token(&test, "ci").await;
    let id = issued.view.token.id;
    let used = async || {
        let view = test.app.get_api_token(&viewer(), realm, id).await;
        view.unwrap().token.last_used_at
    };
    let mut wrong = issued.token.expose().to_owned();
    wrong.pop();
    for text in [wrong.as_str(), "vidb_", ""] {
        let refused = exchange(&test, &Secret::new(text)).await.unwrap_err();
        assert_eq!(refused, Error::Grant(GrantFault::InvalidGrant), "{text}");
    }
    assert_eq!(used().await, None);
    test.clock.advance_minutes(1);
    exchange(&test, &issued.token).await.unwrap();
    assert_eq!(used().await, Some(test.app.now()));
    let told = records_of(&test, AuditAction::AccessTokenIssued).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].event.actor.to_string(), "api_client:ci");
}
