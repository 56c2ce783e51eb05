//! The metadata of an issuer, in its three places.

use breakglass_app::Options;
use breakglass_http::ApiOptions;
use http::StatusCode;

use crate::support::{Ask, Harness};

#[tokio::test]
async fn discovery_names_what_works_and_nothing_else() {
    let harness = Harness::start().await;
    let told = harness
        .send(Ask::get("/acs/t/CUSTOMER/.well-known/openid-configuration"))
        .await
        .expect(StatusCode::OK);
    assert_eq!(told.header("cache-control"), "public, max-age=30");
    insta::assert_json_snapshot!(told.json(), @r#"
    {
      "claims_supported": [
        "acct",
        "act",
        "aud",
        "auth_time",
        "authorization_details",
        "client_id",
        "cnf",
        "credential",
        "derived_from",
        "exp",
        "group_ids",
        "group_names",
        "iat",
        "iss",
        "jti",
        "ovc",
        "ovd",
        "ovl",
        "ovl_jti",
        "roles",
        "scope",
        "status",
        "sub"
      ],
      "dpop_signing_alg_values_supported": [
        "ES256",
        "EdDSA",
        "RS256"
      ],
      "grant_types_supported": [
        "client_credentials",
        "refresh_token",
        "urn:custom:vcf:params:oauth:grant-type:api-token",
        "urn:ietf:params:oauth:grant-type:token-exchange"
      ],
      "id_token_signing_alg_values_supported": [
        "ES256"
      ],
      "introspection_endpoint": "https://breakglass.test/acs/t/CUSTOMER/introspect",
      "introspection_endpoint_auth_methods_supported": [
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
        "Bearer",
        "DPoP"
      ],
      "issuer": "https://breakglass.test/acs/t/CUSTOMER",
      "jwks_uri": "https://breakglass.test/acs/t/CUSTOMER/jwks",
      "response_types_supported": [],
      "revocation_endpoint": "https://breakglass.test/acs/t/CUSTOMER/revoke",
      "revocation_endpoint_auth_methods_supported": [
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt"
      ],
      "scopes_supported": [
        "sddc_administrator",
        "sddc_viewer",
        "vcf_administrator",
        "vcf_viewer"
      ],
      "subject_types_supported": [
        "public"
      ],
      "token_endpoint": "https://breakglass.test/acs/t/CUSTOMER/token",
      "token_endpoint_auth_methods_supported": [
        "client_secret_basic",
        "client_secret_post",
        "none",
        "private_key_jwt"
      ],
      "token_endpoint_auth_signing_alg_values_supported": [
        "ES256",
        "EdDSA",
        "RS256"
      ]
    }
    "#);
}

#[tokio::test]
async fn certificates_are_offered_where_they_are_asked_for() {
    let api = ApiOptions {
        client_certificates: true,
        ..ApiOptions::default()
    };
    let harness = Harness::start_with(Options::default(), api).await;
    let path = "/acs/t/CUSTOMER/.well-known/openid-configuration";
    let told = harness.send(Ask::get(path)).await.json();
    assert_eq!(told["tls_client_certificate_bound_access_tokens"], true);
}

#[tokio::test]
async fn the_three_places_hold_one_document() {
    let harness = Harness::start().await;
    let mut documents = Vec::new();
    for path in [
        "/acs/t/CUSTOMER/.well-known/openid-configuration",
        "/acs/t/CUSTOMER/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/acs/t/CUSTOMER",
    ] {
        documents.push(harness.send(Ask::get(path)).await.json());
    }
    assert_eq!(documents[0], documents[1]);
    assert_eq!(documents[0], documents[2]);
}

#[tokio::test]
async fn every_endpoint_that_discovery_names_is_routed() {
    let harness = Harness::start().await;
    let path = "/acs/t/CUSTOMER/.well-known/openid-configuration";
    let document = harness.send(Ask::get(path)).await.json();
    let urls = document
        .as_object()
        .unwrap()
        .iter()
        .filter_map(|(name, value)| {
            let names_one = name.ends_with("_endpoint") || name.ends_with("_uri");
            names_one.then(|| value.as_str().unwrap())
        });
    let mut named = 0;
    for url in urls {
        let path = url.strip_prefix("https://breakglass.test").unwrap();
        let told = harness.send(Ask::get(path)).await;
        assert!(matches!(told.status, 200 | 405), "{url} {}", told.status);
        named += 1;
    }
    assert_eq!(named, 4);
}
