//! Issuers whose tokens a realm trusts: an issuer string, and the certificates or the published keys by which its signatures are
//! verified.

use std::fmt;
use std::str::FromStr;

use crate::id::RealmId;
use crate::timestamp::Timestamp;
use crate::validation::ValidationReport;

/// The alias of the realm's own broker. It is always trusted, and no other issuer can have its name.
pub const OWN_ALIAS: &str = "breakglass";

/// The longest issuer, in characters.
const MAX_ISSUER: usize = 2048;

/// The most chains of an issuer.
pub const MAX_CHAINS: usize = 64;

/// The name by which an operator speaks of an issuer: 1 to 256 characters without control characters.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct IssuerAlias(String);

impl IssuerAlias {
    /// The longest alias, in characters.
    const MAX_CHARACTERS: usize = 256;

    /// The alias of the realm's own broker.
    pub fn own() -> Self {
        Self(OWN_ALIAS.to_owned())
    }

    /// The text of the alias.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IssuerAlias {
    type Err = InvalidIssuerAlias;

    fn from_str(text: &str) -> Result<Self, InvalidIssuerAlias> {
        let fits = (1..=Self::MAX_CHARACTERS).contains(&text.chars().count());
        let is_dots = matches!(text, "." | "..");
        (fits && text.trim() == text && !is_dots && !text.chars().any(char::is_control))
            .then(|| Self(text.to_owned()))
            .ok_or(InvalidIssuerAlias)
    }
}

impl fmt::Display for IssuerAlias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no alias.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "must be 1 to 256 characters without control characters or space at either end, and not '.' or '..'"
)]
pub struct InvalidIssuerAlias;

/// A chain of X.509 certificates in DER (RFC 5280), the one that signs tokens first, each signed by the next.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CertificateChain(pub Vec<Vec<u8>>);

/// An issuer that a realm trusts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenIssuer {
    /// The realm.
    pub realm_id: RealmId,
    /// Its alias, unique in the realm.
    pub alias: IssuerAlias,
    /// Its `iss`, unique in the realm.
    pub issuer: String,
    /// The certificates whose keys sign its tokens.
    pub chains: Vec<CertificateChain>,
    /// Where it publishes its keys (RFC 7517), if they are to be fetched.
    pub jwks_uri: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Accepts the text of an issuer: what must stand in `iss`.
///
/// # Errors
/// A report that names `field`.
pub fn accept_issuer(field: &str, text: Option<&str>) -> Result<String, ValidationReport> {
    let Some(text) = text else {
        return Err(ValidationReport::of(field, "is required"));
    };
    let fits = (1..=MAX_ISSUER).contains(&text.chars().count());
    if fits && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    let rule = format!("must have 1 to {MAX_ISSUER} characters without control characters");
    Err(ValidationReport::of(field, &rule))
}

/// Accepts the URL where an issuer publishes its keys: absolute, without user information and fragment, and over TLS unless plain
/// HTTP is allowed.
///
/// # Errors
/// A report that names `field`.
pub fn accept_jwks_uri(
    field: &str,
    text: &str,
    is_plain_allowed: bool,
) -> Result<String, ValidationReport> {
    let refused = |rule: &str| Err(ValidationReport::of(field, rule));
    let rest = match text.split_once("://") {
        Some(("https", rest)) => rest,
        Some(("http", rest)) if is_plain_allowed => rest,
        Some(("http", _)) => {
            return refused("must begin with https://; plain HTTP is not allowed here");
        }
        _ => return refused("must be a URL that begins with https://"),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_plain_text = text.bytes().all(|byte| byte.is_ascii_graphic());
    let has_host = !authority.is_empty() && !authority.starts_with(':');
    let is_bare = !authority.contains('@') && !text.contains('#');
    if is_plain_text && has_host && is_bare && text.len() <= MAX_ISSUER {
        return Ok(text.to_owned());
    }
    refused("must be a URL of at most 2048 ASCII characters, without user information and fragment")
}

/// Accepts an alias for a new issuer.
///
/// # Errors
/// A report that names `field`.
pub fn accept_alias(field: &str, text: Option<&str>) -> Result<IssuerAlias, ValidationReport> {
    let Some(text) = text else {
        return Err(ValidationReport::of(field, "is required"));
    };
    text.parse()
        .map_err(|fault: InvalidIssuerAlias| ValidationReport::of(field, fault.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_reads_back_and_nothing_else_does() {
        for text in ["a", "https://vc/x", "Ärztin 1", OWN_ALIAS] {
            assert_eq!(text.parse::<IssuerAlias>().unwrap().to_string(), text);
        }
        for text in ["", " a", "a ", "a\n", ".", "..", &"x".repeat(257)] {
            assert_eq!(
                text.parse::<IssuerAlias>(),
                Err(InvalidIssuerAlias),
                "{text:?}"
            );
        }
    }

    #[test]
    fn keys_are_fetched_over_tls_unless_allowed() {
        let accept = |text: &str, plain| accept_jwks_uri("jwks_uri", text, plain).is_ok();
        for (text, secure, plain) in [
            ("https://login.example/keys?v=1", true, true),
            ("https://[::1]:8443/keys", true, true),
            ("http://login.example/keys", false, true),
            ("ftp://login.example/keys", false, false),
            ("login.example/keys", false, false),
            ("https://", false, false),
            ("https:///keys", false, false),
            ("https://:443/keys", false, false),
            ("https://me@login.example/keys", false, false),
            ("https://login.example/keys#1", false, false),
            ("https://login.example/my keys", false, false),
        ] {
            assert_eq!(
                (accept(text, false), accept(text, true)),
                (secure, plain),
                "{text}"
            );
        }
    }

    #[test]
    fn an_issuer_is_any_text_of_a_sensible_length() {
        assert!(accept_issuer("issuer", Some("https://vc/websso/SAML2")).is_ok());
        for text in [None, Some(""), Some("a\u{7}")] {
            assert!(accept_issuer("issuer", text).is_err());
        }
    }
}
