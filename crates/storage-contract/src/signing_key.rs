//! Signing keys.

use breakglass_domain::{KeyId, SealedBytes};
use breakglass_ports::StoreError;
use breakglass_ports::store::{SignedCount, SignedRecall};

use crate::samples::{
    api_client, api_token, at, broker_id, client, client_key, client_secret, realm_id, signing_key,
};
use crate::{Harness, begin, keep, read, seeded};

pub async fn find_signing_key_gives_none_for_an_unknown_id<H: Harness>() {
    let harness = seeded::<H>().await;
    let key = signing_key(1, Some(1));
    let mut unit = begin(&harness).await;
    unit.insert_signing_key(&key).await.unwrap();
    keep(unit).await;
    let mut view = read(&harness).await;
    let unknown = signing_key(2, Some(1)).id;
    assert_eq!(view.find_signing_key(&unknown).await, Ok(None));
    assert_eq!(view.find_signing_key(&key.id).await, Ok(Some(key)));
}

pub async fn list_signing_keys_gives_those_of_the_broker_the_newest_first<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut unit = begin(&harness).await;
    for (number, broker) in [
        (1, None),
        (2, Some(1)),
        (3, Some(2)),
        (6, Some(1)),
        (4, Some(1)),
        (5, None),
    ] {
        unit.insert_signing_key(&signing_key(number, broker))
            .await
            .unwrap();
    }
    keep(unit).await;

    let mut view = read(&harness).await;
    let of_first = [6, 4, 2].map(|number| signing_key(number, Some(1)));
    let found = view.list_signing_keys(Some(broker_id(1))).await;
    assert_eq!(found, Ok(of_first.to_vec()));
    let of_second = vec![signing_key(3, Some(2))];
    let found = view.list_signing_keys(Some(broker_id(2))).await;
    assert_eq!(found, Ok(of_second));
    let own = [5, 1].map(|number| signing_key(number, None));
    assert_eq!(view.list_signing_keys(None).await, Ok(own.to_vec()));
    let unknown = view.list_signing_keys(Some(broker_id(3))).await;
    assert_eq!(unknown, Ok(Vec::new()));
}

pub async fn insert_signing_key_refuses_a_taken_id<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut unit = begin(&harness).await;
    unit.insert_signing_key(&signing_key(1, Some(1)))
        .await
        .unwrap();
    keep(unit).await;
    let mut unit = begin(&harness).await;
    let refused = unit.insert_signing_key(&signing_key(1, Some(2))).await;
    assert_eq!(refused, Err(StoreError::Conflict));
}

pub async fn update_signing_key_keeps_every_field<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut unit = begin(&harness).await;
    for number in [1, 2] {
        let key = signing_key(number, Some(1));
        unit.insert_signing_key(&key).await.unwrap();
    }
    let mut changed = signing_key(4, Some(1));
    changed.id = signing_key(1, None).id;
    changed.sealed_private_key = SealedBytes::new(Vec::new());
    unit.update_signing_key(&changed).await.unwrap();
    keep(unit).await;
    let mut view = read(&harness).await;
    let found = view.find_signing_key(&changed.id).await;
    assert_eq!(found, Ok(Some(changed)));
    let other = signing_key(2, Some(1));
    assert_eq!(view.find_signing_key(&other.id).await, Ok(Some(other)));
}

pub async fn update_signing_key_needs_a_key<H: Harness>() {
    let harness = seeded::<H>().await;
    let key = signing_key(1, Some(1));
    let refused = begin(&harness).await.update_signing_key(&key).await;
    assert_eq!(refused, Err(StoreError::Missing));
}

/// The recall of what keys of realm 1 signed, at `at(20)`.
fn recall(key_ids: &[KeyId]) -> SignedRecall<'_> {
    SignedRecall {
        realm_id: realm_id(1),
        broker_id: broker_id(1),
        key_ids,
        used_since: at(15),
        now: at(20),
        ends_at: at(500),
    }
}

pub async fn recall_signed_revokes_the_emergency_tokens_of_the_keys<H: Harness>() {
    let harness = seeded::<H>().await;
    let [key_id, second] = ["k", "l"].map(KeyId::new);
    let signed = |realm, id: &str, place| {
        let mut client = client(realm, id);
        client.token = crate::samples::token(&format!("{realm}/{id}"), place);
        client.token.key_id = key_id.clone();
        client
    };
    let lives = signed(1, "lives", 1);
    let mut lives_too = signed(1, "lives-too", 6);
    lives_too.token.key_id = second.clone();
    let mut other_key = signed(1, "other-key", 2);
    other_key.token.key_id = KeyId::new("other");
    let mut over = signed(1, "over", 3);
    over.token.expires_at = at(20);
    let revoked = signed(1, "revoked", 4).revoke(at(11));
    let other_realm = signed(2, "lives", 5);
    let untouched = [other_key, over, revoked, other_realm];
    let mut unit = begin(&harness).await;
    for client in untouched.iter().chain([&lives, &lives_too]) {
        unit.insert_emergency_client(client).await.unwrap();
    }
    keep(unit).await;

    let mut unit = begin(&harness).await;
    let counted = unit.recall_signed(&recall(&[key_id, second])).await;
    let two = SignedCount {
        credentials: 0,
        emergency_tokens: 2,
    };
    assert_eq!(counted, Ok(two));
    keep(unit).await;
    let mut view = read(&harness).await;
    for client in [lives, lives_too] {
        let found = view.find_emergency_client(realm_id(1), &client.client_id);
        assert_eq!(found.await, Ok(Some(client.revoke(at(20)))));
    }
    for client in untouched {
        let found = view.find_emergency_client(client.realm_id, &client.client_id);
        assert_eq!(found.await, Ok(Some(client)));
    }
    assert_eq!(view.list_recalled(broker_id(1)).await, Ok(vec![1, 6]));
    assert_eq!(view.list_recalled(broker_id(2)).await, Ok(Vec::new()));
    let extent = view.find_status_list_extent(broker_id(1)).await.unwrap();
    assert_eq!(extent.map(|extent| extent.epoch), Some(1));
}

pub async fn recall_signed_moves_the_credentials_that_were_used<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut unit = begin(&harness).await;
    let mut places = Vec::new();
    for realm in [1, 2] {
        let holder = api_client(realm, "c");
        unit.insert_api_client(&holder).await.unwrap();
        for (name, used) in [("used", Some(at(15))), ("long-ago", Some(at(14))), ("never", None)] {
            let name = format!("{realm}/{name}");
            let token = api_token(realm, holder.id, &name.replace('/', "-"));
            let key = client_key(realm, holder.id, &name);
            let secret = client_secret(realm, holder.id, &name);
            unit.insert_api_token(&token).await.unwrap();
            unit.insert_client_key(&key).await.unwrap();
            unit.insert_client_secret(&secret).await.unwrap();
            if let Some(used) = used {
                let realm_id = realm_id(realm);
                unit.record_api_token_use(realm_id, token.id, used).await.unwrap();
                unit.record_client_key_use(realm_id, key.id, used).await.unwrap();
                unit.record_client_secret_use(realm_id, secret.id, used).await.unwrap();
            }
            places.push((realm, used == Some(at(15)), token, key, secret));
        }
    }
    keep(unit).await;

    let mut unit = begin(&harness).await;
    let counted = unit.recall_signed(&recall(&[KeyId::new("k"), KeyId::new("l")])).await;
    let three = SignedCount {
        credentials: 3,
        emergency_tokens: 0,
    };
    assert_eq!(counted, Ok(three));
    keep(unit).await;

    let mut view = read(&harness).await;
    let (mut old, mut new) = (Vec::new(), Vec::new());
    for (realm, used, token, key, secret) in places {
        let realm_id = realm_id(realm);
        let found = view.find_api_token(realm_id, token.id).await.unwrap().unwrap();
        let found_key = view.find_client_key(realm_id, key.id).await.unwrap().unwrap();
        let found_secret = view.find_client_secret(realm_id, secret.id).await.unwrap().unwrap();
        let before = [token.status_index, key.status_index, secret.status_index];
        let after = [found.status_index, found_key.status_index, found_secret.status_index];
        if realm == 1 && used {
            old.extend(before);
            new.extend(after);
        } else {
            assert_eq!(before, after);
        }
    }
    old.sort_unstable();
    new.sort_unstable();
    assert_eq!(view.list_recalled(broker_id(1)).await, Ok(old));
    assert_eq!(new, [0, 1, 2], "at the end of the list, each its own");
    let extent = view.find_status_list_extent(broker_id(1)).await.unwrap();
    assert_eq!(extent.map(|extent| extent.places), Some(3));
    assert_eq!(view.list_recalled(broker_id(2)).await, Ok(Vec::new()));
}
