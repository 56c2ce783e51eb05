//! Which client profiles a caller wants to see.

use std::collections::BTreeSet;

use super::draft::check_text;
use super::entity::{ClientProfile, ProfileSubject};
use crate::token_issuer::IssuerAlias;
use crate::validation::{FieldFailure, ValidationReport};

/// A wish for client profiles, as it came from outside.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ProfileFilterDraft {
    /// The name of a local account.
    pub local_user_name: Option<String>,
    /// The name of a group.
    pub external_group_name: Option<String>,
    /// The name of a user of an issuer.
    pub external_user_name: Option<String>,
    /// Scopes of privileges.
    pub scopes: Vec<String>,
    /// The issuer.
    pub issuer_alias: Option<String>,
    /// The domain of a group or a user.
    pub domain: Option<String>,
}

/// Which profiles are wanted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ProfileFilter {
    /// All.
    All,
    /// The one of exactly this subject.
    Subject(ProfileSubject),
    /// Those of privileges on all these scopes at least.
    Scopes {
        /// The scopes; at least one.
        scopes: BTreeSet<String>,
        /// The issuer, if it matters.
        issuer_alias: Option<IssuerAlias>,
    },
}

impl ProfileFilterDraft {
    /// Accepts the wish when it names nothing, or one subject with the companions that it needs and no others.
    ///
    /// # Errors
    /// A report of every faulty field.
    pub fn accept(self) -> Result<ProfileFilter, ValidationReport> {
        if self == Self::default() {
            return Ok(ProfileFilter::All);
        }
        let mut failures = Vec::new();
        let texts = [
            ("local_user_name", &self.local_user_name),
            ("external_group_name", &self.external_group_name),
            ("external_user_name", &self.external_user_name),
            ("domain", &self.domain),
        ];
        for (field, text) in texts {
            check_text(field, text.as_deref(), &mut failures);
        }
        let issuer_alias = self.issuer_alias.as_deref().map(str::parse::<IssuerAlias>);
        let issuer_alias = issuer_alias.transpose().unwrap_or_else(|fault| {
            failures.push(FieldFailure::new("issuer_alias", fault.to_string()));
            None
        });
        let filter = match (
            self.local_user_name,
            self.external_group_name,
            self.external_user_name,
            self.scopes.is_empty(),
        ) {
            (Some(name), None, None, true)
                if self.issuer_alias.is_none() && self.domain.is_none() =>
            {
                Some(ProfileFilter::Subject(ProfileSubject::LocalUser { name }))
            }
            (None, Some(name), None, true) => {
                issuer_alias.zip(self.domain).map(|(issuer_alias, domain)| {
                    ProfileFilter::Subject(ProfileSubject::ExternalGroup {
                        name,
                        issuer_alias,
                        domain,
                    })
                })
            }
            (None, None, Some(name), true) => {
                issuer_alias.zip(self.domain).map(|(issuer_alias, domain)| {
                    ProfileFilter::Subject(ProfileSubject::ExternalUser {
                        name,
                        issuer_alias,
                        domain,
                    })
                })
            }
            (None, None, None, false) if self.domain.is_none() => Some(ProfileFilter::Scopes {
                scopes: self.scopes.into_iter().collect(),
                issuer_alias,
            }),
            _ => None,
        };
        if filter.is_none() && failures.is_empty() {
            let rule = "must name exactly one of local_user_name, external_group_name, external_user_name and scopes, a \
                        group or a user with issuer_alias and domain, and nothing else";
            failures.push(FieldFailure::new("", rule));
        }
        match (filter, ValidationReport::from_failures(failures)) {
            (Some(filter), None) => Ok(filter),
            (_, report) => Err(report.unwrap_or(ValidationReport::of("", "is incomplete"))),
        }
    }
}

impl ProfileFilter {
    /// Whether a profile is wanted: by an exact match of its subject.
    pub fn wants(&self, profile: &ClientProfile) -> bool {
        match self {
            Self::All => true,
            Self::Subject(subject) => profile.subject == *subject,
            Self::Scopes {
                scopes,
                issuer_alias,
            } => {
                let held = profile.subject.privileges();
                let by = issuer_alias.as_ref();
                held.is_some_and(|held| scopes.iter().all(|scope| held.contains_key(scope)))
                    && by.is_none_or(|alias| profile.subject.issuer_alias() == Some(alias))
            }
        }
    }
}
