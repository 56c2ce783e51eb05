//! The token endpoint: an access token for a credential, or for another token.

use std::sync::Arc;

use breakglass_domain::access_token::narrow_audience;
use breakglass_domain::audit::{AuditAction, AuditEvent};
use breakglass_domain::{
    AccessTokenClaims, ActorClaim, ApiToken, Broker, Client, Confirmation, CredentialRef,
    IamSettings, Minutes, RealmId, RoleName, Secret, StatusClaim, Tenant, Timestamp, TokenId,
    ValidationReport, api_token,
};
use breakglass_ports::UnitOfWork;

use crate::app::App;
use crate::caller::{Caller, Origin};
use crate::client_authentication::{AuthenticatedClient, ClientCredentials};
use crate::client_secret::client_event;
use crate::error::{Error, GrantFault, Resource};
use crate::held_roles::{HeldRoles, granted};
use crate::possession::{Held, ReadProof, ShownProof, Unproven};
use crate::token_exchange::Showing;

/// The lifetime of an access token for which no other is known.
pub(crate) const DEFAULT_TTL: Minutes = Minutes::new(30);

/// What the audit calls the operation.
const OPERATION: &str = "issueToken";

/// A request to the token endpoint.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    /// For what a token is wanted.
    pub grant: Grant,
    /// What the client shows to prove who it is, if it does.
    pub client: Option<ClientCredentials>,
    /// The proof of the key that the token should be bound to (RFC 9449, section 5), if it should be.
    pub proof: Option<ShownProof>,
    /// The wanted scope, names of roles; all that there is when absent.
    pub scope: Option<String>,
    /// For whom the token should be: the installation when empty.
    pub audience: Vec<String>,
    /// For how many seconds it should live at most.
    pub expires_in: Option<i64>,
}

/// For what a token is wanted.
#[derive(Clone, Debug)]
pub enum Grant {
    /// For an API token.
    ApiToken(Secret),
    /// For the client itself (RFC 6749, section 4.4).
    ClientCredentials,
    /// For another access token, which the new one is a narrower copy of (RFC 8693).
    TokenExchange {
        /// The token.
        subject_token: Secret,
        /// The token of who acts for its holder, if somebody does.
        actor_token: Option<Secret>,
    },
}

/// An access token that was just issued.
#[derive(Clone, Debug)]
pub struct IssuedAccessToken {
    /// The token, shown this once.
    pub access_token: Secret,
    /// For how many seconds it lives.
    pub expires_in_seconds: i64,
    /// The names of the roles that it carries, when it carries any.
    pub scope: Option<String>,
    /// What it is bound to, if anything.
    pub confirmation: Option<Confirmation>,
}

/// How much less than its basis a token should be.
#[derive(Clone, Copy, Default)]
pub(crate) struct Wanted<'a> {
    pub(crate) scope: Option<&'a str>,
    pub(crate) audience: &'a [String],
    pub(crate) expires_in: Option<i64>,
}

/// What an access token rests on.
pub(crate) struct Basis {
    pub(crate) credential: CredentialRef,
    /// The place of the credential in the status list.
    pub(crate) status_index: u64,
    pub(crate) client_id: String,
    pub(crate) subject: String,
    /// The roles that may be carried, and how far each reaches.
    pub(crate) held: Arc<HeldRoles>,
    /// The names of the roles that may be carried, when not all that are held may be.
    pub(crate) scope: Option<Vec<RoleName>>,
    pub(crate) audience: Vec<String>,
    /// Audiences that may be asked for beside it.
    pub(crate) beside: Vec<String>,
    pub(crate) ttl: Minutes,
    /// Before when the token ends, whatever its lifetime.
    pub(crate) ends_at: Option<Timestamp>,
    pub(crate) actor: Option<ActorClaim>,
    /// What the token must be bound to, because what it rests on is.
    pub(crate) confirmation: Option<Confirmation>,
    pub(crate) derived_from: Vec<TokenId>,
    pub(crate) event: AuditEvent,
}

impl App {
    /// Issues an access token. That it was, and that its credential was used, is durable before this returns.
    ///
    /// # Errors
    /// [`Error::Grant`] when it is not granted; [`Error::RateLimited`] instead when this source, or this client, failed too
    /// often; [`Error::Invalid`] for a lifetime that is none; [`Resource::Broker`] is not found for an unknown tenant.
    pub async fn issue_access_token(
        &self,
        tenant: &str,
        request: TokenRequest,
        origin: &Origin,
    ) -> Result<IssuedAccessToken, Error> {
        if request.expires_in.is_some_and(|seconds| seconds < 1) {
            let report = ValidationReport::of("expires_in", "must be at least 1 second");
            return Err(Error::Invalid(report));
        }
        let (broker, realm_id) = self.broker_with_realm(tenant).await?;
        let shown = request.proof.as_ref();
        let proof = match shown.map(|shown| self.read_proof(shown, None)).transpose() {
            Ok(proof) => proof,
            Err(unproven) => return Err(self.refuse_proof(unproven, origin, OPERATION).await),
        };
        let held = Held::by(proof.as_ref(), origin);
        let client = match &request.client {
            Some(shown) => Some(
                self.check_client((&broker, realm_id), shown, origin, OPERATION)
                    .await?,
            ),
            None => None,
        };
        let settings = self.ports.store.check().await?.find_settings().await?;
        let mut unit = self.ports.store.begin_use().await?;
        let found = match &request.grant {
            Grant::ApiToken(token) => {
                self.for_api_token(unit.as_mut(), (&broker, realm_id), token, &settings, origin)
                    .await?
            }
            Grant::ClientCredentials => {
                let Some(client) = client else {
                    drop(unit);
                    return Err(self.refuse_client(origin, OPERATION, None).await);
                };
                self.for_client(unit.as_mut(), &broker, client, &settings, origin)
                    .await?
            }
            Grant::TokenExchange {
                subject_token,
                actor_token,
            } => {
                let tokens = (subject_token, actor_token.as_ref());
                let client = client.map(|client| client.client.client_id);
                let showing = Showing {
                    client,
                    held,
                    origin,
                };
                self.for_token(unit.as_mut(), &broker, tokens, showing, &settings)
                    .await?
            }
        };
        let Some(basis) = found else {
            drop(unit);
            return Err(self.refuse_grant(origin, OPERATION).await);
        };
        let basis = match self.bind(basis, held, proof.as_ref()) {
            Ok(basis) => basis,
            Err(unproven) => {
                drop(unit);
                return Err(self.refuse_proof(unproven, origin, OPERATION).await);
            }
        };
        let wanted = Wanted {
            scope: request.scope.as_deref(),
            audience: &request.audience,
            expires_in: request.expires_in,
        };
        self.issue_for(unit, (&broker, realm_id), basis, wanted)
            .await
    }

    /// The basis of a token that is bound to what the request shows, or to what the token that it rests on is bound to, which has
    /// to be shown.
    fn bind(&self, basis: Basis, held: Held, proof: Option<&ReadProof>) -> Result<Basis, Unproven> {
        held.check(basis.confirmation)?;
        if let Some(proof) = proof {
            let is_emergency = matches!(basis.credential, CredentialRef::EmergencyToken(_));
            self.use_proof(proof, is_emergency)?;
        }
        Ok(Basis {
            confirmation: basis.confirmation.or(held.confirmation()),
            ..basis
        })
    }

    /// Signs a token on this basis and commits that it was.
    pub(crate) async fn issue_for(
        &self,
        mut unit: Box<dyn UnitOfWork>,
        (broker, realm_id): (&Broker, RealmId),
        basis: Basis,
        wanted: Wanted<'_>,
    ) -> Result<IssuedAccessToken, Error> {
        let now = self.now().whole_seconds();
        let own = (&*basis.held, basis.scope.as_deref());
        let carried = granted(unit.as_mut(), own, wanted.scope).await?;
        let audience = narrow_audience(&basis.audience, &basis.beside, wanted.audience)
            .ok_or(Error::Grant(GrantFault::InvalidTarget))?;
        let wanted_end = wanted
            .expires_in
            .map(|seconds| now.plus_millis(seconds.saturating_mul(1000)));
        let expires_at = [basis.ends_at, carried.ends_at, wanted_end]
            .into_iter()
            .flatten()
            .fold(now.plus(basis.ttl), Ord::min)
            .whole_seconds();
        if expires_at <= now {
            return Err(Error::Grant(GrantFault::InvalidGrant));
        }
        let issuer = broker.issuer(self.public_url());
        let bare = AccessTokenClaims {
            subject: basis.subject,
            client_id: basis.client_id,
            audience,
            issued_at: now,
            expires_at,
            token_id: TokenId::from_random(self.random()?),
            roles: Vec::new(),
            scope: None,
            status: Some(StatusClaim {
                index: basis.status_index,
                uri: format!("{issuer}/statuslist"),
            }),
            credential: Some(basis.credential),
            actor: basis.actor,
            confirmation: basis.confirmation,
            derived_from: basis.derived_from,
            overflow: None,
            expands: None,
            issuer,
        };
        let key = self
            .signing_key(unit.as_mut(), broker.id, expires_at)
            .await?;
        let signed = self
            .sign_within(unit.as_mut(), (broker, realm_id), &key, bare, &carried)
            .await?;
        let claims = &signed.claims;
        let event = basis
            .event
            .with("credential", basis.credential.to_string())
            .with("token_id", claims.token_id.to_string())
            .with("expires_at", claims.expires_at.millis().to_string());
        self.commit(unit, signed.noted_in(event, &carried)).await?;
        Ok(IssuedAccessToken {
            expires_in_seconds: claims.expires_at.seconds() - now.seconds(),
            scope: carried.claims.scope.clone(),
            confirmation: claims.confirmation,
            access_token: signed.token,
        })
    }

    async fn for_api_token(
        &self,
        unit: &mut dyn UnitOfWork,
        (broker, realm_id): (&Broker, RealmId),
        text: &Secret,
        settings: &IamSettings,
        origin: &Origin,
    ) -> Result<Option<Basis>, Error> {
        let now = self.now();
        let Some(id) = api_token::claimed_id(text.expose()) else {
            return Ok(None);
        };
        let found = unit.find_api_token(realm_id, id).await?;
        let Some(token) = found.filter(|token| token.admits(text, now)) else {
            return Ok(None);
        };
        let client = unit
            .find_client_by_principal(realm_id, token.principal_id)
            .await?;
        let Some(client) = client else {
            return Ok(None);
        };
        unit.record_api_token_use(realm_id, id, now).await?;
        let ApiToken {
            status_index,
            expires_at,
            ..
        } = token;
        let basis = self
            .of_client(
                unit,
                client,
                CredentialRef::ApiToken(id),
                status_index,
                (&broker.tenant, origin),
            )
            .await?;
        Ok(Some(Basis {
            ttl: token.access_token_ttl_under(settings),
            ends_at: Some(expires_at),
            ..basis
        }))
    }

    async fn for_client(
        &self,
        unit: &mut dyn UnitOfWork,
        broker: &Broker,
        AuthenticatedClient { client, credential }: AuthenticatedClient,
        settings: &IamSettings,
        origin: &Origin,
    ) -> Result<Option<Basis>, Error> {
        let Some((status_index, ends_at)) = self
            .use_credential(unit, client.realm_id, credential)
            .await?
        else {
            return Ok(None);
        };
        let basis = self
            .of_client(
                unit,
                client,
                credential,
                status_index,
                (&broker.tenant, origin),
            )
            .await?;
        Ok(Some(Basis {
            ttl: DEFAULT_TTL.min(settings.access_token_ttl()),
            ends_at,
            ..basis
        }))
    }

    /// The basis of a token that a client gets for a credential of its own.
    async fn of_client(
        &self,
        unit: &mut dyn UnitOfWork,
        client: Client,
        credential: CredentialRef,
        status_index: u64,
        (tenant, origin): (&Tenant, &Origin),
    ) -> Result<Basis, Error> {
        let held = self
            .roles_of_principal(unit, client.realm_id, client.id)
            .await?;
        let (audience, beside) = self.audiences_of(tenant);
        let caller = Caller::of_client(client.clone(), origin.clone());
        let event = client_event(&caller, AuditAction::AccessTokenIssued, &client, self.now());
        Ok(Basis {
            credential,
            status_index,
            subject: client.client_id.clone(),
            client_id: client.client_id,
            scope: None,
            held,
            audience,
            beside,
            ttl: DEFAULT_TTL,
            ends_at: None,
            actor: None,
            confirmation: None,
            derived_from: Vec::new(),
            event,
        })
    }

    /// The broker of a tenant and the realm on it.
    pub(crate) async fn broker_with_realm(&self, tenant: &str) -> Result<(Broker, RealmId), Error> {
        let absent = Error::NotFound(Resource::Broker);
        let tenant: Tenant = tenant.parse().map_err(|_| absent.clone())?;
        let mut view = self.ports.store.check().await?;
        let broker = view
            .find_broker_by_tenant(&tenant)
            .await?
            .ok_or(absent.clone())?;
        let realm = view.find_realm_of_broker(broker.id).await?.ok_or(absent)?;
        Ok((broker, realm.id))
    }
}
