//! API tokens: long-lived secrets that a program exchanges for access tokens.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::broker::DisplayName;
use crate::id::{ApiTokenId, PrincipalId, RealmId};
use crate::secret::{Secret, TokenDigest};
use crate::settings::IamSettings;
use crate::text::{is_description, required};
use crate::timestamp::{Minutes, Timestamp};
use crate::validation::{FieldFailure, ValidationReport};

/// What every API token begins with.
pub const PREFIX: &str = "vidb_";

/// The lifetime of an API token for which none was asked for, in minutes (30 days), unless the settings allow less.
const DEFAULT_TTL: u32 = 43_200;

/// The lifetime of its access tokens for which none was asked for, in minutes.
const DEFAULT_ACCESS_TTL: u32 = 30;

/// How many characters of a token are shown, so that a person can tell it from others.
const LAST_CHARACTERS: usize = 5;

/// An API token. The token itself is kept nowhere.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApiToken {
    /// The realm it belongs to.
    pub realm_id: RealmId,
    /// Its id.
    pub id: ApiTokenId,
    /// The API client that holds it.
    pub principal_id: PrincipalId,
    /// Its name for people.
    pub name: DisplayName,
    /// What it is for.
    pub description: Option<String>,
    /// Its lifetime.
    pub ttl: Minutes,
    /// The lifetime of the access tokens it is exchanged for.
    pub access_token_ttl: Minutes,
    /// The digest of the exact token.
    pub digest: TokenDigest,
    /// The last characters of the token.
    pub last_characters: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the present secret was issued. Access tokens from before are dead.
    pub issued_at: Timestamp,
    /// The first instant at which it is dead of age.
    pub expires_at: Timestamp,
    /// When it was last exchanged.
    pub last_used_at: Option<Timestamp>,
    /// The place of its access tokens in the issuer's status list.
    pub status_index: u64,
}

/// The marks of the secret of an API token.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewApiTokenSecret {
    /// The digest of the exact token.
    pub digest: TokenDigest,
    /// The last characters of the token.
    pub last_characters: String,
    /// The place of its access tokens in the issuer's status list.
    pub status_index: u64,
}

/// An API token, and the client that holds it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HeldApiToken {
    /// The token.
    pub token: ApiToken,
    /// The id of the client.
    pub client_id: String,
}

/// The text of an API token, in the vendor's form: `vidb_` and the base64url of its id, 64 characters that nobody can guess
/// and its end in seconds, with `#` between them.
pub fn token_text(id: ApiTokenId, random: &[u8; 32], expires_at: Timestamp) -> Secret {
    let mut text = format!("{id}#");
    for byte in random {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    let _ = write!(text, "#{}", expires_at.seconds());
    Secret::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(text)))
}

/// The id that the text of an API token names, if it is one. Says nothing of whether it is the right text.
pub fn claimed_id(text: &str) -> Option<ApiTokenId> {
    let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
    let inner = String::from_utf8(bytes).ok()?;
    let (id, _) = inner.split_once('#')?;
    id.parse().ok()
}

impl NewApiTokenSecret {
    /// The marks of this token.
    pub fn of(token: &Secret, status_index: u64) -> Self {
        let token = token.expose();
        let skipped = token.chars().count().saturating_sub(LAST_CHARACTERS);
        Self {
            digest: TokenDigest::of(token),
            last_characters: token.chars().skip(skipped).collect(),
            status_index,
        }
    }
}

/// The request for an API token, or for a change of one, as it came from outside.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ApiTokenDraft {
    /// A name for people; see [`DisplayName`].
    pub token_name: Option<String>,
    /// What the token is for, up to 4000 characters.
    pub token_description: Option<String>,
    /// Its lifetime in minutes, up to the ceiling of the settings.
    pub api_token_ttl: Option<i64>,
    /// The lifetime of its access tokens in minutes, up to the ceiling of the settings.
    pub access_token_ttl: Option<i64>,
}

/// A draft of an API token that keeps every rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AcceptedApiToken {
    name: DisplayName,
    description: Option<String>,
    ttl: Minutes,
    access_token_ttl: Minutes,
}

/// A change of an API token that keeps every rule. What is absent stays.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApiTokenChange {
    name: Option<DisplayName>,
    description: Option<String>,
    access_token_ttl: Option<Minutes>,
}

impl ApiTokenDraft {
    /// Accepts the draft when every field keeps its rule and the settings allow its lifetimes.
    ///
    /// # Errors
    /// A report of every faulty field.
    pub fn accept(self, settings: &IamSettings) -> Result<AcceptedApiToken, ValidationReport> {
        let mut failures = Vec::new();
        let name = required("tokenName", self.token_name.as_deref(), &mut failures);
        check_description(self.token_description.as_deref(), &mut failures);
        let (ceiling, access_ceiling) = (settings.api_token_ttl(), settings.access_token_ttl());
        let ttl = self
            .api_token_ttl
            .unwrap_or_else(|| DEFAULT_TTL.min(ceiling.get()).into());
        let access = self
            .access_token_ttl
            .unwrap_or_else(|| DEFAULT_ACCESS_TTL.min(access_ceiling.get()).into());
        let ttl = within("apiTokenTtl", ttl, ceiling, &mut failures);
        let access_token_ttl = within("accessTokenTtl", access, access_ceiling, &mut failures);
        match (
            name,
            ttl,
            access_token_ttl,
            ValidationReport::from_failures(failures),
        ) {
            (Some(name), Some(ttl), Some(access_token_ttl), None) => Ok(AcceptedApiToken {
                name,
                description: self.token_description,
                ttl,
                access_token_ttl,
            }),
            (.., Some(report)) => Err(report),
            (.., None) => Err(ValidationReport::of("", "is incomplete")),
        }
    }

    /// Accepts the draft as a change. The lifetime of the token itself cannot be changed; that field is ignored.
    ///
    /// # Errors
    /// A report of every faulty field.
    pub fn accept_change(self, settings: &IamSettings) -> Result<ApiTokenChange, ValidationReport> {
        let mut failures = Vec::new();
        let name = match self.token_name.as_deref() {
            Some(name) => required("tokenName", Some(name), &mut failures),
            None => None,
        };
        check_description(self.token_description.as_deref(), &mut failures);
        let ceiling = settings.access_token_ttl();
        let access_token_ttl = self
            .access_token_ttl
            .and_then(|ttl| within("accessTokenTtl", ttl, ceiling, &mut failures));
        match ValidationReport::from_failures(failures) {
            None => Ok(ApiTokenChange {
                name,
                description: self.token_description,
                access_token_ttl,
            }),
            Some(report) => Err(report),
        }
    }
}

impl AcceptedApiToken {
    /// The lifetime of the token.
    pub fn ttl(&self) -> Minutes {
        self.ttl
    }
}

impl ApiToken {
    /// Makes a token that is issued `now`.
    pub fn create(
        realm_id: RealmId,
        id: ApiTokenId,
        principal_id: PrincipalId,
        accepted: AcceptedApiToken,
        secret: NewApiTokenSecret,
        now: Timestamp,
    ) -> Self {
        Self {
            realm_id,
            id,
            principal_id,
            name: accepted.name,
            description: accepted.description,
            ttl: accepted.ttl,
            access_token_ttl: accepted.access_token_ttl,
            digest: secret.digest,
            last_characters: secret.last_characters,
            status_index: secret.status_index,
            created_at: now,
            issued_at: now,
            expires_at: now.plus(accepted.ttl),
            last_used_at: None,
        }
    }

    /// Changes name, description and the lifetime of its access tokens; what the change leaves out stays.
    #[must_use]
    pub fn change(self, change: ApiTokenChange) -> Self {
        Self {
            name: change.name.unwrap_or(self.name),
            description: change.description.or(self.description),
            access_token_ttl: change.access_token_ttl.unwrap_or(self.access_token_ttl),
            ..self
        }
    }

    /// Replaces the secret: id, name and lifetime stay, the expiry starts anew.
    #[must_use]
    pub fn regenerate(self, secret: NewApiTokenSecret, now: Timestamp) -> Self {
        Self {
            digest: secret.digest,
            last_characters: secret.last_characters,
            status_index: secret.status_index,
            issued_at: now,
            expires_at: now.plus(self.ttl),
            ..self
        }
    }

    /// Whether this text is its present secret and it can be exchanged at this instant.
    pub fn admits(&self, text: &Secret, now: Timestamp) -> bool {
        self.digest == TokenDigest::of(text.expose()) && self.is_alive(now)
    }

    /// Whether it can be exchanged at this instant.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// Whether an access token of that age, for which this one was exchanged, is still good at this instant: this token
    /// has not been given another secret since.
    pub fn backs(&self, access_token_issued_at: Timestamp) -> bool {
        access_token_issued_at >= self.issued_at
    }

    /// The lifetime of an access token under the present settings: lowering the ceiling binds new tokens at once.
    pub fn access_token_ttl_under(&self, settings: &IamSettings) -> Minutes {
        self.access_token_ttl.min(settings.access_token_ttl())
    }
}

fn within(
    path: &str,
    ttl: i64,
    ceiling: Minutes,
    failures: &mut Vec<FieldFailure>,
) -> Option<Minutes> {
    let accepted = u32::try_from(ttl)
        .ok()
        .filter(|ttl| (1..=ceiling.get()).contains(ttl));
    if accepted.is_none() {
        failures.push(FieldFailure::new(
            path,
            format!("must be 1 to {ceiling} minutes"),
        ));
    }
    accepted.map(Minutes::new)
}

fn check_description(text: Option<&str>, failures: &mut Vec<FieldFailure>) {
    if text.is_some_and(|text| !is_description(text, 4000)) {
        let message = "must have at most 4000 characters and no control characters";
        failures.push(FieldFailure::new("tokenDescription", message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted() -> AcceptedApiToken {
        let draft = ApiTokenDraft {
            token_name: Some("ci".to_owned()),
            ..ApiTokenDraft::default()
        };
        draft.accept(&IamSettings::default()).unwrap()
    }

    fn token(now: Timestamp) -> ApiToken {
        let (realm, id, principal) = (
            RealmId::from_random([1; 16]),
            ApiTokenId::from_random([2; 16]),
            PrincipalId::from_random([3; 16]),
        );
        ApiToken::create(
            realm,
            id,
            principal,
            accepted(),
            NewApiTokenSecret::of(&Secret::new("vidb_abcdefgh"), 4),
            now,
        )
    }

    #[test]
    fn the_text_of_a_token_has_the_vendors_form() {
        let id = ApiTokenId::from_random([2; 16]);
        let token = token_text(id, &[0xab; 32], Timestamp::from_millis(1_746_159_060_999));
        let encoded = token.expose().strip_prefix("vidb_").unwrap();
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).unwrap()).unwrap();
        let parts: Vec<&str> = text.split('#').collect();
        assert_eq!(
            parts,
            [id.to_string().as_str(), &"ab".repeat(32), "1746159060"]
        );
        assert_eq!(claimed_id(token.expose()), Some(id));
    }

    #[test]
    fn another_text_names_no_token() {
        for text in [
            "",
            "vidb_",
            "vidb_!",
            "vidb_YWJj",
            "YWJjI2QjMQ",
            "vidb_w7wjZA",
        ] {
            assert_eq!(claimed_id(text), None, "{text}");
        }
    }

    #[test]
    fn only_the_present_secret_is_admitted_and_only_in_its_time() {
        let token = token(Timestamp::from_millis(0));
        let right = Secret::new("vidb_abcdefgh");
        assert!(token.admits(&right, Timestamp::from_millis(0)));
        assert!(!token.admits(&Secret::new("vidb_abcdefgi"), Timestamp::from_millis(0)));
        assert!(!token.admits(&right, token.expires_at));
    }

    #[test]
    fn what_is_absent_takes_the_defaults() {
        let accepted = accepted();
        assert_eq!(
            (accepted.ttl, accepted.access_token_ttl),
            (Minutes::new(43_200), Minutes::new(30))
        );
    }

    #[test]
    fn the_settings_are_the_ceiling() {
        let draft = ApiTokenDraft {
            token_name: None,
            token_description: Some("x".repeat(4001)),
            api_token_ttl: Some(43_201),
            access_token_ttl: Some(0),
        };
        let report = draft.accept(&IamSettings::default()).unwrap_err();
        let paths: Vec<_> = report
            .failures()
            .iter()
            .map(|failure| failure.path.as_str())
            .collect();
        assert_eq!(
            paths,
            [
                "accessTokenTtl",
                "apiTokenTtl",
                "tokenDescription",
                "tokenName"
            ]
        );
    }

    #[test]
    fn regenerating_ends_the_access_tokens_from_before() {
        let born = Timestamp::from_millis(0);
        let token = token(born);
        assert_eq!(token.last_characters, "defgh");
        let later = Timestamp::from_millis(5_000);
        assert!(token.backs(born));
        let renewed = token.regenerate(NewApiTokenSecret::of(&Secret::new("vidb_other"), 5), later);
        assert!(!renewed.backs(born));
        assert!(renewed.backs(later));
        assert_eq!(renewed.expires_at, later.plus(Minutes::new(43_200)));
        assert!(renewed.is_alive(later) && !renewed.is_alive(renewed.expires_at));
    }
}
