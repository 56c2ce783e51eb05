//! Tokens that are bound to a key (RFC 9449), from the token endpoint to every surface that takes them.

use breakglass_app::Options;
use breakglass_domain::{DpopRequest, Secret};
use breakglass_http::ApiOptions;
use breakglass_test_support::{KeyHolder, PUBLIC_URL};
use http::StatusCode;
use serde_json::{Value, json};

use super::token::{ACCESS_TOKEN, API_TOKEN, EXCHANGE, access_token, api_token, ask};
use crate::support::{Ask, Harness, IAM, Told, bearer, ops};

const TOKEN: &str = "/acs/t/CUSTOMER/token";

fn realms() -> String {
    format!("{IAM}/ssorealms")
}

/// A proof of the holder for a request to a path, made now.
fn proof(
    harness: &Harness,
    holder: &KeyHolder,
    (method, path): (&str, &str),
    token: Option<&str>,
    nonce: Option<&str>,
) -> String {
    let uri = format!("{PUBLIC_URL}{path}");
    let request = DpopRequest {
        method,
        uri: &uri,
        token,
    };
    let proof = holder.prove(request, nonce, harness.test.app.now());
    proof.expose().to_owned()
}

async fn issue(harness: &Harness, proof: &str, fields: &[(&str, &str)]) -> Told {
    harness.send(ask(fields).header("dpop", proof)).await
}

/// The answer to a request for the realms with a bound token.
async fn show(harness: &Harness, token: &str, proof: &str) -> Told {
    let ask = Ask::get(realms())
        .authorization(&format!("DPoP {token}"))
        .header("dpop", proof);
    harness.send(ask).await
}

fn challenge(error: &str) -> String {
    format!(r#"DPoP realm="breakglass", algs="ES256 EdDSA RS256", error="{error}""#)
}

async fn introspected(harness: &Harness, token: &str) -> Value {
    let form = format!("token={token}");
    let ask = Ask::post("/acs/t/CUSTOMER/introspect").form(&form);
    harness.send_as_admin(ask).await.json()
}

#[tokio::test]
async fn a_bound_token_goes_with_a_proof_for_each_request() {
    let harness = Harness::start().await;
    let holder = KeyHolder::new();
    let api_token = api_token(&harness, &["vcf_viewer"]).await;
    let grant = [("grant_type", API_TOKEN), ("api_token", &*api_token)];
    let issued = proof(&harness, &holder, ("POST", TOKEN), None, None);
    let told = issue(&harness, &issued, &grant).await;
    assert_eq!(told.json()["token_type"], "DPoP");
    let token = access_token(&told);

    let known = introspected(&harness, &token).await;
    let jkt = holder.thumbprint().to_string();
    assert_eq!(known["cnf"], json!({"jkt": jkt}));
    assert_eq!(known["token_type"], "DPoP");

    let path = realms();
    let good = || proof(&harness, &holder, ("GET", &path), Some(&token), None);
    let first = good();
    show(&harness, &token, &first).await.expect(StatusCode::OK);
    for (proof, error) in [
        (first, "invalid_dpop_proof"),
        (
            proof(&harness, &holder, ("GET", &path), None, None),
            "invalid_dpop_proof",
        ),
        (
            proof(&harness, &holder, ("POST", &path), Some(&token), None),
            "invalid_dpop_proof",
        ),
        (
            proof(
                &harness,
                &KeyHolder::new(),
                ("GET", &path),
                Some(&token),
                None,
            ),
            "invalid_dpop_proof",
        ),
        ("none".to_owned(), "invalid_dpop_proof"),
        (
            proof(&harness, &holder, ("GET", &path), Some(&token), Some("x")),
            "use_dpop_nonce",
        ),
    ] {
        let told = show(&harness, &token, &proof).await;
        assert_eq!(told.status, 401, "{proof}");
        assert_eq!(told.challenges(), [challenge(error)], "{proof}");
    }
    let two = Ask::get(&path)
        .authorization(&format!("DPoP {token}"))
        .header("dpop", &good())
        .header("dpop", &good());
    let told = harness.send(two).await;
    assert_eq!(told.challenges(), [challenge("invalid_dpop_proof")]);
    let none = Ask::get(&path).authorization(&format!("DPoP {token}"));
    assert_eq!(harness.send(none).await.status, 401);

    let stolen = Ask::get(&path).authorization(&bearer(&Secret::new(token.clone())));
    let told = harness.send(stolen.header("dpop", &good())).await;
    assert_eq!(told.status, 401);
    assert_eq!(told.challenges(), [challenge("invalid_token")]);
}

#[tokio::test]
async fn a_wrong_proof_gets_no_token() {
    let harness = Harness::start().await;
    let holder = KeyHolder::new();
    let api_token = api_token(&harness, &[]).await;
    let grant = [("grant_type", API_TOKEN), ("api_token", &*api_token)];
    let good = proof(&harness, &holder, ("POST", TOKEN), None, None);
    issue(&harness, &good, &grant).await.expect(StatusCode::OK);
    for wrong in [
        good,
        String::new(),
        proof(&harness, &holder, ("GET", TOKEN), None, None),
        proof(
            &harness,
            &holder,
            ("POST", "/acs/t/OTHER/token"),
            None,
            None,
        ),
    ] {
        let told = issue(&harness, &wrong, &grant).await;
        assert_eq!(told.status, 400, "{wrong}");
        assert_eq!(told.json()["error"], "invalid_dpop_proof", "{wrong}");
        assert!(told.challenges().is_empty());
    }
}

#[tokio::test]
async fn a_nonce_is_told_where_it_is_wanted() {
    let options = Options {
        require_dpop_nonce: true,
        ..Options::default()
    };
    let harness = Harness::start_with(options, ApiOptions::default()).await;
    let holder = KeyHolder::new();
    let api_token = api_token(&harness, &["vcf_viewer"]).await;
    let grant = [("grant_type", API_TOKEN), ("api_token", &*api_token)];
    let bare = proof(&harness, &holder, ("POST", TOKEN), None, None);
    let asked = issue(&harness, &bare, &grant).await;
    assert_eq!(asked.status, 400);
    assert_eq!(asked.json()["error"], "use_dpop_nonce");
    let nonce = asked.header("dpop-nonce").to_owned();
    let with_nonce = proof(&harness, &holder, ("POST", TOKEN), None, Some(&nonce));
    let told = issue(&harness, &with_nonce, &grant).await;
    let token = access_token(&told);

    let path = realms();
    let bare = proof(&harness, &holder, ("GET", &path), Some(&token), None);
    let asked = show(&harness, &token, &bare).await;
    assert_eq!(asked.status, 401);
    assert_eq!(asked.challenges(), [challenge("use_dpop_nonce")]);
    let nonce = asked.header("dpop-nonce").to_owned();
    let with_nonce = proof(
        &harness,
        &holder,
        ("GET", &path),
        Some(&token),
        Some(&nonce),
    );
    show(&harness, &token, &with_nonce)
        .await
        .expect(StatusCode::OK);
}

#[tokio::test]
async fn an_emergency_token_is_bound_when_it_is_made() {
    let harness = Harness::start().await;
    let holder = KeyHolder::new();
    let path = format!(
        "/breakglass/v1/realms/{}/emergency-clients",
        harness.realm()
    );
    let jkt = holder.thumbprint().to_string();
    let body = json!({
        "clientId": "paper",
        "clientName": "On paper",
        "accessTokenTtl": 60,
        "dpopKeyThumbprint": jkt,
    });
    let told = harness.send_as_admin(Ask::post(&path).json(&body)).await;
    let made = told.expect(StatusCode::CREATED).json();
    assert_eq!(made["emergencyClient"]["dpopKeyThumbprint"], jkt);
    assert_eq!(made["issuer"], format!("{PUBLIC_URL}/acs/t/CUSTOMER"));
    let token = made["accessToken"].as_str().unwrap();

    let stolen = Ask::get(realms()).authorization(&bearer(&Secret::new(token)));
    let told = harness.send(stolen).await;
    assert_eq!(told.status, 401);
    assert_eq!(told.challenges(), [challenge("invalid_token")]);
    let good = proof(&harness, &holder, ("GET", &realms()), Some(token), None);
    show(&harness, token, &good).await.expect(StatusCode::OK);

    let exchange = [
        ("grant_type", EXCHANGE),
        ("subject_token", token),
        ("subject_token_type", ACCESS_TOKEN),
    ];
    let told = harness.send(ask(&exchange)).await;
    assert_eq!(told.status, 400);
    assert_eq!(told.json()["error"], "invalid_grant");
    let good = proof(&harness, &holder, ("POST", TOKEN), None, None);
    let copy = access_token(&issue(&harness, &good, &exchange).await);
    assert_eq!(introspected(&harness, &copy).await["cnf"]["jkt"], jkt);
}

#[tokio::test]
async fn the_proof_of_a_session_token_is_passed_over() {
    let harness = Harness::start().await;
    let ask = Ask::get(realms())
        .authorization(&ops(&harness.test.ops_token().await))
        .header("dpop", "none");
    harness.send(ask).await.expect(StatusCode::OK);
}
