//! SSO realms.

use breakglass_ports::StoreError;

use crate::samples::{broker, broker_id, client, realm, realm_id};
use crate::{Harness, begin, keep, read, seeded};

pub async fn find_realm_gives_none_for_what_is_unknown<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut view = read(&harness).await;
    assert_eq!(view.find_realm(realm_id(3)).await, Ok(None));
    assert_eq!(view.find_realm_of_broker(broker_id(3)).await, Ok(None));
}

pub async fn find_realm_of_broker_gives_the_one_on_it<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut view = read(&harness).await;
    assert_eq!(view.find_realm(realm_id(2)).await, Ok(Some(realm(2))));
    let found = view.find_realm_of_broker(broker_id(2)).await;
    assert_eq!(found, Ok(Some(realm(2))));
}

pub async fn list_realms_gives_every_realm_the_oldest_first<H: Harness>() {
    let harness = H::fresh().await;
    let mut unit = begin(&harness).await;
    for number in [2, 3, 1] {
        unit.insert_broker(&broker(number)).await.unwrap();
        unit.insert_realm(&realm(number)).await.unwrap();
    }
    keep(unit).await;
    let all = read(&harness).await.list_realms().await;
    assert_eq!(all, Ok([1, 2, 3].map(realm).to_vec()));
}

pub async fn insert_realm_refuses_a_taken_id<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut unit = begin(&harness).await;
    unit.insert_broker(&broker(3)).await.unwrap();
    let mut taken = realm(3);
    taken.id = realm_id(1);
    assert_eq!(unit.insert_realm(&taken).await, Err(StoreError::Conflict));
}

pub async fn insert_realm_refuses_a_second_one_on_a_broker<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut second = realm(3);
    second.broker_id = broker_id(1);
    let refused = begin(&harness).await.insert_realm(&second).await;
    assert_eq!(refused, Err(StoreError::Conflict));
}

pub async fn delete_realm_refuses_while_a_client_stands_in_it<H: Harness>() {
    let harness = seeded::<H>().await;
    let standing = client(1, "standing");
    let mut unit = begin(&harness).await;
    unit.insert_emergency_client(&standing).await.unwrap();
    keep(unit).await;

    let mut unit = begin(&harness).await;
    let refused = unit.delete_realm(realm_id(1)).await;
    assert_eq!(refused, Err(StoreError::Conflict));
    drop(unit);

    let mut unit = begin(&harness).await;
    unit.delete_emergency_client(realm_id(1), &standing.client_id)
        .await
        .unwrap();
    assert_eq!(unit.delete_realm(realm_id(1)).await, Ok(true));
    keep(unit).await;
    let left = read(&harness).await.list_realms().await;
    assert_eq!(left, Ok(vec![realm(2)]));
}

pub async fn delete_realm_says_whether_there_was_one<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut unit = begin(&harness).await;
    assert_eq!(unit.delete_realm(realm_id(3)).await, Ok(false));
    assert_eq!(unit.delete_realm(realm_id(1)).await, Ok(true));
    assert_eq!(unit.delete_realm(realm_id(1)).await, Ok(false));
}
