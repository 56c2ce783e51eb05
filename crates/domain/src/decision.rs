//! What the holder of a token may do: a pure function from what is known of the holder and the client profiles of a realm.
//!
//! A profile matches a holder by its subject, and every match is bound to the issuer that verified the token: an issuer can
//! say nothing of the users of another. Several profiles that match add up; none that matches is no failure, it grants
//! nothing.
//!
//! ```
//! use breakglass_domain::decision::{Holder, ProfileIndex};
//! use breakglass_domain::{ClientProfileDraft, AccessGrantDraft, ClientProfileId, Entitlement, RealmId, Timestamp};
//!
//! let draft = ClientProfileDraft {
//!     external_user_name: Some("alice".to_owned()),
//!     issuer_alias: Some("corporate".to_owned()),
//!     domain: Some("example.org".to_owned()),
//!     grants: Some(vec![AccessGrantDraft {
//!         resource_type: Some("ENTITLEMENT".to_owned()),
//!         entitlement: Some("READ_ONLY".to_owned()),
//!     }]),
//!     ..ClientProfileDraft::default()
//! };
//! let accepted = draft.accept().expect("it keeps every rule");
//! let now = Timestamp::from_millis(0);
//! let profile = accepted.into_profile(RealmId::from_random([1; 16]), ClientProfileId::from_random([2; 16]), now);
//! let profiles = ProfileIndex::new(vec![profile]);
//!
//! let alice = Holder::of_issuer("corporate".parse().expect("an alias"), "alice@example.org");
//! let decision = profiles.decide(&alice);
//! assert!(decision.grants(Entitlement::ReadOnly));
//! assert!(!decision.grants(Entitlement::IdentityMgmt));
//! let mallory = Holder::of_issuer("elsewhere".parse().expect("an alias"), "alice@example.org");
//! assert!(!profiles.decide(&mallory).grants(Entitlement::ReadOnly));
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::client_profile::{ClientProfile, PrivilegeMap, ProfileSubject, SubjectKind};
use crate::entitlement::Entitlement;
use crate::id::ClientProfileId;
use crate::token_issuer::IssuerAlias;

/// By whom it is known who somebody is.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum VerifiedBy {
    /// An issuer, which signed a token that says so.
    Issuer(IssuerAlias),
    /// This server itself, by a password.
    Local,
}

/// What is known of somebody, once it is verified.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Holder {
    /// By whom.
    pub verified_by: VerifiedBy,
    /// The name.
    pub name: String,
    /// The domain of the name; empty when there is none.
    pub domain: String,
    /// The groups.
    pub groups: BTreeSet<GroupName>,
    /// The privileges by scope.
    pub privileges: PrivilegeMap,
}

/// The name of a group in a domain.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct GroupName {
    /// The name.
    pub name: String,
    /// The domain.
    pub domain: String,
}

/// Why something is granted.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Reason {
    /// The holder is an emergency client, or the administrator, and may do everything.
    Administrator,
    /// A profile matches.
    Profile {
        /// The profile.
        id: ClientProfileId,
        /// By what kind of subject.
        subject: SubjectKind,
    },
}

/// What somebody may do, with the reasons.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Decision {
    granted: BTreeMap<Entitlement, BTreeSet<Reason>>,
    matched: BTreeSet<ClientProfileId>,
}

impl Holder {
    /// A local account.
    pub fn local(name: impl Into<String>) -> Self {
        Self {
            verified_by: VerifiedBy::Local,
            name: name.into(),
            domain: String::new(),
            groups: BTreeSet::new(),
            privileges: PrivilegeMap::new(),
        }
    }

    /// Somebody whom an issuer calls `name@domain`; what follows the first `@` is the domain.
    pub fn of_issuer(alias: IssuerAlias, subject: &str) -> Self {
        let (name, domain) = subject.split_once('@').unwrap_or((subject, ""));
        Self {
            verified_by: VerifiedBy::Issuer(alias),
            name: name.to_owned(),
            domain: domain.to_owned(),
            ..Self::local("")
        }
    }

    /// The same holder in these groups, each `domain\name`, `name@domain`, `name/domain`, or a name in the holder's own domain.
    #[must_use]
    pub fn in_groups<'a>(mut self, groups: impl IntoIterator<Item = &'a str>) -> Self {
        let domain = self.domain.clone();
        self.groups
            .extend(groups.into_iter().map(|text| group(text, &domain)));
        self
    }

    /// The name, with its domain if it has one.
    pub fn subject(&self) -> String {
        if self.domain.is_empty() {
            self.name.clone()
        } else {
            format!("{}@{}", self.name, self.domain)
        }
    }

    /// Whether a profile is for this holder.
    pub fn matches(&self, profile: &ClientProfile) -> bool {
        let by = profile.subject.issuer_alias();
        let is_verified = match &self.verified_by {
            VerifiedBy::Local => by.is_none(),
            VerifiedBy::Issuer(alias) => by == Some(alias),
        };
        is_verified
            && match &profile.subject {
                ProfileSubject::LocalUser { name } => self.name == *name,
                ProfileSubject::ExternalUser { name, domain, .. } => {
                    self.name == *name && self.domain == *domain
                }
                ProfileSubject::ExternalGroup { name, domain, .. } => {
                    let wanted = |group: &GroupName| group.name == *name && group.domain == *domain;
                    self.groups.iter().any(wanted)
                }
                ProfileSubject::Privileges { privileges, .. } => {
                    privileges.iter().all(|(scope, all)| {
                        let held = self.privileges.get(scope);
                        held.is_some_and(|held| all.is_subset(held))
                    })
                }
            }
    }
}

fn group(text: &str, own: &str) -> GroupName {
    let (name, domain) = text
        .split_once('\\')
        .map(|(domain, name)| (name, domain))
        .or_else(|| text.split_once('@'))
        .or_else(|| text.split_once('/'))
        .unwrap_or((text, own));
    GroupName {
        name: name.to_owned(),
        domain: domain.to_owned(),
    }
}

impl Decision {
    /// Everything, because the holder is the administrator.
    pub fn everything() -> Self {
        let granted = Entitlement::ALL
            .into_iter()
            .map(|entitlement| (entitlement, BTreeSet::from([Reason::Administrator])));
        Self {
            granted: granted.collect(),
            matched: BTreeSet::new(),
        }
    }

    /// Whether the entitlement is granted.
    pub fn grants(&self, entitlement: Entitlement) -> bool {
        self.granted.contains_key(&entitlement)
    }

    /// What is granted.
    pub fn entitlements(&self) -> BTreeSet<Entitlement> {
        self.granted.keys().copied().collect()
    }

    /// Why the entitlement is granted; nothing when it is not.
    pub fn reasons(&self, entitlement: Entitlement) -> impl Iterator<Item = Reason> {
        self.granted
            .get(&entitlement)
            .into_iter()
            .flatten()
            .copied()
    }

    /// The profiles that match, those that grant nothing included.
    pub const fn matched(&self) -> &BTreeSet<ClientProfileId> {
        &self.matched
    }

    /// The same decision about less.
    #[must_use]
    pub fn within(mut self, bounds: &BTreeSet<Entitlement>) -> Self {
        self.granted
            .retain(|entitlement, _| bounds.contains(entitlement));
        self
    }

    fn add(&mut self, profile: &ClientProfile) {
        self.matched.insert(profile.id);
        let reason = Reason::Profile {
            id: profile.id,
            subject: profile.subject.kind(),
        };
        for entitlement in &profile.grants {
            self.granted.entry(*entitlement).or_default().insert(reason);
        }
    }
}

/// What a profile can be found by: a holder has few of these, however many profiles there are.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Key {
    Group(IssuerAlias, GroupName),
    Local(String),
    Scope(IssuerAlias, String),
    User(IssuerAlias, String, String),
}

/// The client profiles of a realm, ordered so that a decision looks at those that could match and at no others.
#[derive(Clone, Debug, Default)]
pub struct ProfileIndex {
    profiles: Vec<ClientProfile>,
    places: HashMap<Key, Vec<usize>>,
}

impl ProfileIndex {
    /// An index of these profiles.
    pub fn new(profiles: Vec<ClientProfile>) -> Self {
        let mut places: HashMap<Key, Vec<usize>> = HashMap::new();
        for (place, profile) in profiles.iter().enumerate() {
            places.entry(key(&profile.subject)).or_default().push(place);
        }
        Self { profiles, places }
    }

    /// The same holder with nothing but what these profiles look at: of hundreds of groups, few matter.
    pub fn pertinent(&self, holder: &Holder) -> Holder {
        let VerifiedBy::Issuer(alias) = &holder.verified_by else {
            return holder.clone();
        };
        let is_known = |key: Key| self.places.contains_key(&key);
        let mut kept = holder.clone();
        kept.groups
            .retain(|group| is_known(Key::Group(alias.clone(), group.clone())));
        let matching = self
            .profiles
            .iter()
            .filter(|profile| holder.matches(profile));
        let looked_at: Vec<_> = matching
            .filter_map(|profile| profile.subject.privileges())
            .collect();
        kept.privileges.retain(|scope, held| {
            held.retain(|one| {
                let mut asked = looked_at.iter().filter_map(|asked| asked.get(scope));
                asked.any(|asked| asked.contains(one))
            });
            !held.is_empty()
        });
        kept
    }

    /// What somebody may do by these profiles.
    pub fn decide(&self, holder: &Holder) -> Decision {
        let mut decision = Decision::default();
        for key in keys(holder) {
            let places = self.places.get(&key).into_iter().flatten();
            let candidates = places.filter_map(|place| self.profiles.get(*place));
            for profile in candidates.filter(|profile| holder.matches(profile)) {
                decision.add(profile);
            }
        }
        decision
    }
}

fn key(subject: &ProfileSubject) -> Key {
    match subject {
        ProfileSubject::ExternalGroup {
            name,
            issuer_alias,
            domain,
        } => {
            let group = GroupName {
                name: name.clone(),
                domain: domain.clone(),
            };
            Key::Group(issuer_alias.clone(), group)
        }
        ProfileSubject::ExternalUser {
            name,
            issuer_alias,
            domain,
        } => Key::User(issuer_alias.clone(), name.clone(), domain.clone()),
        ProfileSubject::LocalUser { name } => Key::Local(name.clone()),
        // Whoever matches has every scope of the profile, so one of them is enough to find it by.
        ProfileSubject::Privileges {
            issuer_alias,
            privileges,
        } => {
            let scope = privileges.keys().next_back().cloned();
            Key::Scope(issuer_alias.clone(), scope.unwrap_or_default())
        }
    }
}

/// Whatever a profile that matches the holder can be found by.
fn keys(holder: &Holder) -> Vec<Key> {
    let VerifiedBy::Issuer(alias) = &holder.verified_by else {
        return vec![Key::Local(holder.name.clone())];
    };
    let user = Key::User(alias.clone(), holder.name.clone(), holder.domain.clone());
    let groups = holder.groups.iter();
    let groups = groups.map(|group| Key::Group(alias.clone(), group.clone()));
    let scopes = holder.privileges.keys();
    let scopes = scopes.map(|scope| Key::Scope(alias.clone(), scope.clone()));
    std::iter::once(user).chain(groups).chain(scopes).collect()
}

#[cfg(test)]
mod tests;
