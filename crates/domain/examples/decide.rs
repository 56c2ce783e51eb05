//! A service that decides by client profiles of its own what the holder of a token may do, with this crate alone.
//!
//! ```text
//! $ cargo run --package breakglass-domain --example decide -- READ_ONLY alice@example.org operators
//! READ_ONLY granted by profile 07070707-0707-4707-8707-070707070707, subject EXTERNAL_GROUP
//! ```
//!
//! Whatever verified the token, a library for JSON Web Tokens or a proxy, knows which issuer signed it and fills in the claims.
//! Here they come from the command line.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program reads the clock that this crate never reads, and answers on its terminal"
)]

use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};

use breakglass_domain::{
    AccessGrantDraft, ClientProfileDraft, ClientProfileId, Entitlement, ForeignClaims, Minutes,
    ProfileIndex, RealmId, Reason, Timestamp,
};

/// What this service calls the issuer that it trusts.
const ALIAS: &str = "corporate";

/// The audience of tokens for this service.
const AUDIENCE: &str = "https://service.example";

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let needed: Entitlement = words.next().ok_or("ENTITLEMENT is missing")?.parse()?;
    let subject = words.next().ok_or("SUBJECT is missing")?;
    let millis = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let now = Timestamp::from_millis(millis.try_into()?);
    let claims = verified_claims(subject, words.collect(), now);
    println!("{}", answer(&claims, needed, now)?);
    Ok(())
}

/// What a token says whose signature was verified.
fn verified_claims(subject: String, groups: Vec<String>, now: Timestamp) -> ForeignClaims {
    ForeignClaims {
        issuer: "https://login.example.org".to_owned(),
        subject,
        audience: vec![AUDIENCE.to_owned()],
        issued_at: now,
        expires_at: now.plus(Minutes::new(10)),
        groups,
        ..ForeignClaims::default()
    }
}

/// The client profiles of this service: the operators of `example.org` may look on.
fn profiles(now: Timestamp) -> Result<ProfileIndex, Box<dyn Error>> {
    let draft = ClientProfileDraft {
        external_group_name: Some("operators".to_owned()),
        issuer_alias: Some(ALIAS.to_owned()),
        domain: Some("example.org".to_owned()),
        grants: Some(vec![AccessGrantDraft {
            resource_type: Some("ENTITLEMENT".to_owned()),
            entitlement: Some("READ_ONLY".to_owned()),
        }]),
        ..ClientProfileDraft::default()
    };
    let (realm, id) = (
        RealmId::from_random([1; 16]),
        ClientProfileId::from_random([7; 16]),
    );
    let profile = draft.accept()?.into_profile(realm, id, now);
    Ok(ProfileIndex::new(vec![profile]))
}

/// Whether the holder may, and by which profile.
fn answer(
    claims: &ForeignClaims,
    needed: Entitlement,
    now: Timestamp,
) -> Result<String, Box<dyn Error>> {
    if !claims.holds(&[AUDIENCE], now) {
        return Ok("the token is over, or not for this service".to_owned());
    }
    let decision = profiles(now)?.decide(&claims.holder(ALIAS.parse()?));
    let reasons = decision.reasons(needed).map(|reason| match reason {
        Reason::Administrator => "as the administrator".to_owned(),
        Reason::Profile { id, subject } => format!("by profile {id}, subject {}", subject.name()),
    });
    let reasons: Vec<String> = reasons.collect();
    let needed = needed.name();
    Ok(if reasons.is_empty() {
        format!("{needed} denied: no profile grants it")
    } else {
        format!("{needed} granted {}", reasons.join(" and "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(subject: &str, groups: &[&str], needed: Entitlement, minutes_later: u32) -> String {
        let then = Timestamp::from_millis(1_750_000_000_000);
        let groups = groups.iter().map(|&group| group.to_owned()).collect();
        let claims = verified_claims(subject.to_owned(), groups, then);
        answer(&claims, needed, then.plus(Minutes::new(minutes_later))).unwrap()
    }

    #[test]
    fn it_decides_by_the_profiles() {
        let ask = |groups, needed, later| asked("alice@example.org", groups, needed, later);
        let granted = ask(&["operators"], Entitlement::ReadOnly, 0);
        assert!(granted.contains("granted by profile"), "{granted}");
        assert!(granted.ends_with("EXTERNAL_GROUP"), "{granted}");
        for (groups, needed) in [
            (&[][..], Entitlement::ReadOnly),
            (&["operators"][..], Entitlement::IdentityMgmt),
            (&["operators@elsewhere.org"][..], Entitlement::ReadOnly),
        ] {
            let denied = ask(groups, needed, 0);
            assert!(denied.contains("denied"), "{denied}");
        }
        let late = ask(&["operators"], Entitlement::ReadOnly, 20);
        assert!(late.contains("is over"), "{late}");
    }
}
