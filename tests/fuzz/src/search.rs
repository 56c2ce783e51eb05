//! The search language over API clients and tokens: what is accepted keeps to the limits, is read again as it was read, and finds
//! what it says.

use breakglass_domain::{ClientQuery, Comparison, SearchField, SearchTerm, Searchable};
use breakglass_http::internal::{client_search, token_search};
use serde_json::{Value, json};

/// The most terms of a group, the most texts of a term, and the longest text in characters.
const LIMITS: (usize, usize, usize) = (50, 100, 1024);

/// Panics when something does not hold.
pub fn check(data: &[u8]) {
    if let Ok(query) = client_search(data) {
        is_fit(&query);
        let names_tokens = |term: &SearchTerm| term.field == SearchField::TokenName;
        assert!(!query.all_of.iter().chain(&query.any_of).any(names_tokens));
        assert_eq!(client_search(&write(&query)).as_ref(), Ok(&query));
    }
    if let Ok(query) = token_search(data) {
        is_fit(&query.terms);
        let again = token_search(&write(&query.terms)).expect("what is written is read");
        assert_eq!(again.terms, query.terms);
        let found = query.finds(&Sample, true);
        assert!(!found || (query.terms.finds(&Sample) && query.alive != Some(false)));
    }
}

fn is_fit(query: &ClientQuery) {
    let (terms, texts, characters) = LIMITS;
    for group in [&query.all_of, &query.any_of] {
        assert!(group.len() <= terms);
        for term in group {
            if let Comparison::Equals(list) | Comparison::Like(list) = &term.comparison {
                assert!((1..=texts).contains(&list.len()));
                assert!(list.iter().all(|text| text.chars().count() <= characters));
            }
        }
    }
    let all = query.all_of.iter().all(holds);
    let any = query.any_of.is_empty() || query.any_of.iter().any(holds);
    assert_eq!(query.finds(&Sample), all && any);
}

/// Whether a term holds of the sample, worked out by itself.
fn holds(term: &SearchTerm) -> bool {
    let alone = ClientQuery {
        all_of: vec![term.clone()],
        any_of: Vec::new(),
    };
    let found = alone.finds(&Sample);
    let values = Sample.values(term.field);
    match &term.comparison {
        Comparison::Empty => assert_eq!(found, values.concat().is_empty()),
        Comparison::NotEmpty => assert_eq!(found, !values.concat().is_empty()),
        Comparison::Equals(texts) => {
            assert_eq!(
                found,
                values
                    .iter()
                    .any(|value| texts.iter().any(|text| text == value))
            );
        }
        Comparison::Like(texts) => {
            let is_equal = values
                .iter()
                .any(|value| texts.iter().any(|text| text == value));
            assert!(found || !is_equal, "what is equal is alike");
        }
    }
    found
}

/// A client that is searched.
struct Sample;

impl Searchable for Sample {
    fn values(&self, field: SearchField) -> Vec<&str> {
        match field {
            SearchField::ClientId => vec!["ci-1"],
            SearchField::ClientName => vec!["Build 100%"],
            SearchField::RoleName => vec!["vcf_viewer", "audit_reader"],
            SearchField::RoleDisplayName | SearchField::TokenName => vec![],
        }
    }
}

/// The body that asks for this.
fn write(query: &ClientQuery) -> Vec<u8> {
    let group = |terms: &[SearchTerm]| terms.iter().map(term).collect::<Value>();
    let terms = json!({"allOf": group(&query.all_of), "anyOf": group(&query.any_of)});
    json!({ "searchTerms": terms }).to_string().into_bytes()
}

fn term(term: &SearchTerm) -> Value {
    let field = match term.field {
        SearchField::ClientId => "CLIENT_ID",
        SearchField::ClientName => "CLIENT_NAME",
        SearchField::RoleDisplayName => "ROLE_DISPLAY_NAME",
        SearchField::RoleName => "ROLE_NAME",
        SearchField::TokenName => "TOKEN_NAME",
    };
    match &term.comparison {
        Comparison::Empty => json!({"field": field, "operator": "EMPTY"}),
        Comparison::NotEmpty => json!({"field": field, "operator": "NOT_EMPTY"}),
        Comparison::Equals(texts) => json!({"field": field, "operator": "EQUALS", "terms": texts}),
        Comparison::Like(texts) => json!({"field": field, "operator": "LIKE", "terms": texts}),
    }
}
