//! `/api/session`.

use breakglass_domain::Privilege;
use breakglass_domain::audit::AuditAction;
use http::StatusCode;
use serde_json::json;

use super::support::{overflowing, registered, registration_required, twin, watched};
use crate::esx::support::{ISSUERS, PROFILES, grants, profile, refused};
use crate::samples::CLIENT;
use crate::support::{Ask, Harness, Told, basic, bearer, ops};

const SESSION: &str = "/api/session";
const HEADER: &str = "vmware-api-session-id";

async fn begin(harness: &Harness, authorization: &str) -> String {
    let told = harness
        .send(Ask::post(SESSION).authorization(authorization))
        .await;
    let told = told.expect(StatusCode::CREATED);
    assert_eq!(told.header("cache-control"), "no-store");
    told.json().as_str().unwrap().to_owned()
}

async fn with(harness: &Harness, session: &str, ask: Ask) -> Told {
    harness.send(ask.header(HEADER, session)).await
}

async fn list(harness: &Harness, session: &str) -> Told {
    with(harness, session, Ask::get(PROFILES)).await
}

#[tokio::test]
async fn a_session_stands_for_the_credentials_that_it_was_given_for() {
    let harness = Harness::start().await;
    let emergency = harness.add_client(CLIENT).await;
    for authorization in [basic("admin"), harness.admin.clone(), bearer(&emergency)] {
        let session = begin(&harness, &authorization).await;
        assert_eq!(list(&harness, &session).await.status, 200);
        let told = with(&harness, &session, Ask::get(SESSION)).await;
        let told = told.expect(StatusCode::OK).json();
        let user = told["user"].as_str().unwrap();
        assert!(user == "admin" || user == "sample@CUSTOMER", "{user}");
        assert_eq!(told["created_time"], told["last_accessed_time"]);
        assert!(told["created_time"].as_str().unwrap().ends_with('Z'));
        let told = with(&harness, &session, Ask::delete(SESSION)).await;
        assert_eq!(told.status, 204);
        refused(&list(&harness, &session).await, 401, "UNAUTHENTICATED");
    }
    let actions = harness.actions_since(0).await;
    let count = |wanted| actions.iter().filter(|action| **action == wanted).count();
    assert_eq!(count(AuditAction::HostSessionCreated), 3);
    assert_eq!(count(AuditAction::HostSessionDeleted), 3);
}

#[tokio::test]
async fn a_session_may_do_what_its_holder_may_do_now() {
    let harness = Harness::start().await;
    harness.test.add_account("viewer", &[Privilege::View]).await;
    let session = begin(&harness, &basic("viewer")).await;
    refused(&list(&harness, &session).await, 403, "UNAUTHORIZED");
    let spec = json!({"local_user_name": "viewer", "grants": grants(&["READ_ONLY"])});
    let id = profile(&harness, &spec).await;
    assert_eq!(list(&harness, &session).await.status, 200);
    let create = Ask::post(PROFILES).json(&json!({"local_user_name": "x", "grants": []}));
    refused(&with(&harness, &session, create).await, 403, "UNAUTHORIZED");
    let delete = Ask::delete(format!("{PROFILES}/{id}"));
    assert_eq!(harness.send_as_admin(delete).await.status, 204);
    refused(&list(&harness, &session).await, 403, "UNAUTHORIZED");
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle() {
    let harness = Harness::start().await;
    let session = begin(&harness, &basic("admin")).await;
    for _ in 0..3 {
        harness.test.clock.advance(30 * 60_000 - 1);
        assert_eq!(list(&harness, &session).await.status, 200);
    }
    harness.test.clock.advance(30 * 60_000);
    refused(&list(&harness, &session).await, 401, "UNAUTHENTICATED");
    harness.test.clock.jump(-30 * 60_000);
    let told = list(&harness, &session).await;
    refused(&told, 401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_session_ends_with_its_credentials() {
    let harness = Harness::start().await;
    harness.test.add_account("viewer", &[Privilege::View]).await;
    let token = harness.test.ops_token_of("viewer").await;
    let by_password = begin(&harness, &basic("viewer")).await;
    let by_token = begin(&harness, &ops(&token)).await;
    harness.test.clock.advance(1000);
    let set = Ask::put("/breakglass/v1/accounts/viewer/password");
    let set = set.json(&json!({"password": "another long password"}));
    assert!(harness.send_as_admin(set).await.status < 300);
    for session in [by_password, by_token] {
        refused(&list(&harness, &session).await, 401, "UNAUTHENTICATED");
    }
    let emergency = harness.add_client(CLIENT).await;
    let session = begin(&harness, &bearer(&emergency)).await;
    assert_eq!(list(&harness, &session).await.status, 200);
    let delete = Ask::delete(format!("{}/{CLIENT}", harness.clients()));
    assert_eq!(harness.send_as_admin(delete).await.status, 202);
    refused(&list(&harness, &session).await, 401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn each_use_of_a_session_of_an_emergency_token_is_a_use_of_it() {
    let harness = Harness::start().await;
    let emergency = harness.add_client(CLIENT).await;
    let session = begin(&harness, &bearer(&emergency)).await;
    let known = harness.records().await.len();
    assert_eq!(list(&harness, &session).await.status, 200);
    let actions = harness.actions_since(known).await;
    assert_eq!(actions, [AuditAction::EmergencyTokenUsed]);
}

#[tokio::test]
async fn an_overflow_token_has_its_session_once_it_is_registered() {
    let (harness, issuer) = watched().await;
    let token = overflowing(&harness, &issuer, "alice");
    let authorization = format!("Bearer {token}");
    let told = harness
        .send(Ask::post(SESSION).authorization(&authorization))
        .await;
    registration_required(&told);
    registered(&harness, &token, &twin(&harness, &issuer, "alice")).await;
    let session = begin(&harness, &authorization).await;
    assert_eq!(list(&harness, &session).await.status, 200);
    harness.test.clock.advance_minutes(11);
    refused(&list(&harness, &session).await, 401, "UNAUTHENTICATED");
    // The trust in the issuer is as good an end.
    let token = overflowing(&harness, &issuer, "alice");
    registered(&harness, &token, &twin(&harness, &issuer, "alice")).await;
    let session = begin(&harness, &format!("Bearer {token}")).await;
    let delete = Ask::delete(format!("{ISSUERS}/vc"));
    assert_eq!(harness.send_as_admin(delete).await.status, 204);
    refused(&list(&harness, &session).await, 401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn who_has_no_session_is_told_so() {
    let harness = Harness::start().await;
    for ask in [Ask::get(SESSION), Ask::delete(SESSION)] {
        refused(&harness.send(ask.clone()).await, 401, "UNAUTHENTICATED");
        refused(
            &harness.send_as_admin(ask.clone()).await,
            401,
            "UNAUTHENTICATED",
        );
        refused(&with(&harness, "5e55", ask).await, 401, "UNAUTHENTICATED");
    }
    let session = begin(&harness, &basic("admin")).await;
    let both = Ask::get(PROFILES)
        .header(HEADER, &session)
        .authorization(&basic("admin"));
    refused(&harness.send(both).await, 401, "UNAUTHENTICATED");
    let told = with(&harness, &session, Ask::post(SESSION)).await;
    refused(&told, 401, "UNAUTHENTICATED");
    // A session is of the hosts' APIs, and of no others.
    let fleet = Ask::get(format!("{}/ssorealms", crate::support::IAM));
    assert_eq!(with(&harness, &session, fleet).await.status, 401);
}

#[tokio::test]
async fn the_thirty_third_session_of_a_holder_takes_the_place_of_the_idlest() {
    let harness = Harness::start().await;
    harness.test.add_account("viewer", &[Privilege::View]).await;
    let viewer = begin(&harness, &basic("viewer")).await;
    let mut sessions = Vec::new();
    for _ in 0..32 {
        harness.test.clock.advance(1);
        sessions.push(begin(&harness, &harness.admin.clone()).await);
    }
    harness.test.clock.advance(1);
    assert_eq!(list(&harness, &sessions[0]).await.status, 200);
    begin(&harness, &harness.admin.clone()).await;
    let statuses: Vec<u16> = {
        let mut statuses = Vec::new();
        for session in &sessions[..3] {
            statuses.push(list(&harness, session).await.status);
        }
        statuses
    };
    assert_eq!(statuses, [200, 401, 200]);
    assert_eq!(
        list(&harness, &viewer).await.status,
        403,
        "others keep theirs"
    );
}

#[tokio::test]
async fn nobody_else_of_the_same_name_ends_a_session() {
    let (harness, issuer) = watched().await;
    let session = begin(&harness, &harness.admin.clone()).await;
    let token = issuer.token(&harness, "admin", &json!({}));
    for _ in 0..33 {
        begin(&harness, &format!("Bearer {token}")).await;
    }
    assert_eq!(list(&harness, &session).await.status, 200);
}

#[tokio::test]
async fn a_session_is_of_the_realm_that_it_was_begun_in() {
    let (harness, issuer) = watched().await;
    let other = harness.test.add_realm("OTHER").await.id.to_string();
    let alice = json!({"group_names": ["watch"]});
    let token = issuer.token(&harness, "alice@home", &alice);
    for authorization in [harness.admin.clone(), format!("Bearer {token}")] {
        let session = begin(&harness, &authorization).await;
        for ask in [Ask::get(PROFILES), Ask::delete(SESSION)] {
            let told = with(&harness, &session, ask.header("x-breakglass-realm", &other)).await;
            refused(&told, 404, "NOT_FOUND");
        }
        assert_eq!(list(&harness, &session).await.status, 200, "it goes on");
        let own = Ask::get(PROFILES).header("x-breakglass-realm", &harness.realm());
        assert_eq!(with(&harness, &session, own).await.status, 200);
    }
    let both = Ask::get(PROFILES).header("x-breakglass-realm", &other);
    let both = both.header("x-breakglass-realm", &harness.realm());
    refused(&harness.send_as_admin(both).await, 400, "INVALID_ARGUMENT");
}
