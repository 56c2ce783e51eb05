//! `…/ssorealms/{ssoRealmId}/api-tokens`.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Ask, Harness, is_millis, is_uuid, shaped};

async fn make(harness: &Harness, body: &Value) -> Value {
    let ask = Ask::post(harness.api_tokens()).json(body);
    let told = harness.send_as_admin(ask).await;
    told.expect(StatusCode::CREATED).json()
}

async fn query(harness: &Harness, parameters: &str, body: &Value) -> Value {
    let path = format!("{}/query{parameters}", harness.api_tokens());
    let told = harness.send_as_admin(Ask::post(path).json(body)).await;
    told.expect(StatusCode::OK).json()
}

fn names(found: &Value) -> Vec<&str> {
    let tokens = found["apiTokens"].as_array().unwrap().iter();
    tokens
        .map(|token| token["tokenName"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_token_is_shown_once_and_told_with_its_marks_afterwards() {
    let harness = Harness::start().await;
    harness.add_api_client("ci").await;
    let body = json!({
        "apiClientId": "ci",
        "tokenName": "nightly",
        "tokenDescription": "builds",
        "tokenType": "API_CLIENT",
    });
    let made = make(&harness, &body).await;
    let text = made["token"].as_str().unwrap();
    assert!(text.starts_with("vidb_"));
    assert!(text.ends_with(made["tokenLastChars"].as_str().unwrap()));
    let path = format!("{}/{}", harness.api_tokens(), made["id"].as_str().unwrap());
    let told = harness.send_as_admin(Ask::get(&path)).await.json();
    insta::assert_json_snapshot!(told, {
        ".creationDate" => insta::dynamic_redaction(shaped("millis", is_millis)),
        ".expirationDate" => insta::dynamic_redaction(shaped("millis", is_millis)),
        ".id" => insta::dynamic_redaction(shaped("uuid", is_uuid)),
        ".tokenLastChars" => insta::dynamic_redaction(shaped("characters", |text| text.len() == 5)),
    }, @r#"
    {
      "accessTokenTtl": 30,
      "apiClientId": "ci",
      "apiTokenTtl": 43200,
      "creationDate": "[millis]",
      "expirationDate": "[millis]",
      "id": "[uuid]",
      "oidcIssuerUrl": "https://breakglass.test/acs/t/CUSTOMER",
      "principalName": "ci",
      "principalStatus": "ACTIVE",
      "tokenDescription": "builds",
      "tokenEndpointUrl": "https://breakglass.test/acs/t/CUSTOMER/token",
      "tokenLastChars": "[characters]",
      "tokenName": "nightly",
      "tokenStatus": "ACTIVE",
      "tokenType": "API_CLIENT"
    }
    "#);
    let found = query(&harness, "", &json!({})).await;
    assert_eq!(found["apiTokens"][0], told);
    let regenerated = harness
        .send_as_admin(Ask::post(format!("{path}/regenerate")))
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(regenerated["id"], made["id"]);
    assert_ne!(regenerated["token"], made["token"]);
}

#[tokio::test]
async fn every_faulty_field_is_named() {
    let harness = Harness::start().await;
    harness.add_api_client("ci").await;
    let faults = async |ask: Ask| {
        let told = harness.send_as_admin(ask).await;
        assert_eq!(told.status, 400, "{}", told.text);
        told.faulty_fields()
    };
    let path = harness.api_tokens();
    let bad = json!({"accessTokenTtl": 481, "apiTokenTtl": 0, "tokenType": "USER"});
    assert_eq!(
        faults(Ask::post(&path).json(&bad)).await,
        [
            "accessTokenTtl",
            "apiClientId",
            "apiTokenTtl",
            "tokenName",
            "tokenType"
        ]
    );
    let unknown = json!({"apiClientId": "nobody", "tokenName": "t"});
    assert_eq!(
        faults(Ask::post(&path).json(&unknown)).await,
        ["apiClientId"]
    );
    let nameless = json!({"tokenName": "t"});
    assert_eq!(faults(Ask::patch(&path).json(&nameless)).await, ["id"]);
    for (parameters, field) in [("?sortBy=NAME", "sortBy"), ("?sortOrder=UP", "sortOrder")] {
        let ask = Ask::post(format!("{path}/query{parameters}")).json(&json!({}));
        assert_eq!(faults(ask).await, [field]);
    }
    for (body, field) in [
        (
            json!({"filters": {"tokenStatus": ["UNKNOWN"]}}),
            "filters.tokenStatus[0]",
        ),
        (
            json!({"filters": {"tokenType": ["UNKNOWN"]}}),
            "filters.tokenType[0]",
        ),
    ] {
        let ask = Ask::post(format!("{path}/query")).json(&body);
        assert_eq!(faults(ask).await, [field]);
    }
    let unknown = json!({"apiClientId": "ci", "tokenName": "t", "tokenType": "UNKNOWN"});
    assert_eq!(faults(Ask::post(&path).json(&unknown)).await, ["tokenType"]);
}

#[tokio::test]
async fn a_change_leaves_what_it_leaves_out() {
    let harness = Harness::start().await;
    harness.add_api_client("ci").await;
    let made = make(&harness, &json!({"apiClientId": "ci", "tokenName": "a"})).await;
    let change = json!({"id": made["id"], "accessTokenTtl": 60, "apiTokenTtl": 1});
    let told = harness
        .send_as_admin(Ask::patch(harness.api_tokens()).json(&change))
        .await;
    assert_eq!(told.status, 204, "{}", told.text);
    let found = query(&harness, "", &json!({})).await;
    let token = &found["apiTokens"][0];
    assert_eq!(token["tokenName"], "a");
    assert_eq!(
        (&token["accessTokenTtl"], &token["apiTokenTtl"]),
        (&json!(60), &json!(43_200))
    );
}

#[tokio::test]
async fn tokens_are_found_ordered_and_paged() {
    let harness = Harness::start().await;
    for client in ["ci", "cd"] {
        harness.add_api_client(client).await;
    }
    for (client, name, ttl) in [("ci", "a", 3), ("ci", "b", 1), ("cd", "c", 2)] {
        let body = json!({"apiClientId": client, "tokenName": name, "apiTokenTtl": ttl});
        make(&harness, &body).await;
    }
    let found = query(&harness, "?sortBy=EXPIRATION_DATE&pageSize=2", &json!({})).await;
    assert_eq!(names(&found), ["b", "c"]);
    let info = &found["pageInfo"];
    assert_eq!(info["totalCount"], 3);
    assert_eq!(info["sortBy"], "EXPIRATION_DATE");
    assert_eq!(info["sortOrder"], "ASCENDING");
    let next = found["links"].as_array().unwrap().iter();
    let next = next.filter(|link| link["rel"] == "NEXT").count();
    assert_eq!(next, 1);
    let term = |field: &str, text: &str| json!({"searchTerms": {"allOf": [{"field": field, "operator": "EQUALS", "terms": [text]}]}});
    let found = query(&harness, "", &term("TOKEN_NAME", "b")).await;
    assert_eq!(names(&found), ["b"]);
    let found = query(&harness, "", &term("PRINCIPAL_NAME", "cd")).await;
    assert_eq!(names(&found), ["c"]);
    harness.test.clock.advance_minutes(2);
    let filter = |status: &str| json!({"filters": {"tokenStatus": [status]}});
    let found = query(&harness, "", &filter("ACTIVE")).await;
    assert_eq!(names(&found), ["a"]);
    let found = query(&harness, "", &filter("EXPIRED")).await;
    assert_eq!(found["pageInfo"]["totalCount"], 2);
    let users = json!({"filters": {"tokenType": ["USER"]}});
    assert!(names(&query(&harness, "", &users).await).is_empty());
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let harness = Harness::start().await;
    let path = harness.api_tokens();
    for id in ["00000000-0000-4000-8000-000000000000", "x"] {
        for ask in [
            Ask::get(format!("{path}/{id}")),
            Ask::delete(format!("{path}/{id}")),
            Ask::post(format!("{path}/{id}/regenerate")),
        ] {
            let told = harness.send_as_admin(ask).await;
            assert_eq!(
                (told.status, told.code().as_str()),
                (404, "API_TOKEN_NOT_FOUND")
            );
            assert_eq!(told.json()["apiErrorCode"], 40410);
        }
    }
}
