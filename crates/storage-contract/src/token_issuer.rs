//! Issuers that realms trust.

use breakglass_domain::{CertificateChain, TokenIssuer};
use breakglass_ports::StoreError;

use crate::samples::{at, realm_id};
use crate::{Harness, begin, keep, read, seeded};

/// An issuer of this alias and text that realm `realm` trusts.
pub(crate) fn token_issuer(realm: u8, alias: &str, issuer: &str) -> TokenIssuer {
    let chain = |bytes: &[u8]| CertificateChain(bytes.iter().map(|byte| vec![*byte; 3]).collect());
    TokenIssuer {
        realm_id: realm_id(realm),
        alias: alias.parse().unwrap(),
        issuer: issuer.to_owned(),
        chains: vec![chain(&[2, 1, 3]), chain(&[9]), chain(&[4, 4])],
        jwks_uri: Some(format!("https://{issuer}/keys")),
        created_at: at(1),
        updated_at: at(2),
    }
}

async fn insert(harness: &impl Harness, issuers: &[TokenIssuer]) {
    let mut unit = begin(harness).await;
    for issuer in issuers {
        unit.insert_token_issuer(issuer).await.unwrap();
    }
    keep(unit).await;
}

async fn list(harness: &impl Harness, realm: u8) -> Vec<TokenIssuer> {
    let mut view = read(harness).await;
    view.list_token_issuers(realm_id(realm)).await.unwrap()
}

pub async fn list_token_issuers_gives_those_of_the_realm_with_their_chains<H: Harness>() {
    let harness = seeded::<H>().await;
    let bare = TokenIssuer {
        chains: Vec::new(),
        jwks_uri: None,
        ..token_issuer(1, "c", "3")
    };
    let [second, first] = [token_issuer(1, "b", "1"), token_issuer(1, "a", "2")];
    insert(&harness, &[second.clone(), bare.clone(), first.clone()]).await;
    insert(&harness, &[token_issuer(2, "a", "2")]).await;
    assert_eq!(list(&harness, 1).await, [first, second, bare]);
    assert_eq!(list(&harness, 2).await.len(), 1);
}

pub async fn insert_token_issuer_refuses_a_taken_alias_and_a_taken_issuer<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[token_issuer(1, "a", "1")]).await;
    for taken in [token_issuer(1, "a", "2"), token_issuer(1, "b", "1")] {
        let refused = begin(&harness).await.insert_token_issuer(&taken).await;
        assert_eq!(refused, Err(StoreError::Conflict), "{taken:?}");
    }
}

pub async fn update_token_issuer_replaces_issuer_and_chains<H: Harness>() {
    let harness = seeded::<H>().await;
    let (one, other) = (token_issuer(1, "a", "1"), token_issuer(1, "b", "2"));
    insert(&harness, &[one.clone(), other.clone()]).await;
    let changed = TokenIssuer {
        issuer: "3".to_owned(),
        chains: vec![CertificateChain(vec![vec![7], vec![8]])],
        jwks_uri: None,
        updated_at: at(9),
        ..one
    };
    let mut unit = begin(&harness).await;
    unit.update_token_issuer(&changed).await.unwrap();
    keep(unit).await;
    assert_eq!(list(&harness, 1).await, [changed.clone(), other]);
    let taken = TokenIssuer {
        issuer: "2".to_owned(),
        ..changed.clone()
    };
    let refused = begin(&harness).await.update_token_issuer(&taken).await;
    assert_eq!(refused, Err(StoreError::Conflict));
    let absent = token_issuer(2, "a", "1");
    let refused = begin(&harness).await.update_token_issuer(&absent).await;
    assert_eq!(refused, Err(StoreError::Missing));
}

pub async fn delete_token_issuer_says_whether_there_was_one<H: Harness>() {
    let harness = seeded::<H>().await;
    let (gone, kept) = (token_issuer(1, "a", "1"), token_issuer(1, "b", "2"));
    insert(&harness, &[gone.clone(), kept.clone()]).await;
    let mut unit = begin(&harness).await;
    assert_eq!(unit.delete_token_issuer(realm_id(2), &gone.alias).await, Ok(false));
    assert_eq!(unit.delete_token_issuer(realm_id(1), &gone.alias).await, Ok(true));
    assert_eq!(unit.delete_token_issuer(realm_id(1), &gone.alias).await, Ok(false));
    keep(unit).await;
    assert_eq!(list(&harness, 1).await, [kept]);
    insert(&harness, &[gone]).await;
}

pub async fn token_issuers_go_with_their_realm<H: Harness>() {
    let harness = seeded::<H>().await;
    insert(&harness, &[token_issuer(1, "a", "1"), token_issuer(2, "a", "1")]).await;
    let mut unit = begin(&harness).await;
    unit.delete_realm(realm_id(1)).await.unwrap();
    keep(unit).await;
    assert_eq!((list(&harness, 1).await.len(), list(&harness, 2).await.len()), (0, 1));
}
