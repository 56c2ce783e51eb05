//! The search over API tokens, in SQL.

use breakglass_domain::{
    ClientQuery, Comparison, RealmId, SearchField, SearchTerm, TokenOrder, TokenQuery,
};
use breakglass_ports::store::TokenSearch;
use sqlx::QueryBuilder;
use sqlx::sqlite::Sqlite;

use crate::client_query::{push_realm, push_terms};
use crate::page::Listing;

/// The API tokens of a realm that a search finds, each with the id of the client that holds it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenListing<'a> {
    /// The realm.
    pub(crate) realm_id: RealmId,
    /// What is looked for, and in which order.
    pub(crate) search: TokenSearch<'a>,
}

impl TokenListing<'_> {
    /// Whether the search names a client or a token.
    fn finds_few(&self) -> bool {
        let few = |term: &SearchTerm| {
            matches!(term.comparison, Comparison::Equals(_))
                && matches!(term.field, SearchField::ClientId | SearchField::TokenName)
        };
        self.search.query.terms.all_of.iter().any(few)
    }
}

impl Listing for TokenListing<'_> {
    const TABLE: &'static str = "api_tokens";

    fn order(&self) -> &'static str {
        let is_few = self.finds_few();
        // With the sign the few are found first and then ordered; see the search over clients.
        match (self.search.order, self.search.descending, is_few) {
            (TokenOrder::AccessTokenTtl, false, false) => "access_token_ttl, id",
            (TokenOrder::AccessTokenTtl, true, false) => "access_token_ttl DESC, id DESC",
            (TokenOrder::AccessTokenTtl, false, true) => "+access_token_ttl, id",
            (TokenOrder::AccessTokenTtl, true, true) => "+access_token_ttl DESC, id DESC",
            (TokenOrder::CreationDate, false, false) => "created_at, id",
            (TokenOrder::CreationDate, true, false) => "created_at DESC, id DESC",
            (TokenOrder::CreationDate, false, true) => "+created_at, id",
            (TokenOrder::CreationDate, true, true) => "+created_at DESC, id DESC",
            (TokenOrder::ExpirationDate, false, false) => "expires_at, id",
            (TokenOrder::ExpirationDate, true, false) => "expires_at DESC, id DESC",
            (TokenOrder::ExpirationDate, false, true) => "+expires_at, id",
            (TokenOrder::ExpirationDate, true, true) => "+expires_at DESC, id DESC",
            (TokenOrder::LastUsedDate, false, false) => "last_used_at, id",
            (TokenOrder::LastUsedDate, true, false) => "last_used_at DESC, id DESC",
            (TokenOrder::LastUsedDate, false, true) => "+last_used_at, id",
            (TokenOrder::LastUsedDate, true, true) => "+last_used_at DESC, id DESC",
        }
    }

    fn push_rows(&self, statement: &mut QueryBuilder<Sqlite>) {
        let TokenQuery {
            terms,
            alive,
            nothing,
        } = self.search.query;
        // The left table of a CROSS JOIN is the outer loop, which keeps the order of the tokens. Few are better found first.
        let join = if self.finds_few() {
            "JOIN"
        } else {
            "CROSS JOIN"
        };
        statement.push("SELECT token.*, client.client_id FROM api_tokens AS token ");
        statement.push(join);
        statement.push(
            " api_clients AS client
             ON client.realm_id = token.realm_id AND client.id = token.principal_id
             WHERE token.realm_id = ",
        );
        push_realm(statement, self.realm_id);
        if *nothing {
            statement.push(" AND FALSE");
        }
        if let Some(alive) = alive {
            let comparison = if *alive { " > " } else { " <= " };
            // Most tokens are alive, for those that are over are forgotten in time: with the sign the living are met on the way
            // through the order that is asked for. The others are few, and better found first.
            let column = if *alive {
                " AND +token.expires_at"
            } else {
                " AND token.expires_at"
            };
            statement
                .push(column)
                .push(comparison)
                .push_bind(self.search.now.millis());
        }
        push_terms(statement, self.realm_id, terms, Some("token.name"));
    }

    fn push_count(&self, statement: &mut QueryBuilder<Sqlite>) {
        let TokenQuery {
            terms,
            alive,
            nothing,
        } = self.search.query;
        if *terms != ClientQuery::default() || *nothing {
            statement.push("SELECT count(*) FROM found");
            return;
        }
        match alive {
            // No row at all when there is no such realm.
            None => {
                statement.push("SELECT coalesce(max(api_tokens), 0) FROM realms WHERE id = ");
                push_realm(statement, self.realm_id);
            }
            // An index tells how many, without a look at tokens or clients.
            Some(alive) => {
                statement.push("SELECT count(*) FROM api_tokens WHERE realm_id = ");
                push_realm(statement, self.realm_id);
                statement
                    .push(" AND expires_at")
                    .push(if *alive { " > " } else { " <= " })
                    .push_bind(self.search.now.millis());
            }
        }
    }
}
