//! Identity brokers.

use breakglass_ports::StoreError;

use crate::samples::{broker, broker_id};
use crate::{Harness, begin, keep, read, seeded};

pub async fn find_broker_gives_none_for_what_is_unknown<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut view = read(&harness).await;
    assert_eq!(view.find_broker(broker_id(3)).await, Ok(None));
    let found = view.find_broker_by_tenant(&broker(3).tenant).await;
    assert_eq!(found, Ok(None));
}

pub async fn find_broker_by_tenant_compares_exactly<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut view = read(&harness).await;
    let found = view.find_broker_by_tenant(&broker(2).tenant).await;
    assert_eq!(found, Ok(Some(broker(2))));
    let lower = broker(2).tenant.as_str().to_lowercase().parse().unwrap();
    assert_eq!(view.find_broker_by_tenant(&lower).await, Ok(None));
}

pub async fn list_brokers_gives_every_broker_the_oldest_first<H: Harness>() {
    let harness = H::fresh().await;
    let mut unit = begin(&harness).await;
    for number in [3, 1, 2] {
        unit.insert_broker(&broker(number)).await.unwrap();
    }
    keep(unit).await;
    let all = read(&harness).await.list_brokers().await;
    assert_eq!(all, Ok([1, 2, 3].map(broker).to_vec()));
}

pub async fn insert_broker_refuses_a_taken_id<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut taken = broker(3);
    taken.id = broker_id(1);
    let refused = begin(&harness).await.insert_broker(&taken).await;
    assert_eq!(refused, Err(StoreError::Conflict));
}

pub async fn insert_broker_refuses_a_taken_tenant<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut taken = broker(3);
    taken.tenant = broker(1).tenant;
    let refused = begin(&harness).await.insert_broker(&taken).await;
    assert_eq!(refused, Err(StoreError::Conflict));
}

pub async fn update_broker_keeps_every_field<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut changed = broker(4);
    changed.id = broker_id(1);
    let mut unit = begin(&harness).await;
    unit.allocate_status_index(changed.id).await.unwrap();
    unit.update_broker(&changed).await.unwrap();
    keep(unit).await;

    let mut view = read(&harness).await;
    let found = view.find_broker(changed.id).await;
    assert_eq!(found, Ok(Some(changed.clone())));
    assert_eq!(view.find_broker(broker_id(2)).await, Ok(Some(broker(2))));
    let extent = view.find_status_list_extent(changed.id).await.unwrap();
    assert!(extent.is_some_and(|extent| extent.places > 0));
}

pub async fn update_broker_needs_a_broker<H: Harness>() {
    let harness = seeded::<H>().await;
    let refused = begin(&harness).await.update_broker(&broker(3)).await;
    assert_eq!(refused, Err(StoreError::Missing));
}
