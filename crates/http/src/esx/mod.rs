//! `/api/esx/authentication`: client profiles, trusted issuers and host tokens, in the words of the ESX contract.

pub(crate) mod client_profile;
pub(crate) mod error;
pub(crate) mod host_token;
pub(crate) mod token_issuer;

use crate::query::Query;

/// How much of each entry of a list is wanted.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Projection {
    Brief,
    Normal,
    Full,
}

impl Projection {
    const ALL: [Self; 3] = [Self::Brief, Self::Normal, Self::Full];

    /// The projection that is asked for. The contract spells it in capitals and its documents do not, so both are taken.
    fn read(query: &mut Query) -> Self {
        let rule = "must be BRIEF, NORMAL or FULL";
        let known = |text: &str| {
            let spelled = |one: &Self| one.name().eq_ignore_ascii_case(text);
            Self::ALL.into_iter().find(spelled)
        };
        query
            .read_with("projection", rule, known)
            .unwrap_or(Self::Normal)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Brief => "BRIEF",
            Self::Normal => "NORMAL",
            Self::Full => "FULL",
        }
    }
}
