//! Other services that take tokens of this server: an operator names them, and the holder of a session asks for tokens for
//! them.

use serde::Deserialize;
use validator::Validate;

use crate::broker::Tenant;
use crate::validation::{FieldFailure, ValidationReport, failures_of};

/// A service as an operator writes it down. Nothing in it is trusted.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServiceDraft {
    /// The key by which it is asked for, 1 to 64 letters, digits and `- _ .`
    #[validate(required(message = "is required"))]
    pub key: Option<String>,
    /// The `aud` of tokens for it (RFC 7519, section 4.1.3), at most 1024 characters; its key when absent.
    #[validate(length(min = 1, max = 1024, message = "must have 1 to 1024 characters"))]
    pub audience: Option<String>,
    /// The tenant whose broker signs the tokens for it; `CUSTOMER` when absent.
    pub tenant: Option<String>,
    /// Whether tokens for which no audience is asked are for it as well; not, when absent.
    pub implied: Option<bool>,
    /// Its name for people; its key when absent.
    #[validate(length(min = 1, max = 256, message = "must have 1 to 256 characters"))]
    pub name: Option<String>,
    /// What kind of service it is.
    #[validate(length(max = 256, message = "must have at most 256 characters"))]
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// A DNS name or an IP address.
    #[validate(length(max = 256, message = "must have at most 256 characters"))]
    pub address: Option<String>,
    /// Its port.
    pub port: Option<u16>,
    /// Where its API begins.
    #[validate(length(max = 1024, message = "must have at most 1024 characters"))]
    pub base_path: Option<String>,
    /// Its version.
    #[validate(length(max = 64, message = "must have at most 64 characters"))]
    pub version: Option<String>,
}

/// A service that tokens can be asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Service {
    /// The key by which it is asked for.
    pub key: String,
    /// The `aud` of tokens for it.
    pub audience: String,
    /// The tenant whose broker signs them.
    pub tenant: Tenant,
    /// Whether tokens for which no audience is asked are for it as well.
    pub implied: bool,
    /// Its name for people.
    pub name: String,
    /// What kind of service it is.
    pub kind: Option<String>,
    /// A DNS name or an IP address.
    pub address: Option<String>,
    /// Its port.
    pub port: Option<u16>,
    /// Where its API begins.
    pub base_path: Option<String>,
    /// Its version.
    pub version: Option<String>,
}

/// The most services that can be written down.
const MAX_SERVICES: usize = 256;

/// The tenant of the first start.
const FIRST_TENANT: &str = "CUSTOMER";

impl ServiceDraft {
    /// Accepts the draft when every field keeps its rule.
    ///
    /// # Errors
    /// A report of every faulty field.
    pub fn accept(self) -> Result<Service, ValidationReport> {
        let mut failures = self
            .validate()
            .err()
            .map(|errors| failures_of(&errors))
            .unwrap_or_default();
        let is_given = self.key.is_some();
        let key = self.key.unwrap_or_default();
        let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        let is_key = (1..=64).contains(&key.len()) && key.chars().all(fits);
        if is_given && !is_key {
            let rule = "must have 1 to 64 letters, digits and - _ .";
            failures.push(FieldFailure::new("key", rule));
        }
        let tenant = self.tenant.as_deref().unwrap_or(FIRST_TENANT);
        let tenant = tenant
            .parse()
            .map_err(|error| failures.push(FieldFailure::new("tenant", format!("{error}"))));
        match (tenant, ValidationReport::from_failures(failures)) {
            (Ok(tenant), None) => Ok(Service {
                audience: self.audience.unwrap_or_else(|| key.clone()),
                implied: self.implied.unwrap_or_default(),
                name: self.name.unwrap_or_else(|| key.clone()),
                tenant,
                kind: self.kind,
                address: self.address,
                port: self.port,
                base_path: self.base_path,
                version: self.version,
                key,
            }),
            (_, report) => Err(report.unwrap_or(ValidationReport::of("", "is incomplete"))),
        }
    }
}

/// Accepts services that were written down together.
///
/// # Errors
/// A report of every faulty field, under the place of its service; also when two have one key.
pub fn accept_services(drafts: Vec<ServiceDraft>) -> Result<Vec<Service>, ValidationReport> {
    if drafts.len() > MAX_SERVICES {
        let rule = format!("must be at most {MAX_SERVICES}");
        return Err(ValidationReport::of("", &rule));
    }
    let mut failures = Vec::new();
    let mut services: Vec<Service> = Vec::new();
    for (place, draft) in drafts.into_iter().enumerate() {
        match draft.accept() {
            Ok(service) if services.iter().any(|known| known.key == service.key) => {
                let path = format!("[{place}].key");
                failures.push(FieldFailure::new(path, "is that of another service"));
            }
            Ok(service) => services.push(service),
            Err(report) => failures.extend(report.into_failures().into_iter().map(|failure| {
                FieldFailure::new(format!("[{place}].{}", failure.path), failure.message)
            })),
        }
    }
    ValidationReport::from_failures(failures).map_or(Ok(services), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(key: &str) -> ServiceDraft {
        ServiceDraft {
            key: Some(key.to_owned()),
            ..ServiceDraft::default()
        }
    }

    #[test]
    fn what_is_not_said_follows_from_the_key() {
        let service = draft("ops-li").accept().unwrap();
        assert_eq!(
            (service.audience.as_str(), service.name.as_str()),
            ("ops-li", "ops-li")
        );
        assert_eq!(service.tenant.as_str(), "CUSTOMER");
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let faulty = ServiceDraft {
            tenant: Some("no tenant".to_owned()),
            name: Some(String::new()),
            ..draft("a b")
        };
        let drafts = vec![
            draft("a"),
            faulty,
            ServiceDraft::default(),
            draft("a"),
            draft(""),
        ];
        let report = accept_services(drafts).unwrap_err();
        let paths: Vec<_> = report
            .failures()
            .iter()
            .map(|one| one.path.as_str())
            .collect();
        assert_eq!(
            paths,
            [
                "[1].key",
                "[1].name",
                "[1].tenant",
                "[2].key",
                "[3].key",
                "[4].key"
            ]
        );
        let many = vec![draft("a"); MAX_SERVICES + 1];
        assert!(accept_services(many).is_err());
    }
}
