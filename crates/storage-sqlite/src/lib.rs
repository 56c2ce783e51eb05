//! SQLite adapter of the Breakglass store: one file, in WAL mode, durable at every commit.
//!
//! It implements [`Store`](breakglass_ports::Store) and nothing else, and is the only crate beside its siblings that sees
//! `sqlx`. It never decides anything about what it keeps, never reads a clock or the environment, and logs no value.
//!
//! # Where things are
//!
//! - [`SqliteStore`]: many connections that read, one task that writes (`writer.rs`, which tells how commits are grouped).
//! - `view.rs`: the one struct behind both views and units of work. `lease.rs`: the writer's connection on loan.
//! - One file per aggregate, named as in the ports: rows are private to it and turn into the domain's types by `TryFrom`;
//!   what does not turn is [`Corrupt`](breakglass_ports::StoreError::Corrupt).
//! - `page.rs`: a page of a list and the length of the whole list, in one statement. `client_query.rs`, `token_query.rs`: the
//!   searches over API clients and API tokens, in SQL.
//! - `recall.rs`: what ended before its time; `record.rs`: the same in a file beside the store, and `record_check.rs`: the two
//!   held against each other. `take_over.rs`: what a copy of the store learns from there.
//! - `copy.rs`: copies of the store while it is used; `put_back.rs`: a copy in the place of the store ([`PutBack`]).
//! - `migrations/`: the schema. `.sqlx/`: what the database said of each query, so that the build needs none.
//!
//! # Adding to it
//!
//! Write a new migration, add the queries to the aggregate's file, and run `cargo xtask codegen queries`. Queries are
//! checked ones (`sqlx::query!`), but for those whose shape comes with the request; clauses of the port get their tests in `storage-contract`.

mod access_token;
mod account;
mod api_client;
mod api_token;
mod audit;
mod broker;
mod client;
mod client_key;
mod client_profile;
mod client_query;
mod client_secret;
mod column;
mod copy;
mod emergency_client;
mod error;
mod installation;
mod lease;
mod memory;
mod note;
mod oauth_app;
mod open;
mod page;
mod places;
mod put_back;
mod readers;
mod realm;
mod recall;
mod record;
mod record_check;
mod record_line;
mod registered_token;
mod role;
mod role_assignment;
mod session;
mod settings;
mod signed_recall;
mod signing_key;
mod status_list;
mod store;
mod take_over;
mod task;
#[cfg(test)]
mod tests;
mod token_issuer;
mod token_query;
mod units;
mod view;
mod writer;

pub use open::OpenError;
pub use put_back::{PutBack, SinceCopy, is_pending, is_there};
pub use record::read_record;
pub use store::{Options, SqliteStore};
