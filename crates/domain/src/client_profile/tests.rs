use proptest::prelude::*;

use super::*;
use crate::entitlement::Entitlement;
use crate::id::{ClientProfileId, RealmId};
use crate::timestamp::Timestamp;

fn grant(entitlement: &str) -> AccessGrantDraft {
    AccessGrantDraft {
        resource_type: Some("ENTITLEMENT".to_owned()),
        entitlement: Some(entitlement.to_owned()),
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "every field of a draft may be absent"
)]
fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn local() -> ClientProfileDraft {
    ClientProfileDraft {
        local_user_name: text("root"),
        grants: Some(vec![]),
        ..ClientProfileDraft::default()
    }
}

fn group() -> ClientProfileDraft {
    ClientProfileDraft {
        external_group_name: text("admins"),
        issuer_alias: text("vc"),
        domain: text("vsphere.local"),
        grants: Some(vec![
            grant("READ_ONLY"),
            grant("OBSERVABILITY"),
            grant("READ_ONLY"),
        ]),
        ..ClientProfileDraft::default()
    }
}

fn privileges(map: &[(&str, &[&str])]) -> ClientProfileDraft {
    let entry = |(scope, held): &(&str, &[&str])| {
        let held = held.iter().map(|&one| one.to_owned()).collect();
        ((*scope).to_owned(), held)
    };
    ClientProfileDraft {
        privileges: Some(map.iter().map(entry).collect()),
        issuer_alias: text("vc"),
        grants: Some(vec![]),
        ..ClientProfileDraft::default()
    }
}

fn made(draft: ClientProfileDraft) -> ClientProfile {
    let id = ClientProfileId::from_random([1; 16]);
    let realm = RealmId::from_random([2; 16]);
    draft
        .accept()
        .unwrap()
        .into_profile(realm, id, Timestamp::from_millis(5))
}

fn faulty(draft: ClientProfileDraft) -> Vec<String> {
    let report = draft.accept().unwrap_err();
    let failures = report.failures().iter();
    failures.map(|failure| failure.path.clone()).collect()
}

#[test]
fn each_kind_of_subject_is_accepted_with_its_companions() {
    assert_eq!(made(local()).subject.kind(), SubjectKind::LocalUser);
    let profile = made(group());
    assert_eq!(profile.subject.kind(), SubjectKind::ExternalGroup);
    assert_eq!(profile.subject.domain(), Some("vsphere.local"));
    let granted: Vec<_> = profile.grants.into_iter().collect();
    assert_eq!(granted, [Entitlement::Observability, Entitlement::ReadOnly]);
    let user = ClientProfileDraft {
        external_group_name: None,
        external_user_name: text("me"),
        ..group()
    };
    assert_eq!(made(user).subject.kind(), SubjectKind::ExternalUser);
    let held = made(privileges(&[("s", &["p", "q", "p"])]));
    assert_eq!(held.subject.kind(), SubjectKind::Privileges);
    assert_eq!(held.subject.privileges().unwrap()["s"].len(), 2);
    for kind in SubjectKind::ALL {
        assert_eq!(SubjectKind::from_name(kind.name()), Some(kind));
    }
}

#[test]
fn one_subject_and_its_companions_and_nothing_else() {
    let none = ClientProfileDraft {
        local_user_name: None,
        ..local()
    };
    assert_eq!(faulty(none), [""]);
    let two = ClientProfileDraft {
        external_user_name: text("me"),
        ..group()
    };
    assert_eq!(faulty(two), [""]);
    let companions = ClientProfileDraft {
        issuer_alias: text("vc"),
        domain: text("d"),
        ..local()
    };
    assert_eq!(faulty(companions), ["domain", "issuer_alias"]);
    let bare = ClientProfileDraft {
        issuer_alias: None,
        domain: None,
        ..group()
    };
    assert_eq!(faulty(bare), ["domain", "issuer_alias"]);
    let with_domain = ClientProfileDraft {
        domain: text("d"),
        ..privileges(&[("s", &["p"])])
    };
    assert_eq!(faulty(with_domain), ["domain"]);
    assert_eq!(faulty(privileges(&[])), ["privileges"]);
    assert_eq!(faulty(privileges(&[("s", &[])])), ["privileges.s"]);
    assert_eq!(
        faulty(privileges(&[("s", &["p", ""])])),
        ["privileges.s[1]"]
    );
    let empty = ClientProfileDraft {
        local_user_name: text(""),
        ..local()
    };
    assert_eq!(faulty(empty), ["local_user_name"]);
}

#[test]
fn grants_are_required_and_known() {
    let draft = |grants: Option<Vec<AccessGrantDraft>>| ClientProfileDraft { grants, ..local() };
    assert_eq!(faulty(draft(None)), ["grants"]);
    assert!(made(draft(Some(vec![]))).grants.is_empty());
    let odd = AccessGrantDraft {
        resource_type: text("GROUP"),
        entitlement: None,
    };
    assert_eq!(
        faulty(draft(Some(vec![grant("READ_ONLY"), odd, grant("root")]))),
        [
            "grants[1].entitlement",
            "grants[1].resource_type",
            "grants[2].entitlement"
        ]
    );
    let many = vec![grant("READ_ONLY"); 65];
    assert_eq!(faulty(draft(Some(many))), ["grants"]);
}

#[test]
fn a_filter_names_one_subject_whole() {
    let all = ProfileFilterDraft::default();
    assert_eq!(all.clone().accept(), Ok(ProfileFilter::All));
    let user = ProfileFilterDraft {
        external_user_name: text("me"),
        issuer_alias: text("vc"),
        domain: text("d"),
        ..all.clone()
    };
    assert!(user.clone().accept().is_ok());
    for broken in [
        ProfileFilterDraft {
            domain: None,
            ..user.clone()
        },
        ProfileFilterDraft {
            local_user_name: text("root"),
            ..user.clone()
        },
        ProfileFilterDraft {
            scopes: vec!["s".to_owned()],
            ..user
        },
        ProfileFilterDraft {
            issuer_alias: text("vc"),
            ..all.clone()
        },
        ProfileFilterDraft {
            local_user_name: text("root"),
            domain: text("d"),
            ..all.clone()
        },
    ] {
        assert!(broken.clone().accept().is_err(), "{broken:?}");
    }
    let scopes = ProfileFilterDraft {
        scopes: vec!["s".to_owned()],
        ..all
    };
    let filter = scopes.accept().unwrap();
    assert!(filter.wants(&made(privileges(&[("s", &["p"]), ("t", &["p"])]))));
    assert!(!filter.wants(&made(privileges(&[("t", &["p"])]))));
    assert!(!filter.wants(&made(local())));
}

proptest! {
    #[test]
    fn a_filter_by_subject_finds_exactly_that_subject(
        names in prop::collection::vec(("[ab]", "[xy]", "[de]", 0_usize..3), 1..12),
        wanted in any::<prop::sample::Index>(),
    ) {
        let subject = |(name, alias, domain, kind): &(String, String, String, usize)| {
            let issuer_alias = alias.parse().unwrap();
            let (name, domain) = (name.clone(), domain.clone());
            match kind {
                0 => ProfileSubject::LocalUser { name },
                1 => ProfileSubject::ExternalUser { name, issuer_alias, domain },
                _ => ProfileSubject::ExternalGroup { name, issuer_alias, domain },
            }
        };
        let profiles: Vec<_> = names.iter().map(|one| ClientProfile { subject: subject(one), ..made(local()) }).collect();
        let one = &profiles[wanted.index(profiles.len())].subject;
        let draft = ProfileFilterDraft {
            local_user_name: (one.kind() == SubjectKind::LocalUser).then(|| one.name().unwrap().to_owned()),
            external_group_name: (one.kind() == SubjectKind::ExternalGroup).then(|| one.name().unwrap().to_owned()),
            external_user_name: (one.kind() == SubjectKind::ExternalUser).then(|| one.name().unwrap().to_owned()),
            issuer_alias: one.issuer_alias().map(ToString::to_string),
            domain: one.domain().map(str::to_owned),
            scopes: vec![],
        };
        let filter = draft.accept().unwrap();
        for profile in &profiles {
            prop_assert_eq!(filter.wants(profile), profile.subject == *one);
        }
    }
}
