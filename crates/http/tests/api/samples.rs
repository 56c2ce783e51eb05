//! A request that succeeds, for every operation that is served: what the tests that walk the table send.

use breakglass_api_types::{OPERATIONS, Operation, OperationSpec};
use breakglass_domain::Realm;
use serde_json::json;

use crate::support::{Ask, Harness};

/// The emergency client that the samples speak of. It has to be there.
pub(crate) const CLIENT: &str = "sample";

/// A token that is alive nowhere.
const DEAD_TOKEN: &str = "eyJhbGciOiJub25lIn0.e30.e30";

/// The operations that are served, as the served document says.
pub(crate) async fn served(harness: &Harness) -> Vec<&'static OperationSpec> {
    let document = harness.send(Ask::get("/openapi.json")).await.json();
    let paths = document["paths"].as_object().unwrap().values();
    let names: Vec<String> = paths
        .flat_map(|methods| methods.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap().to_owned())
        .collect();
    let specs = OPERATIONS
        .iter()
        .filter(|spec| names.iter().any(|name| name == spec.name));
    let specs: Vec<_> = specs.collect();
    assert_eq!(specs.len(), names.len());
    assert!(specs.len() >= 38, "{}", specs.len());
    specs
}

/// A request for the operation that succeeds, when its caller may send it.
pub(crate) async fn sample(harness: &Harness, operation: Operation, realm: &Realm) -> Ask {
    let app = &harness.test.app;
    let admin = harness.test.admin();
    let (_, broker) = app.get_realm(&admin, realm.id).await.unwrap();
    let broker = broker.broker;
    let realm_id = realm.id.to_string();
    let task = match operation {
        Operation::GetIamTaskDetails => {
            let task = app.delete_realm(&admin, realm.id, false).await;
            task.unwrap().to_string()
        }
        _ => String::new(),
    };
    let values = [
        ("clientId", CLIENT),
        ("realmId", realm_id.as_str()),
        ("ssoRealmId", realm_id.as_str()),
        ("taskId", task.as_str()),
        ("tenant", broker.tenant.as_str()),
        ("username", "admin"),
    ];
    let path = operation.path(&values).unwrap();
    let ask = Ask::new(operation.spec().method.as_str(), path);
    match operation {
        Operation::AcquireToken => ask.json(&json!({
            "username": "admin",
            "password": breakglass_test_support::ADMIN_PASSWORD,
        })),
        Operation::CreateBroker => ask.json(&json!({"tenant": "NEW", "displayName": "New"})),
        Operation::CreateEmergencyClient => ask.json(&json!({
            "clientId": "new",
            "clientName": "New",
            "accessTokenTtl": 60,
        })),
        Operation::CreateSsoRealm => {
            let draft = breakglass_domain::BrokerDraft {
                tenant: Some("BARE".to_owned()),
                display_name: Some("Bare".to_owned()),
                algorithm: None,
            };
            let bare = app.create_broker(&admin, draft).await.unwrap();
            ask.json(&json!({"vidbResourceId": bare.broker.id.to_string()}))
        }
        Operation::IntrospectToken | Operation::RevokeToken => {
            ask.form(&format!("token={DEAD_TOKEN}"))
        }
        Operation::SetAccountPassword => ask.json(&json!({"password": "another long password"})),
        Operation::UpdateIamSettings => ask.json(&settings()),
        Operation::UpdateVidbMetadata => ask.json(&json!({
            "id": broker.id.to_string(),
            "displayName": "Renamed",
        })),
        _ => ask,
    }
}

/// Settings that keep every bound and are not the first ones.
pub(crate) fn settings() -> serde_json::Value {
    json!({
        "accessTokenTtl": 60,
        "allUsersGroupEnabled": true,
        "apiTokenRetentionPeriod": 43200,
        "apiTokenTtl": 43200,
        "jitInactiveUserEnabled": true,
        "jitInactiveUserTtl": 20160,
    })
}
