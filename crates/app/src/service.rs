//! Tokens for other services, given for the session of a local account.

use std::sync::Arc;

use breakglass_domain::audit::{AuditAction, AuditEvent, AuditTarget, TargetKind};
use breakglass_domain::{
    Broker, CredentialRef, FieldFailure, Principal, Privilege, RealmId, RoleName, Secret, Service,
    SessionGrant, SessionGrantId, Tenant, Timestamp, TokenDigest, Username, ValidationReport,
};
use breakglass_ports::UnitOfWork;

use crate::app::App;
use crate::caller::Caller;
use crate::error::{Error, Resource};
use crate::held_roles::HeldRoles;
use crate::token_endpoint::{Basis, DEFAULT_TTL, Wanted};

/// A token for other services that was just issued.
#[derive(Clone, Debug)]
pub struct ServiceToken {
    /// The token, shown this once.
    pub token: Secret,
    /// The services that it is for, in the order in which they were asked for.
    pub services: Vec<Service>,
}

impl App {
    /// Issues a token for services that the operator named, to the account whose session the caller came with. It carries
    /// the account's privileges as roles, and dies with the session.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the caller came without a session, or asks for no service, for an unknown one, or for services of
    /// several tenants at once.
    pub async fn issue_service_token(
        &self,
        caller: &Caller,
        keys: &[String],
    ) -> Result<ServiceToken, Error> {
        let (Some(digest), Principal::Account { username, .. }) =
            (&caller.session, &caller.principal)
        else {
            let report =
                ValidationReport::of("Authorization", "must hold the OpsToken to be exchanged");
            return Err(Error::Invalid(report));
        };
        let services = self.services(keys).map_err(Error::Invalid)?;
        let tenant = services.first().map(|service| service.tenant.as_str());
        let found = self.broker_with_realm(tenant.unwrap_or_default()).await;
        let (broker, realm_id) = found.map_err(|error| match error {
            Error::NotFound(Resource::Broker) => {
                let rule = "names a service whose tenant has no realm";
                Error::Invalid(ValidationReport::of("serviceKeys[0]", rule))
            }
            other => other,
        })?;
        let mut unit = self.ports.store.begin().await?;
        let settings = unit.find_settings().await?;
        let ttl = DEFAULT_TTL.min(settings.access_token_ttl());
        let until = self.now().plus(ttl);
        let grant = self
            .session_grant(unit.as_mut(), digest, &broker, until)
            .await?;
        let scope = roles_of(&caller.principal);
        let held = self.whole_realm(unit.as_mut(), &scope).await?;
        let basis = Basis {
            credential: CredentialRef::SessionGrant(grant.id),
            status_index: grant.status_index,
            client_id: username.to_string(),
            subject: username.to_string(),
            held: Arc::new(HeldRoles::new(held)),
            scope: None,
            audience: services
                .iter()
                .map(|service| service.audience.clone())
                .collect(),
            beside: Vec::new(),
            ttl,
            ends_at: None,
            actor: None,
            confirmation: None,
            derived_from: Vec::new(),
            event: account_event(
                caller,
                AuditAction::AccessTokenIssued,
                username,
                realm_id,
                self.now(),
            )
            .with("services", keys.join(" ")),
        };
        let issued = self
            .issue_for(unit, (&broker, realm_id), basis, Wanted::default())
            .await?;
        Ok(ServiceToken {
            token: issued.access_token,
            services,
        })
    }

    /// For whom tokens of a tenant's clients are, and for whom beside that they can be asked: the services that the operator
    /// named.
    pub(crate) fn audiences_of(&self, tenant: &Tenant) -> (Vec<String>, Vec<String>) {
        let services = self.options.services.iter();
        let (implied, beside): (Vec<_>, Vec<_>) = services
            .filter(|service| service.tenant == *tenant)
            .partition(|service| service.implied);
        let audiences = |services: Vec<&Service>| {
            let services = services.into_iter();
            services.map(|service| service.audience.clone()).collect()
        };
        let mut whole = vec![self.public_url().to_owned()];
        whole.extend::<Vec<_>>(audiences(implied));
        (whole, audiences(beside))
    }

    fn services(&self, keys: &[String]) -> Result<Vec<Service>, ValidationReport> {
        let mut failures = Vec::new();
        let mut services: Vec<Service> = Vec::new();
        for (place, key) in keys.iter().enumerate() {
            let found = self.options.services.iter().find(|known| known.key == *key);
            let fault = match found {
                None => Some("names no service that is known here"),
                Some(_) if services.iter().any(|other| other.key == *key) => {
                    Some("must not stand there twice")
                }
                Some(service)
                    if services
                        .first()
                        .is_some_and(|first| first.tenant != service.tenant) =>
                {
                    Some("names a service of another tenant than the first")
                }
                Some(service) => {
                    services.push(service.clone());
                    None
                }
            };
            failures.extend(
                fault.map(|fault| FieldFailure::new(format!("serviceKeys[{place}]"), fault)),
            );
        }
        if keys.is_empty() {
            failures.push(FieldFailure::new("serviceKeys", "must name a service"));
        }
        ValidationReport::from_failures(failures).map_or(Ok(services), Err)
    }

    /// What the broker gives out for the session, until then at least.
    async fn session_grant(
        &self,
        unit: &mut dyn UnitOfWork,
        digest: &TokenDigest,
        broker: &Broker,
        until: Timestamp,
    ) -> Result<SessionGrant, Error> {
        let grant = match unit.find_session_grant_of(digest, broker.id).await? {
            Some(grant) => SessionGrant {
                expires_at: until,
                ..grant
            },
            None => SessionGrant {
                id: SessionGrantId::from_random(self.random()?),
                session_digest: *digest,
                broker_id: broker.id,
                status_index: unit.allocate_status_index(broker.id).await?,
                expires_at: until,
            },
        };
        unit.put_session_grant(&grant).await?;
        Ok(grant)
    }
}

/// The least roles that carry what an account may do.
fn roles_of(principal: &Principal) -> Vec<RoleName> {
    let name = if principal.holds(Privilege::Manage) {
        "vcf_administrator"
    } else if principal.holds(Privilege::View) {
        "vcf_viewer"
    } else {
        return Vec::new();
    };
    name.parse().into_iter().collect()
}

pub(crate) fn account_event(
    caller: &Caller,
    action: AuditAction,
    username: &Username,
    realm_id: RealmId,
    now: Timestamp,
) -> AuditEvent {
    let target = AuditTarget::new(TargetKind::Account, username);
    AuditEvent {
        realm_id: Some(realm_id),
        ..caller.event(action, target, now)
    }
}
