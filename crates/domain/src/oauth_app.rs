//! OAuth apps: clients that the server names and gives a secret.

use crate::broker::DisplayName;
use crate::id::{PrincipalId, RealmId};
use crate::text::required;
use crate::timestamp::Timestamp;
use crate::validation::{FieldFailure, ValidationReport};

/// The most addresses of one kind.
const MAX_URLS: usize = 32;

/// The longest address, in characters.
const MAX_URL: usize = 2048;

/// An OAuth app.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OauthApp {
    /// The realm it belongs to.
    pub realm_id: RealmId,
    /// Its id, which is also the principal that roles are given to.
    pub id: PrincipalId,
    /// Its `client_id`: 32 random characters that the server made.
    pub client_id: String,
    /// Its name for people.
    pub client_name: DisplayName,
    /// Where a browser may be sent back to (RFC 6749, section 3.1.2).
    pub redirect_urls: Vec<String>,
    /// Where a browser may be sent after a logout.
    pub logout_urls: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it: the id of the acting principal.
    pub created_by: String,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// The request for an OAuth app, or for a change of one, as it came from outside.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct OauthAppDraft {
    /// A name for people; see [`DisplayName`].
    pub client_name: Option<String>,
    /// Where a browser may be sent back to; none when absent.
    pub redirect_urls: Option<Vec<String>>,
    /// Where a browser may be sent after a logout; none when absent.
    pub logout_urls: Option<Vec<String>>,
}

/// A draft of an OAuth app that keeps every rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AcceptedOauthApp {
    client_name: DisplayName,
    redirect_urls: Vec<String>,
    logout_urls: Vec<String>,
}

impl OauthAppDraft {
    /// Accepts the draft when every field keeps its rule: a name, and addresses that are absolute and without a fragment
    /// (RFC 6749, section 3.1.2), by `https` or, to a loopback address alone, by `http` (RFC 9700, section 2.6).
    ///
    /// # Errors
    /// A report of every faulty field, with paths such as `redirectUrls[0]`.
    pub fn accept(self) -> Result<AcceptedOauthApp, ValidationReport> {
        let mut failures = Vec::new();
        let name = required("clientName", self.client_name.as_deref(), &mut failures);
        let redirect_urls = urls("redirectUrls", self.redirect_urls, &mut failures);
        let logout_urls = urls("logoutUrls", self.logout_urls, &mut failures);
        match (name, ValidationReport::from_failures(failures)) {
            (Some(client_name), None) => Ok(AcceptedOauthApp {
                client_name,
                redirect_urls,
                logout_urls,
            }),
            (_, Some(report)) => Err(report),
            (None, None) => Err(ValidationReport::of("clientName", "is required")),
        }
    }
}

impl OauthApp {
    /// Makes an app.
    pub fn create(
        realm_id: RealmId,
        id: PrincipalId,
        client_id: String,
        accepted: AcceptedOauthApp,
        created_by: &str,
        now: Timestamp,
    ) -> Self {
        Self {
            realm_id,
            id,
            client_id,
            client_name: accepted.client_name,
            redirect_urls: accepted.redirect_urls,
            logout_urls: accepted.logout_urls,
            created_at: now,
            created_by: created_by.to_owned(),
            updated_at: now,
        }
    }

    /// Replaces name and addresses.
    #[must_use]
    pub fn replace(self, accepted: AcceptedOauthApp, now: Timestamp) -> Self {
        Self {
            client_name: accepted.client_name,
            redirect_urls: accepted.redirect_urls,
            logout_urls: accepted.logout_urls,
            updated_at: now,
            ..self
        }
    }
}

fn urls(path: &str, given: Option<Vec<String>>, failures: &mut Vec<FieldFailure>) -> Vec<String> {
    let urls = given.unwrap_or_default();
    if urls.len() > MAX_URLS {
        let message = format!("must have at most {MAX_URLS} entries");
        failures.push(FieldFailure::new(path, message));
    }
    for (place, url) in urls.iter().enumerate() {
        if !is_destination(url) {
            let message =
                "must be an absolute https URL without a fragment, or http on a loopback address";
            failures.push(FieldFailure::new(format!("{path}[{place}]"), message));
        }
    }
    urls
}

fn is_destination(url: &str) -> bool {
    let fits = url.chars().count() <= MAX_URL
        && url.chars().all(|letter| letter.is_ascii_graphic())
        && !url.contains(['#', '\\', '"', '<', '>']);
    let host = |rest: &str| -> Option<String> {
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let named = !authority.is_empty() && !authority.contains('@');
        let host = match authority.strip_prefix('[') {
            Some(literal) => literal.split(']').next().unwrap_or_default(),
            None => authority.split(':').next().unwrap_or_default(),
        };
        (named && !host.is_empty()).then(|| host.to_ascii_lowercase())
    };
    fits && match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => host(rest).is_some(),
        (_, Some(rest)) => {
            host(rest).is_some_and(|host| matches!(&*host, "localhost" | "127.0.0.1" | "::1"))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_absolute_and_by_https_but_for_loopback() {
        for url in [
            "https://app.example/callback?x=1",
            "https://[2001:db8::1]:8443/",
            "http://localhost:3000/cb",
            "http://127.0.0.1/cb",
            "http://[::1]:1/cb",
        ] {
            assert!(is_destination(url), "{url}");
        }
        for url in [
            "",
            "/callback",
            "https://",
            "https:///x",
            "https://a/#f",
            "https://user@host/",
            "http://app.example/",
            "http://localhost.example/",
            "javascript:alert(1)",
            "https://a b/",
        ] {
            assert!(!is_destination(url), "{url}");
        }
    }

    #[test]
    fn every_faulty_field_is_named() {
        let draft = OauthAppDraft {
            client_name: None,
            redirect_urls: Some(vec!["https://a/".to_owned(), "x".to_owned()]),
            logout_urls: Some(vec!["https://a/".to_owned(); 33]),
        };
        let report = draft.accept().unwrap_err();
        let paths: Vec<_> = report
            .failures()
            .iter()
            .map(|failure| failure.path.as_str())
            .collect();
        assert_eq!(paths, ["clientName", "logoutUrls", "redirectUrls[1]"]);
    }
}
