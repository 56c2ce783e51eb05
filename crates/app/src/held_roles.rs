//! The roles that a principal holds now, kept between requests, and what tokens say of them.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use breakglass_domain::{
    AuthorizationClaims, OverflowClaim, PrincipalId, RealmId, RoleClaim, RoleName, Timestamp, scope,
};
use breakglass_ports::ReadView;

use crate::app::{App, lock};
use crate::error::{Error, GrantFault};
use crate::role_assignment::HeldRole;

/// The most principals whose roles are kept.
pub(crate) const HELD_CAPACITY: usize = 256;

/// Roles that a principal holds.
#[derive(Debug)]
pub(crate) struct HeldRoles {
    epoch: u64,
    /// The first instant at which one of them is over.
    until: Option<Timestamp>,
    /// Each of them, with its scope.
    pub(crate) roles: Vec<HeldRole>,
    /// What a token says that carries them all.
    pub(crate) whole: Arc<Carried>,
}

/// Roles that a token carries.
#[derive(Debug, Default)]
pub(crate) struct Carried {
    /// Their names, in order.
    pub(crate) names: Vec<RoleName>,
    /// What the token says of them.
    pub(crate) claims: AuthorizationClaims,
    /// When the first of them ends.
    pub(crate) ends_at: Option<Timestamp>,
    left_out: OnceLock<OverflowClaim>,
}

impl HeldRoles {
    /// These roles.
    pub(crate) fn new(roles: Vec<HeldRole>) -> Self {
        let mut names: Vec<RoleName> = roles
            .iter()
            .map(|held| held.assignment.role_name.clone())
            .collect();
        names.sort_unstable();
        names.dedup();
        let ends = roles.iter().filter_map(|held| held.assignment.expires_at);
        Self {
            epoch: 0,
            until: ends.min(),
            whole: Arc::new(carry(&roles, names, &HashMap::new())),
            roles,
        }
    }

    /// The first instant at which one of them is over.
    pub(crate) fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// Whether a role is held, or one that includes it.
    pub(crate) fn include(&self, name: &RoleName) -> bool {
        let names = &self.whole.names;
        names.binary_search(name).is_ok() || names.iter().any(|own| own.includes(name))
    }
}

impl Carried {
    /// What a token says instead that leaves them out.
    pub(crate) fn left_out(&self, expansion: String) -> OverflowClaim {
        let left_out = self.left_out.get_or_init(|| self.claims.left_out());
        OverflowClaim {
            expansion,
            ..left_out.clone()
        }
    }
}

impl App {
    /// The roles that a principal holds at this instant. They are read again whenever roles of the realm were changed, and kept
    /// when what the view sees is certain to stay.
    pub(crate) async fn roles_of_principal(
        &self,
        view: &mut dyn ReadView,
        realm_id: RealmId,
        principal_id: PrincipalId,
    ) -> Result<Arc<HeldRoles>, Error> {
        // The epoch first: roles that are newer than their epoch are read once more, older ones never pass for new.
        let epoch = view.find_roles_epoch(realm_id).await?;
        let now = self.now();
        let key = (realm_id, principal_id);
        let kept = lock(&self.held_roles).get(&key);
        let is_current =
            |kept: &Arc<HeldRoles>| kept.epoch == epoch && kept.until.is_none_or(|end| now < end);
        if let Some(kept) = kept.filter(is_current) {
            return Ok(kept);
        }
        let roles = self.held_roles(view, realm_id, principal_id).await?;
        let held = Arc::new(HeldRoles {
            epoch,
            ..HeldRoles::new(roles)
        });
        if view.revision().is_some() {
            lock(&self.held_roles).insert(key, Arc::clone(&held));
        }
        Ok(held)
    }
}

/// The roles that a token carries which asks for this scope, of all that are held or of those names.
pub(crate) async fn granted<V: ReadView + ?Sized>(
    view: &mut V,
    (held, names): (&HeldRoles, Option<&[RoleName]>),
    asked: Option<&str>,
) -> Result<Arc<Carried>, Error> {
    let whole = &held.whole;
    if names.is_none() && scope::is_open(asked.unwrap_or_default()) {
        return Ok(Arc::clone(whole));
    }
    let names = names.unwrap_or(&whole.names);
    let granted =
        scope::narrow(names, asked).map_err(|_| Error::Grant(GrantFault::InvalidScope))?;
    Ok(Arc::new(carried(view, held, granted).await?))
}

/// What a token says that carries some of the roles that are held.
async fn carried<V: ReadView + ?Sized>(
    view: &mut V,
    held: &HeldRoles,
    granted: Vec<RoleName>,
) -> Result<Carried, Error> {
    let mut others = HashMap::new();
    for name in &granted {
        if held.whole.names.binary_search(name).is_err() {
            let role = view.find_role(name).await?;
            let display_name = role.map(|role| role.display_name).unwrap_or_default();
            others.insert(name.clone(), display_name);
        }
    }
    Ok(carry(&held.roles, granted, &others))
}

/// The same, when the names for people are known of the roles that are not held themselves but included in one.
fn carry(held: &[HeldRole], names: Vec<RoleName>, others: &HashMap<RoleName, String>) -> Carried {
    let mut by_name: HashMap<&RoleName, Vec<&HeldRole>> = HashMap::new();
    for role in held {
        let of_name = by_name.entry(&role.assignment.role_name).or_default();
        of_name.push(role);
    }
    let (mut roles, mut ends_at) = (Vec::new(), None::<Timestamp>);
    for name in &names {
        let own = by_name.get(name).into_iter().flatten();
        let including = name
            .included_in()
            .and_then(|other| by_name.get(&other).cloned());
        let including = including.unwrap_or_default();
        let display_name = match by_name.get(name).and_then(|own| own.first()) {
            Some(own) => own.display_name.as_str(),
            None => others.get(name).map_or("", String::as_str),
        };
        let first = roles.len();
        for bearing in own.chain(&including) {
            let mut assignment = bearing.assignment.clone();
            assignment.role_name = name.clone();
            let claim = RoleClaim::of(&assignment, display_name);
            if !roles.iter().skip(first).any(|said| *said == claim) {
                roles.push(claim);
            }
            ends_at = ends_at.into_iter().chain(assignment.expires_at).min();
        }
    }
    Carried {
        claims: AuthorizationClaims {
            scope: scope::text(&names),
            roles,
        },
        names,
        ends_at,
        left_out: OnceLock::new(),
    }
}
