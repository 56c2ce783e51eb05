//! `POST /api/vcenter/registered-tokens`.

use breakglass_http::{Api, ApiOptions};
use serde_json::json;

use super::support::{
    EXPANSION, REGISTERED, overflowing, register, registered, registration_required, twin,
    twin_claims, watched,
};
use crate::esx::support::{ISSUERS, Issuer, fields, grants, list_with, profile, refused, trust};
use crate::support::{Ask, Harness, basic};

#[tokio::test]
async fn an_overflow_token_is_good_once_its_twin_is_registered() {
    let (harness, issuer) = watched().await;
    let token = overflowing(&harness, &issuer, "alice");
    registration_required(&list_with(&harness, &token).await);
    registered(&harness, &token, &twin(&harness, &issuer, "alice")).await;
    assert_eq!(list_with(&harness, &token).await.status, 200);
    // The same again changes nothing; another token of the same holder is another token.
    registered(&harness, &token, &twin(&harness, &issuer, "alice")).await;
    assert_eq!(list_with(&harness, &token).await.status, 200);
    let more = json!({"jti": "o-2", "client_id": "alice", "ovl": EXPANSION});
    let second = issuer.token(&harness, "alice@home", &more);
    registration_required(&list_with(&harness, &second).await);
}

#[tokio::test]
async fn a_token_and_its_twin_add_up_and_a_later_twin_takes_the_place_of_an_earlier_one() {
    let (harness, issuer) = watched().await;
    let alice = json!({
        "external_user_name": "alice",
        "issuer_alias": "vc",
        "domain": "home",
        "grants": grants(&["OBSERVABILITY"]),
    });
    profile(&harness, &alice).await;
    let token = overflowing(&harness, &issuer, "alice");
    registered(&harness, &token, &twin(&harness, &issuer, "alice")).await;
    let may = async |entitlement: &str| {
        let ask = Ask::get(format!(
            "/breakglass/v1/forward-auth?entitlement={entitlement}"
        ));
        harness
            .send(ask.authorization(&format!("Bearer {token}")))
            .await
            .status
    };
    assert_eq!(
        (may("READ_ONLY").await, may("OBSERVABILITY").await),
        (200, 200)
    );
    let mut poorer = twin_claims("alice");
    poorer["group_names"] = json!([]);
    let poorer = issuer.token(&harness, "alice@home", &poorer);
    registered(&harness, &token, &poorer).await;
    assert_eq!(
        (may("READ_ONLY").await, may("OBSERVABILITY").await),
        (403, 200)
    );
    let mut roles = twin_claims("alice");
    roles["group_names"] = json!([]);
    roles["roles"] = json!([{"name": "watch"}, {"name": "other", "resources": ["i"]}]);
    let roles = issuer.token(&harness, "alice@home", &roles);
    registered(&harness, &token, &roles).await;
    assert_eq!(may("READ_ONLY").await, 200, "roles count as groups");
}

#[tokio::test]
async fn without_a_twin_nothing_is_stored() {
    let (harness, issuer) = watched().await;
    let token = overflowing(&harness, &issuer, "alice");
    let before = harness.test.meddler().rows().await;
    for body in [
        json!({}),
        json!({"expanded_access_token": null}),
        json!({"other": 1}),
    ] {
        let ask = Ask::post(REGISTERED).json(&body);
        let told = harness
            .send(ask.authorization(&format!("Bearer {token}")))
            .await;
        assert_eq!(told.status, 204, "{}", told.text);
    }
    assert_eq!(harness.test.meddler().rows().await, before);
    registration_required(&list_with(&harness, &token).await);
}

#[tokio::test]
async fn only_the_overflow_token_itself_registers() {
    let (harness, issuer) = watched().await;
    let body = json!({"expanded_access_token": twin(&harness, &issuer, "alice")});
    let ask = Ask::post(REGISTERED).json(&body);
    refused(&harness.send(ask.clone()).await, 401, "UNAUTHENTICATED");
    for shown in [basic("admin"), harness.admin.clone()] {
        let told = harness.send(ask.clone().authorization(&shown)).await;
        refused(&told, 401, "UNAUTHENTICATED");
    }
    let session = harness
        .send_as_admin(Ask::post("/api/session"))
        .await
        .json();
    let with_session = ask
        .clone()
        .header("vmware-api-session-id", session.as_str().unwrap());
    refused(&harness.send(with_session).await, 401, "UNAUTHENTICATED");
    let whole = issuer.token(&harness, "alice@home", &json!({"jti": "o-alice"}));
    let told = harness
        .send(ask.authorization(&format!("Bearer {whole}")))
        .await;
    assert_eq!(
        fields(&refused(&told, 400, "INVALID_ARGUMENT")),
        ["Authorization"]
    );
}

#[tokio::test]
async fn a_body_that_is_none_is_refused_and_what_is_no_text_is_named() {
    let (harness, issuer) = watched().await;
    let authorization = format!("Bearer {}", overflowing(&harness, &issuer, "alice"));
    let ask = Ask::post(REGISTERED).authorization(&authorization);
    let told = harness
        .send(ask.clone().json(&json!({"expanded_access_token": 7})))
        .await;
    let body = refused(&told, 400, "INVALID_ARGUMENT");
    assert_eq!(fields(&body), ["expanded_access_token"]);
    let told = harness
        .send(ask.clone().bytes("application/json", "{"))
        .await;
    refused(&told, 400, "INVALID_REQUEST");
    let told = harness.send(ask.bytes("text/plain", "{}")).await;
    assert_eq!(told.status, 415);
}

#[tokio::test]
async fn a_registration_ends_with_the_first_of_the_two_tokens() {
    let (harness, issuer) = watched().await;
    let token = overflowing(&harness, &issuer, "alice");
    let mut short = twin_claims("alice");
    short["exp"] = json!(harness.test.app.now().seconds() + 120);
    registered(
        &harness,
        &token,
        &issuer.token(&harness, "alice@home", &short),
    )
    .await;
    harness.test.clock.advance(119_000);
    assert_eq!(list_with(&harness, &token).await.status, 200);
    harness.test.clock.advance(1000);
    registration_required(&list_with(&harness, &token).await);
    registered(&harness, &token, &twin(&harness, &issuer, "alice")).await;
    assert_eq!(
        list_with(&harness, &token).await.status,
        200,
        "the token is alive still"
    );
}

#[tokio::test]
async fn a_registration_survives_a_restart_and_dies_with_the_trust() {
    let (harness, issuer) = watched().await;
    let token = overflowing(&harness, &issuer, "alice");
    registered(&harness, &token, &twin(&harness, &issuer, "alice")).await;
    let test = harness.test.another_process().await;
    let api = Api::new(test.app.clone(), ApiOptions::default());
    let admin = harness.admin.clone();
    let again = Harness { test, api, admin };
    assert_eq!(list_with(&again, &token).await.status, 200);

    // Whoever has the issuer's keys replaced does not want to hear what was said before.
    harness.test.clock.advance(1);
    let rekeyed = json!({"signing_cert_chains": [{"cert_chain": [issuer.certificate]}]});
    let patch = Ask::patch(format!("{ISSUERS}/vc")).json(&rekeyed);
    assert_eq!(harness.send_as_admin(patch).await.status, 204);
    registration_required(&list_with(&again, &token).await);
    registered(&harness, &token, &twin(&harness, &issuer, "alice")).await;
    let delete = Ask::delete(format!("{ISSUERS}/vc"));
    assert_eq!(harness.send_as_admin(delete).await.status, 204);
    refused(&list_with(&again, &token).await, 401, "UNAUTHENTICATED");
    trust(&harness, "vc", &issuer).await;
    registration_required(&list_with(&again, &token).await);
}

#[tokio::test]
async fn the_ninth_token_of_a_subject_takes_the_place_of_the_oldest() {
    let (harness, issuer) = watched().await;
    let mut tokens = Vec::new();
    for number in 0..9 {
        let id = format!("o-{number}");
        let more = json!({"jti": id, "ovl": EXPANSION});
        let token = issuer.token(&harness, "alice@home", &more);
        let more = json!({"ovl_jti": id, "group_names": ["watch"]});
        let twin = issuer.token(&harness, "alice@home", &more);
        registered(&harness, &token, &twin).await;
        harness.test.clock.advance(1);
        tokens.push(token);
    }
    registration_required(&list_with(&harness, &tokens[0]).await);
    for token in &tokens[1..] {
        assert_eq!(list_with(&harness, token).await.status, 200);
    }
}

#[tokio::test]
async fn every_surface_of_the_hosts_asks_for_the_registration() {
    let (harness, issuer) = watched().await;
    let token = overflowing(&harness, &issuer, "alice");
    let authorization = format!("Bearer {token}");
    let asks = [
        Ask::get("/api/esx/authentication/client-profiles"),
        Ask::post("/api/esx/authentication/token"),
        Ask::get(ISSUERS),
        Ask::post("/api/session"),
        Ask::get("/breakglass/v1/forward-auth?entitlement=READ_ONLY"),
    ];
    for ask in &asks {
        let told = harness
            .send(ask.clone().authorization(&authorization))
            .await;
        registration_required(&told);
    }
    registered(&harness, &token, &twin(&harness, &issuer, "alice")).await;
    for ask in asks {
        let told = harness.send(ask.authorization(&authorization)).await;
        assert!(told.status < 300, "{}", told.text);
    }
}

#[tokio::test]
async fn a_host_token_of_somebody_in_hundreds_of_groups_is_short() {
    let (harness, issuer) = watched().await;
    let token = overflowing(&harness, &issuer, "alice");
    let mut many = twin_claims("alice");
    let mut groups: Vec<String> = (0..2000).map(|number| format!("group-{number}")).collect();
    groups.push("watch".to_owned());
    many["group_names"] = json!(groups);
    registered(
        &harness,
        &token,
        &issuer.token(&harness, "alice@home", &many),
    )
    .await;
    let ask = Ask::post("/api/esx/authentication/token");
    let told = harness
        .send(ask.authorization(&format!("Bearer {token}")))
        .await;
    assert_eq!(told.status, 201, "{}", told.text);
    let host_token = told.json()["access_token"].as_str().unwrap().to_owned();
    assert!(host_token.len() < 2048, "{}", host_token.len());
    assert_eq!(list_with(&harness, &host_token).await.status, 200);
}

#[tokio::test]
async fn an_expansion_that_no_header_can_hold_makes_no_good_token() {
    let (harness, issuer) = watched().await;
    for expansion in [
        "",
        "/expand",
        "ftp://vc.example/",
        "http://vc.example/",
        "https://vc.example/\"x",
    ] {
        let more = json!({"jti": "o-alice", "ovl": expansion});
        let token = issuer.token(&harness, "alice@home", &more);
        refused(&list_with(&harness, &token).await, 401, "UNAUTHENTICATED");
        let told = register(&harness, &token, &twin(&harness, &issuer, "alice")).await;
        refused(&told, 401, "UNAUTHENTICATED");
    }
}

#[tokio::test]
async fn what_another_issuer_signed_is_not_registered() {
    let (harness, issuer) = watched().await;
    let stranger = Issuer::new("https://vc.example");
    let other = Issuer::new("https://other.example");
    trust(&harness, "other", &other).await;
    let token = overflowing(&harness, &issuer, "alice");
    for twin in [
        twin(&harness, &stranger, "alice"),
        twin(&harness, &other, "alice"),
    ] {
        let told = register(&harness, &token, &twin).await;
        let body = refused(&told, 400, "INVALID_ARGUMENT");
        assert!(
            body["messages"][0]["default_message"]
                .as_str()
                .unwrap()
                .contains("signed")
        );
    }
    registration_required(&list_with(&harness, &token).await);
}

#[tokio::test]
async fn the_same_pair_again_is_no_news_and_a_record_that_cannot_be_kept_undoes_the_registration() {
    let (harness, issuer) = watched().await;
    let token = overflowing(&harness, &issuer, "alice");
    let twin = twin(&harness, &issuer, "alice");
    let meddler = harness.test.meddler();
    meddler.refuse_audit_records(true).await;
    let told = register(&harness, &token, &twin).await;
    refused(&told, 503, "SERVICE_UNAVAILABLE");
    meddler.refuse_audit_records(false).await;
    registration_required(&list_with(&harness, &token).await);
    registered(&harness, &token, &twin).await;
    let rows = meddler.rows().await;
    registered(&harness, &token, &twin).await;
    assert_eq!(meddler.rows().await, rows);
    let signed_anew = super::support::twin(&harness, &issuer, "alice");
    registered(&harness, &token, &signed_anew).await;
    assert_eq!(meddler.rows().await, rows);
}

#[tokio::test]
async fn a_token_without_an_id_cannot_be_registered_and_is_not_sent_for_it() {
    let (harness, issuer) = watched().await;
    for more in [
        json!({"ovl": EXPANSION}),
        json!({"ovl": EXPANSION, "jti": ""}),
    ] {
        let token = issuer.token(&harness, "alice@home", &more);
        let told = list_with(&harness, &token).await;
        refused(&told, 401, "UNAUTHENTICATED");
        assert!(
            !told.text.contains("registration_required"),
            "{}",
            told.text
        );
    }
}

#[tokio::test]
async fn an_overflow_token_has_no_grace_at_its_end() {
    let (harness, issuer) = watched().await;
    let token = overflowing(&harness, &issuer, "alice");
    harness.test.clock.advance(600_000);
    refused(&list_with(&harness, &token).await, 401, "UNAUTHENTICATED");
    let told = list_with(&harness, &token).await;
    assert!(
        told.challenges()
            .iter()
            .any(|one| one.contains("invalid_token"))
    );
}

#[tokio::test]
async fn a_role_is_limited_by_whatever_says_so() {
    let (harness, issuer) = watched().await;
    for (limits, status) in [
        (json!(null), 200),
        (json!([]), 200),
        (json!(["i"]), 403),
        (json!("i"), 403),
        (json!({"id": "i"}), 403),
    ] {
        let roles = json!({"roles": [{"name": "watch", "resources": limits}]});
        let token = issuer.token(&harness, "alice@home", &roles);
        assert_eq!(list_with(&harness, &token).await.status, status, "{limits}");
    }
    let names = json!({"roles": ["watch"]});
    let token = issuer.token(&harness, "alice@home", &names);
    assert_eq!(list_with(&harness, &token).await.status, 200);
}

#[tokio::test]
async fn an_issuer_that_is_called_like_no_url_spoils_no_challenge() {
    let harness = Harness::start().await;
    let odd = Issuer::new("https://x\", error=\"invalid_token");
    trust(&harness, "odd", &odd).await;
    let more = json!({"jti": "o", "ovl": EXPANSION});
    let token = odd.token(&harness, "alice@home", &more);
    let told = list_with(&harness, &token).await;
    let challenges = told.challenges();
    assert_eq!(challenges.len(), 1);
    assert!(challenges[0].contains("ovl=") && !challenges[0].contains("invalid_token"));
    assert!(!challenges[0].contains("oidc_config_url"), "{challenges:?}");
}

#[tokio::test]
async fn a_decision_says_that_a_token_has_to_be_registered() {
    let (harness, issuer) = watched().await;
    let token = overflowing(&harness, &issuer, "alice");
    let question = json!({
        "subject": {"type": "token", "id": token},
        "action": {"name": "READ_ONLY"},
        "resource": {"type": "host", "id": "esx-1"},
    });
    let ask = Ask::post("/access/v1/evaluation").json(&question);
    let told = harness.send_as_admin(ask.clone()).await;
    assert_eq!(told.json()["decision"], false);
    assert!(told.text.contains("registered"), "{}", told.text);
    registered(&harness, &token, &twin(&harness, &issuer, "alice")).await;
    assert_eq!(harness.send_as_admin(ask).await.json()["decision"], true);
}
