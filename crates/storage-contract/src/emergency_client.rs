//! Emergency clients.

use breakglass_domain::{EmergencyClient, NewToken, Timestamp, TokenDigest, Usage};
use breakglass_ports::StoreError;
use breakglass_ports::store::EmergencySummary;
use futures_util::future::join;

use crate::samples::{api_client, at, audit_key, client, event, oauth_app, realm_id, token};
use crate::{Harness, begin, keep, read, seeded};

async fn insert(harness: &impl Harness, clients: &[EmergencyClient]) {
    let mut unit = begin(harness).await;
    for client in clients {
        unit.insert_emergency_client(client).await.unwrap();
    }
    keep(unit).await;
}

async fn find(harness: &impl Harness, client: &EmergencyClient) -> Option<EmergencyClient> {
    let mut view = read(harness).await;
    view.find_emergency_client(client.realm_id, &client.client_id)
        .await
        .unwrap()
}

/// The client with a token of its own whose life ends at this instant.
fn ending(id: &str, expires_at: Timestamp) -> EmergencyClient {
    let mut client = client(1, id);
    client.token.expires_at = expires_at;
    client
}

fn ids(clients: &[EmergencyClient]) -> Vec<&str> {
    clients
        .iter()
        .map(|client| client.client_id.as_str())
        .collect()
}

pub async fn find_emergency_client_gives_none_for_an_unknown_id<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[client(1, "known")]).await;
    assert_eq!(find(&harness, &client(1, "unknown")).await, None);
}

pub async fn find_emergency_client_gives_none_for_an_id_of_another_realm<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[client(1, "known")]).await;
    assert_eq!(find(&harness, &client(2, "known")).await, None);
}

pub async fn find_emergency_client_compares_ids_exactly<H: Harness>() {
    let harness = seeded::<H>().await;
    let clients = ["a", "A", "a b", "a  b", "\u{e9}", "é2"].map(|id| client(1, id));
    insert(&harness, &clients).await;
    for client in clients {
        assert_eq!(find(&harness, &client).await, Some(client));
    }
    assert_eq!(find(&harness, &client(1, "\u{c9}")).await, None);
}

pub async fn find_by_digest_gives_the_client_of_whatever_realm_alive_or_not<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut revoked = client(2, "revoked");
    revoked.token.revoked_at = Some(at(20));
    let over = ending("over", Timestamp::from_millis(1));
    insert(&harness, &[client(1, "alive"), revoked.clone(), over.clone()]).await;
    let mut view = read(&harness).await;
    for client in [client(1, "alive"), revoked, over] {
        let found = view
            .find_emergency_client_by_digest(&client.token.digest)
            .await;
        assert_eq!(found, Ok(Some(client)));
    }
    let unknown = TokenDigest::of("unknown");
    let found = view.find_emergency_client_by_digest(&unknown).await;
    assert_eq!(found, Ok(None));
}

pub async fn find_by_digest_finds_nothing_for_a_digest_that_was_replaced<H: Harness>() {
    let harness = seeded::<H>().await;
    let old = client(1, "c");
    insert(&harness, std::slice::from_ref(&old)).await;
    let fresh = token("second", 8);
    let new = NewToken {
        id: fresh.id,
        digest: fresh.digest,
        key_id: fresh.key_id.clone(),
        status_index: fresh.status_index,
    };
    let (regenerated, _) = old.clone().regenerate(new, at(30));
    let mut unit = begin(&harness).await;
    unit.update_emergency_client(&regenerated).await.unwrap();
    keep(unit).await;
    let mut view = read(&harness).await;
    let found = view.find_emergency_client_by_digest(&old.token.digest).await;
    assert_eq!(found, Ok(None));
    let found = view.find_emergency_client_by_digest(&fresh.digest).await;
    assert_eq!(found, Ok(Some(regenerated)));
}

pub async fn list_emergency_clients_gives_those_of_the_realm_ordered_by_id<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut of_first = ["b", "a", "B", "10", "9", "\u{e9}"].map(|id| client(1, id));
    insert(&harness, &of_first).await;
    insert(&harness, &[client(2, "a"), client(2, "z")]).await;
    of_first.sort_by(|a, b| a.client_id.cmp(&b.client_id));
    let mut view = read(&harness).await;
    let found = view.list_emergency_clients(realm_id(1)).await;
    assert_eq!(found, Ok(of_first.to_vec()));
    let found = view.list_emergency_clients(realm_id(3)).await;
    assert_eq!(found, Ok(Vec::new()));
}

pub async fn list_unrecorded_expiries_gives_what_is_over_and_not_recorded<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut revoked = ending("revoked", at(20));
    revoked.token.revoked_at = Some(at(15));
    let mut recorded = ending("recorded", at(20));
    recorded.token.expiry_recorded = true;
    let mut elsewhere = client(2, "elsewhere");
    elsewhere.token.expires_at = at(25);
    let clients = [
        ending("just over", at(40)),
        ending("alive", at(40).plus_millis(1)),
        revoked,
        recorded,
        elsewhere,
        ending("longest over", at(11)),
    ];
    insert(&harness, &clients).await;
    let mut view = read(&harness).await;
    let found = view.list_unrecorded_expiries(at(40), 100).await.unwrap();
    assert_eq!(ids(&found), ["longest over", "elsewhere", "just over"]);
    assert!(found.iter().all(|client| clients.contains(client)));
    let found = view.list_unrecorded_expiries(at(40), 2).await.unwrap();
    assert_eq!(ids(&found), ["longest over", "elsewhere"]);
    let found = view.list_unrecorded_expiries(at(10), 100).await;
    assert_eq!(found, Ok(Vec::new()));
}

pub async fn summarize_counts_as_alive_what_is_neither_revoked_nor_over<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut revoked = ending("revoked", at(50));
    revoked.token.revoked_at = Some(at(15));
    let mut used = ending("used", at(60));
    used.usage = Usage {
        uses: 4,
        last_used_at: Some(at(33)),
    };
    let mut used_before = ending("used before", at(40));
    used_before.usage = Usage {
        uses: 1,
        last_used_at: Some(at(32)),
    };
    let mut recorded = ending("recorded", at(39));
    recorded.token.expiry_recorded = true;
    let elsewhere = client(2, "other");
    insert(
        &harness,
        &[revoked, used, used_before, recorded, elsewhere],
    )
    .await;
    let mut view = read(&harness).await;
    let summary = view
        .summarize_emergency_clients(realm_id(1), at(40), at(60))
        .await;
    let expected = EmergencySummary {
        total: 4,
        live: 1,
        live_later: 0,
        nearest_expiry: Some(at(60)),
        last_used_at: Some(at(33)),
    };
    assert_eq!(summary, Ok(expected));
    let earlier = at(40).plus_millis(-1);
    let summary = view
        .summarize_emergency_clients(realm_id(1), earlier, at(59))
        .await
        .unwrap();
    assert_eq!(
        (summary.live, summary.live_later, summary.nearest_expiry),
        (2, 1, Some(at(40)))
    );
    let summary = view
        .summarize_emergency_clients(realm_id(3), at(40), at(60))
        .await;
    assert_eq!(summary, Ok(EmergencySummary::default()));
}

pub async fn insert_emergency_client_keeps_every_field<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut full = client(1, "full");
    full.last_regenerated_at = Some(at(12));
    full.token.revoked_at = Some(at(13));
    full.token.expiry_recorded = true;
    full.usage = Usage {
        uses: 9,
        last_used_at: Some(at(14)),
    };
    let mut bare = client(1, "bare");
    bare.client_description = None;
    insert(&harness, &[full.clone(), bare.clone()]).await;
    assert_eq!(find(&harness, &full).await, Some(full));
    assert_eq!(find(&harness, &bare).await, Some(bare));
}

pub async fn insert_emergency_client_refuses_a_taken_id_of_the_realm<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[client(1, "taken")]).await;
    let mut second = client(1, "taken");
    second.token = token("another", 8);
    let mut unit = begin(&harness).await;
    let refused = unit.insert_emergency_client(&second).await;
    assert_eq!(refused, Err(StoreError::Conflict));
}

pub async fn insert_emergency_client_refuses_a_taken_id_at_the_commit_at_the_latest<H: Harness>() {
    let harness = seeded::<H>().await;
    let store = harness.store();
    let add = |secret: &'static str| {
        let store = &store;
        async move {
            let mut added = client(1, "wanted");
            added.token = token(secret, 8);
            let mut unit = store.begin_use().await.unwrap();
            unit.insert_emergency_client(&added).await?;
            let kept = unit.commit(&audit_key(), event(secret).into()).await;
            kept.map(|_| added)
        }
    };
    let (first, (second, third)) = join(add("first"), join(add("second"), add("third"))).await;
    assert_eq!((second, third), (Err(StoreError::Conflict), Err(StoreError::Conflict)));
    assert_eq!(find(&harness, &client(1, "wanted")).await, Some(first.unwrap()));
}

pub async fn insert_emergency_client_refuses_the_id_of_a_client_of_another_kind<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut unit = begin(&harness).await;
    unit.insert_api_client(&api_client(1, "api")).await.unwrap();
    unit.insert_oauth_app(&oauth_app(1, "app")).await.unwrap();
    for taken in ["api", "app-app"] {
        let refused = unit.insert_emergency_client(&client(1, taken)).await;
        assert_eq!(refused, Err(StoreError::Conflict));
        let elsewhere = unit.insert_emergency_client(&client(2, taken)).await;
        assert_eq!(elsewhere, Ok(()));
    }
}

pub async fn insert_emergency_client_takes_an_id_that_another_realm_has<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[client(1, "both"), client(2, "both")]).await;
    assert_eq!(
        find(&harness, &client(1, "both")).await,
        Some(client(1, "both"))
    );
    assert_eq!(
        find(&harness, &client(2, "both")).await,
        Some(client(2, "both"))
    );
}

pub async fn update_emergency_client_keeps_every_field_but_usage<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut old = client(1, "c");
    old.usage = Usage {
        uses: 5,
        last_used_at: Some(at(14)),
    };
    insert(&harness, &[old.clone(), client(1, "d"), client(2, "c")]).await;
    let mut changed = EmergencyClient {
        client_name: "Another name".to_owned(),
        client_description: None,
        ttl: breakglass_domain::Minutes::new(61),
        created_at: at(50),
        created_by: "another".to_owned(),
        last_regenerated_at: Some(at(51)),
        token: token("second", 8),
        usage: Usage::default(),
        ..old.clone()
    };
    changed.token.issued_at = at(51);
    changed.token.expires_at = at(112);
    changed.token.revoked_at = Some(at(52));
    changed.token.expiry_recorded = true;
    let mut unit = begin(&harness).await;
    unit.update_emergency_client(&changed).await.unwrap();
    keep(unit).await;
    changed.usage = old.usage;
    assert_eq!(find(&harness, &changed).await, Some(changed));
    for other in [client(1, "d"), client(2, "c")] {
        assert_eq!(find(&harness, &other).await, Some(other));
    }
}

pub async fn update_emergency_client_needs_a_client<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[client(1, "c")]).await;
    let mut unit = begin(&harness).await;
    let refused = unit.update_emergency_client(&client(2, "c")).await;
    assert_eq!(refused, Err(StoreError::Missing));
}

pub async fn delete_emergency_client_says_whether_there_was_one<H: Harness>() {
    let harness = seeded::<H>().await;
    let (gone, kept) = (client(1, "gone"), client(2, "gone"));
    insert(&harness, &[gone.clone(), kept.clone()]).await;
    let mut unit = begin(&harness).await;
    for expected in [true, false] {
        let deleted = unit
            .delete_emergency_client(gone.realm_id, &gone.client_id)
            .await;
        assert_eq!(deleted, Ok(expected));
    }
    keep(unit).await;
    assert_eq!(find(&harness, &gone).await, None);
    assert_eq!(find(&harness, &kept).await, Some(kept));
}

pub async fn record_emergency_use_counts_and_dates_the_use<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut client = client(1, "c");
    insert(&harness, std::slice::from_ref(&client)).await;
    for (uses, now) in [(1, at(20)), (2, at(21))] {
        let mut unit = begin(&harness).await;
        let recorded = unit
            .record_emergency_use(client.realm_id, &client.client_id, &client.token.digest, now)
            .await;
        assert_eq!(recorded, Ok(()));
        keep(unit).await;
        client.usage = Usage {
            uses,
            last_used_at: Some(now),
        };
        assert_eq!(find(&harness, &client).await, Some(client.clone()));
    }
}

pub async fn record_emergency_use_refuses_what_is_not_the_present_token_alive<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut revoked = client(1, "revoked");
    revoked.token.revoked_at = Some(at(15));
    let alive = client(1, "alive");
    insert(&harness, &[revoked.clone(), alive.clone()]).await;
    let other = TokenDigest::of("other");
    let cases = [
        (&revoked, &revoked.token.digest, at(20)),
        (&alive, &other, at(20)),
        (&alive, &alive.token.digest, alive.token.expires_at),
    ];
    let mut unit = begin(&harness).await;
    for (client, digest, now) in cases {
        let recorded = unit
            .record_emergency_use(client.realm_id, &client.client_id, digest, now)
            .await;
        assert_eq!(recorded, Err(StoreError::Missing));
    }
    let recorded = unit
        .record_emergency_use(realm_id(2), &alive.client_id, &alive.token.digest, at(20))
        .await;
    assert_eq!(recorded, Err(StoreError::Missing));
    keep(unit).await;
    assert_eq!(find(&harness, &revoked).await, Some(revoked));
    assert_eq!(find(&harness, &alive).await, Some(alive));
}
