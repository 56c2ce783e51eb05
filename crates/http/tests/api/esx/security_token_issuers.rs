//! `…/trust/security-token-issuers`.

use http::StatusCode;
use serde_json::{Value, json};

use super::support::{ISSUERS, Issuer, fields, refused, trust};
use crate::support::{Ask, Harness};

async fn get(harness: &Harness, path: &str) -> Value {
    let ask = Ask::get(format!("{ISSUERS}{path}"));
    harness
        .send_as_admin(ask)
        .await
        .expect(StatusCode::OK)
        .json()
}

#[tokio::test]
async fn an_issuer_is_trusted_shown_changed_and_trusted_no_longer() {
    let harness = Harness::start().await;
    let (issuer, next) = (Issuer::new("https://vc/1"), Issuer::new("https://vc/2"));
    let told = harness
        .send_as_admin(Ask::post(ISSUERS).json(&issuer.spec("v c/1")))
        .await;
    assert_eq!((told.status, told.text.as_str()), (204, ""));
    let path = "/v%20c%2F1";
    let chain = json!([{"cert_chain": [issuer.certificate]}]);
    let info = json!({"issuer": "https://vc/1", "signing_cert_chains": chain});
    assert_eq!(get(&harness, path).await, info);
    assert_eq!(
        get(&harness, "").await,
        json!([{"summary_type": "NORMAL", "issuer_alias": "v c/1", "issuer": "https://vc/1"}])
    );
    assert_eq!(
        get(&harness, "?projection=BRIEF").await,
        json!([{"summary_type": "BRIEF", "issuer_alias": "v c/1"}])
    );
    let full = get(&harness, "?projection=FULL").await;
    assert_eq!(full[0]["signing_cert_chains"], chain);
    let odd = Ask::get(format!("{ISSUERS}?projection=all"));
    refused(&harness.send_as_admin(odd).await, 400, "INVALID_ARGUMENT");

    let whole = format!("{ISSUERS}{path}");
    let change = async |body: Value| harness.send_as_admin(Ask::patch(&whole).json(&body)).await;
    assert_eq!(change(json!({})).await.status, 204);
    assert_eq!(get(&harness, path).await, info);
    assert_eq!(change(json!({"issuer": "https://vc/3"})).await.status, 204);
    assert_eq!(get(&harness, path).await["signing_cert_chains"], chain);
    let other = json!([{"cert_chain": [next.certificate]}]);
    assert_eq!(
        change(json!({"signing_cert_chains": other})).await.status,
        204
    );
    assert_eq!(
        get(&harness, path).await,
        json!({"issuer": "https://vc/3", "signing_cert_chains": other})
    );
    trust(&harness, "second", &next).await;
    let told = change(json!({"issuer": next.name, "signing_cert_chains": []})).await;
    let body = refused(&told, 400, "INVALID_ARGUMENT");
    assert_eq!(fields(&body), ["signing_cert_chains"]);
    let body = refused(
        &change(json!({"issuer": next.name})).await,
        400,
        "INVALID_ARGUMENT",
    );
    assert_eq!(fields(&body), ["issuer"]);

    let delete = async || harness.send_as_admin(Ask::delete(&whole)).await;
    assert_eq!(delete().await.status, 204);
    refused(&delete().await, 404, "NOT_FOUND");
    refused(&change(json!({})).await, 404, "NOT_FOUND");
    refused(
        &harness.send_as_admin(Ask::get(&whole)).await,
        404,
        "NOT_FOUND",
    );
}

#[tokio::test]
async fn what_is_trusted_already_is_told_under_which_alias() {
    let harness = Harness::start().await;
    let issuer = Issuer::new("https://vc");
    trust(&harness, "vc", &issuer).await;
    let create = async |spec: Value| {
        let told = harness.send_as_admin(Ask::post(ISSUERS).json(&spec)).await;
        refused(&told, 400, "ALREADY_EXISTS")
    };
    let same_issuer = create(issuer.spec("other")).await;
    assert_eq!(
        same_issuer["data"],
        json!({"issuer": "https://vc", "issuer_alias": "vc"})
    );
    let same_alias = create(Issuer::new("https://other").spec("vc")).await;
    assert_eq!(same_alias.get("data"), None);
    let own = create(Issuer::new("https://own").spec("breakglass")).await;
    assert_eq!(own.get("data"), None);
    for name in [
        "https://breakglass.test/acs/t/CUSTOMER",
        "https://breakglass.test",
    ] {
        let spec = Issuer::new(name).spec("mine");
        let told = harness.send_as_admin(Ask::post(ISSUERS).json(&spec)).await;
        let body = refused(&told, 400, "INVALID_ARGUMENT");
        assert_eq!(fields(&body), ["issuer"]);
    }
}

#[tokio::test]
async fn chains_are_checked_and_every_fault_is_told() {
    let harness = Harness::start().await;
    let (issuer, other) = (Issuer::new("https://vc"), Issuer::new("https://other"));
    let private = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let create = async |chains: Value| {
        let mut spec = issuer.spec("vc");
        spec["signing_cert_chains"] = chains;
        let told = harness.send_as_admin(Ask::post(ISSUERS).json(&spec)).await;
        let body = refused(&told, 400, "INVALID_ARGUMENT");
        assert!(!told.text.contains("PRIVATE KEY-----"), "{}", told.text);
        fields(&body).join(" ")
    };
    for (chains, named) in [
        (json!([]), "signing_cert_chains"),
        (
            json!([{"cert_chain": []}]),
            "signing_cert_chains[0].cert_chain",
        ),
        (
            json!([{"cert_chain": [issuer.certificate]}, {"cert_chain": [private]}]),
            "signing_cert_chains[1].cert_chain[0]",
        ),
        (
            json!([{"cert_chain": ["c2VjcmV0"]}]),
            "signing_cert_chains[0].cert_chain[0]",
        ),
        (
            json!([{"cert_chain": [issuer.certificate, other.certificate]}]),
            "signing_cert_chains[0].cert_chain[0]",
        ),
        (
            json!([{"cert_chain": [1]}]),
            "signing_cert_chains[0].cert_chain[0]",
        ),
    ] {
        assert_eq!(create(chains.clone()).await, named, "{chains}");
    }
    let told = harness
        .send_as_admin(Ask::post(ISSUERS).json(&json!({})))
        .await;
    let body = refused(&told, 400, "INVALID_ARGUMENT");
    assert_eq!(
        fields(&body),
        ["issuer", "issuer_alias", "signing_cert_chains"]
    );
    let bare: String = issuer
        .certificate
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    let mut spec = issuer.spec("vc");
    spec["signing_cert_chains"] = json!([{"cert_chain": [bare]}]);
    let told = harness.send_as_admin(Ask::post(ISSUERS).json(&spec)).await;
    assert_eq!(told.status, 204, "bare base64: {}", told.text);
}
