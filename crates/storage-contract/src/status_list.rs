//! The places of tokens in their issuer's status list.

use std::collections::BTreeSet;

use breakglass_ports::StoreError;
use breakglass_ports::store::StatusListExtent;

use crate::samples::{broker_id, retired};
use crate::{Harness, begin, keep, read, seeded};

pub async fn find_status_list_extent_gives_none_for_an_unknown_broker<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut view = read(&harness).await;
    assert_eq!(view.find_status_list_extent(broker_id(3)).await, Ok(None));
    let empty = StatusListExtent {
        places: 0,
        epoch: 0,
    };
    let found = view.find_status_list_extent(broker_id(1)).await;
    assert_eq!(found, Ok(Some(empty)));
}

pub async fn list_recalled_gives_the_places_of_the_broker_in_ascending_order<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut unit = begin(&harness).await;
    for index in [300, 2, 10] {
        unit.recall_token(broker_id(1), &retired(index))
            .await
            .unwrap();
    }
    unit.recall_token(broker_id(2), &retired(5)).await.unwrap();
    keep(unit).await;
    let mut view = read(&harness).await;
    assert_eq!(view.list_recalled(broker_id(1)).await, Ok(vec![2, 10, 300]));
    assert_eq!(view.list_recalled(broker_id(2)).await, Ok(vec![5]));
    assert_eq!(view.list_recalled(broker_id(3)).await, Ok(Vec::new()));
}

pub async fn allocate_status_index_gives_each_place_once<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut unit = begin(&harness).await;
    let mut given = Vec::new();
    for _ in 0..3 {
        given.push(unit.allocate_status_index(broker_id(1)).await.unwrap());
    }
    assert_eq!(given, [0, 1, 2]);
    assert_eq!(unit.allocate_status_index(broker_id(2)).await, Ok(0));
    keep(unit).await;
    let other = harness.another().await;
    let stores = [harness.store(), other];
    for (turn, store) in stores.iter().cycle().take(200).enumerate() {
        let is_kept = turn % 7 > 0;
        let mut unit = store.begin().await.unwrap();
        let place = unit.allocate_status_index(broker_id(1)).await.unwrap();
        if is_kept {
            given.push(place);
            keep(unit).await;
        }
    }
    let mut view = read(&harness).await;
    let extent = view.find_status_list_extent(broker_id(1)).await.unwrap();
    assert!(extent.map(|extent| extent.places) > given.iter().max().copied());
    let places: BTreeSet<u64> = given.iter().copied().collect();
    assert_eq!(places.len(), given.len(), "{given:?}");
}

pub async fn allocate_status_index_needs_a_broker<H: Harness>() {
    let harness = seeded::<H>().await;
    let refused = begin(&harness)
        .await
        .allocate_status_index(broker_id(3))
        .await;
    assert_eq!(refused, Err(StoreError::Missing));
}

pub async fn recall_token_raises_the_epoch_once_for_a_place<H: Harness>() {
    let harness = seeded::<H>().await;
    let epochs = [(4, 1), (4, 1), (9, 2), (4, 2)];
    for (index, expected) in epochs {
        let mut unit = begin(&harness).await;
        unit.recall_token(broker_id(1), &retired(index))
            .await
            .unwrap();
        keep(unit).await;
        let mut view = read(&harness).await;
        let extent = view.find_status_list_extent(broker_id(1)).await.unwrap();
        assert_eq!(extent.map(|extent| extent.epoch), Some(expected));
        let other = view.find_status_list_extent(broker_id(2)).await.unwrap();
        assert_eq!(other.map(|extent| extent.epoch), Some(0));
    }
    let recalled = read(&harness).await.list_recalled(broker_id(1)).await;
    assert_eq!(recalled, Ok(vec![4, 9]));
}
