//! Entitlements: what a token lets its holder do on a host, in the words of the ESX contract.

use std::fmt;
use std::str::FromStr;

/// A coarse permission that holds for the whole system.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Entitlement {
    /// Changes who may do what: client profiles and trusted issuers.
    IdentityMgmt,
    /// Reads monitoring and performance data.
    Observability,
    /// Does some read operations.
    ReadOnly,
    /// Changes the configuration of security.
    SecurityMgmt,
}

impl Entitlement {
    /// Every entitlement.
    pub const ALL: [Self; 4] = [
        Self::IdentityMgmt,
        Self::Observability,
        Self::ReadOnly,
        Self::SecurityMgmt,
    ];

    /// The contract's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IdentityMgmt => "IDENTITY_MGMT",
            Self::Observability => "OBSERVABILITY",
            Self::ReadOnly => "READ_ONLY",
            Self::SecurityMgmt => "SECURITY_MGMT",
        }
    }
}

impl fmt::Display for Entitlement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no entitlement.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("must be IDENTITY_MGMT, OBSERVABILITY, READ_ONLY or SECURITY_MGMT")]
pub struct UnknownEntitlement;

impl FromStr for Entitlement {
    type Err = UnknownEntitlement;

    fn from_str(text: &str) -> Result<Self, UnknownEntitlement> {
        let named = Self::ALL.into_iter().find(|known| known.name() == text);
        named.ok_or(UnknownEntitlement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back() {
        for entitlement in Entitlement::ALL {
            assert_eq!(entitlement.to_string().parse(), Ok(entitlement));
        }
        for text in ["", "read_only", "ADMIN"] {
            assert_eq!(text.parse::<Entitlement>(), Err(UnknownEntitlement));
        }
    }
}
