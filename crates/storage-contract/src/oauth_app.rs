//! OAuth apps.

use breakglass_domain::OauthApp;
use breakglass_ports::StoreError;

use crate::samples::{at, held, oauth_app, principal_id, realm_id, role};
use crate::{Harness, begin, keep, read, seeded};

async fn insert(harness: &impl Harness, apps: &[OauthApp]) {
    let mut unit = begin(harness).await;
    for app in apps {
        unit.insert_oauth_app(app).await.unwrap();
    }
    keep(unit).await;
}

async fn find(harness: &impl Harness, app: &OauthApp) -> Option<OauthApp> {
    let mut view = read(harness).await;
    view.find_oauth_app(app.realm_id, app.id).await.unwrap()
}

pub async fn find_oauth_app_gives_none_for_what_is_not_of_the_realm<H: Harness>() {
    let harness = seeded::<H>().await;
    let known = oauth_app(1, "known");
    insert(&harness, std::slice::from_ref(&known)).await;
    assert_eq!(find(&harness, &oauth_app(1, "unknown")).await, None);
    let elsewhere = OauthApp {
        realm_id: realm_id(2),
        ..known
    };
    assert_eq!(find(&harness, &elsewhere).await, None);
}

pub async fn list_oauth_apps_gives_those_of_the_realm_the_oldest_first<H: Harness>() {
    let harness = seeded::<H>().await;
    let made = |name: &str, minutes| OauthApp {
        created_at: at(minutes),
        ..oauth_app(1, name)
    };
    let (young, old) = (made("a", 9), made("b", 3));
    insert(&harness, &[young.clone(), old.clone(), oauth_app(2, "c")]).await;
    let mut view = read(&harness).await;
    let listed = view.list_oauth_apps(realm_id(1)).await;
    assert_eq!(listed, Ok(vec![old, young]));
    assert_eq!(view.list_oauth_apps(realm_id(3)).await, Ok(vec![]));
}

pub async fn insert_oauth_app_keeps_every_field<H: Harness>() {
    let harness = seeded::<H>().await;
    let bare = OauthApp {
        redirect_urls: vec![],
        logout_urls: vec![],
        ..oauth_app(1, "bare")
    };
    let full = oauth_app(1, "full");
    insert(&harness, &[full.clone(), bare.clone()]).await;
    assert_eq!(find(&harness, &full).await, Some(full));
    assert_eq!(find(&harness, &bare).await, Some(bare));
}

pub async fn insert_oauth_app_refuses_a_taken_id_or_client_id_of_the_realm<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[oauth_app(1, "taken")]).await;
    let same_client_id = OauthApp {
        id: principal_id("another"),
        ..oauth_app(1, "taken")
    };
    let same_id = OauthApp {
        client_id: "another".to_owned(),
        ..oauth_app(1, "taken")
    };
    for app in [same_client_id, same_id] {
        let refused = begin(&harness).await.insert_oauth_app(&app).await;
        assert_eq!(refused, Err(StoreError::Conflict));
    }
    let elsewhere = OauthApp {
        realm_id: realm_id(2),
        ..oauth_app(1, "taken")
    };
    insert(&harness, &[elsewhere]).await;
}

pub async fn update_oauth_app_keeps_name_addresses_and_instant<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[oauth_app(1, "app"), oauth_app(1, "other")]).await;
    let changed = OauthApp {
        client_name: "Changed".parse().unwrap(),
        redirect_urls: vec![],
        logout_urls: vec!["https://b.example/".to_owned()],
        updated_at: at(99),
        ..oauth_app(1, "app")
    };
    let mut unit = begin(&harness).await;
    unit.update_oauth_app(&changed).await.unwrap();
    let missing = unit.update_oauth_app(&oauth_app(1, "missing")).await;
    assert_eq!(missing, Err(StoreError::Missing));
    keep(unit).await;
    assert_eq!(find(&harness, &changed).await, Some(changed));
    let other = oauth_app(1, "other");
    assert_eq!(find(&harness, &other).await, Some(other));
}

pub async fn delete_oauth_app_takes_its_roles_and_says_whether_there_was_one<H: Harness>() {
    let harness = seeded::<H>().await;
    let app = oauth_app(1, "app");
    insert(&harness, &[app.clone(), oauth_app(1, "other")]).await;
    let other = oauth_app(1, "other").id;
    let mut unit = begin(&harness).await;
    unit.insert_role(&role("reader")).await.unwrap();
    for id in [app.id, other] {
        unit.replace_role_assignments(realm_id(1), id, &[held("reader")])
            .await
            .unwrap();
    }
    assert_eq!(unit.delete_oauth_app(realm_id(2), app.id).await, Ok(false));
    assert_eq!(unit.delete_oauth_app(realm_id(1), app.id).await, Ok(true));
    assert_eq!(unit.delete_oauth_app(realm_id(1), app.id).await, Ok(false));
    keep(unit).await;
    let mut view = read(&harness).await;
    for (id, expected) in [(app.id, 0), (other, 1)] {
        let roles = view.list_role_assignments(realm_id(1), id).await.unwrap();
        assert_eq!(roles.len(), expected);
    }
}

pub async fn delete_realm_refuses_while_an_oauth_app_stands_in_it<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[oauth_app(1, "app")]).await;
    let refused = begin(&harness).await.delete_realm(realm_id(1)).await;
    assert_eq!(refused, Err(StoreError::Conflict));
}
