//! `…/iam/roles`.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Ask, Harness, IAM, is_seconds, shaped};

fn path() -> String {
    format!("{IAM}/roles")
}

fn body(name: &str) -> Value {
    json!({
        "roleName": name,
        "roleDisplayName": "Reads audits",
        "roleDescription": "For the auditors",
        "componentRoles": [
            {"componentType": "VCENTER", "roles": ["ReadOnly"]},
            {"componentType": "NSX_MANAGER", "roles": ["auditor", "support"]},
        ],
    })
}

async fn create(harness: &Harness, name: &str) -> Value {
    let ask = Ask::post(path()).json(&body(name));
    let told = harness.send_as_admin(ask).await;
    told.expect(StatusCode::CREATED).json()
}

async fn page(harness: &Harness, query: &str) -> Value {
    let ask = Ask::get(format!("{}?{query}", path()));
    let told = harness.send_as_admin(ask).await;
    told.expect(StatusCode::OK).json()
}

fn names(page: &Value) -> Vec<&str> {
    let roles = page["vcfRoles"].as_array().unwrap();
    roles
        .iter()
        .map(|role| role["roleName"].as_str().unwrap())
        .collect()
}

/// The page numbers that a page links to, by relation.
fn linked(page: &Value) -> Vec<(&str, &str)> {
    let links = page["links"].as_array().unwrap();
    links
        .iter()
        .map(|link| {
            (
                link["rel"].as_str().unwrap(),
                link["href"].as_str().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_first_start_lists_the_built_in_roles() {
    let harness = Harness::start().await;
    let all = page(&harness, "page=0&pageSize=2").await;
    insta::assert_json_snapshot!(all, {
        ".vcfRoles[].createdAt" => insta::dynamic_redaction(shaped("seconds", is_seconds)),
        ".vcfRoles[].updatedAt" => insta::dynamic_redaction(shaped("seconds", is_seconds)),
    }, @r#"
    {
      "links": [
        {
          "href": "/suite-api/api/fleet-management/iam/roles?page=0&pageSize=2",
          "name": "current",
          "rel": "SELF"
        },
        {
          "href": "/suite-api/api/fleet-management/iam/roles?page=0&pageSize=2",
          "name": "first",
          "rel": "START"
        },
        {
          "href": "/suite-api/api/fleet-management/iam/roles?page=1&pageSize=2",
          "name": "last",
          "rel": "END"
        },
        {
          "href": "/suite-api/api/fleet-management/iam/roles?page=1&pageSize=2",
          "name": "next",
          "rel": "NEXT"
        }
      ],
      "pageInfo": {
        "page": 0,
        "pageSize": 2,
        "sortBy": "ROLE_NAME",
        "sortOrder": "ASCENDING",
        "totalCount": 4
      },
      "vcfRoles": [
        {
          "componentRoles": [
            {
              "componentType": "VCENTER",
              "roles": [
                "Admin"
              ]
            },
            {
              "componentType": "NSX_MANAGER",
              "roles": [
                "enterprise_admin"
              ]
            }
          ],
          "createdAt": "[seconds]",
          "createdBy": "breakglass",
          "roleDisplayName": "SDDC Administrator",
          "roleName": "sddc_administrator",
          "type": "BUILT_IN",
          "updatedAt": "[seconds]",
          "updatedBy": "breakglass"
        },
        {
          "componentRoles": [
            {
              "componentType": "VCENTER",
              "roles": [
                "ReadOnly"
              ]
            },
            {
              "componentType": "NSX_MANAGER",
              "roles": [
                "auditor"
              ]
            }
          ],
          "createdAt": "[seconds]",
          "createdBy": "breakglass",
          "roleDisplayName": "SDDC Viewer",
          "roleName": "sddc_viewer",
          "type": "BUILT_IN",
          "updatedAt": "[seconds]",
          "updatedBy": "breakglass"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn a_role_is_made_read_replaced_and_deleted() {
    let harness = Harness::start().await;
    let created = create(&harness, "audit_reader").await;
    insta::assert_json_snapshot!(created, {
        ".createdAt" => insta::dynamic_redaction(shaped("seconds", is_seconds)),
        ".updatedAt" => insta::dynamic_redaction(shaped("seconds", is_seconds)),
    }, @r#"
    {
      "componentRoles": [
        {
          "componentType": "VCENTER",
          "roles": [
            "ReadOnly"
          ]
        },
        {
          "componentType": "NSX_MANAGER",
          "roles": [
            "auditor",
            "support"
          ]
        }
      ],
      "createdAt": "[seconds]",
      "createdBy": "account:admin",
      "roleDescription": "For the auditors",
      "roleDisplayName": "Reads audits",
      "roleName": "audit_reader",
      "type": "CUSTOM",
      "updatedAt": "[seconds]",
      "updatedBy": "account:admin"
    }
    "#);
    let one = format!("{}/audit_reader", path());
    let read = harness.send_as_admin(Ask::get(&one)).await;
    assert_eq!(read.expect(StatusCode::OK).json(), created);
    harness.test.clock.advance_minutes(1);
    let changed = json!({
        "roleName": "audit_reader",
        "componentRoles": [{"componentType": "HCX", "roles": ["Admin"]}],
    });
    let told = harness
        .send_as_admin(Ask::put(path()).json(&changed))
        .await
        .expect(StatusCode::OK);
    let replaced = told.json();
    assert_eq!(replaced["componentRoles"], changed["componentRoles"]);
    assert_eq!(replaced["roleDisplayName"], "audit_reader");
    assert_eq!(replaced["roleDescription"], Value::Null);
    assert_eq!(replaced["createdAt"], created["createdAt"]);
    let at = |role: &Value| role["updatedAt"].as_i64().unwrap();
    assert_eq!(at(&replaced) - at(&created), 60);
    let told = harness.send_as_admin(Ask::delete(&one)).await;
    assert_eq!((told.status, told.text.as_str()), (204, ""));
    for ask in [Ask::get(&one), Ask::delete(&one)] {
        let told = harness.send_as_admin(ask).await;
        assert_eq!(told.code(), "ROLE_NOT_FOUND");
    }
    let told = harness.send_as_admin(Ask::put(path()).json(&changed)).await;
    assert_eq!(told.code(), "ROLE_NOT_FOUND");
    create(&harness, "audit_reader").await;
}

#[tokio::test]
async fn what_the_server_sets_is_ignored_in_a_request() {
    let harness = Harness::start().await;
    let mut wanted = body("audit_reader");
    wanted["type"] = json!("BUILT_IN");
    wanted["createdBy"] = json!("somebody");
    wanted["createdAt"] = json!("never");
    let told = harness
        .send_as_admin(Ask::post(path()).json(&wanted))
        .await
        .expect(StatusCode::CREATED);
    assert_eq!(told.json()["type"], "CUSTOM");
    assert_eq!(told.json()["createdBy"], "account:admin");
}

#[tokio::test]
async fn what_stands_in_the_way_of_a_role_has_a_code_of_its_own() {
    let harness = Harness::start().await;
    create(&harness, "held").await;
    let principal = harness.add_api_client("ci").await;
    let held = json!({"vcfRoleAssignments": [
        {"roleName": "held", "roleScope": {"scopeType": "SSO_REALM"}},
    ]});
    let ask = Ask::put(harness.roles_of(&principal)).json(&held);
    harness.send_as_admin(ask).await.expect(StatusCode::OK);
    for (ask, expected) in [
        (Ask::post(path()).json(&body("held")), "ROLE_EXISTS"),
        (Ask::post(path()).json(&body("vcf_viewer")), "ROLE_EXISTS"),
        (
            Ask::put(path()).json(&body("vcf_viewer")),
            "ROLE_IS_BUILT_IN",
        ),
        (
            Ask::delete(format!("{}/vcf_viewer", path())),
            "ROLE_IS_BUILT_IN",
        ),
        (Ask::delete(format!("{}/held", path())), "ROLE_IS_HELD"),
    ] {
        let told = harness.send_as_admin(ask).await;
        assert_eq!(told.status, 409, "{}", told.text);
        assert_eq!(told.code(), expected);
    }
    let nothing = Ask::delete(harness.roles_of(&principal));
    harness.send_as_admin(nothing).await;
    let told = harness
        .send_as_admin(Ask::delete(format!("{}/held", path())))
        .await;
    assert_eq!(told.status, 204, "{}", told.text);
}

#[tokio::test]
async fn every_faulty_field_of_a_role_is_named() {
    let harness = Harness::start().await;
    let component = |kind: &str, roles: Value| json!({"componentType": kind, "roles": roles});
    for (changed, expected) in [
        (json!({"roleName": "a b"}), vec!["roleName"]),
        (json!({"roleName": ""}), vec!["roleName"]),
        (json!({"roleName": null}), vec!["roleName"]),
        (json!({"componentRoles": []}), vec!["componentRoles"]),
        (json!({"componentRoles": null}), vec!["componentRoles"]),
        (
            json!({"componentRoles": [component("UNKNOWN", json!(["a"]))]}),
            vec!["componentRoles[0].componentType"],
        ),
        (
            json!({"componentRoles": [
                component("HCX", json!(["a"])),
                component("TOASTER", json!(["a"])),
            ]}),
            vec!["componentRoles[1].componentType"],
        ),
        (
            json!({"componentRoles": [
                component("HCX", json!(["a"])),
                component("HCX", json!([])),
            ]}),
            vec!["componentRoles[1].componentType", "componentRoles[1].roles"],
        ),
        (
            json!({"roleDisplayName": "", "roleDescription": "x".repeat(4001)}),
            vec!["roleDescription", "roleDisplayName"],
        ),
    ] {
        let mut wanted = body("x");
        for (name, value) in changed.as_object().unwrap() {
            wanted[name] = value.clone();
        }
        for ask in [Ask::post(path()), Ask::put(path())] {
            let told = harness.send_as_admin(ask.json(&wanted)).await;
            assert_eq!(told.status, 400, "{wanted}");
            assert_eq!(told.faulty_fields(), expected, "{wanted}");
        }
    }
}

#[tokio::test]
async fn roles_are_filtered_and_sorted() {
    let harness = Harness::start().await;
    create(&harness, "a").await;
    create(&harness, "z").await;
    let built_in = [
        "sddc_administrator",
        "sddc_viewer",
        "vcf_administrator",
        "vcf_viewer",
    ];
    let check = async |query: &str, expected: &[&str]| {
        let page = page(&harness, query).await;
        assert_eq!(names(&page), expected, "{query}");
        assert_eq!(page["pageInfo"]["totalCount"], expected.len(), "{query}");
    };
    check("type=CUSTOM", &["a", "z"]).await;
    check("type=BUILT_IN", &built_in).await;
    check("type=CUSTOM&sortOrder=DESCENDING", &["z", "a"]).await;
    check(
        "type=CUSTOM&sortBy=ROLE_NAME&sortOrder=ASCENDING",
        &["a", "z"],
    )
    .await;
    let by_kind = [&built_in[..], &["a", "z"]].concat();
    check("sortBy=ROLE_TYPE", &by_kind).await;
    let by_display_name = [&["a", "z"], &built_in[..]].concat();
    check("sortBy=ROLE_DISPLAY_NAME", &by_display_name).await;
}

#[tokio::test]
async fn a_page_says_how_it_is_sorted_and_links_keep_what_was_asked() {
    let harness = Harness::start().await;
    let asked = "sortBy=ROLE_TYPE&page=1&sortOrder=DESCENDING&pageSize=1&type=BUILT_IN";
    let page = page(&harness, asked).await;
    assert_eq!(
        page["pageInfo"],
        json!({
            "page": 1,
            "pageSize": 1,
            "sortBy": "ROLE_TYPE",
            "sortOrder": "DESCENDING",
            "totalCount": 4,
        })
    );
    let kept = "sortBy=ROLE_TYPE&sortOrder=DESCENDING&type=BUILT_IN";
    let href = |number: u32| format!("{}?{kept}&page={number}&pageSize=1", path());
    let expected = [
        ("SELF", href(1)),
        ("START", href(0)),
        ("END", href(3)),
        ("PREVIOUS", href(0)),
        ("NEXT", href(2)),
    ];
    let expected: Vec<(&str, &str)> = expected
        .iter()
        .map(|(relation, href)| (*relation, href.as_str()))
        .collect();
    assert_eq!(linked(&page), expected);
}

#[tokio::test]
async fn following_the_links_shows_every_role_once() {
    let harness = Harness::start().await;
    for name in ["a", "b", "c"] {
        create(&harness, name).await;
    }
    let mut seen = Vec::new();
    let mut next = Some(format!("{}?page=0&pageSize=2", path()));
    while let Some(href) = next {
        let told = harness.send_as_admin(Ask::get(href)).await.json();
        seen.extend(names(&told).into_iter().map(str::to_owned));
        let links = linked(&told).into_iter();
        next = links
            .filter(|(relation, _)| *relation == "NEXT")
            .map(|(_, href)| href.to_owned())
            .next();
    }
    let all = page(&harness, "").await;
    assert_eq!(seen, names(&all));
    assert_eq!(seen.len(), 7);
}

#[tokio::test]
async fn every_faulty_parameter_of_a_page_is_named() {
    let harness = Harness::start().await;
    let query = "type=UNKNOWN&sortBy=AGE&sortOrder=UP&page=-1&pageSize=x";
    let told = harness
        .send_as_admin(Ask::get(format!("{}?{query}", path())))
        .await
        .expect(StatusCode::BAD_REQUEST);
    assert_eq!(
        told.faulty_fields(),
        ["page", "pageSize", "sortBy", "sortOrder", "type"]
    );
}
