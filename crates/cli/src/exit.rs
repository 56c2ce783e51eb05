//! Exit codes, and the failures that carry them.

use std::fmt;
use std::process::ExitCode;

use breakglass_domain::ErrorKind;

macro_rules! exits {
    ($($name:ident = $code:literal, $description:literal;)+) => {
        /// How the program ends. The numbers are a promise to scripts: they never change.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum Exit {
            $(#[doc = $description] $name,)+
        }

        impl Exit {
            /// Every way to end, ordered by number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The number that the operating system is given.
            pub const fn code(self) -> u8 {
                match self { $(Self::$name => $code,)+ }
            }

            /// What the number means, in a sentence.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$name => $description,)+ }
            }
        }
    };
}

exits! {
    Success = 0, "Done; of `token verify`, the token is valid, with `--jwks` as far as can be told without asking for its recall; of `audit verify`, the audit holds.";
    Failed = 1, "Something on this machine failed: a file, a socket, an answer that makes no sense.";
    Usage = 2, "The command line, the environment or the configuration file is wrong.";
    Invalid = 3, "The request breaks a rule; every faulty field is named.";
    Unauthenticated = 4, "The credentials are missing, wrong, expired or recalled.";
    Forbidden = 5, "The credentials are good and do not allow this.";
    NotFound = 6, "There is no such thing, or none that these credentials may know of.";
    Conflict = 7, "It exists already, or the state of things does not allow it.";
    RateLimited = 8, "Too many attempts from this address failed; try again later.";
    Unavailable = 9, "The server cannot be reached, or its store cannot take the request; nothing was changed.";
    Internal = 10, "The server failed; its log says why.";
    TaskFailed = 11, "The task that was asked for ended as failed, or did not end in time.";
    TokenInvalid = 20, "The token was not signed by this issuer, or is no access token.";
    TokenExpired = 21, "The time of the token is over.";
    TokenRecalled = 22, "The token was recalled.";
    TokenNotYetValid = 23, "The time of the token has not come yet.";
    TokenUnchecked = 24, "The token is genuine and in its time, but its recall could not be checked.";
    AuditTampered = 30, "A record of the audit was changed, removed, inserted or moved, or the end was cut off.";
    BackupTampered = 31, "A byte of the copy of the store was changed, it is not whole, or it is none.";
    NotInitialized = 40, "The data folder holds no installation yet.";
    MasterKey = 41, "The master key is missing, unreadable or not the one of this store.";
    RecallsLost = 42, "Nobody knows what was recalled since the copy was made, and `--recalls-lost` does not say what is to count.";
    Unheard = 141, "Whoever read the output stopped before its end, as `head` does; what was asked for is done.";
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Conflict => Self::Conflict,
            ErrorKind::Forbidden => Self::Forbidden,
            ErrorKind::Internal => Self::Internal,
            ErrorKind::Invalid => Self::Invalid,
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::RateLimited => Self::RateLimited,
            ErrorKind::Unauthenticated => Self::Unauthenticated,
            ErrorKind::Unavailable => Self::Unavailable,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command could not do what was asked: a message for a person and an exit code for a script. Never holds a secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// How the program ends.
    pub exit: Exit,
    /// What went wrong.
    pub message: String,
    /// More of it, a line each.
    pub details: Vec<String>,
}

impl Failure {
    /// A failure with this message.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            details: Vec::new(),
        }
    }

    /// A failure whose message goes on with the error and everything that caused it.
    pub(crate) fn caused(
        exit: Exit,
        message: impl Into<String>,
        error: &dyn std::error::Error,
    ) -> Self {
        let mut message = message.into();
        let mut cause = Some(error);
        while let Some(error) = cause {
            let text = error.to_string();
            // Some errors repeat their cause in their own text.
            if !message.ends_with(&text) {
                message.push_str(": ");
                message.push_str(&text);
            }
            cause = error.source();
        }
        Self::new(exit, message)
    }

    /// A failure without words: whoever was listening has gone.
    pub(crate) fn unheard() -> Self {
        Self::new(Exit::Unheard, "")
    }

    /// Whether there is anything to tell.
    pub(crate) fn has_words(&self) -> bool {
        !self.message.is_empty()
    }

    /// Adds a line.
    #[must_use]
    pub(crate) fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }
}

impl From<breakglass_app::Error> for Failure {
    fn from(error: breakglass_app::Error) -> Self {
        let failure = Self::new(error.kind().into(), error.public_message());
        match error {
            // Whoever works on the data folder is its operator, and may read the store's own reason.
            breakglass_app::Error::Crypto(_) | breakglass_app::Error::Store(_) => {
                failure.with_detail(error.to_string())
            }
            _ => failure,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for detail in &self.details {
            write!(f, "\n  {detail}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::io;

    use super::*;

    #[test]
    fn no_two_ways_to_end_share_a_number() {
        let codes: BTreeSet<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert_eq!(codes.len(), Exit::ALL.len());
        assert!(Exit::ALL.is_sorted_by_key(|exit| exit.code()));
    }

    #[test]
    fn every_kind_of_error_has_a_number_of_its_own() {
        let kinds = [
            ErrorKind::Conflict,
            ErrorKind::Forbidden,
            ErrorKind::Internal,
            ErrorKind::Invalid,
            ErrorKind::NotFound,
            ErrorKind::RateLimited,
            ErrorKind::Unauthenticated,
            ErrorKind::Unavailable,
        ];
        let codes: BTreeSet<u8> = kinds.iter().map(|kind| Exit::from(*kind).code()).collect();
        assert_eq!(codes.len(), kinds.len());
        assert!(!codes.contains(&Exit::Success.code()) && !codes.contains(&Exit::Usage.code()));
    }

    #[test]
    fn a_cause_is_told_once() {
        let error = io::Error::other("disk on fire");
        let failure = Failure::caused(Exit::Failed, "cannot write", &error);
        assert_eq!(failure.to_string(), "cannot write: disk on fire");
    }
}
