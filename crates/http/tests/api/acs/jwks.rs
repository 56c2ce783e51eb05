//! `/acs/t/{tenant}/jwks`.

use breakglass_domain::BrokerDraft;
use http::StatusCode;
use serde_json::Value;

use crate::support::{Ask, Harness, shaped};

fn is_base64url(text: &str) -> bool {
    text.len() == 43
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

#[tokio::test]
async fn the_keys_of_the_first_issuer_are_public() {
    let harness = Harness::start().await;
    let told = harness
        .send(Ask::get("/acs/t/CUSTOMER/jwks"))
        .await
        .expect(StatusCode::OK);
    assert_eq!(told.header("cache-control"), "public, max-age=30");
    insta::assert_json_snapshot!(told.json(), {
        ".keys[].kid" => insta::dynamic_redaction(shaped("thumbprint", is_base64url)),
        ".keys[].x" => insta::dynamic_redaction(shaped("coordinate", is_base64url)),
        ".keys[].y" => insta::dynamic_redaction(shaped("coordinate", is_base64url)),
    }, @r#"
    {
      "keys": [
        {
          "alg": "ES256",
          "crv": "P-256",
          "kid": "[thumbprint]",
          "kty": "EC",
          "use": "sig",
          "x": "[coordinate]",
          "y": "[coordinate]"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn each_algorithm_has_the_members_of_its_kind_and_no_private_one() {
    let harness = Harness::start().await;
    for (algorithm, kind, members) in [
        (
            "ES256",
            "EC",
            ["alg", "crv", "kid", "kty", "use", "x", "y"].as_slice(),
        ),
        (
            "EdDSA",
            "OKP",
            ["alg", "crv", "kid", "kty", "use", "x"].as_slice(),
        ),
        (
            "RS256",
            "RSA",
            ["alg", "e", "kid", "kty", "n", "use"].as_slice(),
        ),
    ] {
        let draft = BrokerDraft {
            tenant: Some(algorithm.to_owned()),
            display_name: Some(algorithm.to_owned()),
            algorithm: Some(algorithm.to_owned()),
        };
        let admin = harness.test.admin();
        harness.test.app.create_broker(&admin, draft).await.unwrap();
        let told = harness
            .send(Ask::get(format!("/acs/t/{algorithm}/jwks")))
            .await;
        let key: Value = told.json()["keys"][0].clone();
        assert_eq!(key["kty"], kind);
        let found: Vec<&str> = key
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(found, members, "{algorithm}");
    }
}
