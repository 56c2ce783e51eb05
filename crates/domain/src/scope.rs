//! Scopes: which of a principal's roles a token carries.
//!
//! A scope is a list of names of roles (RFC 6749, section 3.3). The vendor's clients ask for the scopes of OpenID Connect
//! as well; those mean nothing for a token that stands for no person, and are passed over.

use crate::role::RoleName;

/// The longest text of a scope, in characters.
pub const MAX_SCOPE: usize = 1024;

/// Scopes that are asked for by habit and change nothing here.
const PASSED_OVER: [&str; 5] = ["email", "group", "openid", "profile", "user"];

/// The scope that is asked for cannot be given.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the scope is more than the caller holds, or is unknown")]
pub struct InvalidScope;

impl RoleName {
    /// Whether the holder of this role holds the other one too: the same, or what is less than it.
    pub fn includes(&self, other: &Self) -> bool {
        self == other || other.including() == Some(self.as_str())
    }

    /// The role whose holder holds this one too, if there is one.
    pub fn included_in(&self) -> Option<Self> {
        self.including()?.parse().ok()
    }

    fn including(&self) -> Option<&'static str> {
        match self.as_str() {
            "sddc_viewer" => Some("sddc_administrator"),
            "vcf_viewer" => Some("vcf_administrator"),
            _ => None,
        }
    }
}

/// The roles that a token carries whose holder holds these and asks for this scope: all that are held when the text asks for
/// nothing, else those that it names. Never more than is held.
///
/// # Errors
/// [`InvalidScope`] when the text is too long, or asks for something and nothing of it is held: a name that was mistyped must
/// not widen a token.
pub fn narrow(held: &[RoleName], asked: Option<&str>) -> Result<Vec<RoleName>, InvalidScope> {
    let asked = asked.unwrap_or_default();
    if asked.chars().count() > MAX_SCOPE {
        return Err(InvalidScope);
    }
    if is_open(asked) {
        return Ok(in_order(held.to_vec()));
    }
    let granted: Vec<RoleName> = wanted(asked)
        .filter_map(|name| name.parse::<RoleName>().ok())
        .filter(|role| held.iter().any(|own| own.includes(role)))
        .collect();
    if granted.is_empty() {
        return Err(InvalidScope);
    }
    Ok(in_order(granted))
}

/// Whether a scope asks for nothing, and so for all that there is.
pub fn is_open(asked: &str) -> bool {
    asked.len() <= MAX_SCOPE && wanted(asked).next().is_none()
}

fn wanted(asked: &str) -> impl Iterator<Item = &str> {
    asked
        .split(' ')
        .filter(|name| !name.is_empty() && !PASSED_OVER.contains(name))
}

fn in_order(mut roles: Vec<RoleName>) -> Vec<RoleName> {
    roles.sort_unstable();
    roles.dedup();
    roles
}

/// The text of a scope; none when it holds nothing, for a scope is never empty (RFC 6749, section 3.3).
pub fn text(roles: &[RoleName]) -> Option<String> {
    let names: Vec<&str> = roles.iter().map(RoleName::as_str).collect();
    (!names.is_empty()).then(|| names.join(" "))
}

/// The roles that the scope of a token names.
pub fn roles(text: Option<&str>) -> Vec<RoleName> {
    text.unwrap_or_default()
        .split(' ')
        .filter_map(|name| name.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(names: &[&str]) -> Vec<RoleName> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn nothing_asked_is_everything_held() {
        let held = named(&["vcf_viewer", "auditor"]);
        for asked in [None, Some(""), Some("openid profile user email group")] {
            assert_eq!(narrow(&held, asked), Ok(named(&["auditor", "vcf_viewer"])));
        }
    }

    #[test]
    fn what_is_asked_and_held_is_given() {
        let held = named(&["vcf_administrator", "auditor"]);
        assert_eq!(
            narrow(&held, Some("auditor nobody")),
            Ok(named(&["auditor"]))
        );
        assert_eq!(
            narrow(&held, Some("openid vcf_viewer")),
            Ok(named(&["vcf_viewer"])),
            "an administrator may act as a viewer"
        );
    }

    #[test]
    fn a_mistyped_name_does_not_widen() {
        let held = named(&["vcf_viewer"]);
        for asked in ["vcf_viewr", "vcf_administrator", "a\u{7f}"] {
            assert_eq!(narrow(&held, Some(asked)), Err(InvalidScope), "{asked}");
        }
        assert_eq!(narrow(&held, Some(&"x".repeat(1025))), Err(InvalidScope));
        assert_eq!(narrow(&[], None), Ok(vec![]));
    }

    #[test]
    fn a_scope_reads_back() {
        let roles_held = named(&["auditor", "vcf_viewer"]);
        assert_eq!(text(&roles_held).as_deref(), Some("auditor vcf_viewer"));
        assert_eq!(roles(Some("auditor vcf_viewer")), roles_held);
        assert_eq!((text(&[]), roles(None)), (None, vec![]));
    }

    const NAMES: [&str; 6] = [
        "auditor",
        "openid",
        "sddc_administrator",
        "sddc_viewer",
        "vcf_administrator",
        "vcf_viewer",
    ];

    proptest! {
        #[test]
        fn narrowing_never_widens(
            held in prop::sample::subsequence(NAMES.to_vec(), 0..=6),
            first in prop::collection::vec(prop::sample::select(NAMES.to_vec()), 0..5),
            second in prop::collection::vec(prop::sample::select(NAMES.to_vec()), 0..5),
        ) {
            let held = named(&held);
            let covered = |wide: &[RoleName], narrow: &[RoleName]| {
                narrow.iter().all(|role| wide.iter().any(|own| own.includes(role)))
                    && narrow.iter().flat_map(RoleName::privileges).all(|privilege| {
                        wide.iter().flat_map(RoleName::privileges).any(|own| own == privilege)
                    })
            };
            if let Ok(once) = narrow(&held, Some(&first.join(" "))) {
                prop_assert!(covered(&held, &once));
                if let Ok(twice) = narrow(&once, Some(&second.join(" "))) {
                    prop_assert!(covered(&once, &twice) && covered(&held, &twice));
                }
            }
        }
    }
}
