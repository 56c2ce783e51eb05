//! API tokens: what a program exchanges for access tokens.

use breakglass_domain::api_token::token_text;
use breakglass_domain::audit::{AuditAction, AuditEvent, AuditEvents, AuditTarget, TargetKind};
use breakglass_domain::{
    ApiToken, ApiTokenDraft, ApiTokenId, Broker, HeldApiToken, Minutes, NewApiTokenSecret, Page,
    PageRequest, Privilege, RealmId, Secret, Timestamp, TokenOrder, TokenQuery, ValidationReport,
};
use breakglass_ports::store::TokenSearch;
use breakglass_ports::{ReadView, StoreError, UnitOfWork};

use crate::api_client::{ApiClientKey, find_client};
use crate::app::App;
use crate::caller::Caller;
use crate::client_secret::retired;
use crate::emergency_client::broker_of;
use crate::error::{Error, Resource};

/// An API token with what is computed about it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApiTokenView {
    /// The token.
    pub token: ApiToken,
    /// The id of the client that holds it.
    pub client_id: String,
    /// The issuer of its access tokens.
    pub issuer: String,
    /// Whether it can be exchanged now.
    pub is_alive: bool,
}

/// An API token with the secret that was just made.
#[derive(Clone, Debug)]
pub struct IssuedApiToken {
    /// The token.
    pub view: ApiTokenView,
    /// Its text, shown this once.
    pub token: Secret,
}

impl App {
    /// What is wrong with a draft under the settings in force, if anything.
    ///
    /// # Errors
    /// When the store cannot say which settings are in force.
    pub async fn check_api_token_draft(
        &self,
        draft: &ApiTokenDraft,
        is_change: bool,
    ) -> Result<Option<ValidationReport>, Error> {
        let settings = self.ports.store.read().await?.find_settings().await?;
        let draft = draft.clone();
        Ok(if is_change {
            draft.accept_change(&settings).err()
        } else {
            draft.accept(&settings).err()
        })
    }

    /// A page of the API tokens that a search finds.
    ///
    /// # Errors
    /// [`Resource::Realm`] is not found.
    pub async fn query_api_tokens(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        query: &TokenQuery,
        order: TokenOrder,
        descending: bool,
        page: PageRequest,
    ) -> Result<Page<ApiTokenView>, Error> {
        caller.require(Privilege::View)?;
        let mut view = self.ports.store.read().await?;
        let broker = broker_of(view.as_mut(), caller, realm_id).await?;
        let search = TokenSearch {
            query,
            order,
            descending,
            page,
            now: self.now(),
        };
        let Page { entries, total } = view.query_api_tokens(realm_id, search).await?;
        let entries = entries
            .into_iter()
            .map(|held| self.token_view(held, &broker))
            .collect();
        Ok(Page { entries, total })
    }

    /// An API token.
    ///
    /// # Errors
    /// [`Resource::Realm`] or [`Resource::ApiToken`] is not found.
    pub async fn get_api_token(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        id: ApiTokenId,
    ) -> Result<ApiTokenView, Error> {
        caller.require(Privilege::View)?;
        let mut view = self.ports.store.read().await?;
        let broker = broker_of(view.as_mut(), caller, realm_id).await?;
        let held = find(view.as_mut(), realm_id, id).await?;
        Ok(self.token_view(held, &broker))
    }

    /// Makes an API token for an API client.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every faulty field, among them `apiClientId` when it names no API client of the realm.
    pub async fn create_api_token(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        api_client_id: &str,
        draft: ApiTokenDraft,
    ) -> Result<IssuedApiToken, Error> {
        caller.require(Privilege::Manage)?;
        caller.require_reach(realm_id)?;
        let now = self.now().whole_seconds();
        let id = ApiTokenId::from_random(self.random()?);
        let mut unit = self.ports.store.begin().await?;
        let broker = broker_of(unit.as_mut(), caller, realm_id).await?;
        let settings = unit.find_settings().await?;
        let accepted = draft.accept(&settings).map_err(Error::Invalid)?;
        let key = ApiClientKey::Id(api_client_id.to_owned());
        let client = match find_client(unit.as_mut(), realm_id, &key).await {
            Err(Error::NotFound(Resource::ApiClient)) => {
                let report =
                    ValidationReport::of("apiClientId", "names no API client of the realm");
                return Err(Error::Invalid(report));
            }
            outcome => outcome?,
        };
        let (text, secret) = self
            .new_api_token_secret(unit.as_mut(), &broker, id, accepted.ttl(), now)
            .await?;
        let token = ApiToken::create(realm_id, id, client.id, accepted, secret, now);
        unit.insert_api_token(&token).await?;
        let client_id = client.client_id.to_string();
        let event = told(
            token_event(caller, AuditAction::ApiTokenCreated, &token, now),
            &token,
        )
        .with("client_id", client_id.as_str());
        self.commit(unit, event).await?;
        Ok(IssuedApiToken {
            view: self.token_view(HeldApiToken { token, client_id }, &broker),
            token: text,
        })
    }

    /// Changes name, description and the lifetime of the access tokens of an API token; what is absent stays.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every faulty field; [`Resource::Realm`] or [`Resource::ApiToken`] is not found.
    pub async fn update_api_token(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        id: ApiTokenId,
        draft: ApiTokenDraft,
    ) -> Result<(), Error> {
        caller.require(Privilege::Manage)?;
        let mut unit = self.ports.store.begin().await?;
        broker_of(unit.as_mut(), caller, realm_id).await?;
        let settings = unit.find_settings().await?;
        let change = draft.accept_change(&settings).map_err(Error::Invalid)?;
        let token = find(unit.as_mut(), realm_id, id)
            .await?
            .token
            .change(change);
        unit.update_api_token(&token).await?;
        let event = token_event(caller, AuditAction::ApiTokenUpdated, &token, self.now());
        self.commit(unit, event).await
    }

    /// Gives an API token a new secret; the old one and its access tokens die in the same moment.
    ///
    /// # Errors
    /// [`Resource::Realm`] or [`Resource::ApiToken`] is not found.
    pub async fn regenerate_api_token(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        id: ApiTokenId,
    ) -> Result<IssuedApiToken, Error> {
        caller.require(Privilege::Manage)?;
        let now = self.now().whole_seconds();
        let mut unit = self.ports.store.begin().await?;
        let broker = broker_of(unit.as_mut(), caller, realm_id).await?;
        let HeldApiToken { token, client_id } = find(unit.as_mut(), realm_id, id).await?;
        // A ceiling that was lowered since binds the new secret.
        let ttl = token.ttl.min(unit.find_settings().await?.api_token_ttl());
        let token = ApiToken { ttl, ..token };
        recall(unit.as_mut(), &broker, &token, now).await?;
        let (text, secret) = self
            .new_api_token_secret(unit.as_mut(), &broker, id, ttl, now)
            .await?;
        let token = token.regenerate(secret, now);
        unit.update_api_token(&token).await?;
        let action = AuditAction::ApiTokenRegenerated;
        let event = told(token_event(caller, action, &token, now), &token);
        self.commit(unit, event).await?;
        Ok(IssuedApiToken {
            view: self.token_view(HeldApiToken { token, client_id }, &broker),
            token: text,
        })
    }

    /// Deletes an API token; its access tokens die in the same moment.
    ///
    /// # Errors
    /// [`Resource::Realm`] or [`Resource::ApiToken`] is not found.
    pub async fn delete_api_token(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        id: ApiTokenId,
    ) -> Result<(), Error> {
        caller.require(Privilege::Manage)?;
        let now = self.now();
        let mut unit = self.ports.store.begin().await?;
        let broker = broker_of(unit.as_mut(), caller, realm_id).await?;
        let token = find(unit.as_mut(), realm_id, id).await?.token;
        recall(unit.as_mut(), &broker, &token, now).await?;
        unit.delete_api_token(realm_id, id).await?;
        let event = token_event(caller, AuditAction::ApiTokenDeleted, &token, now);
        self.commit(unit, event).await
    }

    /// Removes the API tokens whose retention period is over, each with its record.
    pub(crate) async fn forget_outlived_api_tokens(&self) -> Result<(), Error> {
        /// The most that are removed in one unit of work.
        const BATCH: u32 = 200;
        loop {
            let now = self.now();
            let mut unit = self.ports.store.begin().await?;
            let retention = unit.find_settings().await?.api_token_retention_period();
            let before = now.plus_millis(-retention.millis());
            let mut events = Vec::new();
            for token in unit.list_outlived_api_tokens(before, BATCH).await? {
                unit.forget_api_token(token.realm_id, token.id).await?;
                let action = AuditAction::ApiTokenForgotten;
                events.push(token_event(&Caller::system(), action, &token, now));
            }
            let Some(events) = AuditEvents::of(events) else {
                return Ok(());
            };
            self.commit(unit, events).await?;
        }
    }

    async fn new_api_token_secret(
        &self,
        unit: &mut dyn UnitOfWork,
        broker: &Broker,
        id: ApiTokenId,
        ttl: Minutes,
        now: Timestamp,
    ) -> Result<(Secret, NewApiTokenSecret), Error> {
        let text = token_text(id, &self.random()?, now.plus(ttl));
        let status_index = unit.allocate_status_index(broker.id).await?;
        let secret = NewApiTokenSecret::of(&text, status_index);
        Ok((text, secret))
    }

    fn token_view(&self, held: HeldApiToken, broker: &Broker) -> ApiTokenView {
        ApiTokenView {
            is_alive: held.token.is_alive(self.now()),
            token: held.token,
            client_id: held.client_id,
            issuer: broker.issuer(self.public_url()),
        }
    }
}

async fn find<V: ReadView + ?Sized>(
    view: &mut V,
    realm_id: RealmId,
    id: ApiTokenId,
) -> Result<HeldApiToken, Error> {
    let absent = Error::NotFound(Resource::ApiToken);
    let token = view.find_api_token(realm_id, id).await?.ok_or(absent)?;
    let client = view
        .find_client_by_principal(realm_id, token.principal_id)
        .await?
        .ok_or(Error::Store(StoreError::Missing))?;
    Ok(HeldApiToken {
        token,
        client_id: client.client_id,
    })
}

async fn recall(
    unit: &mut dyn UnitOfWork,
    broker: &Broker,
    token: &ApiToken,
    now: Timestamp,
) -> Result<(), Error> {
    let retired = retired(*token.id.as_bytes(), token.status_index, now);
    Ok(unit.recall_token(broker.id, &retired).await?)
}

fn token_event(
    caller: &Caller,
    action: AuditAction,
    token: &ApiToken,
    now: Timestamp,
) -> AuditEvent {
    let target = AuditTarget::new(TargetKind::ApiToken, &token.id);
    let event = caller
        .event(action, target, now)
        .with("principal_id", token.principal_id.to_string());
    AuditEvent {
        realm_id: Some(token.realm_id),
        ..event
    }
}

fn told(event: AuditEvent, token: &ApiToken) -> AuditEvent {
    event
        .with("ttl_minutes", token.ttl.to_string())
        .with("expires_at", token.expires_at.millis().to_string())
}
