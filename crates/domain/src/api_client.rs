//! API clients: programs that hold API tokens and roles.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::broker::DisplayName;
use crate::id::{PrincipalId, RealmId};
use crate::text::{is_description, required};
use crate::timestamp::Timestamp;
use crate::validation::{FieldFailure, ValidationReport};

/// The longest description, in characters.
const MAX_DESCRIPTION: usize = 4000;

/// The caller-chosen id of an API client, unique in its realm: 1 to 256 letters and digits of ASCII and the signs `-`,
/// `_`, `.`, `@`, as the broker's token endpoint takes a `client_id`; not `.` or `..`, which a path would swallow.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ApiClientId(String);

impl ApiClientId {
    /// The longest id, in characters.
    const MAX_CHARACTERS: usize = 256;

    /// The text of the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ApiClientId {
    type Err = InvalidApiClientId;

    fn from_str(text: &str) -> Result<Self, InvalidApiClientId> {
        let allowed = |letter: char| {
            letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | '@')
        };
        let fits = (1..=Self::MAX_CHARACTERS).contains(&text.len()) && !matches!(text, "." | "..");
        (fits && text.chars().all(allowed))
            .then(|| Self(text.to_owned()))
            .ok_or(InvalidApiClientId)
    }
}

impl fmt::Display for ApiClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no id of an API client.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("must be 1 to 256 letters, digits and - _ . @, and not . or ..")]
pub struct InvalidApiClientId;

/// An API client.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApiClient {
    /// The realm it belongs to.
    pub realm_id: RealmId,
    /// The principal that roles are given to.
    pub id: PrincipalId,
    /// Its id, unique in the realm.
    pub client_id: ApiClientId,
    /// Its name for people.
    pub client_name: DisplayName,
    /// What it is for.
    pub client_description: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it: the id of the acting principal.
    pub created_by: String,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// The request for an API client, or for a change of one, as it came from outside.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ApiClientDraft {
    /// The wanted id; see [`ApiClientId`].
    pub client_id: Option<String>,
    /// A name for people; see [`DisplayName`].
    pub client_name: Option<String>,
    /// What the client is for, up to 4000 characters.
    pub client_description: Option<String>,
}

/// A draft of an API client that keeps every rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AcceptedApiClient {
    id: ApiClientId,
    name: DisplayName,
    description: Option<String>,
}

/// A change of an API client that keeps every rule. What is absent stays.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApiClientChange {
    name: Option<DisplayName>,
    description: Option<String>,
}

impl ApiClientDraft {
    /// Accepts the draft when every field keeps its rule.
    ///
    /// # Errors
    /// A report of every faulty field.
    pub fn accept(self) -> Result<AcceptedApiClient, ValidationReport> {
        let mut failures = Vec::new();
        let client_id = required("clientId", self.client_id.as_deref(), &mut failures);
        let client_name = required("clientName", self.client_name.as_deref(), &mut failures);
        check_description(self.client_description.as_deref(), &mut failures);
        match (
            client_id,
            client_name,
            ValidationReport::from_failures(failures),
        ) {
            (Some(id), Some(name), None) => Ok(AcceptedApiClient {
                id,
                name,
                description: self.client_description,
            }),
            (.., Some(report)) => Err(report),
            (.., None) => Err(ValidationReport::of("", "is incomplete")),
        }
    }

    /// Accepts the draft as a change. The id addresses the client and cannot be changed.
    ///
    /// # Errors
    /// A report of every faulty field.
    pub fn accept_change(self) -> Result<ApiClientChange, ValidationReport> {
        let mut failures = Vec::new();
        let name = match self.client_name.as_deref() {
            Some(name) => required("clientName", Some(name), &mut failures),
            None => None,
        };
        check_description(self.client_description.as_deref(), &mut failures);
        match ValidationReport::from_failures(failures) {
            None => Ok(ApiClientChange {
                name,
                description: self.client_description,
            }),
            Some(report) => Err(report),
        }
    }
}

impl AcceptedApiClient {
    /// The id of the client to be made.
    pub fn client_id(&self) -> &ApiClientId {
        &self.id
    }
}

impl ApiClient {
    /// Makes a client.
    pub fn create(
        realm_id: RealmId,
        id: PrincipalId,
        accepted: AcceptedApiClient,
        created_by: &str,
        now: Timestamp,
    ) -> Self {
        Self {
            realm_id,
            id,
            client_id: accepted.id,
            client_name: accepted.name,
            client_description: accepted.description,
            created_at: now,
            created_by: created_by.to_owned(),
            updated_at: now,
        }
    }

    /// Changes name and description; what the change leaves out stays.
    #[must_use]
    pub fn change(self, change: ApiClientChange, now: Timestamp) -> Self {
        Self {
            client_name: change.name.unwrap_or(self.client_name),
            client_description: change.description.or(self.client_description),
            updated_at: now,
            ..self
        }
    }
}

fn check_description(text: Option<&str>, failures: &mut Vec<FieldFailure>) {
    if text.is_some_and(|text| !is_description(text, MAX_DESCRIPTION)) {
        let message =
            format!("must have at most {MAX_DESCRIPTION} characters and no control characters");
        failures.push(FieldFailure::new("clientDescription", message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> ApiClientDraft {
        ApiClientDraft {
            client_id: Some("ci".to_owned()),
            client_name: Some("CI".to_owned()),
            client_description: Some("builds".to_owned()),
        }
    }

    #[test]
    fn ids_are_those_of_the_token_endpoint() {
        for id in ["a", "a.b-c_d@e", &"x".repeat(256)] {
            assert!(id.parse::<ApiClientId>().is_ok(), "{id}");
        }
        for id in ["", ".", "..", "a b", "ü", "a/b", &"x".repeat(257)] {
            assert_eq!(id.parse::<ApiClientId>(), Err(InvalidApiClientId), "{id}");
        }
    }

    #[test]
    fn a_draft_names_every_faulty_field() {
        let faulty = ApiClientDraft {
            client_id: Some("a b".to_owned()),
            client_name: None,
            client_description: Some("\u{0}".to_owned()),
        };
        let report = faulty.accept().unwrap_err();
        let paths: Vec<_> = report
            .failures()
            .iter()
            .map(|failure| failure.path.as_str())
            .collect();
        assert_eq!(paths, ["clientDescription", "clientId", "clientName"]);
    }

    #[test]
    fn what_a_change_leaves_out_stays() {
        let now = Timestamp::from_millis(1);
        let id = PrincipalId::from_random([2; 16]);
        let client = ApiClient::create(
            RealmId::from_random([1; 16]),
            id,
            draft().accept().unwrap(),
            "admin",
            now,
        );
        let later = Timestamp::from_millis(2);
        let change = ApiClientDraft {
            client_name: Some("New".to_owned()),
            ..ApiClientDraft::default()
        };
        let changed = client
            .clone()
            .change(change.accept_change().unwrap(), later);
        assert_eq!(changed.client_name.as_str(), "New");
        assert_eq!(
            changed,
            ApiClient {
                client_name: changed.client_name.clone(),
                updated_at: later,
                ..client
            }
        );
    }
}
