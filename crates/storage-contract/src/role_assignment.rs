//! Roles that principals hold.

use breakglass_domain::{RoleAssignment, RoleScope};
use breakglass_ports::StoreError;

use crate::samples::{held, held_in_part, principal_id, realm_id, role};
use crate::{Harness, begin, keep, read, seeded};

/// A store with the roles `a`, `b` and `c`.
async fn with_roles<H: Harness>() -> H {
    let harness = seeded::<H>().await;
    let mut unit = begin(&harness).await;
    for name in ["a", "b", "c"] {
        unit.insert_role(&role(name)).await.unwrap();
    }
    keep(unit).await;
    harness
}

async fn replace(
    harness: &impl Harness,
    realm: u8,
    principal: &str,
    assignments: &[RoleAssignment],
) {
    let mut unit = begin(harness).await;
    unit.replace_role_assignments(realm_id(realm), principal_id(principal), assignments)
        .await
        .unwrap();
    keep(unit).await;
}

async fn epoch(harness: &impl Harness, realm: u8) -> u64 {
    let mut view = read(harness).await;
    view.find_roles_epoch(realm_id(realm)).await.unwrap()
}

pub async fn find_roles_epoch_grows_with_each_change<H: Harness>() {
    let harness = with_roles::<H>().await;
    let begun = epoch(&harness, 1).await;
    replace(&harness, 1, "somebody", &[held("a")]).await;
    let given = epoch(&harness, 1).await;
    replace(&harness, 1, "somebody", &[]).await;
    let taken = epoch(&harness, 1).await;
    let elsewhere = epoch(&harness, 2).await;
    let mut unit = begin(&harness).await;
    unit.update_role(&role("b")).await.unwrap();
    keep(unit).await;
    let renamed = epoch(&harness, 1).await;
    assert!(begun < given && given < taken && taken < renamed);
    assert!(elsewhere < epoch(&harness, 2).await);
    assert_eq!(epoch(&harness, 77).await, 0);
}

async fn list(harness: &impl Harness, realm: u8, principal: &str) -> Vec<RoleAssignment> {
    let mut view = read(harness).await;
    view.list_role_assignments(realm_id(realm), principal_id(principal))
        .await
        .unwrap()
}

pub async fn list_role_assignments_gives_what_is_held_in_the_realm<H: Harness>() {
    let harness = with_roles::<H>().await;
    replace(&harness, 1, "somebody", &[held("a")]).await;
    replace(&harness, 2, "somebody", &[held("b")]).await;
    replace(&harness, 1, "another", &[held("c")]).await;
    assert_eq!(list(&harness, 1, "somebody").await, [held("a")]);
    assert_eq!(list(&harness, 2, "somebody").await, [held("b")]);
    assert_eq!(list(&harness, 1, "another").await, [held("c")]);
    assert_eq!(list(&harness, 2, "another").await, []);
}

pub async fn list_role_assignments_keeps_the_order_of_writing<H: Harness>() {
    let harness = with_roles::<H>().await;
    let orders = [["c", "a", "b"], ["b", "c", "a"]];
    for order in orders {
        let assignments = order.map(held);
        replace(&harness, 1, "somebody", &assignments).await;
        assert_eq!(list(&harness, 1, "somebody").await, assignments);
    }
}

pub async fn replace_role_assignments_keeps_every_field<H: Harness>() {
    let harness = with_roles::<H>().await;
    let nowhere = RoleAssignment {
        scope: RoleScope::VcfInstance(Vec::new()),
        ..held("c")
    };
    // The same role may be held twice, over different instances.
    let assignments = [held_in_part("a"), held("b"), nowhere, held("a")];
    replace(&harness, 1, "somebody", &assignments).await;
    assert_eq!(list(&harness, 1, "somebody").await, assignments);
}

pub async fn replace_role_assignments_takes_away_what_was_held<H: Harness>() {
    let harness = with_roles::<H>().await;
    for (realm, principal) in [(1, "somebody"), (1, "another"), (2, "somebody")] {
        replace(&harness, realm, principal, &[held("a"), held("b")]).await;
    }
    replace(&harness, 1, "somebody", &[held("c")]).await;
    assert_eq!(list(&harness, 1, "somebody").await, [held("c")]);
    replace(&harness, 1, "somebody", &[]).await;
    assert_eq!(list(&harness, 1, "somebody").await, []);
    for (realm, principal) in [(1, "another"), (2, "somebody")] {
        let found = list(&harness, realm, principal).await;
        assert_eq!(found, [held("a"), held("b")]);
    }
}

pub async fn replace_role_assignments_needs_every_role<H: Harness>() {
    let harness = with_roles::<H>().await;
    let mut unit = begin(&harness).await;
    let refused = unit
        .replace_role_assignments(
            realm_id(1),
            principal_id("somebody"),
            &[held("a"), held("unknown")],
        )
        .await;
    assert_eq!(refused, Err(StoreError::Missing));
}
