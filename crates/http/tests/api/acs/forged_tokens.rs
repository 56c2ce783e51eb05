//! Access tokens that nobody here signed, wherever a token is taken.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use breakglass_app::Options;
use breakglass_http::ApiOptions;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::token::{ACCESS_TOKEN, API_TOKEN, EXCHANGE, access_token, api_token, ask, error};
use crate::support::{Ask, Harness, IAM};

/// What comes before the point in the public key of an ES256 key, as its PEM has it (RFC 5480, section 2).
const P256_PREFIX: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];

/// An access token of a client that may do everything.
async fn issued(harness: &Harness) -> String {
    let token = api_token(harness, &["vcf_administrator"]).await;
    let issue = ask(&[("grant_type", API_TOKEN), ("api_token", &token)]);
    access_token(&harness.send(issue).await)
}

/// The header and the claims, signed with HMAC under what everybody knows: the published key, in each of its forms.
async fn signed_with_the_public_key(
    harness: &Harness,
    header: &Value,
    claims: &str,
) -> Vec<String> {
    let keys = Ask::get("/acs/t/CUSTOMER/jwks");
    let keys = harness.send(keys).await.json();
    let jwk = &keys["keys"][0];
    let part = |name: &str| {
        let text = jwk[name].as_str().unwrap();
        URL_SAFE_NO_PAD.decode(text).unwrap()
    };
    let der = [P256_PREFIX.to_vec(), part("x"), part("y")].concat();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        STANDARD.encode(&der)
    );
    let message = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header.to_string()));
    [der, pem.into_bytes(), jwk.to_string().into_bytes()]
        .iter()
        .map(|secret| {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
            mac.update(message.as_bytes());
            let tag = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
            format!("{message}.{tag}")
        })
        .collect()
}

#[tokio::test]
async fn a_forged_token_opens_nothing_and_is_told_dead() {
    // More tries than a minute has, which the limit on failures would answer with 429.
    let options = Options {
        failure_limit: 1000,
        ..Options::default()
    };
    let harness = Harness::start_with(options, ApiOptions::default()).await;
    let access = issued(&harness).await;
    let parts: Vec<&str> = access.split('.').collect();
    let header = URL_SAFE_NO_PAD.decode(parts[0]).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    let with = |name: &str, value: Value| {
        let mut header = header.clone();
        header[name] = value;
        header
    };
    let signed = |header: &Value, signature: &str| {
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        format!("{header}.{}.{signature}", parts[1])
    };
    let mut forged = vec![
        signed(&with("alg", json!("none")), ""),
        signed(&with("alg", json!("None")), parts[2]),
        signed(&header, ""),
    ];
    for (name, value) in [
        ("kid", json!("other")),
        ("kid", json!("../../etc/passwd")),
        ("jku", json!("https://evil.example/jwks")),
        ("x5u", json!("https://evil.example/cert")),
        ("jwk", json!({"kty": "oct", "k": "AA"})),
        ("typ", json!("JWT")),
    ] {
        forged.push(signed(&with(name, value), parts[2]));
    }
    let shared = with("alg", json!("HS256"));
    forged.extend(signed_with_the_public_key(&harness, &shared, parts[1]).await);
    for token in &forged {
        let list = Ask::get(format!("{IAM}/ssorealms")).authorization(&format!("Bearer {token}"));
        assert_eq!(harness.send(list).await.status, 401, "{token}");
        let introspect = Ask::post("/acs/t/CUSTOMER/introspect").form(&format!("token={token}"));
        let told = harness.send_as_admin(introspect).await;
        assert_eq!(told.json(), json!({"active": false}), "{token}");
        let exchange = ask(&[
            ("grant_type", EXCHANGE),
            ("subject_token", token),
            ("subject_token_type", ACCESS_TOKEN),
        ]);
        let told = harness.send(exchange).await;
        assert_eq!(error(&told), (400, "invalid_grant".to_owned()), "{token}");
    }
    let list = Ask::get(format!("{IAM}/ssorealms")).authorization(&format!("Bearer {access}"));
    assert_eq!(harness.send(list).await.status, 200);
}
