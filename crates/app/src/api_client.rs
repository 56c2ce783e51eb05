//! API clients.

use breakglass_domain::audit::{AuditAction, AuditEvent, AuditTarget, TargetKind};
use breakglass_domain::{
    ApiClient, ApiClientDraft, ApiClientId, ClientQuery, Page, PageRequest, PrincipalId, Privilege,
    RealmId, Timestamp, ValidationReport,
};
use breakglass_ports::{ReadView, StoreError};

use crate::app::App;
use crate::caller::Caller;
use crate::client_secret::MAX_ACCESS_TOKEN_TTL;
use crate::emergency_client::broker_of;
use crate::error::{Conflict, Error, Resource};
use crate::role_assignment::HeldRole;

/// An API client with the roles it holds now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApiClientView {
    /// The client.
    pub client: ApiClient,
    /// Its roles.
    pub roles: Vec<HeldRole>,
}

/// By what an API client is addressed when it is changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ApiClientKey {
    /// The caller-chosen id.
    Id(String),
    /// The principal.
    Principal(PrincipalId),
}

impl App {
    /// A page of the API clients that a search finds, ordered by id.
    ///
    /// # Errors
    /// [`Resource::Realm`] is not found.
    pub async fn query_api_clients(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        query: &ClientQuery,
        page: PageRequest,
    ) -> Result<Page<ApiClientView>, Error> {
        caller.require(Privilege::View)?;
        let mut view = self.ports.store.read().await?;
        require_realm(view.as_mut(), caller, realm_id).await?;
        let Page { entries, total } = view.query_api_clients(realm_id, query, page).await?;
        let mut clients = Vec::with_capacity(entries.len());
        for client in entries {
            let roles = self.held_roles(view.as_mut(), realm_id, client.id).await?;
            clients.push(ApiClientView { client, roles });
        }
        Ok(Page {
            entries: clients,
            total,
        })
    }

    /// An API client.
    ///
    /// # Errors
    /// [`Resource::Realm`] or [`Resource::ApiClient`] is not found.
    pub async fn get_api_client(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        client_id: &str,
    ) -> Result<ApiClientView, Error> {
        caller.require(Privilege::View)?;
        let mut view = self.ports.store.read().await?;
        require_realm(view.as_mut(), caller, realm_id).await?;
        let key = ApiClientKey::Id(client_id.to_owned());
        let client = find_client(view.as_mut(), realm_id, &key).await?;
        let roles = self.held_roles(view.as_mut(), realm_id, client.id).await?;
        Ok(ApiClientView { client, roles })
    }

    /// Makes an API client. It holds no role yet, so that it may do nothing.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every faulty field, [`Conflict::ApiClientExists`] when the realm has a client of that id.
    pub async fn create_api_client(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        draft: ApiClientDraft,
    ) -> Result<ApiClient, Error> {
        caller.require(Privilege::Manage)?;
        caller.require_reach(realm_id)?;
        let accepted = draft.accept().map_err(Error::Invalid)?;
        let now = self.now();
        let id = PrincipalId::from_random(self.random()?);
        let created_by = caller.principal.actor().to_string();
        let client = ApiClient::create(realm_id, id, accepted, &created_by, now);
        let mut unit = self.ports.store.begin().await?;
        require_realm(unit.as_mut(), caller, realm_id).await?;
        match unit.insert_api_client(&client).await {
            Err(StoreError::Conflict) => {
                let same = unit.find_api_client(realm_id, &client.client_id);
                return Err(Error::Conflict(match same.await? {
                    Some(_) => Conflict::ApiClientExists,
                    None => Conflict::ClientIdTaken,
                }));
            }
            outcome => outcome?,
        }
        let event = client_event(caller, AuditAction::ApiClientCreated, &client, now);
        self.commit(unit, event).await?;
        Ok(client)
    }

    /// Changes name and description of an API client; what is absent stays.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every faulty field, also when the draft names another id than the client has;
    /// [`Resource::Realm`] or [`Resource::ApiClient`] is not found.
    pub async fn update_api_client(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        key: &ApiClientKey,
        draft: ApiClientDraft,
    ) -> Result<ApiClient, Error> {
        caller.require(Privilege::Manage)?;
        caller.require_reach(realm_id)?;
        let wanted_id = draft.client_id.clone();
        let change = draft.accept_change().map_err(Error::Invalid)?;
        let now = self.now();
        let mut unit = self.ports.store.begin().await?;
        require_realm(unit.as_mut(), caller, realm_id).await?;
        let client = find_client(unit.as_mut(), realm_id, key).await?;
        if wanted_id.is_some_and(|id| id != client.client_id.as_str()) {
            let report = ValidationReport::of("clientId", "cannot be changed");
            return Err(Error::Invalid(report));
        }
        let client = client.change(change, now);
        unit.update_api_client(&client).await?;
        let event = client_event(caller, AuditAction::ApiClientUpdated, &client, now);
        self.commit(unit, event).await?;
        Ok(client)
    }

    /// Deletes an API client with its roles, its tokens and its secrets; their access tokens die in the same moment.
    ///
    /// # Errors
    /// [`Resource::Realm`] or [`Resource::ApiClient`] is not found.
    pub async fn delete_api_client(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        client_id: &str,
    ) -> Result<(), Error> {
        caller.require(Privilege::Manage)?;
        let mut unit = self.ports.store.begin().await?;
        let broker = broker_of(unit.as_mut(), caller, realm_id).await?;
        let key = ApiClientKey::Id(client_id.to_owned());
        let client = find_client(unit.as_mut(), realm_id, &key).await?;
        let until = self.now().plus(MAX_ACCESS_TOKEN_TTL);
        unit.delete_client_credentials(broker.id, realm_id, client.id, until)
            .await?;
        unit.delete_api_client(realm_id, &client.client_id).await?;
        let event = client_event(caller, AuditAction::ApiClientDeleted, &client, self.now());
        self.commit(unit, event).await
    }
}

/// The client that is addressed. A text that is no id names no client.
pub(crate) async fn find_client<V: ReadView + ?Sized>(
    view: &mut V,
    realm_id: RealmId,
    key: &ApiClientKey,
) -> Result<ApiClient, Error> {
    let found = match key {
        ApiClientKey::Id(text) => match text.parse::<ApiClientId>() {
            Ok(id) => view.find_api_client(realm_id, &id).await?,
            Err(_) => None,
        },
        ApiClientKey::Principal(id) => view.find_api_client_by_principal(realm_id, *id).await?,
    };
    found.ok_or(Error::NotFound(Resource::ApiClient))
}

async fn require_realm<V: ReadView + ?Sized>(
    view: &mut V,
    caller: &Caller,
    realm_id: RealmId,
) -> Result<(), Error> {
    caller.require_reach(realm_id)?;
    view.find_realm(realm_id)
        .await?
        .map(drop)
        .ok_or(Error::NotFound(Resource::Realm))
}

fn client_event(
    caller: &Caller,
    action: AuditAction,
    client: &ApiClient,
    now: Timestamp,
) -> AuditEvent {
    let target = AuditTarget::new(TargetKind::ApiClient, &client.client_id);
    let event = caller
        .event(action, target, now)
        .with("principal_id", client.id.to_string());
    AuditEvent {
        realm_id: Some(client.realm_id),
        ..event
    }
}
