//! Whatever is looked for among whatever clients, the store finds what the domain's own arithmetic finds.

use breakglass_domain::{
    ApiClient, ApiToken, ClientQuery, Comparison, PageRequest, Role, SearchField, SearchTerm,
    Searchable, TokenOrder, TokenQuery,
};
use breakglass_ports::ReadView;
use breakglass_ports::store::TokenSearch;
use breakglass_storage_contract::samples::{api_client, api_token, at, held, realm_id, role};
use breakglass_storage_contract::{begin, keep, read, seeded};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tokio::runtime::Runtime;

use crate::folder::Folder;

/// A client, the roles that it holds and the names of its tokens.
#[derive(Clone, Debug)]
struct Holder {
    client: ApiClient,
    roles: Vec<Role>,
    tokens: Vec<String>,
}

/// A token and who holds it.
struct Held<'a> {
    holder: &'a Holder,
    name: &'a str,
}

impl Searchable for Held<'_> {
    fn values(&self, field: SearchField) -> Vec<&str> {
        match field {
            SearchField::TokenName => vec![self.name],
            _ => self.holder.values(field),
        }
    }
}

impl Searchable for Holder {
    fn values(&self, field: SearchField) -> Vec<&str> {
        let roles = self.roles.iter();
        match field {
            SearchField::ClientId => vec![self.client.client_id.as_str()],
            SearchField::ClientName => vec![self.client.client_name.as_str()],
            SearchField::RoleDisplayName => roles.map(|role| role.display_name.as_str()).collect(),
            SearchField::RoleName => roles.map(|role| role.name.as_str()).collect(),
            SearchField::TokenName => vec![],
        }
    }
}

/// Signs with a meaning in patterns, in SQL or in JSON, and letters whose case is told apart only outside of ASCII. The
/// Kelvin sign is one that other ways of folding take for a letter of ASCII.
const SIGNS: [&str; 16] = [
    "a",
    "A",
    "b",
    "%",
    "_",
    "\\",
    "'",
    "\"",
    "[",
    "*",
    "?",
    "\u{e9}",
    "\u{c9}",
    "\u{212a}",
    "k",
    "\u{1f511}",
];

fn signs(count: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    vec(select(&SIGNS[..]), count).prop_map(|signs| signs.concat())
}

/// A text that is looked for; other than a value it may be empty and hold a NUL.
fn wanted() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        9 => select(&SIGNS[..]),
        1 => select(&["\0", "-", ".", "@", "B"][..]),
    ];
    vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn id() -> impl Strategy<Value = String> {
    "[abAB_][abAB_.-]{0,3}"
}

/// Whose texts are looked for as they are written: else hardly anything would ever be equal.
fn texts(known: Vec<String>) -> impl Strategy<Value = Vec<String>> {
    vec(prop_oneof![select(known), wanted()], 0..4)
}

fn term(known: Vec<String>) -> impl Strategy<Value = SearchTerm> {
    let field = select(
        &[
            SearchField::ClientId,
            SearchField::ClientName,
            SearchField::RoleDisplayName,
            SearchField::RoleName,
            SearchField::TokenName,
        ][..],
    );
    let comparison = prop_oneof![
        1 => Just(Comparison::Empty),
        1 => Just(Comparison::NotEmpty),
        3 => texts(known.clone()).prop_map(Comparison::Equals),
        3 => texts(known).prop_map(Comparison::Like),
    ];
    (field, comparison).prop_map(|(field, comparison)| SearchTerm { field, comparison })
}

/// Roles of these names; the name for people may be empty, though no draft of one is accepted.
fn roles() -> impl Strategy<Value = Vec<Role>> {
    prop::collection::btree_map(id(), signs(0..5), 0..4).prop_map(|named| {
        let role = |(name, display_name): (String, _)| Role {
            display_name,
            ..role(&name)
        };
        named
            .into_iter()
            .filter(|(name, _)| name != ".")
            .map(role)
            .collect()
    })
}

/// Clients, each with its share of the roles.
fn holders(roles: &[Role]) -> impl Strategy<Value = Vec<Holder>> + use<> {
    let share = prop::sample::subsequence(roles.to_vec(), 0..=roles.len());
    let named = (signs(1..5), share, vec(signs(1..5), 0..3));
    prop::collection::btree_map(id(), named, 0..8).prop_map(|clients| {
        let holder = |(id, (name, roles, tokens)): (String, (String, _, _))| Holder {
            client: ApiClient {
                client_name: name.parse().unwrap(),
                ..api_client(1, &id)
            },
            roles,
            tokens,
        };
        clients.into_iter().map(holder).collect()
    })
}

/// Roles, clients and queries that mention what these are called.
fn search() -> impl Strategy<Value = (Vec<Role>, Vec<Holder>, Vec<ClientQuery>)> {
    roles()
        .prop_flat_map(|roles| (Just(roles.clone()), holders(&roles)))
        .prop_flat_map(|(roles, holders)| {
            let called = |role: &Role| [role.name.to_string(), role.display_name.clone()];
            let mut known: Vec<String> = roles.iter().flat_map(called).collect();
            for holder in &holders {
                known.push(holder.client.client_id.to_string());
                known.push(holder.client.client_name.to_string());
                known.extend(holder.tokens.iter().cloned());
            }
            known.push("a".to_owned());
            let terms = || vec(term(known.clone()), 0..4);
            let query = (terms(), terms());
            let queries = query.prop_map(|(all_of, any_of)| ClientQuery { all_of, any_of });
            (Just(roles), Just(holders), vec(queries, 1..12))
        })
}

async fn store(roles: &[Role], holders: &[Holder]) -> Folder {
    let folder = seeded::<Folder>().await;
    let mut unit = begin(&folder).await;
    for role in roles {
        unit.insert_role(role).await.unwrap();
    }
    for Holder {
        client,
        roles,
        tokens,
    } in holders
    {
        unit.insert_api_client(client).await.unwrap();
        let roles: Vec<_> = roles.iter().map(|role| held(role.name.as_str())).collect();
        unit.replace_role_assignments(client.realm_id, client.id, &roles)
            .await
            .unwrap();
        for (number, name) in (0..).zip(tokens) {
            unit.insert_api_token(&token(client, number, name))
                .await
                .unwrap();
        }
    }
    keep(unit).await;
    folder
}

/// A token of this name; every second one is over at the instant of the search.
fn token(client: &ApiClient, number: u32, name: &str) -> ApiToken {
    ApiToken {
        name: name.parse().unwrap(),
        expires_at: at(if number.is_multiple_of(2) { 100 } else { 101 }),
        ..api_token(1, client.id, &format!("{} {number}", client.client_id))
    }
}

/// That the store finds the tokens that the query finds, page by page.
async fn tokens_agree(view: &mut dyn ReadView, holders: &[Holder], terms: &ClientQuery) {
    for alive in [None, Some(true), Some(false)] {
        let query = TokenQuery {
            terms: terms.clone(),
            alive,
            nothing: false,
        };
        let mut expected = Vec::new();
        for holder in holders {
            for (number, name) in (0..).zip(&holder.tokens) {
                let token = token(&holder.client, number, name);
                if query.finds(&Held { holder, name }, token.is_alive(at(100))) {
                    expected.push(token);
                }
            }
        }
        expected.sort_by_key(|token| token.id);
        for (page, tokens) in (0..).zip(expected.chunks(2).chain([&[][..]])) {
            let search = TokenSearch {
                query: &query,
                order: TokenOrder::CreationDate,
                descending: false,
                page: PageRequest::new(page, 2).unwrap(),
                now: at(100),
            };
            let found = view.query_api_tokens(realm_id(1), search).await.unwrap();
            let entries: Vec<&ApiToken> = found.entries.iter().map(|held| &held.token).collect();
            assert_eq!(entries, tokens.iter().collect::<Vec<_>>(), "{query:?}");
            assert_eq!(found.total.try_into(), Ok(expected.len()), "{query:?}");
        }
    }
}

async fn agree(roles: Vec<Role>, holders: Vec<Holder>, queries: Vec<ClientQuery>) {
    let folder = store(&roles, &holders).await;
    let mut view = read(&folder).await;
    for query in queries {
        tokens_agree(view.as_mut(), &holders, &query).await;
        // They are in the order of their ids already.
        let expected: Vec<&ApiClient> = holders
            .iter()
            .filter(|holder| query.finds(*holder))
            .map(|holder| &holder.client)
            .collect();
        for size in [1, 3, 100] {
            // One page more than there are, so that a page past the end is asked for too.
            let pages: Vec<&[&ApiClient]> = expected.chunks(size).chain([&[][..]]).collect();
            for (number, page) in (0..).zip(pages) {
                let request = PageRequest::new(number, size.try_into().unwrap()).unwrap();
                let found = view
                    .query_api_clients(realm_id(1), &query, request)
                    .await
                    .unwrap();
                let entries: Vec<&ApiClient> = found.entries.iter().collect();
                assert_eq!(entries, page, "{query:?}");
                assert_eq!(found.total.try_into(), Ok(expected.len()), "{query:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_store_finds_what_the_query_finds((roles, holders, queries) in search()) {
        Runtime::new().unwrap().block_on(agree(roles, holders, queries));
    }
}
