//! A store of an earlier release is carried on with everything in it.

use std::borrow::Cow;
use std::path::Path;

use breakglass_domain::{KeyPolicy, Minutes, Timestamp};
use breakglass_ports::Store;
use breakglass_storage_sqlite::SqliteStore;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;

use crate::folder::options;

/// A broker with its key, its realm and an emergency client, and the installation's own key.
const ROWS: &str = "
    INSERT INTO brokers (id, tenant, display_name, deployment_type, algorithm, created_at, updated_at)
    VALUES (zeroblob(16), 'CUSTOMER', 'Customer', 'EMBEDDED', 'ES256', 1000, 1000);
    INSERT INTO signing_keys (id, broker_id, algorithm, public_key, sealed_private_key, created_at)
    VALUES ('key', zeroblob(16), 'ES256', x'01', x'02', 2000), ('own', NULL, 'ES256', x'03', x'04', 2000);
    INSERT INTO realms (id, broker_id, created_at, updated_at)
    VALUES (x'00112233445566778899aabbccddeeff', zeroblob(16), 1000, 1000);
    INSERT INTO emergency_clients (realm_id, client_id, client_name, ttl, created_at, created_by, token_id, token_digest,
        token_status_index, token_issued_at, token_expires_at, token_expiry_recorded, uses)
    VALUES (x'00112233445566778899aabbccddeeff', 'fire', 'Fire brigade', 60, 3000, 'admin', zeroblob(16), zeroblob(32),
        0, 3000, 9000000000000, 0, 7);";

/// Makes a file of the schema of this version with these rows.
async fn file_of(version: i64, rows: &'static str, file: &Path) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let all = Migrator::new(folder).await.unwrap();
    let earlier = all.iter().filter(|step| step.version <= version).cloned();
    let migrator = Migrator {
        migrations: Cow::Owned(earlier.collect()),
        ..Migrator::DEFAULT
    };
    let made = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true);
    let mut connection = made.connect().await.unwrap();
    migrator
        .run_direct(None, &mut connection, false)
        .await
        .unwrap();
    sqlx::raw_sql(rows).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn keys_and_emergency_tokens_of_the_third_schema_live_on() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("breakglass.db");
    file_of(3, ROWS, &file).await;

    let store = SqliteStore::open(&file, options()).await.unwrap();
    let mut view = store.read().await.unwrap();
    let broker = view
        .find_broker_by_tenant(&"CUSTOMER".parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    let realm = view.find_realm_of_broker(broker.id).await.unwrap().unwrap();
    let clients = view.list_emergency_clients(realm.id).await.unwrap();
    let keys = view.list_signing_keys(Some(broker.id)).await.unwrap();
    let own = view.list_signing_keys(None).await.unwrap();

    let policy = KeyPolicy {
        rotation_period: Some(Minutes::new(129_600)),
        overlap: Minutes::new(1440),
    };
    assert_eq!(broker.key_policy, policy);
    assert_eq!(clients.len(), 1);
    assert_eq!(clients[0].token.key_id.as_str(), "key");
    assert_eq!(clients[0].usage.uses, 7);
    assert_eq!((keys.len(), own.len()), (1, 1));
    assert_eq!(keys[0].activates_at, Timestamp::from_millis(2000));
    // As long as the emergency token that it signed.
    let end = Timestamp::from_millis(9_000_000_000_000);
    assert_eq!((keys[0].signs_until, keys[0].retired_at), (end, None));
    assert!(own[0].signs_until < end);
}
