//! `…/client-profiles`.

use http::StatusCode;
use serde_json::{Value, json};

use super::support::{
    ISSUERS, Issuer, PROFILES, fields, grants, list_with, profile, refused, trust,
};
use crate::support::{Ask, Harness, basic, bearer, is_uuid};

fn group(name: &str, alias: &str, domain: &str) -> Value {
    json!({
        "external_group_name": name,
        "issuer_alias": alias,
        "domain": domain,
        "grants": grants(&["READ_ONLY"]),
    })
}

/// An application that trusts an issuer under the alias `vc`.
async fn with_issuer() -> (Harness, Issuer) {
    let harness = Harness::start().await;
    let issuer = Issuer::new("https://vc/openidconnect/vsphere.local");
    trust(&harness, "vc", &issuer).await;
    (harness, issuer)
}

async fn list(harness: &Harness, query: &str) -> Value {
    let ask = Ask::get(format!("{PROFILES}{query}"));
    harness
        .send_as_admin(ask)
        .await
        .expect(StatusCode::OK)
        .json()
}

#[tokio::test]
async fn a_profile_is_made_shown_changed_and_deleted() {
    let (harness, _) = with_issuer().await;
    let id = profile(&harness, &group("admins", "vc", "vsphere.local")).await;
    assert!(is_uuid(&id));
    let path = format!("{PROFILES}/{id}");
    let get = async || harness.send_as_admin(Ask::get(&path)).await.json();
    let told = get().await;
    insta::assert_json_snapshot!(told, @r#"
    {
      "grants": [
        {
          "entitlement": "READ_ONLY",
          "resource_type": "ENTITLEMENT"
        }
      ],
      "subject": {
        "domain": "vsphere.local",
        "issuer_alias": "vc",
        "name": "admins",
        "type": "EXTERNAL_GROUP"
      }
    }
    "#);
    let change = async |body: Value| {
        let told = harness.send_as_admin(Ask::patch(&path).json(&body)).await;
        assert_eq!((told.status, told.text.as_str()), (204, ""));
        get().await["grants"].clone()
    };
    assert_eq!(change(json!({})).await, grants(&["READ_ONLY"]), "absent");
    assert_eq!(
        change(json!({"grants": null})).await,
        grants(&["READ_ONLY"])
    );
    assert_eq!(change(json!({"grants": []})).await, json!([]), "empty");
    let full = grants(&["OBSERVABILITY", "SECURITY_MGMT"]);
    assert_eq!(change(json!({"grants": full})).await, full);

    let delete = async || harness.send_as_admin(Ask::delete(&path)).await;
    assert_eq!(delete().await.status, 204);
    refused(&delete().await, 404, "NOT_FOUND");
    refused(
        &harness.send_as_admin(Ask::get(&path)).await,
        404,
        "NOT_FOUND",
    );
    let odd = Ask::patch(format!("{PROFILES}/x")).json(&json!({}));
    refused(&harness.send_as_admin(odd).await, 404, "NOT_FOUND");
}

#[tokio::test]
async fn a_profile_names_one_subject_with_its_companions() {
    let (harness, _) = with_issuer().await;
    let create = async |spec: Value| {
        let told = harness.send_as_admin(Ask::post(PROFILES).json(&spec)).await;
        let body = refused(&told, 400, "INVALID_ARGUMENT");
        fields(&body).join(" ")
    };
    let none = grants(&[]);
    for (spec, named) in [
        (json!({"grants": none}), ""),
        (
            json!({"grants": none, "local_user_name": "a", "external_user_name": "b"}),
            "",
        ),
        (
            json!({"grants": none, "external_group_name": "a", "domain": "d"}),
            "issuer_alias",
        ),
        (
            json!({"grants": none, "external_user_name": "a", "issuer_alias": "vc"}),
            "domain",
        ),
        (
            json!({"grants": none, "local_user_name": "a", "domain": "d"}),
            "domain",
        ),
        (
            json!({"grants": none, "local_user_name": "a", "issuer_alias": "vc"}),
            "issuer_alias",
        ),
        (
            json!({"grants": none, "privileges": {"s": ["p"]}}),
            "issuer_alias",
        ),
        (
            json!({"grants": none, "privileges": {"s": ["p"]}, "issuer_alias": "vc", "domain": "d"}),
            "domain",
        ),
        (
            json!({"grants": none, "privileges": {}, "issuer_alias": "vc"}),
            "privileges",
        ),
        (
            json!({"grants": none, "privileges": "all", "issuer_alias": "vc"}),
            "privileges",
        ),
        (
            json!({"grants": none, "privileges": {"s": "p"}, "issuer_alias": "vc"}),
            "privileges",
        ),
        (json!({"local_user_name": "a"}), "grants"),
        (
            json!({"local_user_name": "a", "grants": [{"resource_type": "ENTITLEMENT"}]}),
            "grants[0].entitlement",
        ),
        (
            json!({"local_user_name": "a", "grants": grants(&["ROOT"])}),
            "grants[0].entitlement",
        ),
        (group("a", "unknown", "d"), "issuer_alias"),
    ] {
        assert_eq!(create(spec.clone()).await, named, "{spec}");
    }
    assert_eq!(list(&harness, "").await, json!([]));
    let told = harness
        .send_as_admin(Ask::post(PROFILES).bytes("application/json", "{"))
        .await;
    refused(&told, 400, "INVALID_REQUEST");
    let told = harness
        .send_as_admin(Ask::post(PROFILES).bytes("text/plain", "{}"))
        .await;
    refused(&told, 415, "INVALID_REQUEST");
    let told = harness.send_as_admin(Ask::put(PROFILES)).await;
    refused(&told, 405, "INVALID_REQUEST");
    let told = harness
        .send_as_admin(Ask::get("/api/esx/authentication/x"))
        .await;
    refused(&told, 404, "OPERATION_NOT_FOUND");
}

#[tokio::test]
async fn a_subject_has_one_profile() {
    let (harness, _) = with_issuer().await;
    trust(&harness, "other", &Issuer::new("https://other")).await;
    let privileges = json!({
        "privileges": {"s": ["p", "q"], "t": ["p"]},
        "issuer_alias": "vc",
        "grants": [],
    });
    let specs = [
        json!({"local_user_name": "root", "grants": []}),
        json!({"local_user_name": "Root", "grants": []}),
        group("admins", "vc", "vsphere.local"),
        group("admins", "vc", "another.local"),
        group("admins", "other", "vsphere.local"),
        privileges,
    ];
    for spec in &specs {
        profile(&harness, spec).await;
    }
    let reordered = json!({
        "privileges": [{"key": "t", "value": ["p"]}, {"key": "s", "value": ["q", "p", "q"]}],
        "issuer_alias": "vc",
        "grants": grants(&["READ_ONLY"]),
    });
    for spec in specs.iter().chain([&reordered]) {
        let told = harness.send_as_admin(Ask::post(PROFILES).json(spec)).await;
        let body = refused(&told, 400, "ALREADY_EXISTS");
        assert_eq!(body.get("data"), None, "{spec}");
    }
    assert_eq!(list(&harness, "").await.as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn a_list_is_filtered_by_exact_match_and_tells_as_much_as_was_asked_for() {
    let (harness, _) = with_issuer().await;
    let root = profile(&harness, &json!({"local_user_name": "root", "grants": []})).await;
    let admins = profile(&harness, &group("admins", "vc", "d")).await;
    profile(&harness, &group("admins", "vc", "e")).await;
    let held = json!({"privileges": {"s": ["p"], "t": ["p"]}, "issuer_alias": "vc", "grants": []});
    let held = profile(&harness, &held).await;

    let brief = list(&harness, "?projection=brief&local_user_name=root").await;
    assert_eq!(
        brief,
        json!([{"summary_type": "BRIEF", "client_profile": root}])
    );
    let normal = list(
        &harness,
        "?external_group_name=admins&issuer_alias=vc&domain=d",
    )
    .await;
    assert_eq!(normal[0]["client_profile"], admins);
    assert_eq!(normal[0]["subject"]["domain"], "d");
    assert_eq!(
        (normal.as_array().unwrap().len(), normal[0].get("grants")),
        (1, None)
    );
    let full = list(&harness, "?projection=FULL&scopes=s&scopes=t").await;
    assert_eq!(full[0]["client_profile"], held);
    assert_eq!(full[0]["grants"], json!([]));
    assert_eq!(list(&harness, "?scopes=s&scopes=u").await, json!([]));
    assert_eq!(list(&harness, "?local_user_name=ROOT").await, json!([]));
    assert_eq!(list(&harness, "").await.as_array().unwrap().len(), 4);
    for query in [
        "?local_user_name=root&scopes=s",
        "?local_user_name=a&external_user_name=b",
        "?external_user_name=a&domain=d",
        "?issuer_alias=vc",
        "?projection=most",
        "?local_user_name=a&local_user_name=b",
    ] {
        let told = harness
            .send_as_admin(Ask::get(format!("{PROFILES}{query}")))
            .await;
        refused(&told, 400, "INVALID_ARGUMENT");
    }
}

#[tokio::test]
async fn whoever_asks_must_be_entitled() {
    let (harness, issuer) = with_issuer().await;
    let told = harness.send(Ask::get(PROFILES)).await;
    let body = refused(&told, 401, "UNAUTHENTICATED");
    let header = told.challenges().join(", ");
    assert_eq!(body["challenge"], header);
    assert!(
        header.contains("Basic") && header.contains("Bearer"),
        "{header}"
    );

    let emergency = harness.add_client("fire").await;
    let ask = Ask::get(PROFILES).authorization(&bearer(&emergency));
    assert_eq!(harness.send(ask).await.status, 200);
    let ask = Ask::get(PROFILES).authorization(&basic("admin"));
    assert_eq!(harness.send(ask).await.status, 200);

    let none = json!({});
    let token = issuer.token(&harness, "alice@vsphere.local", &none);
    refused(&list_with(&harness, &token).await, 403, "UNAUTHORIZED");
    let user = json!({
        "external_user_name": "alice",
        "issuer_alias": "vc",
        "domain": "vsphere.local",
        "grants": grants(&["READ_ONLY"]),
    });
    let id = profile(&harness, &user).await;
    assert_eq!(list_with(&harness, &token).await.status, 200);
    let write = |token: &str| {
        let spec = json!({"local_user_name": "x", "grants": []});
        let ask = Ask::post(PROFILES).json(&spec);
        ask.authorization(&format!("Bearer {token}"))
    };
    refused(&harness.send(write(&token)).await, 403, "UNAUTHORIZED");

    // What another profile grants a group is added, and one that grants nothing takes nothing away.
    let mut admins = group("admins", "vc", "vsphere.local");
    admins["grants"] = grants(&["IDENTITY_MGMT"]);
    profile(&harness, &admins).await;
    profile(&harness, &group("staff", "vc", "vsphere.local")).await;
    let patch = Ask::patch(format!("{PROFILES}/{id}")).json(&json!({"grants": []}));
    assert_eq!(harness.send_as_admin(patch).await.status, 204);
    refused(&list_with(&harness, &token).await, 403, "UNAUTHORIZED");
    let groups = json!({"group_names": ["vsphere.local\\admins", "staff"]});
    let token = issuer.token(&harness, "alice@vsphere.local", &groups);
    assert_eq!(harness.send(write(&token)).await.status, 201);
    assert_eq!(list_with(&harness, &token).await.status, 200);
}

#[tokio::test]
async fn privileges_of_a_token_are_matched_whole_and_by_the_issuer_that_verified_it() {
    let (harness, issuer) = with_issuer().await;
    let other = Issuer::new("https://other");
    trust(&harness, "other", &other).await;
    let spec = json!({
        "privileges": {"s": ["p", "q"], "t": ["p"]},
        "issuer_alias": "vc",
        "grants": grants(&["READ_ONLY"]),
    });
    profile(&harness, &spec).await;
    let whole = json!({"privs": {"s": ["q", "p", "r"], "t": ["p"], "u": []}});
    for (issuer, claims, status) in [
        (&issuer, whole.clone(), 200),
        (&other, whole.clone(), 403),
        (&issuer, json!({"privs": {"s": ["p", "q"]}}), 403),
        (&issuer, json!({"privs": {"s": ["p"], "t": ["p"]}}), 403),
        (&issuer, json!({"privs": "all"}), 401),
    ] {
        let token = issuer.token(&harness, "anybody", &claims);
        assert_eq!(list_with(&harness, &token).await.status, status, "{claims}");
    }
    // Whose issuer is trusted no longer is nobody at once.
    let token = issuer.token(&harness, "anybody", &whole);
    let delete = Ask::delete(format!("{ISSUERS}/vc"));
    assert_eq!(harness.send_as_admin(delete).await.status, 204);
    refused(&list_with(&harness, &token).await, 401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_dead_or_misplaced_token_of_a_trusted_issuer_is_nobody() {
    let (harness, issuer) = with_issuer().await;
    let now = harness.test.app.now().seconds();
    for claims in [
        json!({"exp": now - 61}),
        json!({"iat": now + 61}),
        json!({"nbf": now + 61}),
        json!({"aud": "https://elsewhere"}),
        json!({"iss": "https://unknown"}),
        json!({"sub": null}),
    ] {
        let token = issuer.token(&harness, "alice@vsphere.local", &claims);
        refused(&list_with(&harness, &token).await, 401, "UNAUTHENTICATED");
    }
    let forged = Issuer::new(&issuer.name).token(&harness, "alice", &json!({}));
    refused(&list_with(&harness, &forged).await, 401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn realms_have_profiles_of_their_own() {
    let (harness, _) = with_issuer().await;
    let other = harness.test.add_realm("OTHER").await;
    profile(&harness, &json!({"local_user_name": "root", "grants": []})).await;
    let in_other = |ask: Ask| ask.header("x-breakglass-realm", &other.id.to_string());
    let told = harness.send_as_admin(in_other(Ask::get(PROFILES))).await;
    assert_eq!(told.json(), json!([]));
    let spec = json!({"local_user_name": "root", "grants": []});
    let told = harness
        .send_as_admin(in_other(Ask::post(PROFILES).json(&spec)))
        .await;
    assert_eq!(told.status, 201, "the same subject in another realm");

    let emergency = harness.test.add_emergency_client(&other, "fire").await;
    let ask = || Ask::get(PROFILES).authorization(&bearer(&emergency));
    let listed = harness.send(ask()).await.json();
    assert_eq!(listed.as_array().unwrap().len(), 1, "its own");
    let first = ask().header("x-breakglass-realm", &harness.realm());
    refused(&harness.send(first).await, 404, "NOT_FOUND");
    let odd = ask().header("x-breakglass-realm", "first");
    let body = refused(&harness.send(odd).await, 400, "INVALID_ARGUMENT");
    assert_eq!(fields(&body), ["X-Breakglass-Realm"]);
}
