use proptest::prelude::*;

use super::*;
use crate::id::RealmId;
use crate::timestamp::Timestamp;

fn alias(text: &str) -> IssuerAlias {
    text.parse().unwrap()
}

fn profile(number: u8, subject: ProfileSubject, grants: &[Entitlement]) -> ClientProfile {
    ClientProfile {
        realm_id: RealmId::from_random([1; 16]),
        id: ClientProfileId::from_random([number; 16]),
        subject,
        grants: grants.iter().copied().collect(),
        created_at: Timestamp::from_millis(0),
        updated_at: Timestamp::from_millis(0),
    }
}

fn text() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c"]).prop_map(str::to_owned)
}

fn issuer() -> impl Strategy<Value = IssuerAlias> {
    prop::sample::select(vec!["x", "y"]).prop_map(alias)
}

fn privileges(least: usize) -> impl Strategy<Value = PrivilegeMap> {
    prop::collection::btree_map(text(), prop::collection::btree_set(text(), 1..3), least..3)
}

fn subject() -> impl Strategy<Value = ProfileSubject> {
    prop_oneof![
        text().prop_map(|name| ProfileSubject::LocalUser { name }),
        (text(), issuer(), text()).prop_map(|(name, issuer_alias, domain)| {
            ProfileSubject::ExternalUser {
                name,
                issuer_alias,
                domain,
            }
        }),
        (text(), issuer(), text()).prop_map(|(name, issuer_alias, domain)| {
            ProfileSubject::ExternalGroup {
                name,
                issuer_alias,
                domain,
            }
        }),
        (issuer(), privileges(1)).prop_map(|(issuer_alias, privileges)| {
            ProfileSubject::Privileges {
                issuer_alias,
                privileges,
            }
        }),
    ]
}

fn profiles() -> impl Strategy<Value = Vec<ClientProfile>> {
    let grants = prop::collection::vec(prop::sample::select(Entitlement::ALL.to_vec()), 0..3);
    prop::collection::vec((subject(), grants), 0..40).prop_map(|drafts| {
        let numbered = (0..).zip(drafts);
        numbered
            .map(|(number, (subject, grants))| profile(number, subject, &grants))
            .collect()
    })
}

fn holder() -> impl Strategy<Value = Holder> {
    let external = (
        issuer(),
        text(),
        text(),
        prop::collection::vec((text(), text()), 0..3),
        privileges(0),
    );
    prop_oneof![
        text().prop_map(Holder::local),
        external.prop_map(|(issuer, name, domain, groups, privileges)| {
            let groups: Vec<String> = groups
                .into_iter()
                .map(|(name, domain)| format!("{domain}\\{name}"))
                .collect();
            let holder = Holder::of_issuer(issuer, &format!("{name}@{domain}"));
            Holder {
                privileges,
                ..holder.in_groups(groups.iter().map(String::as_str))
            }
        }),
    ]
}

/// The rule itself, without an index.
fn union(profiles: &[ClientProfile], holder: &Holder) -> BTreeSet<Entitlement> {
    let matching = profiles.iter().filter(|profile| holder.matches(profile));
    matching
        .flat_map(|profile| profile.grants.iter().copied())
        .collect()
}

proptest! {
    #[test]
    fn a_decision_is_the_union_of_what_matches(profiles in profiles(), holder in holder()) {
        let decision = ProfileIndex::new(profiles.clone()).decide(&holder);
        prop_assert_eq!(decision.entitlements(), union(&profiles, &holder));
        for entitlement in Entitlement::ALL {
            let reasons: Vec<_> = decision.reasons(entitlement).collect();
            let expected = profiles.iter().filter(|profile| holder.matches(profile) && profile.grants.contains(&entitlement));
            prop_assert_eq!(reasons.len(), expected.count());
            prop_assert_eq!(decision.grants(entitlement), !reasons.is_empty());
        }
    }

    #[test]
    fn another_profile_takes_nothing_away(mut profiles in profiles(), holder in holder()) {
        let more = ProfileIndex::new(profiles.clone()).decide(&holder).entitlements();
        profiles.pop();
        let fewer = ProfileIndex::new(profiles).decide(&holder).entitlements();
        prop_assert!(fewer.is_subset(&more));
    }

    #[test]
    fn what_an_issuer_says_ends_with_its_own_users(profiles in profiles(), holder in holder(), gone in issuer()) {
        let before = ProfileIndex::new(profiles.clone()).decide(&holder);
        let left: Vec<_> = profiles.into_iter().filter(|profile| profile.subject.issuer_alias() != Some(&gone)).collect();
        let after = ProfileIndex::new(left).decide(&holder);
        if holder.verified_by == VerifiedBy::Issuer(gone) {
            prop_assert_eq!(after, Decision::default());
        } else {
            prop_assert_eq!(after, before);
        }
    }
}

#[test]
fn groups_are_named_in_four_ways() {
    let holder =
        Holder::of_issuer(alias("x"), "me@home@far").in_groups(["d\\a", "b@d", "c/d", "own"]);
    assert_eq!(
        (holder.name.as_str(), holder.domain.as_str()),
        ("me", "home@far")
    );
    let named = |name: &str, domain: &str| GroupName {
        name: name.to_owned(),
        domain: domain.to_owned(),
    };
    let expected = [
        named("a", "d"),
        named("b", "d"),
        named("c", "d"),
        named("own", "home@far"),
    ];
    assert_eq!(holder.groups, BTreeSet::from(expected));
}

#[test]
fn a_local_account_is_nobody_elses_user() {
    let local = profile(
        1,
        ProfileSubject::LocalUser {
            name: "root".to_owned(),
        },
        &[Entitlement::IdentityMgmt],
    );
    assert!(Holder::local("root").matches(&local));
    assert!(!Holder::local("Root").matches(&local));
    assert!(!Holder::of_issuer(alias("x"), "root").matches(&local));
}

#[test]
fn privileges_are_held_when_all_of_them_are() {
    let map = |pairs: &[(&str, &[&str])]| -> PrivilegeMap {
        let entry = |(scope, held): &(&str, &[&str])| {
            let held = held.iter().map(|&one| one.to_owned()).collect();
            ((*scope).to_owned(), held)
        };
        pairs.iter().map(entry).collect()
    };
    let wanted = ProfileSubject::Privileges {
        issuer_alias: alias("x"),
        privileges: map(&[("s", &["p", "q"]), ("t", &["p"])]),
    };
    let profile = profile(1, wanted, &[]);
    for (held, matches) in [
        (map(&[("s", &["p", "q"]), ("t", &["p"])]), true),
        (
            map(&[("s", &["p", "q", "r"]), ("t", &["p"]), ("u", &[])]),
            true,
        ),
        (map(&[("s", &["p"]), ("t", &["p"])]), false),
        (map(&[("s", &["p", "q"])]), false),
        (map(&[]), false),
    ] {
        let holder = Holder {
            privileges: held,
            ..Holder::of_issuer(alias("x"), "me")
        };
        assert_eq!(holder.matches(&profile), matches, "{holder:?}");
    }
}

#[test]
fn the_administrator_may_do_everything_and_less_when_told_so() {
    let all = Decision::everything();
    assert!(Entitlement::ALL.into_iter().all(|one| all.grants(one)));
    let less = all.within(&BTreeSet::from([Entitlement::ReadOnly]));
    assert_eq!(less.entitlements(), BTreeSet::from([Entitlement::ReadOnly]));
    let reasons: Vec<_> = less.reasons(Entitlement::ReadOnly).collect();
    assert_eq!(reasons, [Reason::Administrator]);
}
