//! What a caller asks for, and what was accepted of it.

use serde::{Deserialize, Serialize};
use validator::{Validate, ValidationError};

use super::ClientId;
use crate::thumbprint::Thumbprint;
use crate::timestamp::Minutes;
use crate::validation::{FieldFailure, ValidationReport, failures_of};

/// The request for an emergency client, as it came from outside. Nothing in it is trusted.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, Validate)]
#[serde(default, rename_all = "camelCase")]
pub struct EmergencyClientDraft {
    /// The wanted id; see [`ClientId`].
    pub client_id: Option<String>,
    /// A name for people, 1 to 256 characters without control characters.
    #[validate(required(message = "is required"))]
    #[validate(length(min = 1, max = 256, message = "must have 1 to 256 characters"))]
    #[validate(custom(function = one_line))]
    pub client_name: Option<String>,
    /// What the client is for, up to 4000 characters; of the control characters only tabs and ends of lines.
    #[validate(length(max = 4000, message = "must have at most 4000 characters"))]
    #[validate(custom(function = lines))]
    pub client_description: Option<String>,
    /// The lifetime of the token in minutes, from 1 to the server's cap.
    pub access_token_ttl: Option<i64>,
    /// The thumbprint of the key that each of its tokens is to be bound to (RFC 7638), in base64url; none when absent.
    pub dpop_key_thumbprint: Option<String>,
}

/// A draft that keeps every rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AcceptedEmergencyClient {
    pub(super) client_id: ClientId,
    pub(super) client_name: String,
    pub(super) client_description: Option<String>,
    pub(super) ttl: Minutes,
    pub(super) dpop_key: Option<Thumbprint>,
}

impl EmergencyClientDraft {
    /// Accepts the draft when every field keeps its rule; `cap` is the longest lifetime this server grants.
    ///
    /// # Errors
    /// A report of every faulty field.
    pub fn accept(self, cap: Minutes) -> Result<AcceptedEmergencyClient, ValidationReport> {
        let mut failures = self
            .validate()
            .err()
            .map(|errors| failures_of(&errors))
            .unwrap_or_default();
        let client_id = accept_client_id(self.client_id.as_deref(), &mut failures);
        let ttl = accept_ttl(self.access_token_ttl, cap, &mut failures);
        let dpop_key = accept_key(self.dpop_key_thumbprint.as_deref(), &mut failures);
        match (
            client_id,
            ttl,
            self.client_name,
            ValidationReport::from_failures(failures),
        ) {
            (Some(client_id), Some(ttl), Some(client_name), None) => Ok(AcceptedEmergencyClient {
                client_id,
                client_name,
                client_description: self.client_description,
                ttl,
                dpop_key,
            }),
            (.., Some(report)) => Err(report),
            (.., None) => Err(ValidationReport::of("", "is incomplete")),
        }
    }
}

impl AcceptedEmergencyClient {
    /// The id of the client to be made.
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// The lifetime of its token.
    pub fn ttl(&self) -> Minutes {
        self.ttl
    }

    /// The key that its token is to be bound to.
    pub fn dpop_key(&self) -> Option<Thumbprint> {
        self.dpop_key
    }
}

/// Lets a text pass that has no control characters. What a person reads on a terminal must not steer it.
fn one_line(text: &str) -> Result<(), ValidationError> {
    let message = "must not hold control characters";
    steers_nothing(text, &[], message)
}

/// Lets a text pass whose only control characters are those of text in lines.
fn lines(text: &str) -> Result<(), ValidationError> {
    let message = "must not hold control characters but tabs and ends of lines";
    steers_nothing(text, &['\t', '\n', '\r'], message)
}

fn steers_nothing(
    text: &str,
    harmless: &[char],
    message: &'static str,
) -> Result<(), ValidationError> {
    let steers = |character: char| character.is_control() && !harmless.contains(&character);
    if text.chars().any(steers) {
        return Err(ValidationError::new("control_character").with_message(message.into()));
    }
    Ok(())
}

fn accept_client_id(text: Option<&str>, failures: &mut Vec<FieldFailure>) -> Option<ClientId> {
    let parsed = match text {
        Some(text) => text.parse::<ClientId>().map_err(|error| error.to_string()),
        None => Err("is required".to_owned()),
    };
    parsed
        .map_err(|message| failures.push(FieldFailure::new("clientId", message)))
        .ok()
}

fn accept_key(text: Option<&str>, failures: &mut Vec<FieldFailure>) -> Option<Thumbprint> {
    text?
        .parse()
        .map_err(|error| failures.push(FieldFailure::new("dpopKeyThumbprint", format!("{error}"))))
        .ok()
}

fn accept_ttl(ttl: Option<i64>, cap: Minutes, failures: &mut Vec<FieldFailure>) -> Option<Minutes> {
    let Some(ttl) = ttl else {
        failures.push(FieldFailure::new("accessTokenTtl", "is required"));
        return None;
    };
    let accepted = u32::try_from(ttl)
        .ok()
        .filter(|ttl| (1..=cap.get()).contains(ttl));
    if accepted.is_none() {
        let message = format!("must be 1 to {cap} minutes");
        failures.push(FieldFailure::new("accessTokenTtl", message));
    }
    accepted.map(Minutes::new)
}
