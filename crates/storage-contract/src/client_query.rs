//! The search over API clients: cases of the clause that [`crate::api_client`] has too many of for one file.

use breakglass_domain::{ApiClient, ClientQuery, Comparison, PageRequest, SearchField, SearchTerm};

use crate::api_client::{insert, with_roles};
use crate::samples::{api_client, realm_id};
use crate::{Harness, begin, keep, read, seeded};

/// A client of the first realm with this name.
fn named(id: &str, name: &str) -> ApiClient {
    ApiClient {
        client_name: name.parse().unwrap(),
        ..api_client(1, id)
    }
}

fn term(field: SearchField, comparison: Comparison) -> SearchTerm {
    SearchTerm { field, comparison }
}

fn equals(field: SearchField, texts: &[&str]) -> SearchTerm {
    let texts = texts.iter().map(|text| (*text).to_owned());
    term(field, Comparison::Equals(texts.collect()))
}

fn like(field: SearchField, texts: &[&str]) -> SearchTerm {
    let texts = texts.iter().map(|text| (*text).to_owned());
    term(field, Comparison::Like(texts.collect()))
}

fn all_of(terms: &[SearchTerm]) -> ClientQuery {
    ClientQuery {
        all_of: terms.to_vec(),
        any_of: Vec::new(),
    }
}

/// The ids on the page of this number and size, and how many are found in all.
async fn page(
    harness: &impl Harness,
    realm: u8,
    query: &ClientQuery,
    (page, size): (i64, i64),
) -> (String, u64) {
    let request = PageRequest::new(page, size).unwrap();
    let mut view = read(harness).await;
    let found = view
        .query_api_clients(realm_id(realm), query, request)
        .await
        .unwrap();
    let ids = found.entries.iter().map(|client| client.client_id.as_str());
    (ids.collect::<Vec<_>>().join(" "), found.total)
}

/// The ids of all clients of the first realm that the term finds.
async fn search(harness: &impl Harness, term: SearchTerm) -> String {
    let (ids, total) = page(harness, 1, &all_of(&[term]), (0, 100)).await;
    assert_eq!(ids.split_whitespace().count().try_into(), Ok(total));
    ids
}

pub async fn query_api_clients_gives_the_page_ordered_by_id_and_counts_all<H: Harness>() {
    let harness = seeded::<H>().await;
    let clients = ["b", "a", "B", "10", "9"].map(|id| api_client(1, id));
    insert(&harness, &clients).await;
    insert(&harness, &[api_client(2, "a"), api_client(2, "z")]).await;
    let everyone = ClientQuery::default();
    for (realm, request, ids, total) in [
        (1, (0, 100), "10 9 B a b", 5),
        (1, (0, 2), "10 9", 5),
        (1, (1, 2), "B a", 5),
        (1, (2, 2), "b", 5),
        (1, (0, 5), "10 9 B a b", 5),
        (1, (1, 5), "", 5),
        (1, (i64::from(u32::MAX), 1000), "", 5),
        (2, (0, 1), "a", 2),
        (3, (0, 1), "", 0),
        (3, (1, 1), "", 0),
    ] {
        let found = page(&harness, realm, &everyone, request).await;
        assert_eq!(found, (ids.to_owned(), total), "{realm} {request:?}");
    }
    let some = all_of(&[equals(SearchField::ClientId, &["b", "10", "9"])]);
    for (request, ids) in [((0, 2), "10 9"), ((1, 2), "b"), ((2, 2), "")] {
        let found = page(&harness, 1, &some, request).await;
        assert_eq!(found, (ids.to_owned(), 3), "{request:?}");
    }
    let mut view = read(&harness).await;
    let request = PageRequest::new(0, 1).unwrap();
    let found = view
        .query_api_clients(realm_id(1), &everyone, request)
        .await;
    assert_eq!(found.unwrap().entries, [api_client(1, "10")]);
    drop(view);
    let mut unit = begin(&harness).await;
    unit.delete_api_client(realm_id(1), &api_client(1, "9").client_id)
        .await
        .unwrap();
    keep(unit).await;
    let found = page(&harness, 1, &everyone, (0, 2)).await;
    assert_eq!(found, ("10 B".to_owned(), 4));
}

pub async fn query_api_clients_compares_ids_and_names<H: Harness>() {
    use SearchField::{ClientId, ClientName};
    let harness = seeded::<H>().await;
    insert(
        &harness,
        &[
            named("ci-1", "Build"),
            named("ci-2", "build \u{e9}"),
            named("x", "Deploy \u{c9}"),
        ],
    )
    .await;
    for (term, expected) in [
        (equals(ClientId, &["ci-1"]), "ci-1"),
        (equals(ClientId, &["CI-1"]), ""),
        (equals(ClientId, &["x", "ci-2", "nobody"]), "ci-2 x"),
        (equals(ClientId, &[]), ""),
        (like(ClientId, &["CI-"]), "ci-1 ci-2"),
        (like(ClientId, &[]), ""),
        (like(ClientId, &[""]), "ci-1 ci-2 x"),
        (equals(ClientName, &["Build"]), "ci-1"),
        (like(ClientName, &["BUILD"]), "ci-1 ci-2"),
        (like(ClientName, &["ploy", "\u{e9}"]), "ci-2 x"),
        (like(ClientName, &["\u{c9}"]), "x"),
        (term(ClientId, Comparison::Empty), ""),
        (term(ClientName, Comparison::Empty), ""),
        (term(ClientId, Comparison::NotEmpty), "ci-1 ci-2 x"),
        (term(ClientName, Comparison::NotEmpty), "ci-1 ci-2 x"),
    ] {
        let shown = format!("{term:?}");
        assert_eq!(search(&harness, term).await, expected, "{shown}");
    }
}

pub async fn query_api_clients_takes_no_sign_for_another<H: Harness>() {
    use SearchField::{ClientId, ClientName};
    let harness = seeded::<H>().await;
    insert(
        &harness,
        &[
            named("a_b", "100%"),
            named("a-b", "back\\slash"),
            named("q", "it's \"quoted\" [x*]"),
        ],
    )
    .await;
    for (term, expected) in [
        (like(ClientId, &["a_b"]), "a_b"),
        (like(ClientId, &["_"]), "a_b"),
        (like(ClientName, &["%"]), "a_b"),
        (like(ClientName, &["0%"]), "a_b"),
        (like(ClientName, &["1%0"]), ""),
        (like(ClientName, &["\\"]), "a-b"),
        (like(ClientName, &["\\%"]), ""),
        (like(ClientName, &["'"]), "q"),
        (like(ClientName, &["\"QUOTED\""]), "q"),
        (like(ClientName, &["[x*]"]), "q"),
        (like(ClientName, &["*"]), "q"),
        (equals(ClientName, &["it's \"quoted\" [x*]"]), "q"),
        (equals(ClientName, &["back\\slash"]), "a-b"),
        (equals(ClientName, &["' OR 1 = 1 --"]), ""),
        (like(ClientName, &["100%\0"]), ""),
        (like(ClientName, &["\0"]), ""),
        (equals(ClientName, &["100%\0"]), ""),
    ] {
        let shown = format!("{term:?}");
        assert_eq!(search(&harness, term).await, expected, "{shown}");
    }
}

pub async fn query_api_clients_compares_the_roles_held_in_the_realm<H: Harness>() {
    use SearchField::{RoleDisplayName, RoleName};
    let harness = with_roles::<H>().await;
    for (term, expected) in [
        (equals(RoleName, &["audit_reader"]), "both one"),
        (equals(RoleName, &["vcf_viewer"]), "both ended"),
        (equals(RoleName, &["VCF_VIEWER", "unheld", "unknown"]), ""),
        (equals(RoleName, &[]), ""),
        (like(RoleName, &["VIEWER"]), "both ended"),
        (like(RoleName, &["_"]), "both ended one"),
        (like(RoleName, &["t-r"]), ""),
        (equals(RoleDisplayName, &["Reads 100%"]), "both one"),
        (like(RoleDisplayName, &["0%"]), "both one"),
        (like(RoleDisplayName, &["SEES \u{c9}"]), "both ended"),
        (like(RoleDisplayName, &["sees \u{e9}"]), ""),
        (term(RoleName, Comparison::Empty), "none"),
        (term(RoleDisplayName, Comparison::Empty), "none"),
        (term(RoleName, Comparison::NotEmpty), "both ended one"),
        (
            term(RoleDisplayName, Comparison::NotEmpty),
            "both ended one",
        ),
    ] {
        let shown = format!("{term:?}");
        assert_eq!(search(&harness, term).await, expected, "{shown}");
    }
}

pub async fn query_api_clients_joins_the_terms_of_both_groups<H: Harness>() {
    let harness = with_roles::<H>().await;
    let reader = equals(SearchField::RoleName, &["audit_reader"]);
    let viewer = like(SearchField::RoleName, &["viewer"]);
    let one = equals(SearchField::ClientId, &["one"]);
    let none = equals(SearchField::ClientId, &["none"]);
    let nobody = equals(SearchField::ClientId, &[]);
    for (all_of, any_of, ids) in [
        (vec![&reader, &viewer], vec![], "both"),
        (vec![&reader, &nobody], vec![], ""),
        (vec![], vec![&none, &viewer], "both ended none"),
        (vec![], vec![&nobody, &one, &none], "none one"),
        (vec![&reader], vec![&one, &viewer], "both one"),
        (vec![&reader], vec![&nobody, &none], ""),
        (vec![&one], vec![&nobody], ""),
    ] {
        let own = |terms: Vec<&SearchTerm>| terms.into_iter().cloned().collect();
        let query = ClientQuery {
            all_of: own(all_of),
            any_of: own(any_of),
        };
        let (found, total) = page(&harness, 1, &query, (0, 100)).await;
        assert_eq!(found, ids, "{query:?}");
        assert_eq!(ids.split_whitespace().count().try_into(), Ok(total));
    }
}

pub async fn query_api_clients_takes_many_terms_and_long_texts<H: Harness>() {
    let harness = with_roles::<H>().await;
    let many = vec![like(SearchField::ClientId, &["ended"]); 2000];
    for query in [
        all_of(&many),
        ClientQuery {
            all_of: Vec::new(),
            any_of: many,
        },
    ] {
        let found = page(&harness, 1, &query, (0, 100)).await;
        assert_eq!(found, ("ended".to_owned(), 1));
    }
    let long = "x".repeat(200_000);
    let mut texts = vec!["ended"; 2000];
    texts.push(&long);
    assert_eq!(
        search(&harness, like(SearchField::ClientId, &texts)).await,
        "ended"
    );
    assert_eq!(
        search(&harness, equals(SearchField::ClientId, &texts)).await,
        "ended"
    );
}
