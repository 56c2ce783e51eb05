use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{Actor, ActorKind, RealmId, Timestamp};

fn key() -> AuditKey {
    AuditKey::new([7; 32])
}

fn event(text: &str) -> AuditEvent {
    AuditEvent {
        time: Timestamp::from_millis(1_000),
        realm_id: Some(RealmId::from_random([1; 16])),
        actor: Actor::new(ActorKind::Account, "admin"),
        action: AuditAction::EmergencyClientCreated,
        target: Some(AuditTarget::new(TargetKind::EmergencyClient, &text)),
        outcome: Outcome::Success,
        source_address: Some("192.0.2.1".to_owned()),
        request_id: Some("r".to_owned()),
        emergency: false,
        details: BTreeMap::from([("name".to_owned(), text.to_owned())]),
    }
}

fn chain(length: usize) -> Vec<AuditRecord> {
    let mut records: Vec<AuditRecord> = Vec::new();
    for position in 0..length {
        let head = records.last().map(AuditRecord::head);
        records.push(key().seal(head.as_ref(), event(&position.to_string())));
    }
    records
}

fn verify(
    records: &[AuditRecord],
    checkpoints: &[Checkpoint],
) -> Result<Option<Checkpoint>, Tampering> {
    let key = key();
    let mut verifier = ChainVerifier::new(&key, checkpoints.to_vec());
    records
        .iter()
        .try_for_each(|record| verifier.next(record))?;
    verifier.finish()
}

/// Changes one field of an event; every field is reachable by some `which`.
fn tamper(event: &mut AuditEvent, which: usize) {
    match which {
        0 => event.time = event.time.plus_millis(1),
        1 => event.realm_id = None,
        2 => event.actor.kind = ActorKind::System,
        3 => event.actor.id.push('x'),
        4 => event.action = AuditAction::EmergencyClientDeleted,
        5 => event.target = None,
        6 => event.outcome = Outcome::Failure,
        7 => event.source_address = None,
        8 => event.request_id = Some(String::new()),
        9 => event.emergency = true,
        _ => drop(event.details.insert("other".to_owned(), String::new())),
    }
}

#[test]
fn an_untouched_chain_verifies() {
    let records = chain(5);
    let head = records[4].head();
    assert_eq!(verify(&records, &[records[2].head(), head]), Ok(Some(head)));
    assert_eq!(verify(&[], &[]), Ok(None));
}

#[test]
fn a_cut_tail_shows_against_a_checkpoint() {
    let records = chain(5);
    let tampering = verify(&records[..3], &[records[4].head()]).unwrap_err();
    assert_eq!(
        tampering,
        Tampering {
            sequence: 4,
            kind: TamperingKind::Truncated
        }
    );
    assert!(
        verify(&records[..3], &[]).is_ok(),
        "without a checkpoint a cut tail cannot show"
    );
}

#[test]
fn a_chain_rewritten_with_the_key_shows_against_a_checkpoint() {
    let signed = chain(3)[1].head();
    let mut rewritten = vec![key().seal(None, event("other"))];
    rewritten.push(key().seal(Some(&rewritten[0].head()), event("1")));
    let tampering = verify(&rewritten, &[signed]).unwrap_err();
    assert_eq!(
        tampering,
        Tampering {
            sequence: 2,
            kind: TamperingKind::Forked
        }
    );
}

#[test]
fn action_names_are_unique_and_ordered() {
    let names: Vec<_> = AuditAction::ALL
        .iter()
        .map(|action| action.name())
        .collect();
    assert!(names.is_sorted_by(|a, b| a < b));
    for action in AuditAction::ALL {
        assert_eq!(AuditAction::from_name(action.name()), Some(*action));
    }
}

#[test]
fn a_mac_reads_back_from_its_hexadecimal_form() {
    let mac = chain(1)[0].mac;
    assert_eq!(AuditMac::from_hex(&mac.to_string()), Some(mac));
    assert_eq!(AuditMac::from_hex("zz"), None);
}

proptest! {
    #[test]
    fn any_change_names_the_record(length in 1_usize..12, at in any::<prop::sample::Index>(), which in 0_usize..11) {
        let mut records = chain(length);
        let at = at.index(length);
        tamper(&mut records[at].event, which);
        let tampering = verify(&records, &[]).unwrap_err();
        prop_assert_eq!(tampering, Tampering { sequence: at as u64 + 1, kind: TamperingKind::Changed });
    }

    #[test]
    fn any_removal_names_the_record(length in 2_usize..12, at in any::<prop::sample::Index>()) {
        let mut records = chain(length);
        let at = at.index(length - 1);
        records.remove(at);
        let tampering = verify(&records, &[]).unwrap_err();
        prop_assert_eq!(tampering, Tampering { sequence: at as u64 + 1, kind: TamperingKind::Missing });
    }

    #[test]
    fn any_swap_names_the_first_record(length in 2_usize..12, at in any::<prop::sample::Index>()) {
        let mut records = chain(length);
        let at = at.index(length - 1);
        let (left, right) = (records[at].sequence, records[at + 1].sequence);
        records.swap(at, at + 1);
        (records[at].sequence, records[at + 1].sequence) = (left, right);
        prop_assert_eq!(verify(&records, &[]).unwrap_err().sequence, left);
    }

    #[test]
    fn any_insertion_names_the_record(length in 1_usize..12, at in any::<prop::sample::Index>()) {
        let mut records = chain(length);
        let at = at.index(length);
        let forged = AuditRecord { event: event("forged"), ..records[at].clone() };
        records.insert(at, forged);
        for (position, record) in records.iter_mut().enumerate() {
            record.sequence = position as u64 + 1;
        }
        prop_assert_eq!(verify(&records, &[]).unwrap_err().sequence, at as u64 + 1);
    }

    #[test]
    fn another_key_verifies_nothing(length in 1_usize..6) {
        let other = AuditKey::new([8; 32]);
        let mut verifier = ChainVerifier::new(&other, Vec::new());
        let records = chain(length);
        prop_assert_eq!(verifier.next(&records[0]).unwrap_err().sequence, 1);
    }
}
