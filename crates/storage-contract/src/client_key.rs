//! Public keys of clients.

use breakglass_domain::{ClientKey, ClientKeyId, PublicJwk};
use breakglass_ports::StoreError;

use crate::samples::{at, client_key, principal_id, realm_id};
use crate::{Harness, begin, keep, read, seeded};

async fn insert(harness: &impl Harness, keys: &[ClientKey]) {
    let mut unit = begin(harness).await;
    for key in keys {
        unit.insert_client_key(key).await.unwrap();
    }
    keep(unit).await;
}

fn key(name: &str) -> ClientKey {
    client_key(1, principal_id("holder"), name)
}

async fn find(harness: &impl Harness, id: ClientKeyId) -> Option<ClientKey> {
    let mut view = read(harness).await;
    view.find_client_key(realm_id(1), id).await.unwrap()
}

pub async fn find_client_key_gives_none_for_what_is_not_of_the_realm<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[key("known")]).await;
    assert_eq!(find(&harness, key("unknown").id).await, None);
    let mut view = read(&harness).await;
    let elsewhere = view.find_client_key(realm_id(2), key("known").id).await;
    assert_eq!(elsewhere, Ok(None));
}

pub async fn list_client_keys_gives_those_of_the_principal_the_newest_first<H: Harness>() {
    let harness = seeded::<H>().await;
    let made = |name: &str, minutes| ClientKey {
        created_at: at(minutes),
        ..key(name)
    };
    let written = [made("a", 1), made("b", 3), made("c", 2)];
    insert(&harness, &written).await;
    insert(&harness, &[client_key(1, principal_id("other"), "foreign")]).await;
    let mut view = read(&harness).await;
    let [first, second, third] = written;
    let holder = principal_id("holder");
    let listed = view.list_client_keys(realm_id(1), holder).await;
    assert_eq!(listed, Ok(vec![second, third, first]));
    let elsewhere = view.list_client_keys(realm_id(2), holder).await;
    assert_eq!(elsewhere, Ok(vec![]));
}

pub async fn insert_client_key_keeps_every_field<H: Harness>() {
    let harness = seeded::<H>().await;
    let used = ClientKey {
        key: PublicJwk {
            kid: None,
            ..key("used").key
        },
        last_used_at: Some(at(4)),
        ..key("used")
    };
    insert(&harness, &[key("fresh"), used.clone()]).await;
    assert_eq!(find(&harness, used.id).await, Some(used));
    let fresh = key("fresh");
    assert_eq!(find(&harness, fresh.id).await, Some(fresh));
}

pub async fn insert_client_key_refuses_a_taken_id_and_the_same_key_again<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[key("taken")]).await;
    let same_id = ClientKey {
        id: key("taken").id,
        ..key("other")
    };
    let same_key = ClientKey {
        id: key("other").id,
        ..key("taken")
    };
    for key in [same_id, same_key] {
        let refused = begin(&harness).await.insert_client_key(&key).await;
        assert_eq!(refused, Err(StoreError::Conflict));
    }
    let of_another = ClientKey {
        id: key("other").id,
        principal_id: principal_id("another"),
        ..key("taken")
    };
    insert(&harness, &[of_another]).await;
}

pub async fn record_client_key_use_dates_the_use<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[key("k")]).await;
    let id = key("k").id;
    let mut unit = begin(&harness).await;
    unit.record_client_key_use(realm_id(1), id, at(9))
        .await
        .unwrap();
    let elsewhere = unit.record_client_key_use(realm_id(2), id, at(9)).await;
    assert_eq!(elsewhere, Err(StoreError::Missing));
    keep(unit).await;
    let found = find(&harness, id).await.unwrap();
    assert_eq!(found.last_used_at, Some(at(9)));
}

pub async fn delete_client_key_says_whether_there_was_one<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[key("k")]).await;
    let id = key("k").id;
    let mut unit = begin(&harness).await;
    for (realm, expected) in [(2, false), (1, true), (1, false)] {
        let deleted = unit.delete_client_key(realm_id(realm), id).await;
        assert_eq!(deleted, Ok(expected));
    }
    keep(unit).await;
    assert_eq!(find(&harness, id).await, None);
}
