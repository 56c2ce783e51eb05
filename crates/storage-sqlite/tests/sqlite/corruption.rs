//! A value that makes no sense is named by its table, its column and its row, whoever put it there.

use breakglass_domain::audit::{AuditAction, AuditEvents};
use breakglass_domain::{ClientQuery, PageRequest, TaskError, TaskState};
use breakglass_ports::store::{AuditFilter, AuditOrder, RoleFilter, RoleOrder};
use breakglass_ports::{ReadView, StoreError};
use breakglass_storage_contract::samples::{
    account, api_client, at, audit_key, bare_event, broker, broker_id, checkpoint, client, event,
    held, installation, realm_id, retired, role, session, signing_key, task,
};
use breakglass_storage_contract::{Harness, begin, keep, read, seeded};

use crate::folder::Folder;

/// A store with a row in every table.
async fn full() -> Folder {
    let folder = seeded::<Folder>().await;
    let failed = TaskState::Failed(TaskError {
        code: "1".to_owned(),
        message: "why".to_owned(),
        at: at(1),
    });
    let mut unit = begin(&folder).await;
    unit.insert_installation(&installation(1)).await.unwrap();
    unit.update_settings(&breakglass_domain::IamSettings::default())
        .await
        .unwrap();
    unit.insert_session(&session("secret", "admin"))
        .await
        .unwrap();
    unit.insert_signing_key(&signing_key(1, Some(1)))
        .await
        .unwrap();
    unit.insert_emergency_client(&client(1, "c")).await.unwrap();
    let machine = api_client(1, "m");
    unit.insert_api_client(&machine).await.unwrap();
    unit.insert_role(&role("r")).await.unwrap();
    unit.replace_role_assignments(machine.realm_id, machine.id, &[held("r")])
        .await
        .unwrap();
    unit.recall_token(broker_id(1), &retired(4)).await.unwrap();
    unit.insert_task(&task(1, failed)).await.unwrap();
    unit.insert_task(&task(2, TaskState::Queued)).await.unwrap();
    unit.insert_audit_checkpoint(&checkpoint(1)).await.unwrap();
    keep(unit).await;
    folder
}

/// Reads what is left of every table, and gives each failure.
async fn failures(view: &mut dyn ReadView) -> Vec<StoreError> {
    let tasks = [1, 2].map(|number| task(number, TaskState::Queued).id);
    let machine = api_client(1, "m");
    let roles = RoleFilter {
        kind: None,
        order: RoleOrder::Name,
        descending: false,
        page: PageRequest::new(0, 10).unwrap(),
    };
    [
        view.find_account(&account("admin").username).await.err(),
        view.query_api_clients(realm_id(1), &ClientQuery::default(), roles.page)
            .await
            .err(),
        view.list_roles(&roles).await.err(),
        view.list_role_assignments(realm_id(1), machine.id)
            .await
            .err(),
        view.find_broker(broker_id(1)).await.err(),
        view.find_status_list_extent(broker_id(1)).await.err(),
        view.list_recalled(broker_id(1)).await.err(),
        view.find_broker_by_tenant(&broker(1).tenant).await.err(),
        view.list_emergency_clients(realm_id(1)).await.err(),
        view.find_installation().await.err(),
        view.find_realm(realm_id(1)).await.err(),
        view.find_session(&session("secret", "admin").digest)
            .await
            .err(),
        view.find_settings().await.err(),
        view.list_signing_keys(Some(broker_id(1))).await.err(),
        view.find_task(tasks[0]).await.err(),
        view.find_task(tasks[1]).await.err(),
        view.list_audit_checkpoints().await.err(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[tokio::test]
async fn a_store_with_a_row_in_every_table_reads_without_failure() {
    let folder = full().await;
    let failures = failures(read(&folder).await.as_mut()).await;
    assert_eq!(failures, []);
}

#[tokio::test]
async fn each_value_that_makes_no_sense_is_named() {
    let cases = [
        ("accounts", "privileges", "'[\"everything\"]'"),
        ("accounts", "privileges", "'no JSON'"),
        ("api_clients", "client_id", "'a b'"),
        ("api_clients", "client_name", "''"),
        ("api_clients", "id", "x'00'"),
        ("brokers", "algorithm", "'HS256'"),
        ("brokers", "deployment_type", "'NOWHERE'"),
        ("brokers", "display_name", "''"),
        ("brokers", "recall_epoch", "-1"),
        ("brokers", "next_status_index", "-1"),
        ("emergency_clients", "token_digest", "x'00'"),
        ("emergency_clients", "token_id", "x'00'"),
        ("emergency_clients", "token_status_index", "-1"),
        ("emergency_clients", "ttl", "4294967296"),
        ("emergency_clients", "uses", "-1"),
        ("emergency_clients", "client_id", "'a/b'"),
        ("emergency_clients", "client_id", "'a' || char(769)"),
        ("installation", "id", "x'00'"),
        ("realms", "broker_id", "substr(broker_id, 1, 3)"),
        ("role_assignments", "role_name", "'a b'"),
        ("role_assignments", "scope", "'{}'"),
        ("role_assignments", "scope", "'{\"type\":\"MOON\"}'"),
        ("role_assignments", "scope", "'{\"type\":\"VCF_INSTANCE\"}'"),
        ("roles", "component_roles", "'{}'"),
        (
            "roles",
            "component_roles",
            "'[{\"componentType\":\"MOON\",\"roles\":[]}]'",
        ),
        ("roles", "kind", "'BORROWED'"),
        ("roles", "name", "'a b'"),
        ("sessions", "username", "' '"),
        ("settings", "access_token_ttl", "29"),
        ("settings", "api_token_retention_period", "-1"),
        ("settings", "api_token_ttl", "4294967296"),
        ("settings", "jit_inactive_user_ttl", "-1"),
        ("signing_keys", "algorithm", "'none'"),
        ("tasks", "error_at", "NULL"),
        ("tasks", "kind", "'MAKE_COFFEE'"),
        ("tasks", "realm_id", "x'00'"),
        ("tasks", "state", "'RUNNING'"),
        ("audit_checkpoints", "mac", "x'00'"),
        ("recalled_tokens", "status_index", "-1"),
    ];
    for (table, column, value) in cases {
        let folder = full().await;
        folder
            .meddle(&format!("UPDATE {table} SET {column} = {value}"))
            .await;
        let failures = failures(read(&folder).await.as_mut()).await;
        assert!(!failures.is_empty(), "{table}.{column} = {value}");
        for failure in failures {
            let StoreError::Corrupt {
                table: at,
                column: of,
                id,
            } = &failure
            else {
                unreachable!("{table}.{column} = {value}: {failure}");
            };
            assert_eq!((*at, *of), (table, column), "{value}");
            assert!(!id.is_empty());
        }
    }
}

#[tokio::test]
async fn an_audit_record_is_named_whatever_is_wrong_with_it() {
    let cases = [
        ("action", "'emergency_client.forgotten'"),
        ("actor_kind", "'ghost'"),
        ("actor_id", "CAST(x'ff' AS TEXT)"),
        ("details", "'{'"),
        ("details", "'{\"a\": 1}'"),
        ("emergency", "2"),
        ("mac", "x'00'"),
        ("outcome", "'MAYBE'"),
        ("realm_id", "x'00'"),
        ("request_id", "CAST(x'ff' AS TEXT)"),
        ("target_id", "NULL"),
        ("target_kind", "'moon'"),
    ];
    for (column, value) in cases {
        let folder = Folder::fresh().await;
        keep(begin(&folder).await).await;
        folder
            .meddle(&format!("UPDATE audit_records SET {column} = {value}"))
            .await;
        assert_names(&folder, column, "1").await;
    }
}

#[tokio::test]
async fn an_audit_record_of_another_type_is_named() {
    let cases = [
        ("time", "'yesterday'"),
        ("time", "1.5"),
        ("emergency", "x'01'"),
        ("mac", "'text of thirty-two characters!!!'"),
        ("action", "7"),
        ("details", "NULL"),
    ];
    for (column, value) in cases {
        let folder = Folder::fresh().await;
        keep(begin(&folder).await).await;
        folder.store().close().await;
        // Only whoever rewrites the schema can put a value of another type into a strict table.
        let loose = "PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET sql = replace(replace(sql, ') STRICT', ')'), ' NOT NULL', '')
             WHERE name = 'audit_records';
             PRAGMA writable_schema = RESET";
        folder.meddle(loose).await;
        folder
            .meddle(&format!("UPDATE audit_records SET {column} = {value}"))
            .await;
        let store = folder.open().await.unwrap();
        let failed = breakglass_ports::Store::read(&store)
            .await
            .unwrap()
            .list_audit_records(&ALL)
            .await;
        assert_eq!(failed, Err(corrupt(column, "1")), "{value}");
    }
}

#[tokio::test]
async fn a_record_forged_before_the_first_is_seen() {
    let folder = Folder::fresh().await;
    let events = AuditEvents::new(event("1"), vec![bare_event(AuditAction::ServerStarted)]);
    let unit = begin(&folder).await;
    unit.commit(&audit_key(), events).await.unwrap();
    folder
        .meddle("UPDATE audit_records SET sequence = -4 WHERE sequence = 1")
        .await;
    assert_names(&folder, "sequence", "-4").await;
}

const ALL: AuditFilter = AuditFilter {
    after: None,
    limit: 10,
    order: AuditOrder::Ascending,
    realm_id: None,
    action: None,
};

fn corrupt(column: &'static str, id: &str) -> StoreError {
    StoreError::Corrupt {
        table: "audit_records",
        column,
        id: id.to_owned(),
    }
}

async fn assert_names(folder: &Folder, column: &'static str, id: &str) {
    let failed = read(folder).await.list_audit_records(&ALL).await;
    assert_eq!(failed, Err(corrupt(column, id)));
}
