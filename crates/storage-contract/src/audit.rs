//! The audit.

use breakglass_domain::RealmId;
use breakglass_domain::audit::{
    AuditAction, AuditEvent, AuditEvents, AuditRecord, ChainVerifier, Outcome,
};
use breakglass_ports::StoreError;
use breakglass_ports::store::{AuditFilter, AuditOrder};

use crate::samples::{audit_key, bare_event, checkpoint, event, realm_id};
use crate::{Harness, begin, keep, read};

/// Every record, the oldest first.
const ALL: AuditFilter = AuditFilter {
    after: None,
    limit: 1000,
    order: AuditOrder::Ascending,
    realm_id: None,
    action: None,
};

async fn commit(harness: &impl Harness, events: AuditEvents) -> Vec<AuditRecord> {
    let unit = begin(harness).await;
    let head = unit.commit(&audit_key(), events).await.unwrap();
    let records = list(harness, &ALL).await;
    assert_eq!(records.last().map(AuditRecord::head), Some(head));
    records
}

async fn list(harness: &impl Harness, filter: &AuditFilter) -> Vec<AuditRecord> {
    let mut view = read(harness).await;
    view.list_audit_records(filter).await.unwrap()
}

pub async fn list_audit_records_gives_every_field<H: Harness>() {
    let harness = H::fresh().await;
    let mut denied = event("denied");
    denied.outcome = Outcome::Failure;
    denied.emergency = false;
    let events = [
        event("full"),
        bare_event(AuditAction::ServerStarted),
        denied,
    ];
    let [first, rest @ ..] = events.clone();
    let records = commit(&harness, AuditEvents::new(first, rest.into())).await;

    let mut head = None;
    for (record, event) in records.iter().zip(events) {
        assert_eq!(*record, audit_key().seal(head.as_ref(), event));
        head = Some(record.head());
    }
    assert_eq!(records.len(), 3);
}

pub async fn list_audit_records_reads_every_action<H: Harness>() {
    let harness = H::fresh().await;
    let rest = AuditAction::ALL.iter().copied().map(bare_event).collect();
    let records = commit(&harness, AuditEvents::new(event("first"), rest)).await;
    let actions: Vec<AuditAction> = records
        .iter()
        .skip(1)
        .map(|record| record.event.action)
        .collect();
    assert_eq!(actions, AuditAction::ALL);
}

pub async fn list_audit_records_filters_and_orders_as_asked<H: Harness>() {
    let harness = H::fresh().await;
    let realms = [None, Some(realm_id(1)), Some(realm_id(2))];
    let actions = [
        AuditAction::SessionAcquired,
        AuditAction::RealmCreated,
        AuditAction::ServerStarted,
    ];
    let mut events: Vec<AuditEvent> = Vec::new();
    for round in 0..4 {
        for realm in realms {
            for action in actions {
                let mut event = event(&format!("{round}"));
                event.realm_id = realm;
                event.action = action;
                events.push(event);
            }
        }
    }
    let records = commit(&harness, AuditEvents::new(event("first"), events)).await;
    for filter in filters(&realms, &actions) {
        let expected = model(&records, &filter);
        assert_eq!(list(&harness, &filter).await, expected, "{filter:?}");
    }
}

/// Every combination of what can be asked for.
fn filters(realms: &[Option<RealmId>], actions: &[AuditAction]) -> Vec<AuditFilter> {
    let afters = [None, Some(0), Some(1), Some(17), Some(37), Some(u64::MAX)];
    let mut filters = Vec::new();
    for order in [AuditOrder::Ascending, AuditOrder::Descending] {
        for realm_id in realms {
            for action in actions.iter().copied().map(Some).chain([None]) {
                for after in afters {
                    for limit in [0, 1, 5, 1000] {
                        filters.push(AuditFilter {
                            after,
                            limit,
                            order,
                            realm_id: *realm_id,
                            action,
                        });
                    }
                }
            }
        }
    }
    filters
}

fn model(records: &[AuditRecord], filter: &AuditFilter) -> Vec<AuditRecord> {
    let wanted = |record: &&AuditRecord| {
        let beyond = filter.after.is_none_or(|after| match filter.order {
            AuditOrder::Ascending => record.sequence > after,
            AuditOrder::Descending => record.sequence < after,
        });
        beyond
            && filter.action.is_none_or(|action| record.event.action == action)
            && (filter.realm_id.is_none() || record.event.realm_id == filter.realm_id)
    };
    let mut found: Vec<AuditRecord> = records.iter().filter(wanted).cloned().collect();
    if filter.order == AuditOrder::Descending {
        found.reverse();
    }
    found.truncate(usize::try_from(filter.limit).unwrap());
    found
}

pub async fn list_audit_records_ends_the_page_before_an_unreadable_record<H: Harness>() {
    let harness = H::fresh().await;
    let rest = ["2", "3", "4", "5"].map(event).into();
    let records = commit(&harness, AuditEvents::new(event("1"), rest)).await;
    harness.spoil_audit_record(3).await;
    for (order, before, last) in [
        (AuditOrder::Ascending, [1, 2], 2),
        (AuditOrder::Descending, [5, 4], 4),
    ] {
        let filter = AuditFilter { order, ..ALL };
        let page = list(&harness, &filter).await;
        let sequences: Vec<u64> = page.iter().map(|record| record.sequence).collect();
        assert_eq!(sequences, before);
        assert!(page.iter().all(|record| records.contains(record)));

        let next = AuditFilter {
            after: Some(last),
            ..filter
        };
        let failed = read(&harness).await.list_audit_records(&next).await;
        let Err(StoreError::Corrupt { id, .. }) = failed else {
            unreachable!("the page does not name the unreadable record: {failed:?}");
        };
        assert_eq!(id, "3");
    }
}

pub async fn find_audit_head_gives_the_head_and_none_while_empty<H: Harness>() {
    let harness = H::fresh().await;
    assert_eq!(read(&harness).await.find_audit_head().await, Ok(None));
    for _ in 0..3 {
        let head = keep(begin(&harness).await).await;
        let found = read(&harness).await.find_audit_head().await;
        assert_eq!(found, Ok(Some(head)));
    }
}

pub async fn list_audit_checkpoints_gives_all_the_oldest_first<H: Harness>() {
    let harness = H::fresh().await;
    let mut view = read(&harness).await;
    assert_eq!(view.list_audit_checkpoints().await, Ok(Vec::new()));
    assert_eq!(view.find_last_audit_checkpoint().await, Ok(None));

    let mut unit = begin(&harness).await;
    for sequence in [30, 4, 200] {
        unit.insert_audit_checkpoint(&checkpoint(sequence))
            .await
            .unwrap();
    }
    keep(unit).await;

    let mut view = read(&harness).await;
    let all = [4, 30, 200].map(checkpoint).to_vec();
    assert_eq!(view.list_audit_checkpoints().await, Ok(all));
    let last = view.find_last_audit_checkpoint().await;
    assert_eq!(last, Ok(Some(checkpoint(200))));
}

pub async fn commit_keeps_the_order_of_its_events<H: Harness>() {
    let harness = H::fresh().await;
    let rest = ["2", "3", "4"].map(event).into();
    let records = commit(&harness, AuditEvents::new(event("1"), rest)).await;
    let expected = ["1", "2", "3", "4"].map(event);
    let events: Vec<AuditEvent> = records.into_iter().map(|record| record.event).collect();
    assert_eq!(events, expected);
}

pub async fn sequences_have_no_gap_whatever_was_dropped_or_failed_between<H: Harness>() {
    let harness = crate::seeded::<H>().await;
    for _ in 0..3 {
        keep(begin(&harness).await).await;
        let mut dropped = begin(&harness).await;
        dropped.insert_audit_checkpoint(&checkpoint(1)).await.unwrap();
        drop(dropped);
        let mut failed = begin(&harness).await;
        let refused = failed.insert_broker(&crate::samples::broker(1)).await;
        assert_eq!(refused, Err(StoreError::Conflict));
        drop(failed);
    }
    let records = list(&harness, &ALL).await;
    let sequences: Vec<u64> = records.iter().map(|record| record.sequence).collect();
    assert_eq!(sequences, [1, 2, 3, 4]);

    let key = audit_key();
    let mut verifier = ChainVerifier::new(&key, Vec::new());
    for record in &records {
        verifier.next(record).unwrap();
    }
    let head = read(&harness).await.find_audit_head().await.unwrap();
    assert_eq!(verifier.finish(), Ok(head));
}

pub async fn insert_audit_checkpoint_refuses_a_taken_sequence<H: Harness>() {
    let harness = H::fresh().await;
    let mut unit = begin(&harness).await;
    unit.insert_audit_checkpoint(&checkpoint(9)).await.unwrap();
    keep(unit).await;
    let mut unit = begin(&harness).await;
    let refused = unit.insert_audit_checkpoint(&checkpoint(9)).await;
    assert_eq!(refused, Err(StoreError::Conflict));
}
