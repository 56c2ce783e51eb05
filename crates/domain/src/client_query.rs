//! The search language over API clients and API tokens.
//!
//! A search has terms that must all hold and terms of which one must; an empty list asks for nothing. A term compares one
//! field, which may have several values, with several texts: it holds when one value agrees with one text.

/// A search.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ClientQuery {
    /// Terms that must all hold.
    pub all_of: Vec<SearchTerm>,
    /// Terms of which one must hold, unless there is none.
    pub any_of: Vec<SearchTerm>,
}

/// One comparison.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SearchTerm {
    /// What is looked at.
    pub field: SearchField,
    /// How it is compared.
    pub comparison: Comparison,
}

/// What a search looks at.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SearchField {
    /// The caller-chosen id of the client.
    ClientId,
    /// The name of the client for people.
    ClientName,
    /// The names for people of the roles it holds.
    RoleDisplayName,
    /// The names for programs of the roles it holds.
    RoleName,
    /// The name of the token for people; a client has none.
    TokenName,
}

/// How a field is compared. No text at all agrees with nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Comparison {
    /// The field has no value, or only empty ones.
    Empty,
    /// A value is one of these texts.
    Equals(Vec<String>),
    /// A value holds one of these texts, whatever the case of the letters of ASCII.
    Like(Vec<String>),
    /// The field has a value that is not empty.
    NotEmpty,
}

/// What a search looks at in one client, or in one token and the client that holds it.
pub trait Searchable {
    /// The values of a field.
    fn values(&self, field: SearchField) -> Vec<&str>;
}

impl ClientQuery {
    /// Whether a client is found. A store finds the same with its own means.
    pub fn finds(&self, client: &impl Searchable) -> bool {
        let any = self.any_of.is_empty() || self.any_of.iter().any(|term| term.holds(client));
        any && self.all_of.iter().all(|term| term.holds(client))
    }
}

/// A search over API tokens.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TokenQuery {
    /// What is looked for in a token and the client that holds it.
    pub terms: ClientQuery,
    /// Whether a token must be alive, or must be over; either when absent.
    pub alive: Option<bool>,
    /// Whether nothing is to be found at all, because what is wanted is a kind of token that there is none of.
    pub nothing: bool,
}

impl TokenQuery {
    /// Whether a token that is alive or not at the instant of the search is found.
    pub fn finds(&self, token: &impl Searchable, is_alive: bool) -> bool {
        !self.nothing
            && self.alive.is_none_or(|wanted| wanted == is_alive)
            && self.terms.finds(token)
    }
}

/// By what a list of API tokens is ordered; tokens that are equal in it are ordered by their id.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum TokenOrder {
    /// By the lifetime of their access tokens.
    AccessTokenTtl,
    /// By when they were made.
    #[default]
    CreationDate,
    /// By when they end.
    ExpirationDate,
    /// By when they were last exchanged; those that never were come first.
    LastUsedDate,
}

impl SearchTerm {
    fn holds(&self, client: &impl Searchable) -> bool {
        let values = client.values(self.field);
        let filled = values.iter().any(|value| !value.is_empty());
        match &self.comparison {
            Comparison::Empty => !filled,
            Comparison::NotEmpty => filled,
            Comparison::Equals(texts) => values
                .iter()
                .any(|value| texts.iter().any(|text| text == value)),
            Comparison::Like(texts) => values
                .iter()
                .any(|value| texts.iter().any(|text| contains(value, text))),
        }
    }
}

fn contains(value: &str, text: &str) -> bool {
    value
        .to_ascii_lowercase()
        .contains(&text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Client;

    impl Searchable for Client {
        fn values(&self, field: SearchField) -> Vec<&str> {
            match field {
                SearchField::ClientId => vec!["ci-1"],
                SearchField::ClientName => vec!["Build 100%"],
                SearchField::RoleName => vec!["vcf_viewer", "audit_reader"],
                SearchField::RoleDisplayName | SearchField::TokenName => vec![],
            }
        }
    }

    fn term(field: SearchField, comparison: Comparison) -> SearchTerm {
        SearchTerm { field, comparison }
    }

    fn like(text: &str) -> Comparison {
        Comparison::Like(vec![text.to_owned()])
    }

    fn equals(texts: &[&str]) -> Comparison {
        Comparison::Equals(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn a_term_holds_when_one_value_agrees_with_one_text() {
        let check = |field, comparison, expected| {
            assert_eq!(term(field, comparison).holds(&Client), expected);
        };
        check(SearchField::ClientName, like("BUILD"), true);
        check(SearchField::ClientName, like("0%"), true);
        check(SearchField::ClientName, like("Build_100"), false);
        check(SearchField::ClientId, equals(&["x", "ci-1"]), true);
        check(SearchField::ClientId, equals(&["CI-1"]), false);
        check(SearchField::ClientId, equals(&[]), false);
        check(SearchField::RoleName, equals(&["audit_reader"]), true);
        check(SearchField::RoleDisplayName, Comparison::Empty, true);
        check(SearchField::RoleDisplayName, Comparison::NotEmpty, false);
    }

    #[test]
    fn the_two_groups_must_both_hold() {
        let hit = term(SearchField::ClientId, like("ci"));
        let miss = term(SearchField::ClientId, like("no"));
        let finds = |all_of: &[&SearchTerm], any_of: &[&SearchTerm]| {
            let own = |terms: &[&SearchTerm]| terms.iter().map(|term| (*term).clone()).collect();
            ClientQuery {
                all_of: own(all_of),
                any_of: own(any_of),
            }
            .finds(&Client)
        };
        assert!(finds(&[], &[]));
        assert!(finds(&[&hit], &[&miss, &hit]));
        assert!(!finds(&[&hit], &[&miss]));
        assert!(!finds(&[&hit, &miss], &[&hit]));
    }
}
