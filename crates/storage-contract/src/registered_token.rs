//! Tokens of other issuers whose expanded twins were registered.

use std::collections::BTreeMap;

use breakglass_domain::{RegisteredToken, TokenDigest};
use breakglass_ports::StoreError;

use crate::samples::{at, realm_id};
use crate::token_issuer::token_issuer;
use crate::{Harness, begin, keep, read, seeded};

const MOST: u32 = 3;

/// A token of Alice at the issuer `a`, in realm `realm`.
fn token(realm: u8, text: &str) -> RegisteredToken {
    RegisteredToken {
        realm_id: realm_id(realm),
        digest: TokenDigest::of(text),
        issuer_alias: "a".parse().unwrap(),
        vouched_since: at(2),
        subject: "alice@example.org".to_owned(),
        twin: TokenDigest::of(&format!("twin of {text}")),
        groups: vec!["b".to_owned(), "a \u{1f511}".to_owned()],
        privileges: BTreeMap::from([("s".to_owned(), vec!["p".to_owned(), "o".to_owned()])]),
        registered_at: at(10),
        expires_at: at(60),
    }
}

/// A store in which two realms trust the issuers `a` and `b`.
async fn trusting<H: Harness>() -> H {
    let harness = seeded::<H>().await;
    let mut unit = begin(&harness).await;
    for realm in [1, 2] {
        for alias in ["a", "b"] {
            let issuer = token_issuer(realm, alias, alias);
            unit.insert_token_issuer(&issuer).await.unwrap();
        }
    }
    keep(unit).await;
    harness
}

async fn put(harness: &impl Harness, tokens: &[RegisteredToken]) {
    let mut unit = begin(harness).await;
    for token in tokens {
        unit.put_registered_token(token, MOST).await.unwrap();
    }
    keep(unit).await;
}

async fn find(harness: &impl Harness, realm: u8, text: &str) -> Option<RegisteredToken> {
    let mut view = read(harness).await;
    view.find_registered_token(realm_id(realm), &TokenDigest::of(text))
        .await
        .unwrap()
}

async fn count(harness: &impl Harness) -> u64 {
    let mut view = read(harness).await;
    view.count_registered_tokens(at(59)).await.unwrap()
}

pub async fn find_registered_token_gives_none_for_what_is_not_registered<H: Harness>() {
    let harness = trusting::<H>().await;
    put(&harness, &[token(1, "t")]).await;
    assert_eq!(find(&harness, 1, "u").await, None);
    assert_eq!(find(&harness, 2, "t").await, None);
    let mut view = read(&harness).await;
    let mut shortly = async |realm, text| {
        let digest = TokenDigest::of(text);
        view.find_registration(realm_id(realm), &digest).await
    };
    let registration = token(1, "t").registration();
    assert_eq!(shortly(1, "t").await, Ok(Some(registration)));
    assert_eq!(shortly(1, "u").await, Ok(None));
    assert_eq!(shortly(2, "t").await, Ok(None));
}

pub async fn count_registered_tokens_counts_those_of_every_realm<H: Harness>() {
    let harness = trusting::<H>().await;
    assert_eq!(count(&harness).await, 0);
    put(&harness, &[token(1, "t"), token(2, "t"), token(1, "t"), token(1, "u")]).await;
    let over = RegisteredToken {
        expires_at: at(59),
        ..token(1, "over")
    };
    put(&harness, &[over]).await;
    assert_eq!(count(&harness).await, 3);
}

pub async fn put_registered_token_keeps_every_field<H: Harness>() {
    let harness = trusting::<H>().await;
    let bare = RegisteredToken {
        groups: Vec::new(),
        privileges: BTreeMap::new(),
        ..token(1, "u")
    };
    put(&harness, &[token(1, "t"), bare.clone()]).await;
    assert_eq!(find(&harness, 1, "t").await, Some(token(1, "t")));
    assert_eq!(find(&harness, 1, "u").await, Some(bare));
}

pub async fn put_registered_token_replaces_what_was_registered_with_the_same_token<H: Harness>() {
    let harness = trusting::<H>().await;
    let other = RegisteredToken {
        groups: vec!["c".to_owned()],
        twin: TokenDigest::of("another twin"),
        vouched_since: at(3),
        registered_at: at(20),
        expires_at: at(61),
        ..token(1, "t")
    };
    put(&harness, &[token(1, "t"), other.clone()]).await;
    assert_eq!(find(&harness, 1, "t").await, Some(other));
    assert_eq!(count(&harness).await, 1);
}

pub async fn put_registered_token_needs_its_issuer<H: Harness>() {
    let harness = trusting::<H>().await;
    let lost = RegisteredToken {
        issuer_alias: "c".parse().unwrap(),
        ..token(1, "t")
    };
    let refused = begin(&harness).await.put_registered_token(&lost, MOST).await;
    assert_eq!(refused, Err(StoreError::Missing));
}

pub async fn put_registered_token_forgets_the_oldest_of_the_subject<H: Harness>() {
    let harness = trusting::<H>().await;
    let of = |text: &str, second: u32| RegisteredToken {
        registered_at: at(second),
        ..token(1, text)
    };
    let bob = RegisteredToken {
        subject: "bob@example.org".to_owned(),
        ..of("bob", 1)
    };
    let elsewhere = RegisteredToken {
        issuer_alias: "b".parse().unwrap(),
        ..of("elsewhere", 1)
    };
    put(&harness, &[bob, elsewhere, token(2, "realm")]).await;
    put(&harness, &[of("2", 2), of("1", 1), of("3", 3), of("4", 4)]).await;
    assert_eq!(find(&harness, 1, "1").await, None);
    for kept in ["2", "3", "4", "bob", "elsewhere"] {
        assert!(find(&harness, 1, kept).await.is_some(), "{kept}");
    }
    assert!(find(&harness, 2, "realm").await.is_some());
    // The same again takes nobody's place.
    put(&harness, &[of("2", 5)]).await;
    assert_eq!(count(&harness).await, 6);
}

pub async fn registered_tokens_go_with_their_issuer_and_their_realm<H: Harness>() {
    let harness = trusting::<H>().await;
    let elsewhere = RegisteredToken {
        issuer_alias: "b".parse().unwrap(),
        ..token(1, "b")
    };
    put(&harness, &[token(1, "a"), elsewhere, token(2, "a")]).await;
    let mut unit = begin(&harness).await;
    let alias = "a".parse().unwrap();
    unit.delete_token_issuer(realm_id(1), &alias).await.unwrap();
    keep(unit).await;
    assert_eq!(find(&harness, 1, "a").await, None);
    assert!(find(&harness, 1, "b").await.is_some());
    let mut unit = begin(&harness).await;
    unit.delete_realm(realm_id(1)).await.unwrap();
    keep(unit).await;
    assert_eq!(find(&harness, 1, "b").await, None);
    assert!(find(&harness, 2, "a").await.is_some());
}

pub async fn prune_forgets_the_registered_tokens_that_are_over<H: Harness>() {
    let harness = trusting::<H>().await;
    let over = RegisteredToken {
        expires_at: at(50),
        ..token(1, "over")
    };
    put(&harness, &[over, token(1, "alive")]).await;
    assert_eq!(harness.store().prune(at(50)).await, Ok(1));
    assert_eq!(find(&harness, 1, "over").await, None);
    assert!(find(&harness, 1, "alive").await.is_some());
}
