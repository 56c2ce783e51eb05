//! Tokens that are bound to a key or a certificate.

use breakglass_app::{
    Caller, Credentials, Error, Grant, GrantFault, IssuedAccessToken, Options, Origin, Refusal,
    ShownProof, TokenRequest,
};
use breakglass_domain::audit::AuditAction;
use breakglass_domain::{Confirmation, DpopRequest, Secret, Thumbprint, Timestamp};
use breakglass_test_support::{KeyHolder, PUBLIC_URL, TestApp};

use crate::support::{
    add_api_client, add_api_token, bearer, draft, issue, origin, records_of, request,
};

const PATH: &str = "/suite-api/api/x";

/// A proof for the request of these tests, made now.
fn prove(test: &TestApp, holder: &KeyHolder, token: Option<&Secret>) -> ShownProof {
    prove_at(holder, token, None, test.app.now())
}

fn prove_at(
    holder: &KeyHolder,
    token: Option<&Secret>,
    nonce: Option<&str>,
    now: Timestamp,
) -> ShownProof {
    let request = DpopRequest {
        method: "GET",
        uri: &format!("{PUBLIC_URL}{PATH}"),
        token: token.map(Secret::expose),
    };
    ShownProof {
        jwt: holder.prove(request, nonce, now),
        method: "GET".to_owned(),
        path: PATH.to_owned(),
    }
}

async fn show(test: &TestApp, token: &Secret, proof: ShownProof) -> Result<Caller, Error> {
    let token = token.clone();
    let credentials = Some(Credentials::Dpop { token, proof });
    test.app
        .authenticate(credentials, origin("198.51.100.7"), "test")
        .await
}

/// The token of an emergency client that is bound to the key.
async fn bound_emergency_token(test: &TestApp, holder: &KeyHolder) -> Secret {
    let mut draft = draft("fire", 60);
    draft.dpop_key_thumbprint = Some(holder.thumbprint().to_string());
    let realm = test.made.realm.id;
    let made = test
        .app
        .create_emergency_client(&test.admin(), realm, draft)
        .await
        .unwrap();
    assert_eq!(made.view.client.dpop_key, Some(holder.thumbprint()));
    made.access_token
}

async fn exchanged(
    test: &TestApp,
    token: &Secret,
    proof: Option<ShownProof>,
) -> Result<IssuedAccessToken, Error> {
    let grant = Grant::TokenExchange {
        subject_token: token.clone(),
        actor_token: None,
    };
    let wanted = TokenRequest {
        proof,
        ..request(grant)
    };
    issue(test, wanted).await
}

const UNPROVEN: Result<Caller, Error> = Err(Error::Unauthenticated(Refusal::Possession));
const WRONG: Result<Caller, Error> = Err(Error::Unauthenticated(Refusal::Proof));

#[tokio::test]
async fn a_stolen_emergency_token_opens_nothing_without_its_key() {
    let test = TestApp::start().await;
    let (holder, thief) = (KeyHolder::new(), KeyHolder::new());
    let token = bound_emergency_token(&test, &holder).await;

    assert_eq!(bearer(&test, &token).await, UNPROVEN);
    let proof = prove(&test, &thief, Some(&token));
    assert_eq!(show(&test, &token, proof).await, WRONG);
    let unbound = prove(&test, &holder, None);
    assert_eq!(show(&test, &token, unbound).await, WRONG);
    let elsewhere = ShownProof {
        path: "/other".to_owned(),
        ..prove(&test, &holder, Some(&token))
    };
    assert_eq!(show(&test, &token, elsewhere).await, WRONG);
    let none = ShownProof {
        jwt: Secret::new(""),
        ..prove(&test, &holder, Some(&token))
    };
    assert_eq!(show(&test, &token, none).await, WRONG);
    assert!(
        records_of(&test, AuditAction::EmergencyTokenUsed)
            .await
            .is_empty()
    );
    let refused = records_of(&test, AuditAction::AuthenticationFailed).await;
    assert_eq!(refused[0].event.details["username"], "fire");

    let proof = prove(&test, &holder, Some(&token));
    assert!(show(&test, &token, proof.clone()).await.is_ok());
    assert_eq!(show(&test, &token, proof).await, WRONG, "good once");
    let again = prove(&test, &holder, Some(&token));
    assert!(show(&test, &token, again).await.is_ok());
}

#[tokio::test]
async fn a_regenerated_token_stays_bound() {
    let test = TestApp::start().await;
    let holder = KeyHolder::new();
    bound_emergency_token(&test, &holder).await;
    let (admin, realm) = (test.admin(), test.made.realm.id);
    let regenerated = test
        .app
        .regenerate_emergency_client(&admin, realm, "fire")
        .await
        .unwrap();
    let token = regenerated.access_token;
    assert_eq!(bearer(&test, &token).await, UNPROVEN);
    let proof = prove(&test, &holder, Some(&token));
    assert!(show(&test, &token, proof).await.is_ok());
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_told_a_nonce() {
    let test = TestApp::start().await;
    let holder = KeyHolder::new();
    let token = bound_emergency_token(&test, &holder).await;
    test.clock.advance_minutes(10);
    let then = test.app.now().plus_millis(-8 * 60_000);
    let asked = show(&test, &token, prove_at(&holder, Some(&token), None, then)).await;
    let Err(Error::DpopNonceNeeded { nonce, is_grant }) = asked else {
        panic!("{asked:?}");
    };
    assert!(!is_grant);
    let proof = prove_at(&holder, Some(&token), Some(&nonce), then);
    assert!(show(&test, &token, proof.clone()).await.is_ok());
    assert_eq!(show(&test, &token, proof).await, WRONG, "good once");
    test.clock.advance_minutes(2);
    let late = prove_at(&holder, Some(&token), Some(&nonce), test.app.now());
    assert!(matches!(
        show(&test, &token, late).await,
        Err(Error::DpopNonceNeeded { .. })
    ));
    // A proof from before this process began may have been shown to the one before it.
    let after = test.another_process().await;
    let early = prove_at(&holder, Some(&token), None, test.app.now().plus_millis(-1));
    assert!(matches!(
        show(&after, &token, early).await,
        Err(Error::DpopNonceNeeded { .. })
    ));
}

#[tokio::test]
async fn an_operator_can_ask_for_a_nonce_always() {
    let test = TestApp::start_with(Options {
        require_dpop_nonce: true,
        ..Options::default()
    })
    .await;
    let holder = KeyHolder::new();
    let token = bound_emergency_token(&test, &holder).await;
    let asked = show(&test, &token, prove(&test, &holder, Some(&token))).await;
    let Err(Error::DpopNonceNeeded { nonce, .. }) = asked else {
        panic!("{asked:?}");
    };
    let proof = prove_at(&holder, Some(&token), Some(&nonce), test.app.now());
    assert!(show(&test, &token, proof).await.is_ok());
}

#[tokio::test]
async fn a_token_is_bound_to_the_key_that_it_was_asked_for_with_and_so_are_its_copies() {
    let test = TestApp::start().await;
    let (holder, other) = (KeyHolder::new(), KeyHolder::new());
    add_api_client(&test, "ci").await;
    let api_token = add_api_token(&test, "ci").await.token;
    let wanted = |proof: ShownProof| TokenRequest {
        proof: Some(proof),
        ..request(Grant::ApiToken(api_token.clone()))
    };
    let proof = prove(&test, &holder, None);
    let issued = issue(&test, wanted(proof.clone())).await.unwrap();
    let key = Confirmation::Key(holder.thumbprint());
    assert_eq!(issued.confirmation, Some(key));
    let replayed = issue(&test, wanted(proof)).await.unwrap_err();
    assert_eq!(replayed, Error::Grant(GrantFault::InvalidDpopProof));

    let token = issued.access_token;
    assert_eq!(bearer(&test, &token).await, UNPROVEN);
    let shown = prove(&test, &holder, Some(&token));
    assert!(show(&test, &token, shown).await.is_ok());

    let refused = Error::Grant(GrantFault::InvalidGrant);
    assert_eq!(exchanged(&test, &token, None).await.unwrap_err(), refused);
    let stolen = exchanged(&test, &token, Some(prove(&test, &other, None))).await;
    assert_eq!(stolen.unwrap_err(), refused);
    let copy = exchanged(&test, &token, Some(prove(&test, &holder, None))).await;
    assert_eq!(copy.unwrap().confirmation, Some(key));
}

#[tokio::test]
async fn a_token_that_is_bound_to_nothing_goes_under_bearer_and_can_be_bound_by_a_copy() {
    let test = TestApp::start().await;
    let holder = KeyHolder::new();
    let token = test.add_emergency_client(&test.made.realm, "fire").await;
    let proof = prove(&test, &holder, Some(&token));
    assert_eq!(show(&test, &token, proof).await, UNPROVEN);
    assert!(bearer(&test, &token).await.is_ok());
    let copy = exchanged(&test, &token, Some(prove(&test, &holder, None)))
        .await
        .unwrap();
    assert_eq!(bearer(&test, &copy.access_token).await, UNPROVEN);
}

#[tokio::test]
async fn a_token_is_bound_to_the_certificate_of_its_connection() {
    let test = TestApp::start().await;
    add_api_client(&test, "ci").await;
    let api_token = add_api_token(&test, "ci").await.token;
    let with = |certificate: Option<&[u8]>| Origin {
        client_certificate: certificate.map(Thumbprint::of),
        ..origin("198.51.100.7")
    };
    let issued = test
        .app
        .issue_access_token(
            "CUSTOMER",
            request(Grant::ApiToken(api_token)),
            &with(Some(b"mine")),
        )
        .await
        .unwrap();
    let bound = Confirmation::Certificate(Thumbprint::of(b"mine"));
    assert_eq!(issued.confirmation, Some(bound));
    for (certificate, passes) in [
        (Some(&b"mine"[..]), true),
        (Some(b"other"), false),
        (None, false),
    ] {
        let credentials = Some(Credentials::Bearer(issued.access_token.clone()));
        let caller = test
            .app
            .authenticate(credentials, with(certificate), "test")
            .await;
        assert_eq!(caller.is_ok(), passes, "{certificate:?}");
    }
}
