//! The search over API clients, in SQL; its terms serve the search over API tokens as well.
//!
//! Letters of ASCII alone lose their case, here by `lower`, which knows no others, as in
//! [`ClientQuery::finds`](breakglass_domain::ClientQuery::finds). `LIKE` would do the same, but it ends a text at a NUL and
//! refuses a long one.

use breakglass_domain::{ClientQuery, Comparison, RealmId, SearchField, SearchTerm};
use sqlx::QueryBuilder;
use sqlx::sqlite::Sqlite;

use crate::page::Listing;

/// The clients of a realm that a query finds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientSearch<'a> {
    /// The realm.
    pub(crate) realm_id: RealmId,
    /// What is looked for.
    pub(crate) query: &'a ClientQuery,
}

impl Listing for ClientSearch<'_> {
    const TABLE: &'static str = "api_clients";

    fn order(&self) -> &'static str {
        let few = |term: &SearchTerm| {
            matches!(term.comparison, Comparison::Equals(_))
                && matches!(term.field, SearchField::ClientId | SearchField::ClientName)
        };
        // Without the sign SQLite would walk through all clients in their order rather than find the few and order them.
        if self.query.all_of.iter().any(few) {
            "+client_id"
        } else {
            "client_id"
        }
    }

    fn push_rows(&self, statement: &mut QueryBuilder<Sqlite>) {
        statement.push("SELECT client.* FROM api_clients AS client WHERE client.realm_id = ");
        push_realm(statement, self.realm_id);
        push_terms(statement, self.realm_id, self.query, None);
    }

    fn push_count(&self, statement: &mut QueryBuilder<Sqlite>) {
        if *self.query == ClientQuery::default() {
            // No row at all when there is no such realm.
            statement.push("SELECT coalesce(max(api_clients), 0) FROM realms WHERE id = ");
            push_realm(statement, self.realm_id);
        } else {
            statement.push("SELECT count(*) FROM found");
        }
    }
}

/// Adds that the terms hold for the row `client` and, where there is one, for the name of a token in that column.
pub(crate) fn push_terms(
    statement: &mut QueryBuilder<Sqlite>,
    realm_id: RealmId,
    query: &ClientQuery,
    token_name: Option<&str>,
) {
    let groups = [(&query.all_of, " AND "), (&query.any_of, " OR ")];
    for (terms, word) in groups.into_iter().filter(|(terms, _)| !terms.is_empty()) {
        statement.push(" AND ");
        push_joined(statement, terms, word, &|statement, term| {
            push_term(statement, realm_id, term, token_name);
        });
    }
}

pub(crate) fn push_realm(statement: &mut QueryBuilder<Sqlite>, realm_id: RealmId) {
    statement.push_bind(realm_id.as_bytes().to_vec());
}

/// Adds what each of the things says, joined by the word, or that nothing is true when there is none.
///
/// They are halved again and again because SQLite bounds the depth of an expression, and a plain chain is as deep as long.
fn push_joined<T>(
    statement: &mut QueryBuilder<Sqlite>,
    things: &[T],
    word: &str,
    push: &impl Fn(&mut QueryBuilder<Sqlite>, &T),
) {
    match things {
        [] => drop(statement.push("FALSE")),
        [thing] => push(statement, thing),
        _ => {
            let (first, second) = things.split_at(things.len() / 2);
            statement.push("(");
            push_joined(statement, first, word, push);
            statement.push(word);
            push_joined(statement, second, word, push);
            statement.push(")");
        }
    }
}

fn push_term(
    statement: &mut QueryBuilder<Sqlite>,
    realm_id: RealmId,
    term: &SearchTerm,
    token_name: Option<&str>,
) {
    match term.field {
        SearchField::ClientId => push_comparison(statement, "client.client_id", &term.comparison),
        SearchField::ClientName => {
            push_comparison(statement, "client.client_name", &term.comparison);
        }
        SearchField::RoleDisplayName => {
            push_role_term(statement, realm_id, "role.display_name", &term.comparison);
        }
        SearchField::RoleName => {
            push_role_term(statement, realm_id, "role.name", &term.comparison);
        }
        SearchField::TokenName => match token_name {
            Some(column) => push_comparison(statement, column, &term.comparison),
            // A client has no token name, so that it is empty.
            None => drop(statement.push(match term.comparison {
                Comparison::Empty => "TRUE",
                Comparison::Equals(_) | Comparison::Like(_) | Comparison::NotEmpty => "FALSE",
            })),
        },
    }
}

/// Adds that one of the roles that the client holds agrees.
fn push_role_term(
    statement: &mut QueryBuilder<Sqlite>,
    realm_id: RealmId,
    column: &str,
    comparison: &Comparison,
) {
    match comparison {
        Comparison::Empty => {
            statement.push("NOT ");
            push_role_term(statement, realm_id, column, &Comparison::NotEmpty);
        }
        // Most clients hold a role, so each is asked for its own.
        Comparison::NotEmpty => {
            statement.push(
                "EXISTS (SELECT 1 FROM role_assignments AS held
                 JOIN roles AS role ON role.name = held.role_name
                 WHERE held.realm_id = client.realm_id AND held.principal_id = client.id AND ",
            );
            push_comparison(statement, column, comparison);
            statement.push(")");
        }
        // Roles are few: those that agree come first, then who holds them.
        Comparison::Equals(_) | Comparison::Like(_) => {
            statement.push(
                "client.id IN (SELECT held.principal_id FROM role_assignments AS held
                 WHERE held.realm_id = ",
            );
            push_realm(statement, realm_id);
            statement.push(" AND held.role_name IN (SELECT role.name FROM roles AS role WHERE ");
            push_comparison(statement, column, comparison);
            statement.push("))");
        }
    }
}

/// Adds that the column agrees.
fn push_comparison(statement: &mut QueryBuilder<Sqlite>, column: &str, comparison: &Comparison) {
    match comparison {
        Comparison::Empty => drop(statement.push(column).push(" = ''")),
        Comparison::NotEmpty => drop(statement.push(column).push(" <> ''")),
        Comparison::Equals(texts) => {
            let texts: serde_json::Value = texts.iter().map(String::as_str).collect();
            statement
                .push(column)
                .push(" IN (SELECT value FROM json_each(")
                .push_bind(texts.to_string())
                .push("))");
        }
        Comparison::Like(texts) => push_joined(statement, texts, " OR ", &|statement, text| {
            statement
                .push("instr(lower(")
                .push(column)
                .push("), ")
                .push_bind(text.to_ascii_lowercase())
                .push(") > 0");
        }),
    }
}
