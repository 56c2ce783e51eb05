//! No token borrows the rights of another.

use serde_json::{Value, json};

use super::support::{
    overflowing, register, registered, registration_required, twin, twin_claims, watched,
};
use crate::esx::support::{fields, list_with, refused};

/// A change to what a good twin says, and a word of what is then said of it.
fn faults(now: i64) -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("sub", json!("bob@home"), "subject"),
        ("iss", json!("https://vc.example/"), "issuer"),
        ("client_id", json!("bob"), "client"),
        ("azp", json!("bob"), "client"),
        ("ovl_jti", json!("o-bob"), "jti"),
        ("ovl", json!("https://vc.example/expand"), "leaves out"),
        ("nonce", json!("n"), "ID token"),
        ("aud", json!("https://elsewhere.example"), "audience"),
        ("exp", json!(now), "alive"),
        ("nbf", json!(now + 120), "alive"),
        ("iat", json!(now + 120), "alive"),
    ]
}

#[tokio::test]
async fn every_check_that_fails_is_named_and_nothing_is_stored() {
    let (harness, issuer) = watched().await;
    let token = overflowing(&harness, &issuer, "alice");
    let now = harness.test.app.now().seconds();
    let mut twins = vec![
        ("not.a.token".to_owned(), "signed"),
        (String::new(), "signed"),
    ];
    twins.push(("x".repeat(512 * 1024 + 1), "524288 bytes"));
    for (claim, value, word) in faults(now) {
        let mut claims = twin_claims("alice");
        claims[claim] = value;
        twins.push((issuer.token(&harness, "alice@home", &claims), word));
    }
    let mut header = json!({"alg": "ES256", "typ": "id_token+jwt"});
    twins.push((
        issuer.token_by(&header, &harness, "alice@home", &twin_claims("alice")),
        "signed",
    ));
    header["typ"] = json!("at+jwt");
    header["alg"] = json!("none");
    twins.push((
        issuer.token_by(&header, &harness, "alice@home", &twin_claims("alice")),
        "signed",
    ));
    for (twin, word) in twins {
        let told = register(&harness, &token, &twin).await;
        let body = refused(&told, 400, "INVALID_ARGUMENT");
        assert_eq!(fields(&body), ["expanded_access_token"]);
        let message = body["messages"][0]["default_message"].as_str().unwrap();
        assert!(message.contains(word), "{word}: {message}");
        assert!(!told.text.contains("eyJ"), "a token is told again");
        registration_required(&list_with(&harness, &token).await);
    }
    let rows = harness.test.meddler().rows().await;
    assert!(
        rows.iter()
            .all(|row| !row.starts_with("registered_tokens: "))
    );
}

#[tokio::test]
async fn nobody_registers_the_twin_of_somebody_else_in_whatever_order() {
    let (harness, issuer) = watched().await;
    let names = ["alice", "bob"];
    let tokens = names.map(|name| overflowing(&harness, &issuer, name));
    let twins = names.map(|name| {
        let mut claims = twin_claims(name);
        // Alice may look on, Bob may not.
        claims["group_names"] = json!(if name == "alice" {
            vec!["watch"]
        } else {
            vec!["none"]
        });
        issuer.token(&harness, &format!("{name}@home"), &claims)
    });
    let steps = [(0, 0), (0, 1), (1, 0), (1, 1)];
    // Every order of the four registrations, each on top of what those before it left.
    for order in permutations(&[0, 1, 2, 3]) {
        for step in order {
            let (token, twin) = steps[step];
            let told = register(&harness, &tokens[token], &twins[twin]).await;
            let expected = if token == twin { 204 } else { 400 };
            assert_eq!(told.status, expected, "{token} {twin}: {}", told.text);
        }
        assert_eq!(list_with(&harness, &tokens[0]).await.status, 200);
        assert_eq!(list_with(&harness, &tokens[1]).await.status, 403);
    }
}

#[tokio::test]
async fn nobody_registers_the_twin_of_somebody_else_in_a_race() {
    let (harness, issuer) = watched().await;
    let alice = overflowing(&harness, &issuer, "alice");
    let bob = overflowing(&harness, &issuer, "bob");
    let (hers, mut his) = (twin(&harness, &issuer, "alice"), twin_claims("bob"));
    his["group_names"] = json!(["none"]);
    let his = issuer.token(&harness, "bob@home", &his);
    let pairs = [(&alice, &hers), (&alice, &his), (&bob, &hers), (&bob, &his)];
    let all = (0..16).flat_map(|_| pairs).map(|(token, twin)| {
        let harness = &harness;
        async move {
            let told = register(harness, token, twin).await;
            (token, twin, told.status)
        }
    });
    for (token, twin, status) in futures_util::future::join_all(all).await {
        let is_own = (token == &alice) == (twin == &hers);
        assert_eq!(status, if is_own { 204 } else { 400 });
    }
    assert_eq!(list_with(&harness, &alice).await.status, 200);
    assert_eq!(list_with(&harness, &bob).await.status, 403);
}

#[tokio::test]
async fn a_refused_twin_leaves_what_was_registered() {
    let (harness, issuer) = watched().await;
    let token = overflowing(&harness, &issuer, "alice");
    registered(&harness, &token, &twin(&harness, &issuer, "alice")).await;
    let told = register(&harness, &token, &twin(&harness, &issuer, "bob")).await;
    refused(&told, 400, "INVALID_ARGUMENT");
    assert_eq!(list_with(&harness, &token).await.status, 200);
}

fn permutations(items: &[usize]) -> Vec<Vec<usize>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for &first in items {
        let rest: Vec<usize> = items
            .iter()
            .copied()
            .filter(|&item| item != first)
            .collect();
        for mut order in permutations(&rest) {
            order.insert(0, first);
            all.push(order);
        }
    }
    all
}
