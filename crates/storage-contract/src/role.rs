//! Roles.

use breakglass_domain::{PageRequest, Role, RoleKind};
use breakglass_ports::StoreError;
use breakglass_ports::store::{RoleFilter, RoleOrder};

use crate::samples::{at, held, held_in_part, principal_id, realm_id, role};
use crate::{Harness, begin, keep, read, seeded};

async fn insert(harness: &impl Harness, roles: &[Role]) {
    let mut unit = begin(harness).await;
    for role in roles {
        unit.insert_role(role).await.unwrap();
    }
    keep(unit).await;
}

async fn find(harness: &impl Harness, name: &str) -> Option<Role> {
    let mut view = read(harness).await;
    view.find_role(&name.parse().unwrap()).await.unwrap()
}

/// A role whose names say nothing of one another.
fn named(name: &str, display_name: &str, kind: RoleKind) -> Role {
    Role {
        display_name: display_name.to_owned(),
        kind,
        ..role(name)
    }
}

/// Five roles, two of which have the same name for people.
fn five() -> [Role; 5] {
    [
        named("b", "Same", RoleKind::Custom),
        named("a", "Zulu", RoleKind::Custom),
        named("e", "alpha", RoleKind::BuiltIn),
        named("c", "Same", RoleKind::BuiltIn),
        named("D", "\u{e9}t\u{e9}", RoleKind::Custom),
    ]
}

const ALL: (i64, i64) = (0, 100);

/// The names of the page of this number and size, and the length of the whole list.
async fn list(
    harness: &impl Harness,
    kind: Option<RoleKind>,
    order: RoleOrder,
    descending: bool,
    (page, size): (i64, i64),
) -> (String, u64) {
    let filter = RoleFilter {
        kind,
        order,
        descending,
        page: PageRequest::new(page, size).unwrap(),
    };
    let found = read(harness).await.list_roles(&filter).await.unwrap();
    let names = found.entries.iter().map(|role| role.name.as_str());
    (names.collect::<Vec<_>>().join(" "), found.total)
}

pub async fn find_role_gives_none_for_an_unknown_name<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[role("known")]).await;
    assert_eq!(find(&harness, "unknown").await, None);
}

pub async fn find_role_compares_names_exactly<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[role("a_b"), role("A_b")]).await;
    for name in ["a_b", "A_b"] {
        assert_eq!(find(&harness, name).await, Some(role(name)));
    }
    assert_eq!(find(&harness, "A_B").await, None);
    assert_eq!(find(&harness, "a.b").await, None);
}

pub async fn list_roles_orders_as_asked<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &five()).await;
    for (order, descending, expected) in [
        (RoleOrder::Name, false, "D a b c e"),
        (RoleOrder::Name, true, "e c b a D"),
        (RoleOrder::DisplayName, false, "b c a e D"),
        (RoleOrder::DisplayName, true, "D e a c b"),
        (RoleOrder::Kind, false, "c e D a b"),
        (RoleOrder::Kind, true, "b a D e c"),
    ] {
        let found = list(&harness, None, order, descending, ALL).await;
        assert_eq!(found, (expected.to_owned(), 5), "{order:?} {descending}");
    }
}

pub async fn list_roles_gives_the_page_and_counts_all_that_pass<H: Harness>() {
    let harness = seeded::<H>().await;
    let of = async |kind, page| list(&harness, kind, RoleOrder::Name, false, page).await;
    assert_eq!(of(None, ALL).await, (String::new(), 0));
    insert(&harness, &five()).await;
    for (kind, page, expected, total) in [
        (Some(RoleKind::BuiltIn), ALL, "c e", 2),
        (Some(RoleKind::Custom), ALL, "D a b", 3),
        (Some(RoleKind::Custom), (1, 2), "b", 3),
        (None, (0, 2), "D a", 5),
        (None, (1, 2), "b c", 5),
        (None, (2, 2), "e", 5),
        (None, (0, 5), "D a b c e", 5),
        (None, (1, 5), "", 5),
        (None, (i64::from(u32::MAX), 1000), "", 5),
    ] {
        let found = of(kind, page).await;
        assert_eq!(found, (expected.to_owned(), total), "{kind:?} {page:?}");
    }
}

pub async fn insert_role_keeps_every_field<H: Harness>() {
    let harness = seeded::<H>().await;
    let bare = Role {
        description: None,
        kind: RoleKind::BuiltIn,
        component_roles: Vec::new(),
        ..role("bare")
    };
    insert(&harness, &[role("full"), bare.clone()]).await;
    assert_eq!(find(&harness, "full").await, Some(role("full")));
    assert_eq!(find(&harness, "bare").await, Some(bare));
}

pub async fn insert_role_refuses_a_taken_name<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[role("taken")]).await;
    let second = named("taken", "Second", RoleKind::BuiltIn);
    let refused = begin(&harness).await.insert_role(&second).await;
    assert_eq!(refused, Err(StoreError::Conflict));
}

pub async fn update_role_keeps_every_field<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[role("r"), role("other")]).await;
    let changed = Role {
        name: role("r").name,
        description: None,
        kind: RoleKind::BuiltIn,
        component_roles: role("else").component_roles.split_off(1),
        created_at: at(30),
        created_by: "another".to_owned(),
        updated_at: at(31),
        updated_by: "a third".to_owned(),
        ..role("else")
    };
    let mut unit = begin(&harness).await;
    unit.update_role(&changed).await.unwrap();
    keep(unit).await;
    assert_eq!(find(&harness, "r").await, Some(changed));
    assert_eq!(find(&harness, "other").await, Some(role("other")));
}

pub async fn update_role_needs_a_role<H: Harness>() {
    let harness = seeded::<H>().await;
    let refused = begin(&harness).await.update_role(&role("none")).await;
    assert_eq!(refused, Err(StoreError::Missing));
}

pub async fn delete_role_refuses_while_a_principal_of_whatever_realm_holds_it<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[role("r"), role("free")]).await;
    let (r, somebody) = (role("r").name, principal_id("somebody"));
    let mut unit = begin(&harness).await;
    for (realm, assignment) in [(1, held("r")), (2, held_in_part("r"))] {
        unit.replace_role_assignments(realm_id(realm), somebody, &[assignment])
            .await
            .unwrap();
    }
    keep(unit).await;

    for realm in [1, 2] {
        let mut unit = begin(&harness).await;
        assert_eq!(unit.delete_role(&r).await, Err(StoreError::Conflict));
        drop(unit);
        let mut unit = begin(&harness).await;
        unit.replace_role_assignments(realm_id(realm), somebody, &[])
            .await
            .unwrap();
        keep(unit).await;
    }
    let mut unit = begin(&harness).await;
    assert_eq!(unit.delete_role(&r).await, Ok(true));
    keep(unit).await;
    assert_eq!(find(&harness, "r").await, None);
}

pub async fn delete_role_says_whether_there_was_one<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[role("gone"), role("kept")]).await;
    let mut unit = begin(&harness).await;
    assert_eq!(unit.delete_role(&role("gone").name).await, Ok(true));
    assert_eq!(unit.delete_role(&role("gone").name).await, Ok(false));
    keep(unit).await;
    assert_eq!(find(&harness, "kept").await, Some(role("kept")));
}
