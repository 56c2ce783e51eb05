//! What the store costs: a search from its terms to its rows, and what SQLite itself gives as rows a second, by how many
//! rows share a commit. `cargo xtask bench --micro` runs it.

use std::error::Error;

use breakglass_domain::{
    ClientQuery, Comparison, PageRequest, SearchField, SearchTerm, Timestamp, TokenOrder,
    TokenQuery,
};
use breakglass_ports::store::TokenSearch;
use breakglass_ports::{ReadView, Store};
use breakglass_storage_contract::samples;
use breakglass_storage_sqlite::{Options, SqliteStore};
use criterion::{BenchmarkId, Criterion, Throughput};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tempfile::TempDir;
use tokio::runtime::Runtime;

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    // A store that is let go of gives its connections back, and needs the runtime for it.
    let _context = runtime.enter();
    search(&mut criterion, &runtime)?;
    rows(&mut criterion, &runtime)?;
    criterion.final_summary();
    Ok(())
}

/// The search is compiled, prepared and run; that nothing is found leaves the rows out.
fn search(criterion: &mut Criterion, runtime: &Runtime) -> Result<(), Box<dyn Error>> {
    let folder = TempDir::new()?;
    let file = folder.path().join("store.db");
    let store = runtime.block_on(SqliteStore::open(&file, Options::default()))?;
    let mut view: Box<dyn ReadView> = runtime.block_on(store.read())?;
    let term = |field, comparison| SearchTerm { field, comparison };
    let texts = |text: &str| vec![text.to_owned()];
    let query = TokenQuery {
        terms: ClientQuery {
            all_of: vec![
                term(SearchField::ClientId, Comparison::Like(texts("site"))),
                term(SearchField::TokenName, Comparison::NotEmpty),
            ],
            any_of: vec![
                term(
                    SearchField::RoleName,
                    Comparison::Equals(texts("vcf_viewer")),
                ),
                term(SearchField::ClientName, Comparison::Like(texts("backup"))),
            ],
        },
        alive: Some(true),
        nothing: false,
    };
    let search = TokenSearch {
        query: &query,
        order: TokenOrder::LastUsedDate,
        descending: true,
        page: PageRequest::new(0, 20)?,
        now: Timestamp::from_millis(1),
    };
    let realm = samples::realm_id(1);
    criterion.bench_function(
        "query of four terms: compiled, prepared and run on nothing",
        |bencher| {
            bencher.iter(|| runtime.block_on(view.query_api_tokens(realm, search)));
        },
    );
    Ok(())
}

/// Rows of the size of an audit record in a file of SQLite's own, as durable as ours.
fn rows(criterion: &mut Criterion, runtime: &Runtime) -> Result<(), Box<dyn Error>> {
    let folder = TempDir::new()?;
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("rows.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = runtime.block_on(options.connect())?;
    let table = "CREATE TABLE record (id INTEGER PRIMARY KEY, text TEXT NOT NULL)";
    runtime.block_on(sqlx::query(table).execute(&mut connection))?;
    let mut group = criterion.benchmark_group("SQLite rows a commit");
    for count in [1_u64, 16, 100] {
        group.throughput(Throughput::Elements(count));
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            bencher.iter(|| runtime.block_on(insert(&mut connection, count)));
        });
    }
    group.finish();
    Ok(())
}

async fn insert(connection: &mut SqliteConnection, count: u64) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    for _ in 0..count {
        let row = sqlx::query("INSERT INTO record (text) VALUES (?)").bind("x".repeat(400));
        row.execute(&mut *transaction).await?;
    }
    transaction.commit().await
}
