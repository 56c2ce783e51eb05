//! What holders of our own access tokens are to the hosts of their realm.

use std::sync::Arc;

use breakglass_domain::decision::{Decision, Holder as Known};
use breakglass_domain::{IssuerAlias, RoleName, VerifiedBy};

use crate::app::{App, lock};
use crate::decision::Rules;
use crate::held_roles::HeldRoles;
use crate::live_token::LiveToken;
use crate::token_holder::Holder;

/// The most holders of many roles whose standing is kept.
pub(crate) const STANDING_CAPACITY: usize = 128;

/// From how many roles on it is worth keeping.
const MANY_ROLES: usize = 16;

/// Who somebody with many roles is and may do, by these rules and with the roles that are held.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    rules: Arc<Rules>,
    held: Arc<HeldRoles>,
    known: Arc<Known>,
    decision: Arc<Decision>,
}

impl App {
    /// The holder of an access token of ours as the realm's own issuer names it, and what the profiles grant. It is worked out
    /// again whenever the rules, or the roles that are held, were read again.
    pub(crate) fn standing(
        &self,
        live: &LiveToken,
        rules: &Arc<Rules>,
    ) -> (Arc<Known>, Arc<Decision>) {
        let worked_out = || {
            let known = known_by(live);
            let decision = rules.profiles.decide(&known);
            (Arc::new(known), Arc::new(decision))
        };
        let Holder::Client(_, held) = &live.holder else {
            return worked_out();
        };
        if live.scope().len() < MANY_ROLES {
            return worked_out();
        }
        let digest = live.verified.digest;
        let kept = lock(&self.standings).get(&digest);
        let is_current =
            |kept: &Standing| Arc::ptr_eq(&kept.rules, rules) && Arc::ptr_eq(&kept.held, held);
        if let Some(kept) = kept.filter(is_current) {
            return (kept.known, kept.decision);
        }
        let (known, decision) = worked_out();
        let standing = Standing {
            rules: Arc::clone(rules),
            held: Arc::clone(held),
            known: Arc::clone(&known),
            decision: Arc::clone(&decision),
        };
        lock(&self.standings).insert(digest, standing);
        (known, decision)
    }
}

/// The client in the tenant's domain, with the roles as its groups that the token carries and the client still holds.
fn known_by(live: &LiveToken) -> Known {
    let is_held = |role: &&RoleName| match &live.holder {
        Holder::Client(_, roles) => roles.include(role),
        Holder::Account(_) | Holder::Emergency(_) => true,
    };
    let name = match &live.holder {
        Holder::Account(account) => return Known::local(account.username.as_str()),
        Holder::Client(client, _) => client.client_id.clone(),
        Holder::Emergency(client) => client.client_id.to_string(),
    };
    let known = Known {
        verified_by: VerifiedBy::Issuer(IssuerAlias::own()),
        name,
        domain: live.verified.tenant.as_str().to_owned(),
        ..Known::local("")
    };
    let roles = live.scope().iter().filter(is_held);
    known.in_groups(roles.map(RoleName::as_str))
}
