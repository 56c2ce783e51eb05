//! API tokens.

use breakglass_domain::{
    ApiToken, ClientQuery, Comparison, HeldApiToken, Minutes, Page, PageRequest, SearchField,
    SearchTerm, TokenOrder, TokenQuery,
};
use breakglass_ports::StoreError;
use breakglass_ports::store::TokenSearch;

use crate::samples::{api_client, api_token, at, realm_id};
use crate::{Harness, begin, keep, read, seeded};

fn token(name: &str) -> ApiToken {
    api_token(1, api_client(1, "holder").id, name)
}

/// A store with the API clients `holder` and `other` in the first realm and these tokens.
async fn with<H: Harness>(tokens: &[ApiToken]) -> H {
    let harness = seeded::<H>().await;
    let mut unit = begin(&harness).await;
    for id in ["holder", "other"] {
        unit.insert_api_client(&api_client(1, id)).await.unwrap();
    }
    for token in tokens {
        unit.insert_api_token(token).await.unwrap();
    }
    keep(unit).await;
    harness
}

async fn find(harness: &impl Harness, token: &ApiToken) -> Option<ApiToken> {
    let mut view = read(harness).await;
    view.find_api_token(token.realm_id, token.id).await.unwrap()
}

async fn query(
    harness: &impl Harness,
    query: &TokenQuery,
    order: TokenOrder,
    descending: bool,
) -> Page<HeldApiToken> {
    let search = TokenSearch {
        query,
        order,
        descending,
        page: PageRequest::new(0, 10).unwrap(),
        now: at(100),
    };
    let mut view = read(harness).await;
    view.query_api_tokens(realm_id(1), search).await.unwrap()
}

fn names(page: &Page<HeldApiToken>) -> Vec<&str> {
    page.entries
        .iter()
        .map(|held| held.token.name.as_str())
        .collect()
}

pub async fn find_api_token_gives_none_for_what_is_not_of_the_realm<H: Harness>() {
    let harness = with::<H>(&[token("known")]).await;
    assert_eq!(find(&harness, &token("unknown")).await, None);
    let elsewhere = ApiToken {
        realm_id: realm_id(2),
        ..token("known")
    };
    assert_eq!(find(&harness, &elsewhere).await, None);
}

pub async fn query_api_tokens_orders_as_asked_and_counts_all<H: Harness>() {
    let made = |name: &str, number: u32, last_used_at| ApiToken {
        access_token_ttl: Minutes::new(number),
        created_at: at(10 - number),
        expires_at: at(200 + number),
        last_used_at,
        ..token(name)
    };
    let tokens = [
        made("a", 1, Some(at(9))),
        made("b", 2, None),
        made("c", 3, Some(at(7))),
    ];
    let harness = with::<H>(&tokens).await;
    for (order, expected) in [
        (TokenOrder::AccessTokenTtl, ["a", "b", "c"]),
        (TokenOrder::CreationDate, ["c", "b", "a"]),
        (TokenOrder::ExpirationDate, ["a", "b", "c"]),
        (TokenOrder::LastUsedDate, ["b", "c", "a"]),
    ] {
        let page = query(&harness, &TokenQuery::default(), order, false).await;
        assert_eq!((names(&page), page.total), (expected.to_vec(), 3));
        assert!(page.entries.iter().all(|held| held.client_id == "holder"));
        let page = query(&harness, &TokenQuery::default(), order, true).await;
        let reversed: Vec<&str> = expected.into_iter().rev().collect();
        assert_eq!((names(&page), page.total), (reversed, 3));
    }
}

pub async fn query_api_tokens_finds_by_name_client_and_life<H: Harness>() {
    let over = ApiToken {
        expires_at: at(100),
        ..token("over")
    };
    let foreign = ApiToken {
        principal_id: api_client(1, "other").id,
        ..token("foreign")
    };
    let harness = with::<H>(&[token("alive"), over, foreign]).await;
    let found = async |terms: Vec<SearchTerm>, alive, nothing| {
        let terms = ClientQuery {
            all_of: terms,
            any_of: vec![],
        };
        let wanted = TokenQuery {
            terms,
            alive,
            nothing,
        };
        let page = query(&harness, &wanted, TokenOrder::CreationDate, false).await;
        let mut names: Vec<String> = names(&page).into_iter().map(str::to_owned).collect();
        names.sort_unstable();
        assert_eq!(page.total, names.len() as u64);
        names
    };
    let is = |field, text: &str| {
        vec![SearchTerm {
            field,
            comparison: Comparison::Equals(vec![text.to_owned()]),
        }]
    };
    assert_eq!(found(vec![], Some(true), false).await, ["alive", "foreign"]);
    assert_eq!(found(vec![], Some(false), false).await, ["over"]);
    assert!(found(vec![], None, true).await.is_empty());
    let named = is(SearchField::TokenName, "over");
    assert_eq!(found(named, None, false).await, ["over"]);
    let of_other = is(SearchField::ClientId, "other");
    assert_eq!(found(of_other, Some(true), false).await, ["foreign"]);
}

pub async fn list_outlived_api_tokens_gives_the_longest_over_first<H: Harness>() {
    let ended = |name: &str, minutes| ApiToken {
        expires_at: at(minutes),
        ..token(name)
    };
    let tokens = [ended("a", 5), ended("b", 3), ended("c", 4), ended("d", 6)];
    let harness = with::<H>(&tokens).await;
    let listed = async |limit| {
        let mut view = read(&harness).await;
        let tokens = view.list_outlived_api_tokens(at(5), limit).await.unwrap();
        tokens
            .iter()
            .map(|token| token.name.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(listed(9).await, ["b", "c", "a"]);
    assert_eq!(listed(2).await, ["b", "c"]);
}

pub async fn insert_api_token_keeps_every_field<H: Harness>() {
    let used = ApiToken {
        description: None,
        last_used_at: Some(at(50)),
        ..token("used")
    };
    let harness = with::<H>(&[token("fresh"), used.clone()]).await;
    assert_eq!(find(&harness, &used).await, Some(used));
    let fresh = token("fresh");
    assert_eq!(find(&harness, &fresh).await, Some(fresh));
}

pub async fn insert_api_token_refuses_a_taken_id_and_needs_its_client<H: Harness>() {
    let harness = with::<H>(&[token("taken")]).await;
    let again = begin(&harness).await.insert_api_token(&token("taken")).await;
    assert_eq!(again, Err(StoreError::Conflict));
    let orphan = ApiToken {
        principal_id: api_client(2, "holder").id,
        ..token("orphan")
    };
    let orphaned = begin(&harness).await.insert_api_token(&orphan).await;
    assert_eq!(orphaned, Err(StoreError::Missing));
}

pub async fn update_api_token_keeps_every_field<H: Harness>() {
    let harness = with::<H>(&[token("t"), token("other")]).await;
    let changed = ApiToken {
        id: token("t").id,
        ttl: Minutes::new(7),
        last_used_at: Some(at(8)),
        ..token("changed")
    };
    let mut unit = begin(&harness).await;
    unit.update_api_token(&changed).await.unwrap();
    let missing = unit.update_api_token(&token("missing")).await;
    assert_eq!(missing, Err(StoreError::Missing));
    keep(unit).await;
    assert_eq!(find(&harness, &changed).await, Some(changed));
    let other = token("other");
    assert_eq!(find(&harness, &other).await, Some(other));
}

pub async fn record_api_token_use_dates_the_use<H: Harness>() {
    let harness = with::<H>(&[token("t")]).await;
    let id = token("t").id;
    let mut unit = begin(&harness).await;
    unit.record_api_token_use(realm_id(1), id, at(9))
        .await
        .unwrap();
    let elsewhere = unit.record_api_token_use(realm_id(2), id, at(9)).await;
    assert_eq!(elsewhere, Err(StoreError::Missing));
    keep(unit).await;
    let expected = ApiToken {
        last_used_at: Some(at(9)),
        ..token("t")
    };
    assert_eq!(find(&harness, &expected).await, Some(expected));
}

pub async fn delete_api_token_says_whether_there_was_one<H: Harness>() {
    let harness = with::<H>(&[token("t"), token("other")]).await;
    let id = token("t").id;
    let mut unit = begin(&harness).await;
    for (realm, expected) in [(2, false), (1, true), (1, false)] {
        let deleted = unit.delete_api_token(realm_id(realm), id).await;
        assert_eq!(deleted, Ok(expected));
    }
    keep(unit).await;
    let page = query(&harness, &TokenQuery::default(), TokenOrder::CreationDate, false).await;
    assert_eq!((names(&page), page.total), (vec!["other"], 1));
}
