//! API clients.

use breakglass_domain::{ApiClient, Role, RoleAssignment};
use breakglass_ports::StoreError;

pub use crate::client_query::*;
use crate::samples::{api_client, api_token, at, client, held, held_in_part, oauth_app, principal_id, realm, realm_id, role};
use crate::{Harness, begin, keep, read, seeded};

pub(crate) async fn insert(harness: &impl Harness, clients: &[ApiClient]) {
    let mut unit = begin(harness).await;
    for client in clients {
        unit.insert_api_client(client).await.unwrap();
    }
    keep(unit).await;
}

async fn find(harness: &impl Harness, client: &ApiClient) -> Option<ApiClient> {
    let mut view = read(harness).await;
    view.find_api_client(client.realm_id, &client.client_id)
        .await
        .unwrap()
}

/// A store with the roles `audit_reader` and `vcf_viewer`, and clients that hold them.
pub(crate) async fn with_roles<H: Harness>() -> H {
    let harness = seeded::<H>().await;
    let clients = ["both", "ended", "none", "one"].map(|id| api_client(1, id));
    insert(&harness, &clients).await;
    insert(&harness, &[api_client(2, "elsewhere")]).await;
    let shown = |name: &str, display_name: &str| Role {
        display_name: display_name.to_owned(),
        ..role(name)
    };
    let reader = shown("audit_reader", "Reads 100%");
    let viewer = shown("vcf_viewer", "Sees \u{c9}t\u{e9}");
    let [both, ended, none, one] = clients;
    let over = RoleAssignment {
        expires_at: Some(at(0)),
        ..held("vcf_viewer")
    };
    let mut unit = begin(&harness).await;
    for role in [&reader, &viewer, &role("unheld")] {
        unit.insert_role(role).await.unwrap();
    }
    for (client, roles) in [
        (&both, vec![held("vcf_viewer"), held_in_part("audit_reader")]),
        (&ended, vec![over]),
        (&one, vec![held("audit_reader"), held_in_part("audit_reader")]),
    ] {
        unit.replace_role_assignments(client.realm_id, client.id, &roles)
            .await
            .unwrap();
    }
    // What the same principal holds in another realm is nothing here.
    unit.replace_role_assignments(realm_id(2), none.id, &[held("vcf_viewer")])
        .await
        .unwrap();
    keep(unit).await;
    harness
}

pub async fn find_api_client_gives_none_for_an_unknown_id<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[api_client(1, "known")]).await;
    assert_eq!(find(&harness, &api_client(1, "unknown")).await, None);
}

pub async fn find_api_client_gives_none_for_an_id_of_another_realm<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[api_client(1, "known")]).await;
    assert_eq!(find(&harness, &api_client(2, "known")).await, None);
}

pub async fn find_api_client_compares_ids_exactly<H: Harness>() {
    let harness = seeded::<H>().await;
    let clients = ["a_b", "A_b"].map(|id| api_client(1, id));
    insert(&harness, &clients).await;
    for client in clients {
        assert_eq!(find(&harness, &client).await, Some(client));
    }
    assert_eq!(find(&harness, &api_client(1, "A_B")).await, None);
    assert_eq!(find(&harness, &api_client(1, "a.b")).await, None);
}

pub async fn find_api_client_by_principal_gives_the_one_of_the_realm<H: Harness>() {
    let harness = seeded::<H>().await;
    let client = api_client(1, "c");
    insert(&harness, &[client.clone(), api_client(1, "d")]).await;
    let mut view = read(&harness).await;
    for (realm, principal, expected) in [
        (1, client.id, Some(client.clone())),
        (2, client.id, None),
        (1, principal_id("unknown"), None),
    ] {
        let found = view
            .find_api_client_by_principal(realm_id(realm), principal)
            .await;
        assert_eq!(found, Ok(expected));
    }
}

pub async fn insert_api_client_keeps_every_field<H: Harness>() {
    let harness = seeded::<H>().await;
    let bare = ApiClient {
        client_description: None,
        ..api_client(1, "bare")
    };
    insert(&harness, &[api_client(1, "full"), bare.clone()]).await;
    let full = api_client(1, "full");
    assert_eq!(find(&harness, &full).await, Some(full));
    assert_eq!(find(&harness, &bare).await, Some(bare));
}

pub async fn insert_api_client_refuses_a_taken_id_of_the_realm<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[api_client(1, "taken")]).await;
    let second = ApiClient {
        id: principal_id("second"),
        ..api_client(1, "taken")
    };
    let mut unit = begin(&harness).await;
    let refused = unit.insert_api_client(&second).await;
    assert_eq!(refused, Err(StoreError::Conflict));
}

pub async fn insert_api_client_refuses_the_id_of_a_client_of_another_kind<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut unit = begin(&harness).await;
    unit.insert_emergency_client(&client(1, "fire")).await.unwrap();
    unit.insert_oauth_app(&oauth_app(1, "app")).await.unwrap();
    for taken in ["fire", "app-app"] {
        let refused = unit.insert_api_client(&api_client(1, taken)).await;
        assert_eq!(refused, Err(StoreError::Conflict));
        let elsewhere = unit.insert_api_client(&api_client(2, taken)).await;
        assert_eq!(elsewhere, Ok(()));
    }
}

pub async fn insert_api_client_takes_an_id_that_another_realm_has<H: Harness>() {
    let harness = seeded::<H>().await;
    let clients = [api_client(1, "both"), api_client(2, "both")];
    insert(&harness, &clients).await;
    for client in clients {
        assert_eq!(find(&harness, &client).await, Some(client));
    }
}

pub async fn update_api_client_keeps_name_description_and_instant<H: Harness>() {
    let harness = seeded::<H>().await;
    let old = api_client(1, "c");
    let others = [api_client(1, "d"), api_client(2, "c")];
    insert(&harness, std::slice::from_ref(&old)).await;
    insert(&harness, &others).await;
    for description in [Some("Another description".to_owned()), None] {
        let expected = ApiClient {
            client_name: "Another name".parse().unwrap(),
            client_description: description,
            updated_at: at(50),
            ..old.clone()
        };
        let changed = ApiClient {
            created_at: at(51),
            created_by: "another".to_owned(),
            ..expected.clone()
        };
        let mut unit = begin(&harness).await;
        unit.update_api_client(&changed).await.unwrap();
        keep(unit).await;
        assert_eq!(find(&harness, &old).await, Some(expected));
    }
    for other in others {
        assert_eq!(find(&harness, &other).await, Some(other));
    }
}

pub async fn update_api_client_needs_a_client<H: Harness>() {
    let harness = seeded::<H>().await;
    let client = api_client(1, "c");
    insert(&harness, std::slice::from_ref(&client)).await;
    let elsewhere = ApiClient {
        realm_id: realm_id(2),
        ..client
    };
    for unknown in [elsewhere, api_client(1, "unknown")] {
        let refused = begin(&harness).await.update_api_client(&unknown).await;
        assert_eq!(refused, Err(StoreError::Missing));
    }
}

pub async fn delete_api_client_takes_its_roles_and_no_others<H: Harness>() {
    let harness = with_roles::<H>().await;
    let (gone, kept) = (api_client(1, "both"), api_client(1, "one"));
    let mut unit = begin(&harness).await;
    unit.delete_api_client(realm_id(2), &gone.client_id)
        .await
        .unwrap();
    let before = unit.list_role_assignments(gone.realm_id, gone.id).await;
    assert_eq!(before.map(|roles| roles.len()), Ok(2));
    unit.delete_api_client(gone.realm_id, &gone.client_id)
        .await
        .unwrap();
    keep(unit).await;
    let mut view = read(&harness).await;
    let left = view.list_role_assignments(gone.realm_id, gone.id).await;
    assert_eq!(left, Ok(Vec::new()));
    let left = view.list_role_assignments(kept.realm_id, kept.id).await;
    assert_eq!(left.map(|roles| roles.len()), Ok(2));
}

pub async fn delete_api_client_says_whether_there_was_one<H: Harness>() {
    let harness = seeded::<H>().await;
    let (gone, kept) = (api_client(1, "gone"), api_client(2, "gone"));
    insert(&harness, &[gone.clone(), kept.clone()]).await;
    let mut unit = begin(&harness).await;
    for expected in [true, false] {
        let deleted = unit
            .delete_api_client(gone.realm_id, &gone.client_id)
            .await;
        assert_eq!(deleted, Ok(expected));
    }
    keep(unit).await;
    assert_eq!(find(&harness, &gone).await, None);
    assert_eq!(find(&harness, &kept).await, Some(kept));
}

pub async fn delete_realm_refuses_while_an_api_client_stands_in_it<H: Harness>() {
    let harness = with_roles::<H>().await;
    let elsewhere = api_client(2, "elsewhere");
    let refused = begin(&harness).await.delete_realm(realm_id(2)).await;
    assert_eq!(refused, Err(StoreError::Conflict));

    let mut unit = begin(&harness).await;
    unit.delete_api_client(realm_id(2), &elsewhere.client_id)
        .await
        .unwrap();
    // What a principal that is no client of the realm holds there ends with it.
    assert_eq!(unit.delete_realm(realm_id(2)).await, Ok(true));
    keep(unit).await;
    let mut view = read(&harness).await;
    assert_eq!(view.list_realms().await, Ok(vec![realm(1)]));
    let left = view
        .list_role_assignments(realm_id(2), api_client(1, "none").id)
        .await;
    assert_eq!(left, Ok(Vec::new()));
}

pub async fn delete_api_client_refuses_while_it_holds_a_token<H: Harness>() {
    let harness = seeded::<H>().await;
    let client = api_client(1, "holder");
    insert(&harness, std::slice::from_ref(&client)).await;
    let mut unit = begin(&harness).await;
    unit.insert_api_token(&api_token(1, client.id, "t"))
        .await
        .unwrap();
    keep(unit).await;
    let refused = begin(&harness)
        .await
        .delete_api_client(realm_id(1), &client.client_id)
        .await;
    assert_eq!(refused, Err(StoreError::Conflict));
}
