//! Local accounts: the people who can log in when every directory is down.

use std::fmt;
use std::str::FromStr;

use crate::principal::{Principal, Privilege};
use crate::secret::Secret;
use crate::timestamp::Timestamp;
use crate::validation::ValidationReport;

/// The fewest characters of a password (NIST SP 800-63B, section 5.1.1.2, asks for eight; an administrator's has more).
pub const MIN_PASSWORD_CHARACTERS: usize = 12;

/// The most characters of a password: hashing must not become a way to tire the server.
pub const MAX_PASSWORD_CHARACTERS: usize = 1024;

/// The name of a local account: 1 to 128 characters without control characters or space at either end.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Username(String);

impl Username {
    /// The longest user name, in characters.
    const MAX_CHARACTERS: usize = 128;

    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Username {
    type Err = InvalidUsername;

    fn from_str(text: &str) -> Result<Self, InvalidUsername> {
        let fits = (1..=Self::MAX_CHARACTERS).contains(&text.chars().count());
        (fits && text.trim() == text && !text.chars().any(char::is_control))
            .then(|| Self(text.to_owned()))
            .ok_or(InvalidUsername)
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no user name.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("must be 1 to 128 characters without control characters or space at either end")]
pub struct InvalidUsername;

/// A password hash in PHC string form.
#[derive(Clone, Eq, PartialEq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a PHC string.
    pub fn new(phc: impl Into<String>) -> Self {
        Self(phc.into())
    }

    /// The PHC string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// A local account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Account {
    /// Its name, unique in the installation.
    pub username: Username,
    /// The hash of its password.
    pub password_hash: PasswordHash,
    /// What it may do.
    pub privileges: Vec<Privilege>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its password was last set.
    pub password_set_at: Timestamp,
}

impl Account {
    /// The account as a caller, once its password or a token of its is proven.
    pub fn principal(&self) -> Principal {
        Principal::Account {
            username: self.username.clone(),
            privileges: self.privileges.clone(),
        }
    }
}

/// Checks a new password.
///
/// # Errors
/// A report on the field `password` when it is shorter than [`MIN_PASSWORD_CHARACTERS`] or longer than
/// [`MAX_PASSWORD_CHARACTERS`].
pub fn accept_password(password: &Secret) -> Result<(), ValidationReport> {
    let characters = password.expose().chars().count();
    if (MIN_PASSWORD_CHARACTERS..=MAX_PASSWORD_CHARACTERS).contains(&characters) {
        return Ok(());
    }
    let message =
        format!("must have {MIN_PASSWORD_CHARACTERS} to {MAX_PASSWORD_CHARACTERS} characters");
    Err(ValidationReport::of("password", message))
}
