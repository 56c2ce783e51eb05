use std::net::Ipv4Addr;

use breakglass_app::{Caller, Error, Grant, GrantFault, IssuedAccessToken, Origin, TokenRequest};
use breakglass_domain::audit::AuditAction;
use breakglass_domain::{Privilege, Secret};
use breakglass_test_support::TestApp;

use crate::support::{
    add_api_client, add_api_token, bearer, credentials, exchange, give_roles, issue, records_of,
    request, viewer,
};

fn narrower(token: &Secret) -> TokenRequest {
    request(Grant::TokenExchange {
        subject_token: token.clone(),
        actor_token: None,
    })
}

async fn copy(test: &TestApp, token: &Secret) -> Result<Secret, Error> {
    let issued = issue(test, narrower(token)).await;
    issued.map(|issued| issued.access_token)
}

fn may(caller: &Caller) -> Vec<Privilege> {
    Privilege::ALL
        .into_iter()
        .filter(|privilege| caller.principal.holds(*privilege))
        .collect()
}

#[tokio::test]
async fn a_token_may_do_what_its_holder_may_do_now() {
    let test = TestApp::start().await;
    let client = add_api_client(&test, "ci").await;
    let token = add_api_token(&test, "ci").await.token;
    let roleless = exchange(&test, &token).await.unwrap();
    assert_eq!(may(&bearer(&test, &roleless).await.unwrap()), []);

    give_roles(&test, client, &["vcf_administrator"], None).await;
    assert_eq!(
        may(&bearer(&test, &roleless).await.unwrap()),
        [],
        "a token carries no role that was given after it was issued"
    );
    let whole = exchange(&test, &token).await.unwrap();
    assert_eq!(may(&bearer(&test, &whole).await.unwrap()), Privilege::ALL);
    give_roles(&test, client, &["vcf_viewer"], None).await;
    assert_eq!(
        may(&bearer(&test, &whole).await.unwrap()),
        [],
        "what was taken away is gone at once"
    );
}

#[tokio::test]
async fn a_token_ends_with_the_first_of_its_roles_and_with_its_credential() {
    let test = TestApp::start().await;
    let client = add_api_client(&test, "ci").await;
    let token = add_api_token(&test, "ci").await.token;
    let now = test.app.now();
    give_roles(&test, client, &["vcf_viewer"], Some(now.millis() + 60_000)).await;
    let issued = issue(&test, request(Grant::ApiToken(token.clone()))).await;
    assert_eq!(issued.unwrap().expires_in_seconds, 60);
    let wanted = TokenRequest {
        expires_in: Some(5),
        ..request(Grant::ApiToken(token.clone()))
    };
    assert_eq!(issue(&test, wanted).await.unwrap().expires_in_seconds, 5);
    test.clock.advance_minutes(43_199);
    let issued = issue(&test, request(Grant::ApiToken(token))).await;
    assert_eq!(issued.unwrap().expires_in_seconds, 60);
}

#[tokio::test]
async fn a_scope_narrows_and_a_mistyped_one_is_refused() {
    let test = TestApp::start().await;
    let client = add_api_client(&test, "ci").await;
    give_roles(&test, client, &["vcf_administrator", "sddc_viewer"], None).await;
    let token = add_api_token(&test, "ci").await.token;
    let asked = async |scope: &str| {
        let request = TokenRequest {
            scope: Some(scope.to_owned()),
            ..request(Grant::ApiToken(token.clone()))
        };
        issue(&test, request).await
    };
    let all = asked("openid profile").await.unwrap();
    assert_eq!(all.scope.as_deref(), Some("sddc_viewer vcf_administrator"));
    let narrow = asked("vcf_viewer").await.unwrap();
    assert_eq!(narrow.scope.as_deref(), Some("vcf_viewer"));
    let caller = bearer(&test, &narrow.access_token).await.unwrap();
    assert_eq!(may(&caller), [Privilege::View]);
    let refused = asked("vcf_viewr").await.unwrap_err();
    assert_eq!(refused, Error::Grant(GrantFault::InvalidScope));
    assert_eq!(
        records_of(&test, AuditAction::AccessTokenIssued)
            .await
            .len(),
        2
    );
}

#[tokio::test]
async fn a_client_gets_a_token_for_its_secret_and_for_nothing_else() {
    let test = TestApp::start().await;
    let (admin, realm) = (test.admin(), test.made.realm.id);
    let client = add_api_client(&test, "ci").await;
    give_roles(&test, client, &["vcf_viewer"], None).await;
    let asked = async |client_id: &str, secret: &Secret| {
        let request = TokenRequest {
            client: Some(credentials(client_id, secret)),
            ..request(Grant::ClientCredentials)
        };
        issue(&test, request).await
    };
    let invalid = Error::Grant(GrantFault::InvalidClient);
    let guess = Secret::new("guess");
    assert_eq!(asked("ci", &guess).await.unwrap_err(), invalid);
    let made = test
        .app
        .create_client_secret(&admin, realm, "ci", None)
        .await
        .unwrap();
    let right = made.client_secret;
    let issued = asked("ci", &right).await.unwrap();
    assert_eq!(
        may(&bearer(&test, &issued.access_token).await.unwrap()),
        [Privilege::View]
    );
    assert_eq!(asked("ci", &guess).await.unwrap_err(), invalid);
    assert_eq!(asked("other", &right).await.unwrap_err(), invalid);
    let nobody = issue(&test, request(Grant::ClientCredentials)).await;
    assert_eq!(nobody.unwrap_err(), invalid);
}

#[tokio::test]
async fn right_credentials_pass_although_others_guess() {
    let test = TestApp::start().await;
    let (admin, realm) = (test.admin(), test.made.realm.id);
    add_api_client(&test, "ci").await;
    let made = test
        .app
        .create_client_secret(&admin, realm, "ci", None)
        .await
        .unwrap();
    let guess = |address: u8| {
        let origin = Origin {
            source_address: Some(Ipv4Addr::new(192, 0, 2, address).into()),
            ..Origin::default()
        };
        let request = TokenRequest {
            client: Some(credentials("ci", &Secret::new("guess"))),
            ..request(Grant::ClientCredentials)
        };
        (origin, request)
    };
    let mut limited = 0;
    for address in 0..30 {
        let (origin, request) = guess(address);
        let refused = test
            .app
            .issue_access_token("CUSTOMER", request, &origin)
            .await;
        limited += usize::from(matches!(refused, Err(Error::RateLimited { .. })));
    }
    assert_eq!(
        limited, 10,
        "twenty tries a minute, from however many addresses"
    );
    let (origin, request) = guess(0);
    let right = TokenRequest {
        client: Some(credentials("ci", &made.client_secret)),
        ..request
    };
    let issued = test
        .app
        .issue_access_token("CUSTOMER", right, &origin)
        .await;
    assert!(issued.is_ok());
    let emergency = test.add_emergency_client(&test.made.realm, "fire").await;
    assert!(bearer(&test, &emergency).await.is_ok());
}

#[tokio::test]
async fn a_copy_is_narrower_and_dies_with_its_original() {
    let test = TestApp::start().await;
    let client = add_api_client(&test, "ci").await;
    give_roles(&test, client, &["vcf_administrator"], None).await;
    let token = add_api_token(&test, "ci").await.token;
    let original = exchange(&test, &token).await.unwrap();
    let neighbour = exchange(&test, &token).await.unwrap();
    let viewer_only = TokenRequest {
        scope: Some("vcf_viewer".to_owned()),
        expires_in: Some(3600 * 24),
        ..narrower(&original)
    };
    let IssuedAccessToken {
        access_token: narrow,
        expires_in_seconds,
        ..
    } = issue(&test, viewer_only).await.unwrap();
    assert_eq!(
        expires_in_seconds,
        30 * 60,
        "never longer than the original"
    );
    assert_eq!(
        may(&bearer(&test, &narrow).await.unwrap()),
        [Privilege::View]
    );
    let wider = TokenRequest {
        scope: Some("vcf_administrator".to_owned()),
        ..narrower(&narrow)
    };
    let refused = issue(&test, wider).await.unwrap_err();
    assert_eq!(refused, Error::Grant(GrantFault::InvalidScope));
    let second = copy(&test, &narrow).await.unwrap();
    test.app
        .revoke(&test.admin(), "CUSTOMER", &original)
        .await
        .unwrap();
    for dead in [&original, &narrow, &second] {
        assert!(bearer(&test, dead).await.is_err());
    }
    assert!(bearer(&test, &neighbour).await.is_ok());
}

#[tokio::test]
async fn a_copy_for_somebody_else_opens_nothing_here_and_cannot_be_widened() {
    let test = TestApp::start().await;
    let token = test.add_emergency_client(&test.made.realm, "fire").await;
    let wanted = |subject: &Secret, audience: &str| TokenRequest {
        audience: vec![audience.to_owned()],
        ..narrower(subject)
    };
    let grafana = "https://breakglass.test/grafana";
    let issued = issue(&test, wanted(&token, grafana)).await.unwrap();
    assert!(bearer(&test, &issued.access_token).await.is_err());
    let active = test
        .app
        .introspect(&viewer(), "CUSTOMER", &issued.access_token)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(active.claims().audience, [grafana]);
    let wider = wanted(&issued.access_token, "https://breakglass.test");
    let refused = issue(&test, wider).await.unwrap_err();
    assert_eq!(refused, Error::Grant(GrantFault::InvalidTarget));
}

#[tokio::test]
async fn a_copy_of_an_emergency_token_is_used_in_its_name_and_dies_with_it() {
    let test = TestApp::start().await;
    let realm = test.made.realm.id;
    let token = test.add_emergency_client(&test.made.realm, "fire").await;
    let reader = TokenRequest {
        scope: Some("vcf_viewer".to_owned()),
        ..narrower(&token)
    };
    let reader = issue(&test, reader).await.unwrap().access_token;
    let caller = bearer(&test, &reader).await.unwrap();
    assert_eq!(may(&caller), [Privilege::View]);
    assert!(caller.principal.is_emergency());
    let uses = records_of(&test, AuditAction::EmergencyTokenUsed).await;
    assert!(uses.iter().all(|record| record.event.emergency));
    test.app
        .regenerate_emergency_client(&test.admin(), realm, "fire")
        .await
        .unwrap();
    assert!(bearer(&test, &reader).await.is_err());
    assert!(copy(&test, &token).await.is_err());
}

#[tokio::test]
async fn a_copy_says_who_acts_for_whom() {
    let test = TestApp::start().await;
    let mut access = Vec::new();
    for name in ["owner", "first", "second"] {
        add_api_client(&test, name).await;
        let token = add_api_token(&test, name).await.token;
        access.push(exchange(&test, &token).await.unwrap());
    }
    let acting = |subject: &Secret, actor: &Secret| {
        request(Grant::TokenExchange {
            subject_token: subject.clone(),
            actor_token: Some(actor.clone()),
        })
    };
    let once = issue(&test, acting(&access[0], &access[1])).await.unwrap();
    let twice = issue(&test, acting(&once.access_token, &access[2]))
        .await
        .unwrap();
    let active = test
        .app
        .introspect(&viewer(), "CUSTOMER", &twice.access_token)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(active.claims().subject, "owner");
    let outer = active.claims().actor.clone().unwrap();
    assert_eq!(outer.subject, "second");
    assert_eq!(outer.actor.unwrap().subject, "first");
}

#[tokio::test]
async fn copies_of_copies_come_to_an_end() {
    let test = TestApp::start().await;
    let mut token = test.add_emergency_client(&test.made.realm, "fire").await;
    for _ in 0..8 {
        token = copy(&test, &token).await.unwrap();
    }
    let refused = copy(&test, &token).await.unwrap_err();
    assert_eq!(refused, Error::Grant(GrantFault::InvalidGrant));
}

#[tokio::test]
async fn a_credential_of_another_realm_opens_nothing() {
    let test = TestApp::start().await;
    test.add_realm("OTHER").await;
    add_api_client(&test, "ci").await;
    let token = add_api_token(&test, "ci").await.token;
    let access = exchange(&test, &token).await.unwrap();
    let elsewhere = async |request| {
        let origin = Origin::default();
        let refused = test.app.issue_access_token("OTHER", request, &origin).await;
        refused.unwrap_err()
    };
    let invalid = Error::Grant(GrantFault::InvalidGrant);
    assert_eq!(elsewhere(request(Grant::ApiToken(token))).await, invalid);
    assert_eq!(elsewhere(narrower(&access)).await, invalid);
    let seen = test.app.introspect(&viewer(), "OTHER", &access).await;
    assert!(matches!(seen, Ok(None)));
}

#[tokio::test]
async fn a_client_revokes_only_its_own() {
    let test = TestApp::start().await;
    let (admin, realm) = (test.admin(), test.made.realm.id);
    let mut clients = Vec::new();
    for name in ["a", "b"] {
        add_api_client(&test, name).await;
        let token = add_api_token(&test, name).await.token;
        let access = exchange(&test, &token).await.unwrap();
        let made = test
            .app
            .create_client_secret(&admin, realm, name, None)
            .await
            .unwrap();
        let caller = test
            .app
            .authenticate_client(
                "CUSTOMER",
                &credentials(name, &made.client_secret),
                &Origin::default(),
                "revokeToken",
            )
            .await
            .unwrap();
        clients.push((caller, access));
    }
    let (first, own) = &clients[0];
    let foreign = &clients[1].1;
    let refused = test.app.revoke(first, "CUSTOMER", foreign).await;
    assert_eq!(refused, Err(Error::Grant(GrantFault::UnauthorizedClient)));
    test.app.revoke(first, "CUSTOMER", own).await.unwrap();
    assert!(bearer(&test, own).await.is_err());
    assert!(bearer(&test, foreign).await.is_ok());
    assert!(
        test.app
            .introspect(first, "CUSTOMER", foreign)
            .await
            .unwrap()
            .is_some()
    );
}
