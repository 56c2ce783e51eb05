//! Client profiles.

use std::collections::BTreeSet;

use breakglass_domain::audit::{AuditAction, AuditEvent, AuditTarget, TargetKind};
use breakglass_domain::{
    ClientProfile, ClientProfileDraft, ClientProfileId, Entitlement, IssuerAlias, ProfileFilter,
    RealmId, ValidationReport,
};
use breakglass_ports::{ReadView, StoreError};

use crate::app::App;
use crate::caller::Caller;
use crate::error::{Conflict, Error, Resource};

/// What it takes to read the rules of a realm's hosts.
pub(crate) const READERS: [Entitlement; 2] = [Entitlement::IdentityMgmt, Entitlement::ReadOnly];

/// What it takes to change them.
pub(crate) const WRITERS: [Entitlement; 1] = [Entitlement::IdentityMgmt];

impl App {
    /// The profiles of a realm that are wanted, the oldest first.
    ///
    /// # Errors
    /// [`Error::NotEntitled`]; [`Resource::Realm`] is not found.
    pub async fn list_client_profiles(
        &self,
        caller: &Caller,
        realm: Option<RealmId>,
        filter: &ProfileFilter,
    ) -> Result<Vec<ClientProfile>, Error> {
        caller.require_entitlement(&READERS)?;
        let mut view = self.ports.store.read().await?;
        let realm = self.host_realm(view.as_mut(), caller, realm).await?;
        let mut profiles = view.list_client_profiles(realm.id).await?;
        profiles.retain(|profile| filter.wants(profile));
        Ok(profiles)
    }

    /// A profile.
    ///
    /// # Errors
    /// [`Error::NotEntitled`]; [`Resource::Realm`] or [`Resource::ClientProfile`] is not found.
    pub async fn get_client_profile(
        &self,
        caller: &Caller,
        realm: Option<RealmId>,
        id: &str,
    ) -> Result<ClientProfile, Error> {
        caller.require_entitlement(&READERS)?;
        let mut view = self.ports.store.read().await?;
        let realm = self.host_realm(view.as_mut(), caller, realm).await?;
        find(view.as_mut(), realm.id, id).await
    }

    /// Makes a profile.
    ///
    /// # Errors
    /// [`Error::NotEntitled`]; [`Error::Invalid`] with every faulty field, an issuer that the realm does not trust among them;
    /// [`Conflict::ClientProfileExists`] when the realm has one of the same subject.
    pub async fn create_client_profile(
        &self,
        caller: &Caller,
        realm: Option<RealmId>,
        draft: ClientProfileDraft,
    ) -> Result<ClientProfile, Error> {
        caller.require_entitlement(&WRITERS)?;
        let accepted = draft.accept().map_err(Error::Invalid)?;
        let now = self.now();
        let mut unit = self.ports.store.begin().await?;
        let realm = self.host_realm(unit.as_mut(), caller, realm).await?;
        if let Some(alias) = accepted.subject().issuer_alias()
            && *alias != IssuerAlias::own()
        {
            let issuers = unit.list_token_issuers(realm.id).await?;
            if issuers.iter().all(|known| known.alias != *alias) {
                let rule = "names no issuer that is trusted here";
                return Err(Error::Invalid(ValidationReport::of("issuer_alias", rule)));
            }
        }
        let id = ClientProfileId::from_random(self.random()?);
        let profile = accepted.into_profile(realm.id, id, now);
        match unit.insert_client_profile(&profile).await {
            Err(StoreError::Conflict) => {
                return Err(Error::Conflict(Conflict::ClientProfileExists));
            }
            outcome => outcome?,
        }
        let event = self.profile_event(caller, AuditAction::ClientProfileCreated, &profile);
        self.commit(unit, event).await?;
        Ok(profile)
    }

    /// Replaces the grants of a profile; without any it stays as it is.
    ///
    /// # Errors
    /// [`Error::NotEntitled`]; [`Resource::Realm`] or [`Resource::ClientProfile`] is not found.
    pub async fn update_client_profile(
        &self,
        caller: &Caller,
        realm: Option<RealmId>,
        id: &str,
        grants: Option<BTreeSet<Entitlement>>,
    ) -> Result<ClientProfile, Error> {
        caller.require_entitlement(&WRITERS)?;
        let mut unit = self.ports.store.begin().await?;
        let realm = self.host_realm(unit.as_mut(), caller, realm).await?;
        let profile = find(unit.as_mut(), realm.id, id).await?;
        let Some(grants) = grants else {
            return Ok(profile);
        };
        let profile = profile.with_grants(grants, self.now());
        unit.update_client_profile(&profile).await?;
        let event = self.profile_event(caller, AuditAction::ClientProfileUpdated, &profile);
        self.commit(unit, event).await?;
        Ok(profile)
    }

    /// Deletes a profile; what it granted is gone at once.
    ///
    /// # Errors
    /// [`Error::NotEntitled`]; [`Resource::Realm`] or [`Resource::ClientProfile`] is not found.
    pub async fn delete_client_profile(
        &self,
        caller: &Caller,
        realm: Option<RealmId>,
        id: &str,
    ) -> Result<(), Error> {
        caller.require_entitlement(&WRITERS)?;
        let mut unit = self.ports.store.begin().await?;
        let realm = self.host_realm(unit.as_mut(), caller, realm).await?;
        let profile = find(unit.as_mut(), realm.id, id).await?;
        unit.delete_client_profile(realm.id, profile.id).await?;
        let event = self.profile_event(caller, AuditAction::ClientProfileDeleted, &profile);
        self.commit(unit, event).await
    }

    fn profile_event(
        &self,
        caller: &Caller,
        action: AuditAction,
        profile: &ClientProfile,
    ) -> AuditEvent {
        let subject = &profile.subject;
        let target = AuditTarget::new(TargetKind::ClientProfile, &profile.id);
        let grants: Vec<&str> = profile.grants.iter().map(|grant| grant.name()).collect();
        let mut event = caller
            .event(action, target, self.now())
            .with("subject_type", subject.kind().name())
            .with("grants", grants.join(" "));
        for (name, text) in [
            ("name", subject.name()),
            ("domain", subject.domain()),
            (
                "issuer_alias",
                subject.issuer_alias().map(IssuerAlias::as_str),
            ),
        ] {
            if let Some(text) = text {
                event = event.with(name, text);
            }
        }
        AuditEvent {
            realm_id: Some(profile.realm_id),
            ..event
        }
    }
}

/// The profile of this id. A text that is no id names no profile.
async fn find(
    view: &mut dyn ReadView,
    realm_id: RealmId,
    id: &str,
) -> Result<ClientProfile, Error> {
    let absent = Error::NotFound(Resource::ClientProfile);
    let Ok(id) = id.parse() else {
        return Err(absent);
    };
    view.find_client_profile(realm_id, id).await?.ok_or(absent)
}
