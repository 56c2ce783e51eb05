//! The installation.

use breakglass_ports::StoreError;

use crate::samples::installation;
use crate::{Harness, begin, keep, read};

pub async fn find_installation_gives_none_until_one_was_written<H: Harness>() {
    let harness = H::fresh().await;
    assert_eq!(read(&harness).await.find_installation().await, Ok(None));
    let mut unit = begin(&harness).await;
    unit.insert_installation(&installation(1)).await.unwrap();
    keep(unit).await;
    let found = read(&harness).await.find_installation().await;
    assert_eq!(found, Ok(Some(installation(1))));
}

pub async fn insert_installation_refuses_a_second_one<H: Harness>() {
    let harness = H::fresh().await;
    let mut unit = begin(&harness).await;
    unit.insert_installation(&installation(1)).await.unwrap();
    keep(unit).await;
    let mut unit = begin(&harness).await;
    let refused = unit.insert_installation(&installation(2)).await;
    assert_eq!(refused, Err(StoreError::Conflict));
}

pub async fn update_installation_keeps_every_field<H: Harness>() {
    let harness = H::fresh().await;
    let mut unit = begin(&harness).await;
    unit.insert_installation(&installation(1)).await.unwrap();
    unit.update_installation(&installation(2)).await.unwrap();
    keep(unit).await;
    let found = read(&harness).await.find_installation().await;
    assert_eq!(found, Ok(Some(installation(2))));
}

pub async fn update_installation_needs_one<H: Harness>() {
    let harness = H::fresh().await;
    let mut unit = begin(&harness).await;
    let refused = unit.update_installation(&installation(1)).await;
    assert_eq!(refused, Err(StoreError::Missing));
}
