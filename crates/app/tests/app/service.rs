use breakglass_app::{
    Caller, Credentials, Error, Grant, GrantFault, Options, ServiceToken, TokenRequest,
};
use breakglass_domain::audit::AuditAction;
use breakglass_domain::{Minutes, Privilege, Secret, ServiceDraft};
use breakglass_test_support::TestApp;

use crate::support::{add_api_client, add_api_token, bearer, issue, origin, records_of, request};

fn service(key: &str, tenant: &str) -> breakglass_domain::Service {
    let draft = ServiceDraft {
        key: Some(key.to_owned()),
        tenant: Some(tenant.to_owned()),
        ..ServiceDraft::default()
    };
    draft.accept().unwrap()
}

async fn start() -> TestApp {
    TestApp::start_with(Options {
        services: vec![
            service("logs", "CUSTOMER"),
            service("networks", "CUSTOMER"),
            service("elsewhere", "OTHER"),
        ],
        ..Options::default()
    })
    .await
}

async fn session(test: &TestApp, ops_token: &Secret) -> Caller {
    let credentials = Some(Credentials::OpsToken(ops_token.clone()));
    test.app
        .authenticate(credentials, origin("192.0.2.1"), "test")
        .await
        .unwrap()
}

async fn exchange(test: &TestApp, caller: &Caller, keys: &[&str]) -> Result<ServiceToken, Error> {
    let keys: Vec<String> = keys.iter().map(|&key| key.to_owned()).collect();
    test.app.issue_service_token(caller, &keys).await
}

async fn is_active(test: &TestApp, token: &Secret) -> bool {
    let found = test.app.introspect(&test.admin(), "CUSTOMER", token).await;
    found.unwrap().is_some()
}

#[tokio::test]
async fn a_session_gives_a_token_for_services_and_for_nothing_else() {
    let test = start().await;
    test.add_account("viewer", &[Privilege::View]).await;
    for (username, role) in [("admin", "vcf_administrator"), ("viewer", "vcf_viewer")] {
        let caller = session(&test, &test.ops_token_of(username).await).await;
        let issued = exchange(&test, &caller, &["networks", "logs"])
            .await
            .unwrap();
        let found = test
            .app
            .introspect(&test.admin(), "CUSTOMER", &issued.token)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.username(), username);
        assert_eq!(found.claims().audience, ["networks", "logs"]);
        assert_eq!(found.claims().scope.as_deref(), Some(role));
        let lifetime = found
            .claims()
            .expires_at
            .millis_since(found.claims().issued_at);
        assert_eq!(lifetime, Minutes::new(30).millis());
        assert!(
            bearer(&test, &issued.token).await.is_err(),
            "it is for others"
        );
    }
    let issued = records_of(&test, AuditAction::AccessTokenIssued).await;
    assert_eq!(issued[0].event.details["services"], "networks logs");
}

#[tokio::test]
async fn the_token_dies_with_its_session_and_with_no_other() {
    let test = start().await;
    let (one, other) = (test.ops_token().await, test.ops_token().await);
    let (one, other) = (session(&test, &one).await, session(&test, &other).await);
    let token = exchange(&test, &one, &["logs"]).await.unwrap().token;
    let second = exchange(&test, &one, &["networks"]).await.unwrap().token;
    let neighbour = exchange(&test, &other, &["logs"]).await.unwrap().token;
    let before = test.app.status_list("CUSTOMER").await.unwrap();
    test.app.release_session(&one).await.unwrap();
    assert!(!is_active(&test, &token).await);
    assert!(!is_active(&test, &second).await);
    assert!(is_active(&test, &neighbour).await);
    let after = test.app.status_list("CUSTOMER").await.unwrap();
    assert_ne!(
        before.jwt, after.jwt,
        "verifiers that work offline learn of it"
    );

    let third = exchange(&test, &other, &["networks"]).await.unwrap().token;
    test.app
        .revoke(&test.admin(), "CUSTOMER", &neighbour)
        .await
        .unwrap();
    assert!(!is_active(&test, &neighbour).await);
    assert!(is_active(&test, &third).await);
    test.clock.advance_minutes(30);
    assert!(!is_active(&test, &third).await);
}

#[tokio::test]
async fn a_key_that_fell_into_wrong_hands_takes_the_tokens_along() {
    let test = start().await;
    let caller = session(&test, &test.ops_token().await).await;
    let token = exchange(&test, &caller, &["logs"]).await.unwrap().token;
    let realm = test.made.realm.id;
    test.app
        .replace_signing_keys(&test.admin(), realm)
        .await
        .unwrap();
    assert!(!is_active(&test, &token).await);
    let token = exchange(&test, &caller, &["logs"]).await.unwrap().token;
    assert!(is_active(&test, &token).await);
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_named() {
    let test = start().await;
    let caller = session(&test, &test.ops_token().await).await;
    for (keys, fault) in [
        (
            &["logs", "nothing"][..],
            "serviceKeys[1] names no service that is known here",
        ),
        (
            &["logs", "logs"],
            "serviceKeys[1] must not stand there twice",
        ),
        (
            &["logs", "elsewhere"],
            "serviceKeys[1] names a service of another tenant than the first",
        ),
        (
            &["elsewhere"],
            "serviceKeys[0] names a service whose tenant has no realm",
        ),
        (&[], "serviceKeys must name a service"),
    ] {
        let refused = exchange(&test, &caller, keys).await.unwrap_err();
        assert_eq!(refused.to_string(), fault);
    }
    let emergency = test.add_emergency_client(&test.made.realm, "fire").await;
    let holder = bearer(&test, &emergency).await.unwrap();
    let refused = exchange(&test, &holder, &["logs"]).await.unwrap_err();
    assert!(refused.to_string().contains("OpsToken"), "{refused}");
    assert!(
        records_of(&test, AuditAction::AccessTokenIssued)
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn clients_get_tokens_for_services_that_they_ask_for_or_that_are_implied() {
    let implied = breakglass_domain::Service {
        audience: "vmware-tes:vapi".to_owned(),
        implied: true,
        ..service("vcenter", "CUSTOMER")
    };
    let options = Options {
        services: vec![
            implied,
            service("logs", "CUSTOMER"),
            service("elsewhere", "OTHER"),
        ],
        ..Options::default()
    };
    let test = TestApp::start_with(options).await;
    add_api_client(&test, "ci").await;
    let api_token = add_api_token(&test, "ci").await.token;
    let audience = async |wanted: &[&str]| {
        let request = TokenRequest {
            audience: wanted.iter().map(|&one| one.to_owned()).collect(),
            ..request(Grant::ApiToken(api_token.clone()))
        };
        let token = issue(&test, request).await?.access_token;
        let admin = test.admin();
        let active = test
            .app
            .introspect(&admin, "CUSTOMER", &token)
            .await
            .unwrap();
        Ok(active.unwrap().claims().audience.clone())
    };
    let both = ["https://breakglass.test", "vmware-tes:vapi"];
    assert_eq!(audience(&[]).await.unwrap(), both);
    assert_eq!(audience(&["logs"]).await.unwrap(), ["logs"]);
    assert_eq!(
        audience(&["vmware-tes:vapi"]).await.unwrap(),
        ["vmware-tes:vapi"]
    );
    for other in ["elsewhere", "logs/x", "unknown"] {
        let refused = audience(&[other]).await;
        assert_eq!(
            refused,
            Err(Error::Grant(GrantFault::InvalidTarget)),
            "{other}"
        );
    }
}
