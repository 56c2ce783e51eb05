//! Signing keys.

use breakglass_ports::StoreError;

use crate::samples::{broker_id, signing_key};
use crate::{Harness, begin, keep, read, seeded};

pub async fn find_signing_key_gives_none_for_an_unknown_id<H: Harness>() {
    let harness = seeded::<H>().await;
    let key = signing_key(1, Some(1));
    let mut unit = begin(&harness).await;
    unit.insert_signing_key(&key).await.unwrap();
    keep(unit).await;
    let mut view = read(&harness).await;
    let unknown = signing_key(2, Some(1)).id;
    assert_eq!(view.find_signing_key(&unknown).await, Ok(None));
    assert_eq!(view.find_signing_key(&key.id).await, Ok(Some(key)));
}

pub async fn list_signing_keys_gives_those_of_the_broker_the_newest_first<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut unit = begin(&harness).await;
    for (number, broker) in [
        (1, None),
        (2, Some(1)),
        (3, Some(2)),
        (6, Some(1)),
        (4, Some(1)),
        (5, None),
    ] {
        unit.insert_signing_key(&signing_key(number, broker))
            .await
            .unwrap();
    }
    keep(unit).await;

    let mut view = read(&harness).await;
    let of_first = [6, 4, 2].map(|number| signing_key(number, Some(1)));
    let found = view.list_signing_keys(Some(broker_id(1))).await;
    assert_eq!(found, Ok(of_first.to_vec()));
    let of_second = vec![signing_key(3, Some(2))];
    let found = view.list_signing_keys(Some(broker_id(2))).await;
    assert_eq!(found, Ok(of_second));
    let own = [5, 1].map(|number| signing_key(number, None));
    assert_eq!(view.list_signing_keys(None).await, Ok(own.to_vec()));
    let unknown = view.list_signing_keys(Some(broker_id(3))).await;
    assert_eq!(unknown, Ok(Vec::new()));
}

pub async fn insert_signing_key_refuses_a_taken_id<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut unit = begin(&harness).await;
    unit.insert_signing_key(&signing_key(1, Some(1)))
        .await
        .unwrap();
    keep(unit).await;
    let mut unit = begin(&harness).await;
    let refused = unit.insert_signing_key(&signing_key(1, Some(2))).await;
    assert_eq!(refused, Err(StoreError::Conflict));
}
