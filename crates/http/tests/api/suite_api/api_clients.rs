//! `…/iam/ssorealms/{ssoRealmId}/api-clients`.

use breakglass_api_types::Operation;
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Ask, Harness, is_uuid, shaped};

const ABSENT: &str = "00000000-0000-4000-8000-000000000000";

fn body(client_id: &str) -> Value {
    json!({
        "clientId": client_id,
        "clientName": "Night build",
        "clientDescription": "Builds at night",
    })
}

async fn create(harness: &Harness, body: &Value) -> Value {
    let ask = Ask::post(harness.api_clients()).json(body);
    let told = harness.send_as_admin(ask).await;
    told.expect(StatusCode::CREATED).json()
}

async fn read(harness: &Harness, client_id: &str) -> Value {
    let ask = Ask::get(format!("{}/{client_id}", harness.api_clients()));
    let told = harness.send_as_admin(ask).await;
    told.expect(StatusCode::OK).json()
}

fn search(harness: &Harness, query: &str, body: &Value) -> Ask {
    Ask::post(format!("{}/query{query}", harness.api_clients())).json(body)
}

/// The ids of the clients that a search finds.
async fn found(harness: &Harness, body: &Value) -> Vec<String> {
    let told = harness.send_as_admin(search(harness, "", body)).await;
    let page = told.expect(StatusCode::OK).json();
    let ids = ids(&page);
    assert_eq!(page["pageInfo"]["totalCount"], ids.len());
    ids
}

fn ids(page: &Value) -> Vec<String> {
    let clients = page["apiClients"].as_array().unwrap();
    clients
        .iter()
        .map(|client| client["clientId"].as_str().unwrap().to_owned())
        .collect()
}

fn term(field: &str, operator: &str, terms: &[&str]) -> Value {
    json!({"field": field, "operator": operator, "terms": terms})
}

fn all_of(terms: &[Value]) -> Value {
    json!({"searchTerms": {"allOf": terms}})
}

#[tokio::test]
async fn a_client_is_made_without_roles_and_read() {
    let harness = Harness::start().await;
    let mut wanted = body("night-build");
    wanted["roles"] = json!("everything");
    wanted["clientUuid"] = json!(ABSENT);
    let created = create(&harness, &wanted).await;
    assert_ne!(created["clientUuid"], ABSENT, "the server chooses it");
    insta::assert_json_snapshot!(created, {
        ".clientUuid" => insta::dynamic_redaction(shaped("uuid", is_uuid)),
    }, @r#"
    {
      "clientDescription": "Builds at night",
      "clientId": "night-build",
      "clientName": "Night build",
      "clientUuid": "[uuid]",
      "roles": []
    }
    "#);
    assert_eq!(read(&harness, "night-build").await, created);
}

#[tokio::test]
async fn a_change_is_addressed_by_uuid_or_by_id_and_keeps_what_it_leaves_out() {
    let harness = Harness::start().await;
    let created = create(&harness, &body("ci")).await;
    let change = |body: Value| Ask::patch(harness.api_clients()).json(&body);
    let uuid = &created["clientUuid"];
    let told = harness
        .send_as_admin(change(json!({"clientUuid": uuid, "clientName": "Other"})))
        .await;
    assert_eq!((told.status, told.text.as_str()), (204, ""));
    let mut expected = created.clone();
    expected["clientName"] = json!("Other");
    assert_eq!(read(&harness, "ci").await, expected);
    let told = harness
        .send_as_admin(change(
            json!({"clientId": "ci", "clientDescription": "New"}),
        ))
        .await;
    assert_eq!(told.status, 204);
    expected["clientDescription"] = json!("New");
    assert_eq!(read(&harness, "ci").await, expected);
    let told = harness
        .send_as_admin(change(
            json!({"clientUuid": uuid, "clientId": "ci", "clientName": "Both"}),
        ))
        .await;
    assert_eq!(told.status, 204);
    expected["clientName"] = json!("Both");
    for (body, status, fields) in [
        (json!({}), 400, vec!["clientUuid"]),
        (json!({"clientName": "x"}), 400, vec!["clientUuid"]),
        (json!({"clientId": ""}), 400, vec!["clientId"]),
        (
            json!({"clientUuid": "1", "clientId": 7, "clientName": ""}),
            400,
            vec!["clientId", "clientName", "clientUuid"],
        ),
        (
            json!({"clientUuid": uuid, "clientId": "other"}),
            400,
            vec!["clientId"],
        ),
        (
            json!({"clientUuid": uuid, "clientDescription": "x".repeat(4001)}),
            400,
            vec!["clientDescription"],
        ),
        (json!({"clientUuid": ABSENT, "clientId": "ci"}), 404, vec![]),
        (json!({"clientId": "absent"}), 404, vec![]),
    ] {
        let told = harness.send_as_admin(change(body.clone())).await;
        assert_eq!(told.status, status, "{body} {}", told.text);
        assert_eq!(told.faulty_fields(), fields, "{body}");
    }
    assert_eq!(read(&harness, "ci").await, expected);
}

#[tokio::test]
async fn a_deleted_client_is_gone_with_its_roles() {
    let harness = Harness::start().await;
    let principal = harness.add_api_client("ci").await;
    let path = format!("{}/ci", harness.api_clients());
    let told = harness.send_as_admin(Ask::delete(&path)).await;
    assert_eq!((told.status, told.text.as_str()), (204, ""));
    for ask in [Ask::get(&path), Ask::delete(&path)] {
        let told = harness.send_as_admin(ask).await;
        assert_eq!(told.code(), "API_CLIENT_NOT_FOUND");
    }
    let told = harness
        .send_as_admin(Ask::get(harness.roles_of(&principal)))
        .await;
    assert_eq!(told.code(), "PRINCIPAL_NOT_FOUND");
    assert_ne!(harness.add_api_client("ci").await, principal);
}

#[tokio::test]
async fn an_id_is_taken_once_in_a_realm() {
    let harness = Harness::start().await;
    create(&harness, &body("ci")).await;
    let told = harness
        .send_as_admin(Ask::post(harness.api_clients()).json(&body("ci")))
        .await;
    assert_eq!(
        (told.status, told.code().as_str()),
        (409, "API_CLIENT_EXISTS")
    );
    let other = harness.test.add_realm("OTHER").await;
    let path = Operation::CreateApiClient.path(&[("ssoRealmId", &other.id.to_string())]);
    let ask = Ask::post(path.unwrap()).json(&body("ci"));
    harness.send_as_admin(ask).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn every_faulty_field_of_a_client_is_named() {
    let harness = Harness::start().await;
    for (body, expected) in [
        (json!({}), vec!["clientId", "clientName"]),
        (
            json!({"clientId": "", "clientName": ""}),
            vec!["clientId", "clientName"],
        ),
        (
            json!({"clientId": "a b", "clientName": "x"}),
            vec!["clientId"],
        ),
        (
            json!({"clientId": "x", "clientName": 1, "clientDescription": "x".repeat(4001)}),
            vec!["clientDescription", "clientName"],
        ),
    ] {
        let ask = Ask::post(harness.api_clients()).json(&body);
        let told = harness.send_as_admin(ask).await;
        assert_eq!(told.status, 400, "{body}");
        assert_eq!(told.faulty_fields(), expected, "{body}");
    }
}

#[tokio::test]
async fn ids_of_every_allowed_kind_are_reached_by_path_even_those_that_are_words_of_paths() {
    let harness = Harness::start().await;
    for id in ["query", "...", "a@b.example", "-_", &"x".repeat(256)] {
        create(&harness, &body(id)).await;
        let realm = harness.realm();
        let values = [("ssoRealmId", realm.as_str()), ("clientId", id)];
        let path = Operation::GetApiClient.path(&values).unwrap();
        let told = harness.send_as_admin(Ask::get(&path)).await;
        assert_eq!(told.expect(StatusCode::OK).json()["clientId"], id);
        let everything = search(&harness, "", &json!({}));
        let told = harness.send_as_admin(everything).await;
        assert_eq!(ids(&told.json()), [id]);
        let told = harness.send_as_admin(Ask::delete(&path)).await;
        assert_eq!(told.status, 204, "{id}");
        let told = harness.send_as_admin(Ask::get(&path)).await;
        assert_eq!(told.code(), "API_CLIENT_NOT_FOUND", "{id}");
    }
}

#[tokio::test]
async fn a_search_answers_in_pages_ordered_by_id() {
    let harness = Harness::start().await;
    for id in ["c", "a", "b"] {
        harness.add_api_client(id).await;
    }
    let told = harness
        .send_as_admin(search(&harness, "?page=1&pageSize=2", &json!({})))
        .await
        .expect(StatusCode::OK);
    let mut page = told.json();
    assert_eq!(ids(&page), ["c"]);
    let realm = harness.realm();
    for link in page["links"].as_array_mut().unwrap() {
        let href = link["href"].as_str().unwrap().replace(&realm, "realm");
        link["href"] = json!(href);
    }
    insta::assert_json_snapshot!(page, {
        ".apiClients[].clientUuid" => insta::dynamic_redaction(shaped("uuid", is_uuid)),
    }, @r#"
    {
      "apiClients": [
        {
          "clientId": "c",
          "clientName": "A client",
          "clientUuid": "[uuid]",
          "roles": []
        }
      ],
      "links": [
        {
          "href": "/suite-api/api/fleet-management/iam/ssorealms/realm/api-clients/query?page=1&pageSize=2",
          "name": "current",
          "rel": "SELF"
        },
        {
          "href": "/suite-api/api/fleet-management/iam/ssorealms/realm/api-clients/query?page=0&pageSize=2",
          "name": "first",
          "rel": "START"
        },
        {
          "href": "/suite-api/api/fleet-management/iam/ssorealms/realm/api-clients/query?page=1&pageSize=2",
          "name": "last",
          "rel": "END"
        },
        {
          "href": "/suite-api/api/fleet-management/iam/ssorealms/realm/api-clients/query?page=0&pageSize=2",
          "name": "previous",
          "rel": "PREVIOUS"
        }
      ],
      "pageInfo": {
        "page": 1,
        "pageSize": 2,
        "totalCount": 3
      }
    }
    "#);
    let told = harness
        .send_as_admin(search(&harness, "?page=7", &json!({})))
        .await
        .expect(StatusCode::OK);
    assert_eq!(ids(&told.json()), Vec::<String>::new());
    assert_eq!(told.json()["pageInfo"]["totalCount"], 3);
    let told = harness
        .send_as_admin(search(&harness, "?page=-1&pageSize=0", &json!({})))
        .await
        .expect(StatusCode::BAD_REQUEST);
    assert_eq!(told.faulty_fields(), ["page", "pageSize"]);
}

#[tokio::test]
async fn every_field_and_operator_of_a_search_is_acted_on() {
    let harness = Harness::start().await;
    let principal = harness.add_api_client("build-1").await;
    harness.add_api_client("deploy_1").await;
    let held = json!({"vcfRoleAssignments": [
        {"roleName": "vcf_viewer", "roleScope": {"scopeType": "SSO_REALM"}},
    ]});
    let ask = Ask::put(harness.roles_of(&principal)).json(&held);
    harness.send_as_admin(ask).await.expect(StatusCode::OK);
    let both = ["build-1", "deploy_1"];
    for (field, operator, terms, expected) in [
        ("CLIENT_ID", "LIKE", &["BUILD"][..], &both[..1]),
        ("CLIENT_ID", "LIKE", &["_"], &both[1..]),
        ("CLIENT_ID", "LIKE", &["%"], &[]),
        ("CLIENT_ID", "LIKE", &[""], &both),
        ("CLIENT_ID", "EQUALS", &["x", "deploy_1"], &both[1..]),
        ("CLIENT_ID", "EQUALS", &["BUILD-1"], &[]),
        ("CLIENT_NAME", "EQUALS", &["A client"], &both),
        ("CLIENT_NAME", "EMPTY", &[], &[]),
        ("PRINCIPAL_NAME", "EQUALS", &["build-1"], &both[..1]),
        ("ROLES", "EQUALS", &["vcf_viewer"], &both[..1]),
        ("ROLE_NAME", "NOT_EMPTY", &[], &both[..1]),
        ("ROLE_NAME", "EMPTY", &[], &both[1..]),
        ("ROLE_DISPLAY_NAME", "LIKE", &["viewer"], &both[..1]),
    ] {
        let body = all_of(&[term(field, operator, terms)]);
        assert_eq!(found(&harness, &body).await, expected, "{body}");
    }
    let (build, deploy) = (
        term("CLIENT_ID", "LIKE", &["build"]),
        term("CLIENT_ID", "LIKE", &["deploy"]),
    );
    for (all_of, any_of, expected) in [
        (json!([build, deploy]), json!([]), &both[..0]),
        (json!([]), json!([build, deploy]), &both),
        (json!([build]), json!([build, deploy]), &both[..1]),
        (json!(null), json!([deploy]), &both[1..]),
    ] {
        let body = json!({"searchTerms": {"allOf": all_of, "anyOf": any_of}});
        assert_eq!(found(&harness, &body).await, expected, "{body}");
    }
    for body in [
        json!({}),
        json!({"filters": {}, "searchTerms": {}}),
        json!({"filters": null, "searchTerms": null}),
    ] {
        assert_eq!(found(&harness, &body).await, both, "{body}");
    }
}

#[tokio::test]
async fn every_faulty_field_of_a_search_is_named() {
    let harness = Harness::start().await;
    let at = |field: &str| format!("searchTerms.allOf[0].{field}");
    let id = |terms: &[&str]| term("CLIENT_ID", "LIKE", terms);
    let many: Vec<Value> = (0..51).map(|_| id(&["x"])).collect();
    let long = "x".repeat(1025);
    for (body, expected) in [
        (all_of(&[json!({})]), vec![at("field"), at("operator")]),
        (
            all_of(&[term("UNKNOWN", "UNKNOWN", &["x"])]),
            vec![at("field"), at("operator")],
        ),
        (
            all_of(&[term("TOKEN_NAME", "LIKE", &["x"])]),
            vec![at("field")],
        ),
        (all_of(&[id(&[])]), vec![at("terms")]),
        (
            all_of(&[json!({"field": "CLIENT_ID", "operator": "EQUALS"})]),
            vec![at("terms")],
        ),
        (all_of(&[id(&[&long])]), vec![at("terms")]),
        (all_of(&[id(&["x"; 101])]), vec![at("terms")]),
        (all_of(&many), vec!["searchTerms.allOf".to_owned()]),
        (
            json!({"searchTerms": {"anyOf": [id(&["x"]), id(&[])]}}),
            vec!["searchTerms.anyOf[1].terms".to_owned()],
        ),
        (
            json!({"filters": {"tokenStatus": ["ACTIVE"], "tokenType": ["API_CLIENT"]}}),
            vec![
                "filters.tokenStatus".to_owned(),
                "filters.tokenType".to_owned(),
            ],
        ),
        (
            json!({"filters": {"tokenStatus": ["UNKNOWN"]}}),
            vec![
                "filters.tokenStatus".to_owned(),
                "filters.tokenStatus[0]".to_owned(),
            ],
        ),
    ] {
        let told = harness.send_as_admin(search(&harness, "", &body)).await;
        assert_eq!(told.status, 400, "{body}");
        assert_eq!(told.faulty_fields(), expected, "{body}");
    }
    let limits = json!({"searchTerms": {
        "allOf": many[..50],
        "anyOf": [id(&["x"; 100]), id(&[&long[..1024]])],
    }});
    assert_eq!(found(&harness, &limits).await, Vec::<String>::new());
}
