//! Client profiles.

use breakglass_domain::{ClientProfile, PrivilegeMap, ProfileSubject, ClientProfileId, Entitlement};
use breakglass_ports::StoreError;

use crate::samples::{at, realm_id};
use crate::token_issuer::token_issuer;
use crate::{Harness, begin, keep, read, seeded};

/// A profile of realm `realm` for the local account of this name.
fn client_profile(realm: u8, number: u8, name: &str) -> ClientProfile {
    ClientProfile {
        realm_id: realm_id(realm),
        id: ClientProfileId::from_random([number; 16]),
        subject: ProfileSubject::LocalUser {
            name: name.to_owned(),
        },
        grants: [Entitlement::ReadOnly, Entitlement::SecurityMgmt].into(),
        created_at: at(number.into()),
        updated_at: at(100 + u32::from(number)),
    }
}

async fn insert(harness: &impl Harness, profiles: &[ClientProfile]) {
    let mut unit = begin(harness).await;
    for profile in profiles {
        unit.insert_client_profile(profile).await.unwrap();
    }
    keep(unit).await;
}

fn of(number: u8, subject: ProfileSubject) -> ClientProfile {
    ClientProfile {
        subject,
        ..client_profile(1, number, "")
    }
}

/// One of each kind, some of them alike but for one thing.
fn subjects() -> Vec<ClientProfile> {
    let user = |name: &str, alias: &str, domain: &str| ProfileSubject::ExternalUser {
        name: name.to_owned(),
        issuer_alias: alias.parse().unwrap(),
        domain: domain.to_owned(),
    };
    let group = |name: &str, alias: &str, domain: &str| ProfileSubject::ExternalGroup {
        name: name.to_owned(),
        issuer_alias: alias.parse().unwrap(),
        domain: domain.to_owned(),
    };
    let privileges = |alias: &str, pairs: &[(&str, &str)]| {
        let mut map = PrivilegeMap::new();
        for (scope, privilege) in pairs {
            let held = map.entry((*scope).to_owned()).or_default();
            held.insert((*privilege).to_owned());
        }
        ProfileSubject::Privileges {
            issuer_alias: alias.parse().unwrap(),
            privileges: map,
        }
    };
    let local = |name: &str| ProfileSubject::LocalUser {
        name: name.to_owned(),
    };
    let subjects = [
        local("a"),
        local("A"),
        user("a", "x", "d"),
        user("a", "y", "d"),
        user("a", "x", "e"),
        group("a", "x", "d"),
        group("b", "x", "d"),
        privileges("x", &[("s", "p")]),
        privileges("y", &[("s", "p")]),
        privileges("x", &[("s", "p"), ("s", "q")]),
        privileges("x", &[("s", "p"), ("t", "q")]),
    ];
    (1..).zip(subjects).map(|(number, subject)| of(number, subject)).collect()
}

pub async fn find_client_profile_gives_none_for_what_is_not_of_the_realm<H: Harness>() {
    let harness = seeded::<H>().await;
    let profile = client_profile(1, 1, "root");
    insert(&harness, std::slice::from_ref(&profile)).await;
    let mut view = read(&harness).await;
    let found = view.find_client_profile(realm_id(1), profile.id).await;
    assert_eq!(found, Ok(Some(profile.clone())));
    let elsewhere = view.find_client_profile(realm_id(2), profile.id).await;
    assert_eq!(elsewhere, Ok(None));
    let unknown = client_profile(1, 2, "root").id;
    assert_eq!(view.find_client_profile(realm_id(1), unknown).await, Ok(None));
}

pub async fn list_client_profiles_gives_those_of_the_realm_the_oldest_first<H: Harness>() {
    let harness = seeded::<H>().await;
    let made = |number: u8, minutes| ClientProfile {
        created_at: at(minutes),
        ..client_profile(1, number, &number.to_string())
    };
    let [first, second, third] = [made(9, 1), made(3, 2), made(4, 2)];
    insert(&harness, &[third.clone(), first.clone(), second.clone()]).await;
    insert(&harness, &[client_profile(2, 7, "root")]).await;
    let listed = read(&harness).await.list_client_profiles(realm_id(1)).await;
    assert_eq!(listed, Ok(vec![first, second, third]));
}

pub async fn find_rules_epoch_grows_with_each_change<H: Harness>() {
    let harness = seeded::<H>().await;
    let epoch = async |realm| read(&harness).await.find_rules_epoch(realm_id(realm)).await.unwrap();
    assert_eq!((epoch(1).await, epoch(9).await), (0, 0));
    let profile = client_profile(1, 1, "root");
    let issuer = token_issuer(1, "x", "i");
    let mut last = 0;
    for step in 0..6 {
        let mut unit = begin(&harness).await;
        match step {
            0 => unit.insert_client_profile(&profile).await.unwrap(),
            1 => unit.update_client_profile(&profile).await.unwrap(),
            2 => drop(unit.delete_client_profile(realm_id(1), profile.id).await.unwrap()),
            3 => unit.insert_token_issuer(&issuer).await.unwrap(),
            4 => unit.update_token_issuer(&issuer).await.unwrap(),
            _ => drop(unit.delete_token_issuer(realm_id(1), &issuer.alias).await.unwrap()),
        }
        keep(unit).await;
        let now = epoch(1).await;
        assert!(now > last, "{step}");
        last = now;
    }
    assert_eq!(epoch(2).await, 0);
}

pub async fn insert_client_profile_keeps_every_field<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &subjects()).await;
    let listed = read(&harness).await.list_client_profiles(realm_id(1)).await;
    assert_eq!(listed, Ok(subjects()));
}

pub async fn insert_client_profile_refuses_the_same_subject<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &subjects()).await;
    for (number, profile) in (100..).zip(subjects()) {
        let same = of(number, profile.subject.clone());
        let refused = begin(&harness).await.insert_client_profile(&same).await;
        assert_eq!(refused, Err(StoreError::Conflict), "{:?}", profile.subject);
    }
    let elsewhere = client_profile(2, 1, "a");
    insert(&harness, &[elsewhere]).await;
}

pub async fn update_client_profile_changes_the_grants_alone<H: Harness>() {
    let harness = seeded::<H>().await;
    let profile = client_profile(1, 1, "root");
    insert(&harness, std::slice::from_ref(&profile)).await;
    let changed = ClientProfile {
        grants: [].into(),
        updated_at: at(500),
        ..profile.clone()
    };
    let odd = ClientProfile {
        created_at: at(400),
        ..changed.clone()
    };
    let mut unit = begin(&harness).await;
    unit.update_client_profile(&odd).await.unwrap();
    keep(unit).await;
    let mut view = read(&harness).await;
    let found = view.find_client_profile(realm_id(1), profile.id).await;
    assert_eq!(found, Ok(Some(changed)));
    let absent = client_profile(2, 1, "root");
    let refused = begin(&harness).await.update_client_profile(&absent).await;
    assert_eq!(refused, Err(StoreError::Missing));
}

pub async fn delete_client_profile_says_whether_there_was_one<H: Harness>() {
    let harness = seeded::<H>().await;
    let (gone, kept) = (client_profile(1, 1, "a"), client_profile(1, 2, "b"));
    insert(&harness, &[gone.clone(), kept.clone()]).await;
    let mut unit = begin(&harness).await;
    assert_eq!(unit.delete_client_profile(realm_id(2), gone.id).await, Ok(false));
    assert_eq!(unit.delete_client_profile(realm_id(1), gone.id).await, Ok(true));
    assert_eq!(unit.delete_client_profile(realm_id(1), gone.id).await, Ok(false));
    keep(unit).await;
    let listed = read(&harness).await.list_client_profiles(realm_id(1)).await;
    assert_eq!(listed, Ok(vec![kept]));
}

pub async fn client_profiles_go_with_their_realm<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[client_profile(1, 1, "a"), client_profile(2, 2, "a")]).await;
    let mut unit = begin(&harness).await;
    unit.delete_realm(realm_id(1)).await.unwrap();
    keep(unit).await;
    let mut view = read(&harness).await;
    let gone = view.list_client_profiles(realm_id(1)).await;
    assert_eq!(gone, Ok(vec![]));
    assert_eq!(view.list_client_profiles(realm_id(2)).await.unwrap().len(), 1);
}
