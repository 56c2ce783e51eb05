//! The caller-chosen id of an emergency client.

use std::fmt;
use std::str::FromStr;

/// The longest client id, in characters.
const MAX_CHARACTERS: usize = 256;

/// Signs allowed beside letters and digits. `/`, `?`, `#` and `%` are not among them: clients exist that do not escape
/// them in a path, so that an id with one could be made and never deleted.
const SIGNS: &[char] = &[' ', '-', '_', '.', '@', ':', '+'];

/// The id of an emergency client, unique in its realm: 1 to 256 letters and digits of any script, spaces and the signs
/// `-`, `_`, `.`, `@`, `:`, `+`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ClientId(String);

impl ClientId {
    /// The text of the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientId {
    type Err = ClientIdError;

    fn from_str(text: &str) -> Result<Self, ClientIdError> {
        if text.is_empty() {
            return Err(ClientIdError::Empty);
        }
        if text.chars().count() > MAX_CHARACTERS {
            return Err(ClientIdError::TooLong);
        }
        if matches!(text, "." | "..") {
            return Err(ClientIdError::DotSegment);
        }
        if text.starts_with(' ') || text.ends_with(' ') {
            return Err(ClientIdError::SpaceAtAnEnd);
        }
        match text
            .chars()
            .find(|letter| !letter.is_alphanumeric() && !SIGNS.contains(letter))
        {
            Some(character) => Err(ClientIdError::Character { character }),
            None => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no client id.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ClientIdError {
    /// It holds a character that is neither a letter nor a digit nor one of the allowed signs.
    #[error("must hold only letters, digits, spaces and - _ . @ : +, not {character:?}")]
    Character {
        /// The first such character.
        character: char,
    },
    /// It is `.` or `..`, which a path would swallow (RFC 3986, section 5.2.4).
    #[error("must not be . or ..")]
    DotSegment,
    /// It has no character.
    #[error("must have at least 1 character")]
    Empty,
    /// It begins or ends with a space.
    #[error("must not begin or end with a space")]
    SpaceAtAnEnd,
    /// It has more than 256 characters.
    #[error("must have at most {MAX_CHARACTERS} characters")]
    TooLong,
}
