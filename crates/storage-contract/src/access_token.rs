//! Access tokens that were revoked on their own.

use breakglass_domain::{AuthorizationClaims, Minutes, RoleClaim, TokenId};

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

fn claims(name: &str) -> AuthorizationClaims {
    let role = |name: String, resources: &[&str]| RoleClaim {
        display_name: format!("{name} \u{1f511}"),
        name,
        resources: resources.iter().map(|&id| id.to_owned()).collect(),
    };
    AuthorizationClaims {
        roles: vec![role(name.to_owned(), &[]), role("b".to_owned(), &["i", "j"])],
        scope: Some(format!("b {name}")),
    }
}

async fn keep_claims(
    harness: &impl Harness,
    realm: u8,
    kept: &AuthorizationClaims,
    until: u32,
) -> bool {
    let mut unit = begin(harness).await;
    let withheld = (kept.digest(), kept);
    let is_new = unit
        .keep_withheld_claims(realm_id(realm), withheld, at(until))
        .await
        .unwrap();
    keep(unit).await;
    is_new
}

async fn find_claims(
    harness: &impl Harness,
    realm: u8,
    wanted: &AuthorizationClaims,
) -> Option<AuthorizationClaims> {
    let mut view = read(harness).await;
    view.find_withheld_claims(realm_id(realm), wanted.digest())
        .await
        .unwrap()
}

pub async fn find_withheld_claims_gives_none_for_what_no_token_leaves_out<H: Harness>() {
    let harness = seeded::<H>().await;
    let kept = claims("a");
    keep_claims(&harness, 1, &kept, 60).await;
    assert_eq!(find_claims(&harness, 1, &claims("c")).await, None);
    assert_eq!(find_claims(&harness, 2, &kept).await, None);
}

pub async fn keep_withheld_claims_keeps_every_field<H: Harness>() {
    let harness = seeded::<H>().await;
    let bare = AuthorizationClaims::default();
    for kept in [claims("a"), claims("c"), bare] {
        assert!(keep_claims(&harness, 1, &kept, 60).await);
        assert!(!keep_claims(&harness, 1, &kept, 60).await);
        assert_eq!(find_claims(&harness, 1, &kept).await, Some(kept));
    }
}

pub async fn keep_withheld_claims_keeps_them_until_a_day_after_the_last_end<H: Harness>() {
    let harness = seeded::<H>().await;
    let kept = claims("a");
    for until in [60, 70, 50] {
        keep_claims(&harness, 1, &kept, until).await;
    }
    let day = Minutes::new(24 * 60);
    harness.store().prune(at(70).plus(day).plus_millis(-1)).await.unwrap();
    assert_eq!(find_claims(&harness, 1, &kept).await, Some(kept.clone()));
    harness.store().prune(at(70).plus(day)).await.unwrap();
    assert_eq!(find_claims(&harness, 1, &kept).await, None);
}
