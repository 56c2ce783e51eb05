//! Clients of any kind.

use breakglass_domain::{Client, ClientKind};

use crate::samples::{
    api_client, api_token, at, broker_id, client, client_key, client_secret, oauth_app, principal_id, realm_id,
};
use crate::{Harness, begin, keep, read, seeded};

/// A store with an API client `api`, an OAuth app `app` and an emergency client `fire` in the first realm.
async fn with_clients<H: Harness>() -> H {
    let harness = seeded::<H>().await;
    let mut unit = begin(&harness).await;
    unit.insert_api_client(&api_client(1, "api")).await.unwrap();
    unit.insert_oauth_app(&oauth_app(1, "app")).await.unwrap();
    unit.insert_emergency_client(&client(1, "fire"))
        .await
        .unwrap();
    keep(unit).await;
    harness
}

fn expected() -> [Client; 2] {
    let (api, app) = (api_client(1, "api"), oauth_app(1, "app"));
    [
        Client {
            realm_id: api.realm_id,
            id: api.id,
            client_id: api.client_id.to_string(),
            name: api.client_name.to_string(),
            kind: ClientKind::ApiClient,
        },
        Client {
            realm_id: app.realm_id,
            id: app.id,
            client_id: app.client_id,
            name: app.client_name.to_string(),
            kind: ClientKind::OauthApp,
        },
    ]
}

pub async fn find_client_gives_api_clients_and_oauth_apps_of_the_realm<H: Harness>() {
    let harness = with_clients::<H>().await;
    let mut view = read(&harness).await;
    for client in expected() {
        let found = view.find_client(realm_id(1), &client.client_id).await;
        assert_eq!(found, Ok(Some(client.clone())));
        let elsewhere = view.find_client(realm_id(2), &client.client_id).await;
        assert_eq!(elsewhere, Ok(None));
    }
    for unknown in ["fire", "API", "unknown", ""] {
        assert_eq!(view.find_client(realm_id(1), unknown).await, Ok(None));
    }
}

pub async fn find_client_by_principal_does_the_same<H: Harness>() {
    let harness = with_clients::<H>().await;
    let mut view = read(&harness).await;
    for client in expected() {
        let found = view.find_client_by_principal(realm_id(1), client.id).await;
        assert_eq!(found, Ok(Some(client.clone())));
        let elsewhere = view.find_client_by_principal(realm_id(2), client.id).await;
        assert_eq!(elsewhere, Ok(None));
    }
    let unknown = principal_id("unknown");
    let found = view.find_client_by_principal(realm_id(1), unknown).await;
    assert_eq!(found, Ok(None));
}

pub async fn delete_client_credentials_takes_those_of_the_principal_and_recalls_them<H: Harness>() {
    let harness = with_clients::<H>().await;
    let other = api_client(1, "other");
    let (own, foreign) = (api_client(1, "api").id, other.id);
    let mut unit = begin(&harness).await;
    unit.insert_api_client(&other).await.unwrap();
    for (name, principal) in [("a", own), ("b", own), ("c", foreign)] {
        let token = api_token(1, principal, name);
        unit.insert_api_token(&token).await.unwrap();
        let secret = client_secret(1, principal, name);
        unit.insert_client_secret(&secret).await.unwrap();
        let key = client_key(1, principal, name);
        unit.insert_client_key(&key).await.unwrap();
    }
    let (realm, broker) = (realm_id(1), broker_id(1));
    let deleted = unit.delete_client_credentials(broker, realm, own, at(90));
    assert_eq!(deleted.await, Ok(6));
    keep(unit).await;
    let mut view = read(&harness).await;
    let mut recalled = Vec::new();
    for (name, principal, expected) in [("a", own, false), ("b", own, false), ("c", foreign, true)] {
        let token = api_token(1, principal, name);
        let found = view.find_api_token(realm, token.id).await.unwrap();
        assert_eq!(found.is_some(), expected);
        let secret = client_secret(1, principal, name);
        let found = view.find_client_secret(realm, secret.id).await.unwrap();
        assert_eq!(found.is_some(), expected);
        let key = client_key(1, principal, name);
        let found = view.find_client_key(realm, key.id).await.unwrap();
        assert_eq!(found.is_some(), expected);
        if !expected {
            recalled.extend([
                token.status_index,
                secret.status_index,
                key.status_index,
            ]);
        }
    }
    recalled.sort_unstable();
    assert_eq!(view.list_recalled(broker).await, Ok(recalled));
}
