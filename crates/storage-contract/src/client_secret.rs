//! Secrets of clients.

use breakglass_domain::{ClientSecret, ClientSecretId};
use breakglass_ports::StoreError;

use crate::samples::{at, client_secret, principal_id, realm_id};
use crate::{Harness, begin, keep, read, seeded};

async fn insert(harness: &impl Harness, secrets: &[ClientSecret]) {
    let mut unit = begin(harness).await;
    for secret in secrets {
        unit.insert_client_secret(secret).await.unwrap();
    }
    keep(unit).await;
}

fn secret(name: &str) -> ClientSecret {
    client_secret(1, principal_id("holder"), name)
}

async fn find(harness: &impl Harness, id: ClientSecretId) -> Option<ClientSecret> {
    let mut view = read(harness).await;
    view.find_client_secret(realm_id(1), id).await.unwrap()
}

pub async fn find_client_secret_gives_none_for_what_is_not_of_the_realm<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[secret("known")]).await;
    assert_eq!(find(&harness, secret("unknown").id).await, None);
    let mut view = read(&harness).await;
    let elsewhere = view
        .find_client_secret(realm_id(2), secret("known").id)
        .await;
    assert_eq!(elsewhere, Ok(None));
}

pub async fn list_client_secrets_gives_those_of_the_principal_the_newest_first<H: Harness>() {
    let harness = seeded::<H>().await;
    let made = |name: &str, minutes| ClientSecret {
        created_at: at(minutes),
        ..secret(name)
    };
    let foreign = client_secret(1, principal_id("other"), "foreign");
    let written = [made("a", 1), made("b", 3), made("c", 2)];
    insert(&harness, &written).await;
    insert(&harness, &[foreign]).await;
    let mut view = read(&harness).await;
    let [first, second, third] = written;
    let listed = view
        .list_client_secrets(realm_id(1), principal_id("holder"))
        .await;
    assert_eq!(listed, Ok(vec![second, third, first]));
    let elsewhere = view
        .list_client_secrets(realm_id(2), principal_id("holder"))
        .await;
    assert_eq!(elsewhere, Ok(vec![]));
}

pub async fn insert_client_secret_keeps_every_field<H: Harness>() {
    let harness = seeded::<H>().await;
    let used = ClientSecret {
        expires_at: Some(at(5)),
        last_used_at: Some(at(4)),
        ..secret("used")
    };
    insert(&harness, &[secret("fresh"), used.clone()]).await;
    assert_eq!(find(&harness, used.id).await, Some(used));
    let fresh = secret("fresh");
    assert_eq!(find(&harness, fresh.id).await, Some(fresh));
}

pub async fn insert_client_secret_refuses_a_taken_id<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[secret("taken")]).await;
    let refused = begin(&harness)
        .await
        .insert_client_secret(&secret("taken"))
        .await;
    assert_eq!(refused, Err(StoreError::Conflict));
}

pub async fn set_client_secret_end_changes_the_end_alone<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[secret("s"), secret("other")]).await;
    let id = secret("s").id;
    let mut unit = begin(&harness).await;
    unit.set_client_secret_end(realm_id(1), id, at(9))
        .await
        .unwrap();
    let missing = secret("missing").id;
    let refused = unit.set_client_secret_end(realm_id(1), missing, at(9));
    assert_eq!(refused.await, Err(StoreError::Missing));
    keep(unit).await;
    let expected = ClientSecret {
        expires_at: Some(at(9)),
        ..secret("s")
    };
    assert_eq!(find(&harness, id).await, Some(expected));
    let other = secret("other");
    assert_eq!(find(&harness, other.id).await, Some(other));
}

pub async fn record_client_secret_use_dates_the_use<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[secret("s")]).await;
    let id = secret("s").id;
    let mut unit = begin(&harness).await;
    unit.record_client_secret_use(realm_id(1), id, at(9))
        .await
        .unwrap();
    let elsewhere = unit.record_client_secret_use(realm_id(2), id, at(9));
    assert_eq!(elsewhere.await, Err(StoreError::Missing));
    keep(unit).await;
    let found = find(&harness, id).await.unwrap();
    assert_eq!(found.last_used_at, Some(at(9)));
}

pub async fn delete_client_secret_says_whether_there_was_one<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[secret("s")]).await;
    let id = secret("s").id;
    let mut unit = begin(&harness).await;
    for (realm, expected) in [(2, false), (1, true), (1, false)] {
        let deleted = unit.delete_client_secret(realm_id(realm), id).await;
        assert_eq!(deleted, Ok(expected));
    }
    keep(unit).await;
    assert_eq!(find(&harness, id).await, None);
}
