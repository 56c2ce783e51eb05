//! Identity brokers: the issuers behind the realms, one tenant each.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::BrokerId;
use crate::overflow::OverflowThreshold;
use crate::signing_key::SignatureAlgorithm;
use crate::text::required;
use crate::timestamp::{Minutes, Timestamp};
use crate::validation::{FieldFailure, ValidationReport};

/// The tenant name of a broker, as it stands in the issuer's path: 1 to 64 letters, digits, `-` and `_` of ASCII.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Tenant(String);

impl Tenant {
    /// The longest tenant name, in characters.
    const MAX_CHARACTERS: usize = 64;

    /// The text of the tenant name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tenant {
    type Err = InvalidTenant;

    fn from_str(text: &str) -> Result<Self, InvalidTenant> {
        let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        let fits = (1..=Self::MAX_CHARACTERS).contains(&text.len());
        (fits && text.chars().all(allowed))
            .then(|| Self(text.to_owned()))
            .ok_or(InvalidTenant)
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no tenant name.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("must be 1 to 64 letters, digits, - and _")]
pub struct InvalidTenant;

/// A name for people, 1 to 256 characters without control characters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DisplayName(String);

impl DisplayName {
    /// The longest display name, in characters.
    const MAX_CHARACTERS: usize = 256;

    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DisplayName {
    type Err = InvalidDisplayName;

    fn from_str(text: &str) -> Result<Self, InvalidDisplayName> {
        let fits = (1..=Self::MAX_CHARACTERS).contains(&text.chars().count());
        (fits && !text.chars().any(char::is_control))
            .then(|| Self(text.to_owned()))
            .ok_or(InvalidDisplayName)
    }
}

impl fmt::Display for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no display name.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("must be 1 to 256 characters without control characters")]
pub struct InvalidDisplayName;

/// Whether a broker runs inside this server or elsewhere.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum DeploymentType {
    /// Served by this server.
    Embedded,
    /// Served elsewhere and only known here.
    External,
}

/// An identity broker.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Broker {
    /// Its id; the fleet contract's `vidbResourceId`.
    pub id: BrokerId,
    /// Its tenant, unique in the installation.
    pub tenant: Tenant,
    /// Its name for people.
    pub display_name: DisplayName,
    /// Where it runs.
    pub deployment_type: DeploymentType,
    /// The algorithm its new signing keys are made for.
    pub algorithm: SignatureAlgorithm,
    /// When its signing keys follow one another.
    pub key_policy: KeyPolicy,
    /// How long its access tokens may be.
    pub token_overflow_threshold: OverflowThreshold,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What stands before the tenant in the path of an issuer.
const ISSUER_PATH: &str = "/acs/t/";

impl Broker {
    /// The issuer identifier of the broker under the server's public URL (which has no slash at its end).
    pub fn issuer(&self, public_url: &str) -> String {
        [public_url, ISSUER_PATH, self.tenant.as_str()].concat()
    }

    /// The path of the issuer identifier: what stays of it when the server moves to another host.
    pub fn issuer_path(&self) -> String {
        [ISSUER_PATH, self.tenant.as_str()].concat()
    }
}

/// When the signing keys of a broker follow one another.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct KeyPolicy {
    /// For how long a key signs; `None` when keys are rotated by hand alone.
    pub rotation_period: Option<Minutes>,
    /// For how long the next key is published before it signs. Never less than a copy of the keys may be kept.
    pub overlap: Minutes,
}

impl Default for KeyPolicy {
    /// A new key every 90 days, published a day before it signs.
    fn default() -> Self {
        Self {
            rotation_period: Some(Minutes::new(90 * 24 * 60)),
            overlap: Minutes::new(24 * 60),
        }
    }
}

/// The request for a key policy, as it came from outside. What is absent stays.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct KeyPolicyDraft {
    /// `ES256`, `RS256` or `EdDSA`: what the next key is made for.
    pub algorithm: Option<String>,
    /// For how long a key signs, in minutes, 1440 to 1051200; 0 when keys are rotated by hand alone.
    pub rotation_period: Option<i64>,
    /// For how long the next key is published before it signs, in minutes, 1 to 10080 and less than the period.
    pub overlap: Option<i64>,
}

impl KeyPolicyDraft {
    /// Accepts the draft for a broker that has this algorithm and policy.
    ///
    /// # Errors
    /// A report of every faulty field.
    pub fn accept(
        self,
        algorithm: SignatureAlgorithm,
        policy: KeyPolicy,
    ) -> Result<(SignatureAlgorithm, KeyPolicy), ValidationReport> {
        let mut failures = Vec::new();
        let current = algorithm.name().to_owned();
        let algorithm = required(
            "algorithm",
            Some(&self.algorithm.unwrap_or(current)),
            &mut failures,
        );
        let rotation_period = match self.rotation_period {
            None => policy.rotation_period,
            Some(0) => None,
            Some(period) => {
                let message = "must be 1440 to 1051200 minutes, or 0 for never";
                within(
                    period,
                    1440..=1_051_200,
                    "rotationPeriod",
                    message,
                    &mut failures,
                )
            }
        };
        let overlap = match self.overlap {
            None => Some(policy.overlap),
            Some(overlap) => {
                let message = "must be 1 to 10080 minutes";
                within(overlap, 1..=10_080, "overlap", message, &mut failures)
            }
        };
        if let (Some(period), Some(overlap)) = (rotation_period, overlap)
            && overlap >= period
        {
            failures.push(FieldFailure::new(
                "overlap",
                "must be less than rotationPeriod",
            ));
        }
        match (
            algorithm,
            overlap,
            ValidationReport::from_failures(failures),
        ) {
            (Some(algorithm), Some(overlap), None) => Ok((
                algorithm,
                KeyPolicy {
                    rotation_period,
                    overlap,
                },
            )),
            (.., Some(report)) => Err(report),
            (.., None) => Err(ValidationReport::of("", "is incomplete")),
        }
    }
}

fn within(
    minutes: i64,
    bounds: RangeInclusive<u32>,
    path: &str,
    message: &str,
    failures: &mut Vec<FieldFailure>,
) -> Option<Minutes> {
    let accepted = u32::try_from(minutes)
        .ok()
        .filter(|minutes| bounds.contains(minutes));
    if accepted.is_none() {
        failures.push(FieldFailure::new(path, message));
    }
    accepted.map(Minutes::new)
}

/// The request for a broker, as it came from outside.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BrokerDraft {
    /// The wanted tenant; see [`Tenant`].
    pub tenant: Option<String>,
    /// A name for people; see [`DisplayName`].
    pub display_name: Option<String>,
    /// `ES256` (the default), `RS256` or `EdDSA`.
    pub algorithm: Option<String>,
}

/// A broker draft that keeps every rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewBroker {
    /// Its tenant.
    pub tenant: Tenant,
    /// Its name for people.
    pub display_name: DisplayName,
    /// The algorithm of its signing keys.
    pub algorithm: SignatureAlgorithm,
}

impl BrokerDraft {
    /// Accepts the draft when every field keeps its rule.
    ///
    /// # Errors
    /// A report of every faulty field.
    pub fn accept(self) -> Result<NewBroker, ValidationReport> {
        let mut failures = Vec::new();
        let tenant = required("tenant", self.tenant.as_deref(), &mut failures);
        let display_name = required("displayName", self.display_name.as_deref(), &mut failures);
        let algorithm = required(
            "algorithm",
            self.algorithm.as_deref().or(Some("ES256")),
            &mut failures,
        );
        match (tenant, display_name, algorithm) {
            (Some(tenant), Some(display_name), Some(algorithm)) => Ok(NewBroker {
                tenant,
                display_name,
                algorithm,
            }),
            _ => Err(ValidationReport::from_failures(failures)
                .unwrap_or_else(|| ValidationReport::of("", "is incomplete"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenants_are_safe_in_a_path() {
        assert!("CUSTOMER".parse::<Tenant>().is_ok());
        for text in ["", "a/b", "ü", "a b", "..", &"x".repeat(65)] {
            assert_eq!(text.parse::<Tenant>(), Err(InvalidTenant), "{text}");
        }
    }

    #[test]
    fn a_draft_names_every_faulty_field() {
        let draft = BrokerDraft {
            tenant: Some("a/b".to_owned()),
            display_name: None,
            algorithm: Some("HS256".to_owned()),
        };
        let report = draft.accept().unwrap_err();
        let paths: Vec<_> = report
            .failures()
            .iter()
            .map(|failure| failure.path.as_str())
            .collect();
        assert_eq!(paths, ["algorithm", "displayName", "tenant"]);
    }
}
