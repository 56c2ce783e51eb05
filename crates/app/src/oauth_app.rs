//! OAuth apps.

use breakglass_domain::audit::{AuditAction, AuditEvent, AuditEvents};
use breakglass_domain::{
    Broker, Client, ClientKind, Minutes, OauthApp, OauthAppDraft, PrincipalId, Privilege, RealmId,
    Secret, Timestamp,
};
use breakglass_ports::ReadView;

use crate::app::App;
use crate::caller::Caller;
use crate::client_secret::{MAX_ACCESS_TOKEN_TTL, client_event, secret_event};
use crate::emergency_client::broker_of;
use crate::error::{Error, Resource};

/// An OAuth app with what is computed about it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OauthAppView {
    /// The app.
    pub app: OauthApp,
    /// The issuer of its tokens.
    pub issuer: String,
}

/// An OAuth app with the secret that was just made.
#[derive(Clone, Debug)]
pub struct IssuedOauthApp {
    /// The app.
    pub view: OauthAppView,
    /// Its secret, shown this once.
    pub client_secret: Secret,
}

impl App {
    /// The OAuth apps of a realm, the oldest first.
    ///
    /// # Errors
    /// [`Resource::Realm`] is not found.
    pub async fn list_oauth_apps(
        &self,
        caller: &Caller,
        realm_id: RealmId,
    ) -> Result<Vec<OauthAppView>, Error> {
        caller.require(Privilege::View)?;
        let mut view = self.ports.store.read().await?;
        let broker = broker_of(view.as_mut(), caller, realm_id).await?;
        let apps = view.list_oauth_apps(realm_id).await?;
        Ok(apps
            .into_iter()
            .map(|app| self.app_view(app, &broker))
            .collect())
    }

    /// An OAuth app.
    ///
    /// # Errors
    /// [`Resource::Realm`] or [`Resource::OauthApp`] is not found.
    pub async fn get_oauth_app(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        id: PrincipalId,
    ) -> Result<OauthAppView, Error> {
        caller.require(Privilege::View)?;
        let mut view = self.ports.store.read().await?;
        let broker = broker_of(view.as_mut(), caller, realm_id).await?;
        let app = find(view.as_mut(), realm_id, id).await?;
        Ok(self.app_view(app, &broker))
    }

    /// Makes an OAuth app with its first secret.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every faulty field; [`Resource::Realm`] is not found.
    pub async fn create_oauth_app(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        draft: OauthAppDraft,
    ) -> Result<IssuedOauthApp, Error> {
        caller.require(Privilege::Manage)?;
        caller.require_reach(realm_id)?;
        let accepted = draft.accept().map_err(Error::Invalid)?;
        let now = self.now();
        let id = PrincipalId::from_random(self.random()?);
        // 32 hexadecimal digits, as long as the vendor's.
        let client_id = PrincipalId::from_random(self.random()?)
            .to_string()
            .replace('-', "");
        let created_by = caller.principal.actor().to_string();
        let app = OauthApp::create(realm_id, id, client_id, accepted, &created_by, now);
        let mut unit = self.ports.store.begin().await?;
        let broker = broker_of(unit.as_mut(), caller, realm_id).await?;
        unit.insert_oauth_app(&app).await?;
        let issued = self
            .replace_secret(unit.as_mut(), &broker, client(&app), Minutes::new(0))
            .await?;
        let created = app_event(caller, AuditAction::OauthAppCreated, &app, now);
        let secret = secret_event(caller, AuditAction::ClientSecretCreated, &issued, now);
        self.commit(unit, AuditEvents::new(created, vec![secret]))
            .await?;
        Ok(IssuedOauthApp {
            view: self.app_view(app, &broker),
            client_secret: issued.client_secret,
        })
    }

    /// Replaces name and addresses of an OAuth app.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every faulty field; [`Resource::Realm`] or [`Resource::OauthApp`] is not found.
    pub async fn update_oauth_app(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        id: PrincipalId,
        draft: OauthAppDraft,
    ) -> Result<OauthAppView, Error> {
        caller.require(Privilege::Manage)?;
        caller.require_reach(realm_id)?;
        let accepted = draft.accept().map_err(Error::Invalid)?;
        let now = self.now();
        let mut unit = self.ports.store.begin().await?;
        let broker = broker_of(unit.as_mut(), caller, realm_id).await?;
        let app = find(unit.as_mut(), realm_id, id)
            .await?
            .replace(accepted, now);
        unit.update_oauth_app(&app).await?;
        let event = app_event(caller, AuditAction::OauthAppUpdated, &app, now);
        self.commit(unit, event).await?;
        Ok(self.app_view(app, &broker))
    }

    /// Deletes an OAuth app with its secrets and roles; its access tokens die in the same moment.
    ///
    /// # Errors
    /// [`Resource::Realm`] or [`Resource::OauthApp`] is not found.
    pub async fn delete_oauth_app(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        id: PrincipalId,
    ) -> Result<(), Error> {
        caller.require(Privilege::Manage)?;
        let now = self.now();
        let mut unit = self.ports.store.begin().await?;
        let broker = broker_of(unit.as_mut(), caller, realm_id).await?;
        let app = find(unit.as_mut(), realm_id, id).await?;
        let until = now.plus(MAX_ACCESS_TOKEN_TTL);
        unit.delete_client_credentials(broker.id, realm_id, id, until)
            .await?;
        unit.delete_oauth_app(realm_id, id).await?;
        let event = app_event(caller, AuditAction::OauthAppDeleted, &app, now);
        self.commit(unit, event).await
    }

    /// Gives an OAuth app a new secret; the old ones and their access tokens die in the same moment.
    ///
    /// # Errors
    /// [`Resource::Realm`] or [`Resource::OauthApp`] is not found.
    pub async fn rotate_oauth_app_secret(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        id: PrincipalId,
    ) -> Result<IssuedOauthApp, Error> {
        caller.require(Privilege::Manage)?;
        let mut unit = self.ports.store.begin().await?;
        let broker = broker_of(unit.as_mut(), caller, realm_id).await?;
        let app = find(unit.as_mut(), realm_id, id).await?;
        let issued = self
            .replace_secret(unit.as_mut(), &broker, client(&app), Minutes::new(0))
            .await?;
        let action = AuditAction::ClientSecretCreated;
        let event = secret_event(caller, action, &issued, self.now());
        self.commit(unit, event).await?;
        Ok(IssuedOauthApp {
            view: self.app_view(app, &broker),
            client_secret: issued.client_secret,
        })
    }

    fn app_view(&self, app: OauthApp, broker: &Broker) -> OauthAppView {
        OauthAppView {
            app,
            issuer: broker.issuer(self.public_url()),
        }
    }
}

async fn find<V: ReadView + ?Sized>(
    view: &mut V,
    realm_id: RealmId,
    id: PrincipalId,
) -> Result<OauthApp, Error> {
    view.find_oauth_app(realm_id, id)
        .await?
        .ok_or(Error::NotFound(Resource::OauthApp))
}

/// The app as the token endpoint sees it.
fn client(app: &OauthApp) -> Client {
    Client {
        realm_id: app.realm_id,
        id: app.id,
        client_id: app.client_id.clone(),
        name: app.client_name.to_string(),
        kind: ClientKind::OauthApp,
    }
}

fn app_event(caller: &Caller, action: AuditAction, app: &OauthApp, now: Timestamp) -> AuditEvent {
    client_event(caller, action, &client(app), now)
}
