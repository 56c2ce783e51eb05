//! The reader against bodies good and bad.

use crate::breakglass::BrokerCreationRequest;
use crate::fleet_iam::{
    EmergencyClient, FederatedIdentityProvider, GlobalIamSettings, SsoRealmCreationRequest,
    TokenStatus, VcfRole, VcfRoleAssignments, Vidb,
};
use crate::{Fault, Parsed, Shaped, read};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use validator::Validate;

fn parsed<T>(body: &Value) -> Parsed<T>
where
    T: Default + DeserializeOwned + Shaped + Validate,
{
    read(body.to_string().as_bytes()).unwrap()
}

fn check<T>(body: &Value, expected: &[(&str, &str)])
where
    T: Default + DeserializeOwned + Shaped + Validate,
{
    let failures = parsed::<T>(body).failures;
    let found: Vec<(&str, &str)> = failures
        .iter()
        .map(|failure| (failure.path.as_str(), failure.message.as_str()))
        .collect();
    assert_eq!(found, expected, "{body}");
}

#[test]
fn a_sound_body_is_read() {
    let body = json!({"clientId": "night", "clientName": "Night shift", "accessTokenTtl": 60});
    let Parsed { value, failures } = parsed::<EmergencyClient>(&body);
    assert_eq!(failures, []);
    assert_eq!(value.client_id.as_deref(), Some("night"));
    assert_eq!(value.access_token_ttl, Some(60));
    assert_eq!(serde_json::to_value(&value).unwrap(), body);
}

#[test]
fn every_faulty_field_is_named() {
    check::<EmergencyClient>(
        &json!({"clientId": 7, "clientName": "", "clientDescription": "x".repeat(4001)}),
        &[
            ("accessTokenTtl", "is required"),
            ("clientId", "must be a text"),
            ("clientDescription", "must have at most 4000 characters"),
            ("clientName", "must have 1 to 256 characters"),
        ],
    );
}

#[test]
fn null_is_absent() {
    check::<EmergencyClient>(
        &json!({"clientId": null, "clientName": "n", "clientDescription": null, "accessTokenTtl": 1}),
        &[("clientId", "is required")],
    );
}

#[test]
fn fields_that_only_the_server_sets_are_dropped_whatever_they_hold() {
    let body = json!({
        "clientId": "a", "clientName": "b", "accessTokenTtl": 1,
        "accessToken": 5, "accessTokenStatus": "NONSENSE", "roles": "all", "uses": 9,
    });
    let Parsed { value, failures } = parsed::<EmergencyClient>(&body);
    assert_eq!(failures, []);
    assert_eq!(value.access_token, None);
    assert_eq!(value.access_token_status, None);
    assert_eq!(value.roles, None);
}

#[test]
fn whole_numbers_keep_to_their_bits() {
    for ttl in [
        json!(2_147_483_648_i64),
        json!(u64::MAX),
        json!(1.5),
        json!("1"),
        json!(1e300),
    ] {
        check::<EmergencyClient>(
            &json!({"clientId": "a", "clientName": "b", "accessTokenTtl": ttl}),
            &[("accessTokenTtl", "must be a whole number of 32 bits")],
        );
    }
    check::<EmergencyClient>(
        &json!({"clientId": "a", "clientName": "b", "accessTokenTtl": 0}),
        &[("accessTokenTtl", "must be at least 1")],
    );
}

#[test]
fn ranges_are_stated() {
    check::<GlobalIamSettings>(
        &json!({
            "accessTokenTtl": 29, "apiTokenTtl": 259_201, "apiTokenRetentionPeriod": 43_200,
            "allUsersGroupEnabled": false, "jitInactiveUserEnabled": "no",
        }),
        &[
            ("jitInactiveUserEnabled", "must be true or false"),
            ("accessTokenTtl", "must be 30 to 480"),
            ("apiTokenTtl", "must be 43200 to 259200"),
        ],
    );
}

#[test]
fn nested_paths_count_as_the_caller_does() {
    check::<VcfRoleAssignments>(
        &json!({"vcfRoleAssignments": [
            "administrator",
            {"roleScope": {"scopeType": "UNKNOWN", "resources": [{"id": ""}, {}]}},
        ]}),
        &[
            ("vcfRoleAssignments[0]", "must be an object"),
            ("vcfRoleAssignments[1].roleName", "is required"),
            (
                "vcfRoleAssignments[1].roleScope.resources[1].id",
                "is required",
            ),
            (
                "vcfRoleAssignments[1].roleScope.scopeType",
                "must be one of VCF_INSTANCE, SSO_REALM",
            ),
            (
                "vcfRoleAssignments[1].roleScope.resources[0].id",
                "must not be empty",
            ),
        ],
    );
}

#[test]
fn lists_have_bounds() {
    check::<VcfRole>(
        &json!({"roleName": "r", "componentRoles": []}),
        &[("componentRoles", "must not be empty")],
    );
}

#[test]
fn identifiers_must_be_uuids() {
    check::<SsoRealmCreationRequest>(
        &json!({"vidbResourceId": "12345"}),
        &[("vidbResourceId", "must be a UUID")],
    );
    let id = "c23c6e31-4900-4e94-99f0-39f0f20308be";
    check::<SsoRealmCreationRequest>(&json!({ "vidbResourceId": id }), &[]);
    check::<Vidb>(&json!({"id": id, "displayName": "East"}), &[]);
}

#[test]
fn a_word_outside_the_list_is_refused_in_a_request() {
    check::<BrokerCreationRequest>(
        &json!({"tenant": "T", "displayName": "D", "algorithm": "HS256"}),
        &[("algorithm", "must be one of ES256, RS256, EdDSA")],
    );
}

#[test]
fn a_word_from_the_future_is_taken_in_an_answer() {
    let client: EmergencyClient =
        serde_json::from_value(json!({"accessTokenStatus": "SUSPENDED"})).unwrap();
    assert_eq!(client.access_token_status, Some(TokenStatus::Unknown));
}

#[test]
fn a_body_that_is_no_object_is_one_failure_and_what_it_lacks() {
    check::<SsoRealmCreationRequest>(&json!([]), &[("", "must be an object")]);
}

#[test]
fn broken_json_says_where() {
    let malformed = read::<EmergencyClient>(b"{\n  \"clientId\": oops}").unwrap_err();
    assert_eq!((malformed.line, malformed.column), (2, 15));
    assert_eq!(malformed.message, "expected value");
    let empty = read::<EmergencyClient>(b"").unwrap_err();
    assert_eq!((empty.line, empty.column), (1, 0));
}

#[test]
fn json_beyond_the_limits_is_told_from_what_is_no_json() {
    let deep = |depth: usize| format!("{{\"x\": {}{}}}", "[".repeat(depth), "]".repeat(depth));
    for (body, fault, message) in [
        (
            r#"{"accessTokenTtl": 1e400}"#.to_owned(),
            Fault::Limit,
            "the number is too large",
        ),
        (
            deep(200),
            Fault::Limit,
            "lists and objects are nested too deep",
        ),
        (r#"{"a": 1,}"#.to_owned(), Fault::Syntax, "trailing comma"),
    ] {
        let malformed = read::<EmergencyClient>(body.as_bytes()).unwrap_err();
        assert_eq!(malformed.fault, fault, "{body}");
        assert_eq!(malformed.message, message);
        assert_eq!(malformed.line, 1);
    }
    assert!(read::<EmergencyClient>(deep(100).as_bytes()).is_ok());
}

#[test]
fn a_field_that_is_given_twice_is_named_and_neither_is_believed() {
    for (body, expected) in [
        (
            r#"{"clientId": "a", "clientName": "n", "accessTokenTtl": 1, "clientId": "a"}"#,
            &[("clientId", "must be given once")][..],
        ),
        (
            r#"{"clientId": "a", "clientName": "n", "clientName": null, "accessTokenTtl": 1, "accessToken\u0054tl": 2}"#,
            &[
                ("accessTokenTtl", "must be given once"),
                ("clientName", "must be given once"),
            ],
        ),
        // What is dropped is dropped as often as it is given.
        (
            r#"{"clientId": "a", "clientName": "n", "accessTokenTtl": 1, "uses": 1, "uses": 2, "roles": [], "roles": []}"#,
            &[],
        ),
    ] {
        let failures = read::<EmergencyClient>(body.as_bytes()).unwrap().failures;
        let found: Vec<(&str, &str)> = failures
            .iter()
            .map(|failure| (failure.path.as_str(), failure.message.as_str()))
            .collect();
        assert_eq!(found, expected, "{body}");
    }
    let scope = r#""roleScope": {"scopeType": "SSO_REALM", "resources": [{"id": "1"}]}"#;
    let nested = format!(
        r#"{{"vcfRoleAssignments": [{{"roleName": "r", {scope}}}, {{"roleName": "r", {scope}, "roleName": "s"}}]}}"#
    );
    let failures = read::<VcfRoleAssignments>(nested.as_bytes())
        .unwrap()
        .failures;
    let paths: Vec<&str> = failures
        .iter()
        .map(|failure| failure.path.as_str())
        .collect();
    assert_eq!(paths, ["vcfRoleAssignments[1].roleName"]);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        Just(Value::from("VCF_INSTANCE")),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((field_name(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn field_name() -> impl Strategy<Value = String> {
    let known = [
        "clientId",
        "accessTokenTtl",
        "roleScope",
        "directories",
        "name",
        "domains",
        "idpConfig",
        "provisioningConfig",
        "ldapConfigurations",
        "vcfRoleAssignments",
        "scopeType",
        "idpType",
    ];
    prop_oneof![
        prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        "[a-z]{1,4}"
    ]
}

/// Whatever is read without failures reads the same from its own spelling.
fn settles<T>(bytes: &[u8])
where
    T: Default + DeserializeOwned + PartialEq + serde::Serialize + Shaped + Validate,
{
    if let Ok(Parsed { value, failures }) = read::<T>(bytes)
        && failures.is_empty()
    {
        let again = read::<T>(&serde_json::to_vec(&value).unwrap()).unwrap();
        assert!(again.failures.is_empty() && again.value == value);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        settles::<EmergencyClient>(&bytes);
        settles::<FederatedIdentityProvider>(&bytes);
    }

    #[test]
    fn no_json_makes_the_reader_panic(body in any_json()) {
        let bytes = body.to_string();
        settles::<EmergencyClient>(bytes.as_bytes());
        settles::<FederatedIdentityProvider>(bytes.as_bytes());
        settles::<VcfRoleAssignments>(bytes.as_bytes());
    }

    #[test]
    fn what_a_client_sends_is_what_is_read(
        id in "\\PC{1,64}", name in "\\PC{1,64}", description in proptest::option::of("\\PC{0,64}"), ttl in 1_i32..,
    ) {
        let sent = EmergencyClient {
            client_id: Some(id),
            client_name: Some(name),
            client_description: description,
            access_token_ttl: Some(ttl),
            ..EmergencyClient::default()
        };
        let Parsed { value, failures } = read::<EmergencyClient>(&serde_json::to_vec(&sent).unwrap()).unwrap();
        prop_assert_eq!(failures, vec![]);
        prop_assert_eq!(value, sent);
    }

    #[test]
    fn a_failure_has_a_path_of_its_own(body in any_json()) {
        let failures = parsed::<FederatedIdentityProvider>(&body).failures;
        let mut paths: Vec<_> = failures.iter().map(|failure| &failure.path).collect();
        paths.sort();
        paths.dedup();
        prop_assert_eq!(paths.len(), failures.len());
    }
}
