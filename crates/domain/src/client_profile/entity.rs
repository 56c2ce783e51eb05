//! The client profile.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::entitlement::Entitlement;
use crate::id::{ClientProfileId, RealmId};
use crate::timestamp::Timestamp;
use crate::token_issuer::IssuerAlias;

/// Privileges by the scope on which they are held.
pub type PrivilegeMap = BTreeMap<String, BTreeSet<String>>;

/// A client profile: whoever matches its subject gets its grants.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientProfile {
    /// The realm it belongs to.
    pub realm_id: RealmId,
    /// Its id.
    pub id: ClientProfileId,
    /// Whom it is for. It never changes.
    pub subject: ProfileSubject,
    /// What they get. With none, the profile adds nothing to what other profiles grant.
    pub grants: BTreeSet<Entitlement>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its grants were last replaced.
    pub updated_at: Timestamp,
}

/// Whom a profile is for. Two profiles of a realm never have the same.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ProfileSubject {
    /// The members of a group, as an issuer names it.
    ExternalGroup {
        /// The name of the group.
        name: String,
        /// The issuer.
        issuer_alias: IssuerAlias,
        /// The domain of the group.
        domain: String,
    },
    /// A user, as an issuer names it.
    ExternalUser {
        /// The name of the user.
        name: String,
        /// The issuer.
        issuer_alias: IssuerAlias,
        /// The domain of the user.
        domain: String,
    },
    /// A local account.
    LocalUser {
        /// The name of the account.
        name: String,
    },
    /// Whoever holds all these privileges on all these scopes, as an issuer says.
    Privileges {
        /// The issuer.
        issuer_alias: IssuerAlias,
        /// The privileges by scope; at least one scope.
        privileges: PrivilegeMap,
    },
}

/// The kinds of subjects.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum SubjectKind {
    /// The members of a group.
    ExternalGroup,
    /// A user of an issuer.
    ExternalUser,
    /// A local account.
    LocalUser,
    /// Whoever holds privileges.
    Privileges,
}

impl SubjectKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [
        Self::ExternalGroup,
        Self::ExternalUser,
        Self::LocalUser,
        Self::Privileges,
    ];

    /// The contract's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ExternalGroup => "EXTERNAL_GROUP",
            Self::ExternalUser => "EXTERNAL_USER",
            Self::LocalUser => "LOCAL_USER",
            Self::Privileges => "PRIVILEGES",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl ProfileSubject {
    /// The kind.
    pub const fn kind(&self) -> SubjectKind {
        match self {
            Self::ExternalGroup { .. } => SubjectKind::ExternalGroup,
            Self::ExternalUser { .. } => SubjectKind::ExternalUser,
            Self::LocalUser { .. } => SubjectKind::LocalUser,
            Self::Privileges { .. } => SubjectKind::Privileges,
        }
    }

    /// A digest by which two subjects of a realm are told apart: the same for the same subject, in whichever order its privileges
    /// were written down.
    pub fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        let mut add = |text: &str| {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text);
        };
        add(self.kind().name());
        add(self.name().unwrap_or_default());
        add(self.issuer_alias().map_or("", IssuerAlias::as_str));
        add(self.domain().unwrap_or_default());
        for (scope, privileges) in self.privileges().into_iter().flatten() {
            add(scope);
            add(&privileges.len().to_string());
            for privilege in privileges {
                add(privilege);
            }
        }
        digest.finalize().into()
    }

    /// The name of the user or group, if it is one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::ExternalGroup { name, .. }
            | Self::ExternalUser { name, .. }
            | Self::LocalUser { name } => Some(name),
            Self::Privileges { .. } => None,
        }
    }

    /// The issuer that must have verified a token for it to match.
    pub const fn issuer_alias(&self) -> Option<&IssuerAlias> {
        match self {
            Self::ExternalGroup { issuer_alias, .. }
            | Self::ExternalUser { issuer_alias, .. }
            | Self::Privileges { issuer_alias, .. } => Some(issuer_alias),
            Self::LocalUser { .. } => None,
        }
    }

    /// The domain of the user or group, if it has one.
    pub fn domain(&self) -> Option<&str> {
        match self {
            Self::ExternalGroup { domain, .. } | Self::ExternalUser { domain, .. } => Some(domain),
            Self::LocalUser { .. } | Self::Privileges { .. } => None,
        }
    }

    /// The privileges by scope, if it is a subject of those.
    pub const fn privileges(&self) -> Option<&PrivilegeMap> {
        match self {
            Self::Privileges { privileges, .. } => Some(privileges),
            Self::ExternalGroup { .. } | Self::ExternalUser { .. } | Self::LocalUser { .. } => None,
        }
    }
}

impl ClientProfile {
    /// The same profile with other grants.
    #[must_use]
    pub fn with_grants(self, grants: BTreeSet<Entitlement>, now: Timestamp) -> Self {
        Self {
            grants,
            updated_at: now,
            ..self
        }
    }
}
