//! How SQLite finds what a query asks for.

use std::path::Path;

use breakglass_storage_contract::Harness;
use serde::Deserialize;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Row};

use crate::folder::Folder;

/// Queries that look at every row of a table, though they ask for some of them, and why they may.
const MAY_SCAN: [(&str, &str); 5] = [
    (
        "SELECT number, mac FROM recalls WHERE mac IS NOT NULL",
        "from the end, where the first row is mostly the one",
    ),
    (
        "INSERT INTO recalled_tokens",
        "with the recall of everything that a broker has signed",
    ),
    (
        "UPDATE emergency_clients SET token_revoked_at",
        "with the recall of everything",
    ),
    (
        "SELECT id, kind, realm_id, force AS",
        "in an index of the tasks that are queued alone",
    ),
    (
        "WITH RECURSIVE places",
        "once, when an older copy has been put back",
    ),
];

/// Tables that hold a few rows, however large the store is, and what a query makes for itself.
const SMALL: [&str; 9] = [
    "(subquery-3)",
    "CONSTANT",
    "accounts",
    "brokers",
    "fresh",
    "installation",
    "places",
    "realms",
    "settings",
];

#[derive(Deserialize)]
struct Described {
    query: String,
}

/// The queries that are checked when the crate is built.
fn queries() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    let described = folder.read_dir().unwrap().map(|entry| {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let described: Described = serde_json::from_str(&text).unwrap();
        let words: Vec<&str> = described.query.split_whitespace().collect();
        words.join(" ")
    });
    described.collect()
}

/// The tables of which a query looks at every row.
async fn scanned(query: &str, connection: &mut SqliteConnection) -> Vec<String> {
    let explain = format!("EXPLAIN QUERY PLAN {query}");
    let plan = sqlx::query(AssertSqlSafe(explain))
        .fetch_all(connection)
        .await
        .unwrap();
    let details = plan.iter().map(|row| row.get::<String, _>("detail"));
    let scans = details.filter_map(|detail| {
        let table = detail.strip_prefix("SCAN ")?.split(' ').next()?;
        Some(table.to_owned())
    });
    scans.collect()
}

#[tokio::test]
async fn what_asks_for_some_rows_does_not_look_at_all_of_them() {
    let folder = Folder::fresh().await;
    let options = SqliteConnectOptions::new().filename(folder.file());
    let mut connection = options.connect().await.unwrap();
    let queries = queries();
    assert!(queries.len() > 100, "{} queries", queries.len());
    let mut used = [false; MAY_SCAN.len()];
    let mut slow = Vec::new();
    for query in queries.iter().filter(|query| query.contains("WHERE")) {
        for table in scanned(query, &mut connection).await {
            if SMALL.contains(&table.as_str()) {
                continue;
            }
            match MAY_SCAN
                .iter()
                .position(|(start, _)| query.starts_with(start))
            {
                Some(position) => used[position] = true,
                None => slow.push(format!("{table}: {query}")),
            }
        }
    }
    assert!(slow.is_empty(), "{slow:#?}");
    assert_eq!(
        used,
        [true; MAY_SCAN.len()],
        "an exception that is none any more"
    );
}
