//! Access tokens that were revoked on their own.

use breakglass_domain::TokenId;

use crate::samples::{at, realm, realm_id};
use crate::{Harness, begin, keep, read, seeded};

fn id(number: u8) -> TokenId {
    TokenId::from_random([number; 16])
}

async fn revoke(harness: &impl Harness, realm: u8, number: u8) -> bool {
    let mut unit = begin(harness).await;
    let is_new = unit
        .revoke_access_token(realm_id(realm), id(number), at(60))
        .await
        .unwrap();
    keep(unit).await;
    is_new
}

async fn is_any_revoked(harness: &impl Harness, realm: u8, numbers: &[u8]) -> bool {
    let ids: Vec<TokenId> = numbers.iter().map(|number| id(*number)).collect();
    let mut view = read(harness).await;
    view.is_any_access_token_revoked(realm_id(realm), &ids)
        .await
        .unwrap()
}

pub async fn is_any_access_token_revoked_looks_at_those_of_the_realm<H: Harness>() {
    let harness = seeded::<H>().await;
    revoke(&harness, 1, 5).await;
    assert!(is_any_revoked(&harness, 1, &[5]).await);
    assert!(is_any_revoked(&harness, 1, &[4, 5, 6]).await);
    assert!(!is_any_revoked(&harness, 1, &[4, 6]).await);
    assert!(!is_any_revoked(&harness, 1, &[]).await);
    assert!(!is_any_revoked(&harness, 2, &[5]).await);
}

pub async fn revoke_access_token_says_whether_it_was_not_revoked_before<H: Harness>() {
    let harness = seeded::<H>().await;
    assert!(revoke(&harness, 1, 5).await);
    assert!(!revoke(&harness, 1, 5).await);
    assert!(revoke(&harness, 2, 5).await);
    assert!(revoke(&harness, 1, 6).await);
}

pub async fn what_is_remembered_of_tokens_goes_with_the_realm<H: Harness>() {
    let harness = seeded::<H>().await;
    revoke(&harness, 1, 5).await;
    let mut unit = begin(&harness).await;
    unit.delete_realm(realm_id(1)).await.unwrap();
    unit.insert_realm(&realm(1)).await.unwrap();
    keep(unit).await;
    assert!(!is_any_revoked(&harness, 1, &[5]).await);
}
