//! What a caller asks for, and what was accepted of it.

use std::collections::{BTreeMap, BTreeSet};

use super::entity::{ClientProfile, PrivilegeMap, ProfileSubject};
use crate::entitlement::Entitlement;
use crate::id::{ClientProfileId, RealmId};
use crate::timestamp::Timestamp;
use crate::token_issuer::IssuerAlias;
use crate::validation::{FieldFailure, ValidationReport};

/// The most grants of a list; there are four entitlements.
const MAX_GRANTS: usize = 64;

/// The longest name, domain, scope or privilege, in characters.
const MAX_CHARACTERS: usize = 1024;

/// The most scopes of a profile, and the most privileges of a scope.
const MAX_PRIVILEGES: usize = 256;

/// The names of the fields of which exactly one must be there.
const SUBJECTS: &str = "local_user_name, external_group_name, external_user_name and privileges";

/// The request for a client profile, as it came from outside. Nothing in it is trusted.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ClientProfileDraft {
    /// The name of a local account.
    pub local_user_name: Option<String>,
    /// The name of a group.
    pub external_group_name: Option<String>,
    /// The name of a user of an issuer.
    pub external_user_name: Option<String>,
    /// Privileges by scope.
    pub privileges: Option<BTreeMap<String, Vec<String>>>,
    /// The issuer of a group, a user or privileges.
    pub issuer_alias: Option<String>,
    /// The domain of a group or a user.
    pub domain: Option<String>,
    /// What matching subjects get.
    pub grants: Option<Vec<AccessGrantDraft>>,
}

/// One grant, as it came from outside.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AccessGrantDraft {
    /// `ENTITLEMENT`: the contract knows no other.
    pub resource_type: Option<String>,
    /// The name of the entitlement.
    pub entitlement: Option<String>,
}

/// A draft that keeps every rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AcceptedClientProfile {
    subject: ProfileSubject,
    grants: BTreeSet<Entitlement>,
}

impl ClientProfileDraft {
    /// Accepts the draft when it names one subject with the companions that it needs and no others, and grants that exist.
    ///
    /// # Errors
    /// A report of every faulty field.
    pub fn accept(self) -> Result<AcceptedClientProfile, ValidationReport> {
        let mut failures = Vec::new();
        let drafts = self.grants.clone();
        let drafts = drafts.ok_or_else(|| ValidationReport::of("grants", "is required"));
        let grants = drafts
            .and_then(accept_grants)
            .map_err(|report| failures.extend(report.into_failures()));
        let subject = self.accept_subject(&mut failures);
        match (subject, grants, ValidationReport::from_failures(failures)) {
            (Some(subject), Ok(grants), None) => Ok(AcceptedClientProfile { subject, grants }),
            (.., Some(report)) => Err(report),
            (.., None) => Err(ValidationReport::of("", "is incomplete")),
        }
    }

    fn accept_subject(self, failures: &mut Vec<FieldFailure>) -> Option<ProfileSubject> {
        let before = failures.len();
        let name = [
            ("local_user_name", &self.local_user_name),
            ("external_group_name", &self.external_group_name),
            ("external_user_name", &self.external_user_name),
        ];
        for (field, text) in name {
            check_text(field, text.as_deref(), failures);
        }
        let given = [
            self.local_user_name.is_some(),
            self.external_group_name.is_some(),
            self.external_user_name.is_some(),
            self.privileges.is_some(),
        ];
        if given.into_iter().filter(|given| *given).count() != 1 {
            let rule = format!("must name exactly one of {SUBJECTS}");
            failures.push(FieldFailure::new("", rule));
            return None;
        }
        let is_local = self.local_user_name.is_some();
        let is_privileges = self.privileges.is_some();
        let issuer_alias = companion("issuer_alias", self.issuer_alias, !is_local, failures);
        let domain = companion(
            "domain",
            self.domain,
            !(is_local || is_privileges),
            failures,
        );
        let issuer_alias = issuer_alias.and_then(|alias| {
            let read = alias.parse::<IssuerAlias>();
            read.map_err(|fault| {
                failures.push(FieldFailure::new("issuer_alias", fault.to_string()));
            })
            .ok()
        });
        let privileges = self.privileges.map(|map| accept_privileges(map, failures));
        if failures.len() > before {
            return None;
        }
        match (
            self.local_user_name,
            self.external_group_name,
            self.external_user_name,
            privileges,
            issuer_alias,
            domain,
        ) {
            (Some(name), ..) => Some(ProfileSubject::LocalUser { name }),
            (_, Some(name), _, _, Some(issuer_alias), Some(domain)) => {
                Some(ProfileSubject::ExternalGroup {
                    name,
                    issuer_alias,
                    domain,
                })
            }
            (_, _, Some(name), _, Some(issuer_alias), Some(domain)) => {
                Some(ProfileSubject::ExternalUser {
                    name,
                    issuer_alias,
                    domain,
                })
            }
            (_, _, _, Some(privileges), Some(issuer_alias), _) => {
                Some(ProfileSubject::Privileges {
                    issuer_alias,
                    privileges,
                })
            }
            _ => None,
        }
    }
}

impl AcceptedClientProfile {
    /// Whom the profile is to be for.
    pub const fn subject(&self) -> &ProfileSubject {
        &self.subject
    }

    /// The profile, made now.
    pub fn into_profile(
        self,
        realm_id: RealmId,
        id: ClientProfileId,
        now: Timestamp,
    ) -> ClientProfile {
        ClientProfile {
            realm_id,
            id,
            subject: self.subject,
            grants: self.grants,
            created_at: now,
            updated_at: now,
        }
    }
}

/// Accepts a list of grants. One that stands there twice counts once.
///
/// # Errors
/// A report of every faulty field.
pub fn accept_grants(
    drafts: Vec<AccessGrantDraft>,
) -> Result<BTreeSet<Entitlement>, ValidationReport> {
    if drafts.len() > MAX_GRANTS {
        let rule = format!("must have at most {MAX_GRANTS} entries");
        return Err(ValidationReport::of("grants", &rule));
    }
    let mut failures = Vec::new();
    let mut grants = BTreeSet::new();
    for (place, draft) in drafts.into_iter().enumerate() {
        let mut fault = |field: &str, rule: String| {
            failures.push(FieldFailure::new(format!("grants[{place}].{field}"), rule));
        };
        match draft.resource_type.as_deref() {
            Some("ENTITLEMENT") => {}
            Some(_) => fault("resource_type", "must be ENTITLEMENT".to_owned()),
            None => fault("resource_type", "is required".to_owned()),
        }
        match draft.entitlement.as_deref().map(str::parse::<Entitlement>) {
            Some(Ok(entitlement)) => {
                grants.insert(entitlement);
            }
            Some(Err(unknown)) => fault("entitlement", unknown.to_string()),
            None => fault("entitlement", "is required".to_owned()),
        }
    }
    ValidationReport::from_failures(failures).map_or(Ok(grants), Err)
}

/// A field that must be there beside some subjects and must not beside the others.
fn companion(
    field: &str,
    text: Option<String>,
    is_needed: bool,
    failures: &mut Vec<FieldFailure>,
) -> Option<String> {
    match (&text, is_needed) {
        (None, true) => failures.push(FieldFailure::new(field, "is required beside this subject")),
        (Some(_), false) => {
            failures.push(FieldFailure::new(
                field,
                "must not stand beside this subject",
            ));
        }
        (Some(text), true) => check_text(field, Some(text), failures),
        (None, false) => {}
    }
    text
}

pub(super) fn check_text(field: &str, text: Option<&str>, failures: &mut Vec<FieldFailure>) {
    let Some(text) = text else { return };
    if let Some(rule) = text_fault(text) {
        failures.push(FieldFailure::new(field, rule));
    }
}

fn text_fault(text: &str) -> Option<String> {
    let count = text.chars().count();
    if !(1..=MAX_CHARACTERS).contains(&count) {
        return Some(format!("must have 1 to {MAX_CHARACTERS} characters"));
    }
    text.chars()
        .any(char::is_control)
        .then(|| "must not hold control characters".to_owned())
}

/// An empty map would be for everybody, so it is refused, and so is a scope without a privilege.
fn accept_privileges(
    map: BTreeMap<String, Vec<String>>,
    failures: &mut Vec<FieldFailure>,
) -> PrivilegeMap {
    if map.is_empty() {
        failures.push(FieldFailure::new(
            "privileges",
            "must name at least one scope",
        ));
    }
    if map.len() > MAX_PRIVILEGES {
        let rule = format!("must name at most {MAX_PRIVILEGES} scopes");
        failures.push(FieldFailure::new("privileges", rule));
    }
    let mut accepted = PrivilegeMap::new();
    for (scope, privileges) in map {
        let path = format!("privileges.{scope}");
        if let Some(rule) = text_fault(&scope) {
            failures.push(FieldFailure::new("privileges", format!("a scope {rule}")));
        }
        if !(1..=MAX_PRIVILEGES).contains(&privileges.len()) {
            let rule = format!("must have 1 to {MAX_PRIVILEGES} privileges");
            failures.push(FieldFailure::new(path.clone(), rule));
        }
        for (place, privilege) in privileges.iter().enumerate() {
            check_text(&format!("{path}[{place}]"), Some(privilege), failures);
        }
        accepted.insert(scope, privileges.into_iter().collect());
    }
    accepted
}
