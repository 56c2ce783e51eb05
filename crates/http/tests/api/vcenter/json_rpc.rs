//! `POST /api`: what the vendor's client sends when nothing else is asked of it.

use http::StatusCode;
use serde_json::{Value, json};

use super::support::{overflowing, registered, twin, twin_claims, watched};
use crate::esx::support::grants;
use crate::samples::certificate;
use crate::support::{Ask, Harness, basic};

const PREFIX: &str = "com.vmware.vapi.std.security.";

/// A call with this security context.
fn call(service: &str, operation: &str, input: &Value, security: &Value) -> Value {
    json!({
        "jsonrpc": "2.0",
        "id": "7",
        "method": "invoke",
        "params": {
            "serviceId": service,
            "operationId": operation,
            "input": {"STRUCTURE": {"operation-input": input}},
            "ctx": {"appCtx": {"opId": "1"}, "securityCtx": security},
        },
    })
}

async fn sent(harness: &Harness, call: &Value) -> Value {
    let told = harness.send(Ask::post("/api").json(call)).await;
    let told = told.expect(StatusCode::OK).json();
    assert_eq!(
        (&told["jsonrpc"], &told["id"]),
        (&json!("2.0"), &json!("7"))
    );
    told["result"].clone()
}

fn oauth(token: &str) -> Value {
    json!({"schemeId": format!("{PREFIX}oauth"), "accessToken": token})
}

fn password() -> Value {
    let password = breakglass_test_support::ADMIN_PASSWORD;
    json!({"schemeId": format!("{PREFIX}user_pass"), "userName": "admin", "password": password})
}

fn spec(twin: Option<&str>) -> Value {
    let twin = twin.map(|twin| json!({"SECRET": twin}));
    let name = "com.vmware.vcenter.registered_tokens.create_spec";
    json!({"spec": {"STRUCTURE": {name: {"expanded_access_token": {"OPTIONAL": twin}}}}})
}

/// The one error of a result, with its name.
fn error(result: &Value) -> (String, Value) {
    let node = result["error"]["ERROR"].as_object().unwrap();
    let (name, members) = node.iter().next().unwrap();
    let name = name.strip_prefix("com.vmware.vapi.std.errors.").unwrap();
    let message = &members["messages"][0]["STRUCTURE"]["com.vmware.vapi.std.localizable_message"];
    assert!(
        message["id"].is_string() && message["args"].is_array(),
        "{members}"
    );
    (name.to_owned(), members.clone())
}

const TOKENS: &str = "com.vmware.vcenter.registered_tokens";
const SESSION: &str = "com.vmware.cis.session";
const PROFILES: &str = "com.vmware.esx.authentication.client_profiles";
const ISSUERS: &str = "com.vmware.esx.authentication.trust.security_token_issuers";

#[tokio::test]
async fn a_twin_is_registered_by_a_call() {
    let (harness, issuer) = watched().await;
    let token = overflowing(&harness, &issuer, "alice");
    let list = call(PROFILES, "list", &json!({}), &oauth(&token));
    let (name, members) = error(&sent(&harness, &list).await);
    assert_eq!(name, "unauthenticated");
    let challenge = members["challenge"]["OPTIONAL"].as_str().unwrap();
    assert!(
        challenge.contains("registration_required") && challenge.contains("ovl="),
        "{challenge}"
    );

    let without = call(TOKENS, "create", &spec(None), &oauth(&token));
    assert_eq!(sent(&harness, &without).await, json!({"output": null}));
    assert!(
        !sent(&harness, &list).await["error"].is_null(),
        "nothing is stored"
    );
    let mut other = twin_claims("alice");
    other["ovl_jti"] = json!("o-bob");
    let other = issuer.token(&harness, "alice@home", &other);
    let wrong = call(TOKENS, "create", &spec(Some(&other)), &oauth(&token));
    let (name, members) = error(&sent(&harness, &wrong).await);
    assert_eq!(name, "invalid_argument");
    assert_eq!(
        members["error_type"],
        json!({"OPTIONAL": "INVALID_ARGUMENT"})
    );

    let twin = twin(&harness, &issuer, "alice");
    let right = call(TOKENS, "create", &spec(Some(&twin)), &oauth(&token));
    assert_eq!(sent(&harness, &right).await, json!({"output": null}));
    let listed = sent(&harness, &list).await;
    let summary = format!("{PROFILES}.summary");
    assert!(
        listed["output"][0]["STRUCTURE"][summary]["client_profile"]["OPTIONAL"].is_string(),
        "{listed}"
    );
}

#[tokio::test]
async fn credentials_stand_in_the_call_or_in_the_headers() {
    let harness = Harness::start().await;
    let nobody = call(SESSION, "create", &json!({}), &Value::Null);
    assert_eq!(error(&sent(&harness, &nobody).await).0, "unauthenticated");
    let by_password = call(SESSION, "create", &json!({}), &password());
    let session = sent(&harness, &by_password).await["output"]["SECRET"].clone();
    let context = json!({"schemeId": format!("{PREFIX}session_id"), "sessionId": session});
    let get = call(SESSION, "get", &json!({}), &context);
    let info = sent(&harness, &get).await["output"]["STRUCTURE"][format!("{SESSION}.info")].clone();
    assert_eq!(info["user"], "admin");
    let delete = call(SESSION, "delete", &json!({}), &context);
    assert_eq!(sent(&harness, &delete).await, json!({"output": null}));
    assert_eq!(error(&sent(&harness, &get).await).0, "unauthenticated");

    let by_header = Ask::post("/api")
        .json(&nobody)
        .authorization(&basic("admin"));
    let told = harness.send(by_header).await.expect(StatusCode::OK).json();
    assert!(told["result"]["output"]["SECRET"].is_string());
    let http = basic("admin");
    let (scheme, credentials) = http.split_once(' ').unwrap();
    let context = json!({
        "schemeId": format!("{PREFIX}http_authorization"),
        "authn_scheme": scheme,
        "authz_credentials": credentials,
    });
    let by_http = call(SESSION, "create", &json!({}), &context);
    assert!(sent(&harness, &by_http).await["output"]["SECRET"].is_string());
    let saml = json!({"schemeId": format!("{PREFIX}saml_bearer_token"), "samlToken": "<x/>"});
    let by_saml = call(SESSION, "create", &json!({}), &saml);
    let ask = Ask::post("/api")
        .json(&by_saml)
        .authorization(&basic("admin"));
    let told = harness.send(ask).await.json();
    assert_eq!(
        error(&told["result"]).0,
        "unauthenticated",
        "the call itself says who calls"
    );
}

#[tokio::test]
async fn the_services_of_esx_are_called_the_same_way() {
    let harness = Harness::start().await;
    let admin = password();
    let structure = |name: &str, members: Value| json!({"STRUCTURE": {name: members}});
    let grant = structure(
        "x.access_grant",
        json!({
            "resource_type": "ENTITLEMENT",
            "entitlement": {"OPTIONAL": "READ_ONLY"},
        }),
    );
    let profile = structure(
        "x.create_spec",
        json!({
            "local_user_name": {"OPTIONAL": "watch"},
            "grants": [grant],
        }),
    );
    let create = call(PROFILES, "create", &json!({"spec": profile}), &admin);
    let id = sent(&harness, &create).await["output"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(error(&sent(&harness, &create).await).0, "already_exists");
    let get = call(PROFILES, "get", &json!({"profile": id}), &admin);
    let info =
        sent(&harness, &get).await["output"]["STRUCTURE"][format!("{PROFILES}.info")].clone();
    let granted = &info["grants"][0]["STRUCTURE"][format!("{PROFILES}.access_grant")];
    assert_eq!(
        granted["entitlement"],
        json!({"OPTIONAL": "READ_ONLY"}),
        "{info}"
    );
    let over_rest = harness.send_as_admin(Ask::get(format!(
        "/api/esx/authentication/client-profiles/{id}"
    )));
    assert_eq!(over_rest.await.json()["grants"], grants(&["READ_ONLY"]));
    let filter = structure(
        "x.filter_spec",
        json!({"local_user_name": {"OPTIONAL": "nobody"}}),
    );
    let none = call(
        PROFILES,
        "list",
        &json!({"filter": {"OPTIONAL": filter}}),
        &admin,
    );
    assert_eq!(sent(&harness, &none).await, json!({"output": []}));

    let chain = structure("x.x509_cert_chain", json!({"cert_chain": [certificate()]}));
    let issuer = structure(
        "x.create_spec",
        json!({
            "issuer_alias": "vc",
            "issuer": "https://vc.example",
            "signing_cert_chains": [chain],
        }),
    );
    let trust = call(ISSUERS, "create", &json!({"spec": issuer}), &admin);
    assert_eq!(sent(&harness, &trust).await, json!({"output": null}));
    let (name, members) = error(&sent(&harness, &trust).await);
    assert_eq!(name, "already_exists");
    assert!(
        members["data"]["OPTIONAL"]["STRUCTURE"].is_object(),
        "{members}"
    );
    let delete = call(ISSUERS, "delete", &json!({"issuer_alias": "vc"}), &admin);
    assert_eq!(sent(&harness, &delete).await, json!({"output": null}));
    assert_eq!(error(&sent(&harness, &delete).await).0, "not_found");
    let token = call(
        "com.vmware.esx.authentication.token",
        "create",
        &json!({}),
        &admin,
    );
    assert!(sent(&harness, &token).await["output"]["STRUCTURE"].is_object());
}

#[tokio::test]
async fn what_is_no_call_gets_the_errors_of_json_rpc() {
    let harness = Harness::start().await;
    let mut call = call(SESSION, "create", &json!({}), &password());
    let code = async |body: String| {
        let ask = Ask::post("/api").bytes("application/json", body);
        let told = harness.send(ask).await.expect(StatusCode::OK).json();
        (told["error"]["code"].as_i64(), told["id"].clone())
    };
    assert_eq!(code("{".to_owned()).await, (Some(-32700), Value::Null));
    assert_eq!(
        code(json!([call]).to_string()).await,
        (Some(-32600), Value::Null)
    );
    call["method"] = json!("other");
    assert_eq!(code(call.to_string()).await, (Some(-32601), json!("7")));
    call["method"] = json!("invoke");
    call["params"]["input"] = json!({"BINARY": "eA=="});
    assert_eq!(code(call.to_string()).await, (Some(-32602), json!("7")));
}

#[tokio::test]
async fn an_operation_that_is_not_there_is_told_as_an_error_of_vapi() {
    let harness = Harness::start().await;
    for (service, operation) in [(SESSION, "renew"), ("com.vmware.vcenter.vm", "list")] {
        let call = call(service, operation, &json!({}), &password());
        assert_eq!(error(&sent(&harness, &call).await).0, "operation_not_found");
    }
    let lacking = call(PROFILES, "get", &json!({}), &Value::Null);
    let (name, _) = error(&sent(&harness, &lacking).await);
    assert_eq!(name, "unauthenticated", "who calls comes first");
    let long = json!({"profile": "x".repeat(100_000)});
    let (name, _) = error(&sent(&harness, &call(PROFILES, "get", &long, &password())).await);
    assert_eq!(name, "not_found");
    let name = "x".repeat(100_000);
    let filter = json!({"STRUCTURE": {"x": {"domain": {"OPTIONAL": name}}}});
    let long = json!({"filter": {"OPTIONAL": filter}});
    let (name, _) = error(&sent(&harness, &call(PROFILES, "list", &long, &password())).await);
    assert_eq!(name, "invalid_argument");
    let lacking = call(PROFILES, "get", &json!({}), &password());
    let (name, members) = error(&sent(&harness, &lacking).await);
    assert_eq!(name, "invalid_argument");
    assert!(members.to_string().contains("profile"), "{members}");
}

#[tokio::test]
async fn a_call_that_is_refused_changes_nothing_and_is_recorded_under_its_own_name() {
    let (harness, issuer) = watched().await;
    let token = overflowing(&harness, &issuer, "alice");
    registered(&harness, &token, &twin(&harness, &issuer, "alice")).await;
    let delete = call(PROFILES, "delete", &json!({"profile": "x"}), &oauth(&token));
    assert_eq!(error(&sent(&harness, &delete).await).0, "unauthorized");
    let records = harness.records().await;
    let denied = records.last().unwrap();
    assert_eq!(
        denied.event.target.as_ref().unwrap().id,
        "deleteClientProfile"
    );
}

#[tokio::test]
async fn a_call_counts_as_its_operation_with_the_status_of_its_rest_twin() {
    let harness = Harness::start().await;
    let create = call(SESSION, "create", &json!({}), &password());
    assert!(sent(&harness, &create).await["output"]["SECRET"].is_string());
    let metrics = harness.send_as_admin(Ask::get("/metrics")).await.text;
    let counted = r#"{operation="createVcenterSession",status="201"} 1"#;
    assert!(metrics.contains(counted), "{metrics}");
}
