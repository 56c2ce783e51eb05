//! What the domain itself costs: a decision, the MAC of an audit record, the digest of a secret.
//! `cargo xtask bench --micro` runs it.

use std::error::Error;
use std::hint::black_box;

use breakglass_domain::audit::{
    AuditAction, AuditEvent, AuditKey, AuditTarget, Outcome, TargetKind,
};
use breakglass_domain::decision::Holder;
use breakglass_domain::{
    AccessGrantDraft, Actor, ActorKind, ClientProfile, ClientProfileDraft, ClientProfileId,
    Entitlement, ProfileIndex, RealmId, Timestamp, TokenDigest,
};
use criterion::{BatchSize, Criterion};

/// As many as a realm may have.
const PROFILES: u32 = 1000;

/// What the profiles call the issuer of the token.
const ALIAS: &str = "corporate";

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    decision(&mut criterion)?;
    audit_mac(&mut criterion);
    digest(&mut criterion);
    criterion.final_summary();
    Ok(())
}

fn decision(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let profiles = (0..PROFILES).map(profile);
    let index = ProfileIndex::new(profiles.collect::<Result<_, _>>()?);
    let holder = Holder::of_issuer(ALIAS.parse()?, "alice@example.org");
    let holder = holder.in_groups(["operators-7@example.org", "everybody@example.org"]);
    criterion.bench_function("decision over 1,000 profiles", |bencher| {
        bencher.iter(|| {
            let decision = index.decide(black_box(&holder));
            decision.grants(Entitlement::ReadOnly)
        });
    });
    Ok(())
}

fn profile(number: u32) -> Result<ClientProfile, Box<dyn Error>> {
    let draft = ClientProfileDraft {
        external_group_name: Some(format!("operators-{number}")),
        issuer_alias: Some(ALIAS.to_owned()),
        domain: Some("example.org".to_owned()),
        grants: Some(vec![AccessGrantDraft {
            resource_type: Some("ENTITLEMENT".to_owned()),
            entitlement: Some("READ_ONLY".to_owned()),
        }]),
        ..ClientProfileDraft::default()
    };
    let mut id = [7; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    let (realm, id) = (
        RealmId::from_random([1; 16]),
        ClientProfileId::from_random(id),
    );
    Ok(draft
        .accept()?
        .into_profile(realm, id, Timestamp::from_millis(1)))
}

fn audit_mac(criterion: &mut Criterion) {
    let key = AuditKey::new([7; 32]);
    let head = key.seal(None, event()).head();
    criterion.bench_function("MAC of an audit record", |bencher| {
        bencher.iter_batched(
            event,
            |event| key.seal(Some(black_box(&head)), event),
            BatchSize::SmallInput,
        );
    });
}

fn event() -> AuditEvent {
    let event = AuditEvent {
        time: Timestamp::from_millis(1_750_000_000_000),
        realm_id: Some(RealmId::from_random([1; 16])),
        actor: Actor::new(ActorKind::Account, "admin"),
        action: AuditAction::EmergencyClientCreated,
        target: Some(AuditTarget::new(TargetKind::EmergencyClient, &"site-7")),
        outcome: Outcome::Success,
        source_address: Some("192.0.2.1".to_owned()),
        request_id: Some("01890a5d-ac96-774b-bcce-b302099a8057".to_owned()),
        emergency: false,
        details: std::collections::BTreeMap::new(),
    };
    event.with("accessTokenTtl", "43200")
}

fn digest(criterion: &mut Criterion) {
    let token = "x".repeat(600);
    criterion.bench_function("SHA-256 of a token", |bencher| {
        bencher.iter(|| TokenDigest::of(black_box(&token)));
    });
}
