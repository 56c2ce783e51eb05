//! Text that must not be seen.

use std::fmt;

use serde::{Deserialize, Serialize};
use validator::ValidateLength;
use zeroize::Zeroize;

/// A password or token on its way in or out. It is wiped when dropped, and printing it for debugging hides it.
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Sensitive(String);

impl Sensitive {
    /// Takes charge of a secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sensitive(..)")
    }
}

impl From<&str> for Sensitive {
    fn from(secret: &str) -> Self {
        Self::new(secret)
    }
}

impl From<String> for Sensitive {
    fn from(secret: String) -> Self {
        Self(secret)
    }
}

impl ValidateLength<u64> for Sensitive {
    fn length(&self) -> Option<u64> {
        self.0.length()
    }
}

impl Drop for Sensitive {
    fn drop(&mut self) {
        // With what is to spare behind it. The wiping of a vector goes byte by byte, that of a slice does not.
        let mut bytes = std::mem::take(&mut self.0).into_bytes();
        bytes.resize(bytes.capacity(), 0);
        bytes.as_mut_slice().zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::RevocationRequest;
    use crate::fleet_iam::{AuthToken, EmergencyClient, UsernamePassword};

    #[test]
    fn debug_hides_every_secret() {
        let secret = || Some(Sensitive::new("hunter2"));
        let printed = format!(
            "{:?} {:?} {:?} {:?}",
            AuthToken {
                token: secret(),
                ..AuthToken::default()
            },
            EmergencyClient {
                access_token: secret(),
                ..EmergencyClient::default()
            },
            RevocationRequest {
                token: secret(),
                ..RevocationRequest::default()
            },
            UsernamePassword {
                password: secret(),
                ..UsernamePassword::default()
            },
        );
        assert!(!printed.contains("hunter2"), "{printed}");
        assert_eq!(printed.matches("Sensitive(..)").count(), 4);
    }

    #[test]
    fn the_wire_carries_the_bare_text() {
        let secret: Sensitive = serde_json::from_str("\"hunter2\"").unwrap();
        assert_eq!(secret.expose(), "hunter2");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"hunter2\"");
    }
}
