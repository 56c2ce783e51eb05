//! Who holds an access token: whatever it was issued for, as long as that is still there.

use std::sync::Arc;

use breakglass_domain::{
    AccessTokenClaims, Account, Client, CredentialRef, EmergencyClient, PrincipalId,
    SessionGrantId, Timestamp, TokenId, TokenStatus,
};
use breakglass_ports::ReadView;

use crate::app::App;
use crate::error::Error;
use crate::held_roles::HeldRoles;
use crate::live_token::VerifiedToken;

/// A holder, and when what it holds the token for ends by itself.
pub(crate) type HeldUntil = (Holder, Option<Timestamp>);

/// Who holds a token.
#[derive(Clone, Debug)]
pub(crate) enum Holder {
    /// A client, with the roles that it holds now.
    Client(Client, Arc<HeldRoles>),
    /// An emergency client.
    Emergency(Box<EmergencyClient>),
    /// A local account, by a session of it.
    Account(Account),
}

impl App {
    /// The holder of a verified token.
    pub(crate) async fn holder(
        &self,
        view: &mut dyn ReadView,
        verified: &VerifiedToken,
        now: Timestamp,
    ) -> Result<Option<HeldUntil>, Error> {
        match verified.claims.credential {
            None => emergency_by_digest(view, verified, now).await,
            Some(CredentialRef::EmergencyToken(id)) => {
                emergency_by_token_id(view, verified, id, now).await
            }
            Some(CredentialRef::SessionGrant(id)) => {
                account_by_grant(view, verified, id, now).await
            }
            Some(CredentialRef::ApiToken(id)) => {
                let credential = view.find_api_token(verified.realm_id, id).await?;
                let held = credential.filter(|held| held.is_alive(now));
                let held =
                    held.map(|held| (held.principal_id, held.status_index, Some(held.expires_at)));
                self.client_by_credential(view, verified, held).await
            }
            Some(CredentialRef::ClientKey(id)) => {
                let credential = view.find_client_key(verified.realm_id, id).await?;
                let held = credential.map(|key| (key.principal_id, key.status_index, None));
                self.client_by_credential(view, verified, held).await
            }
            Some(CredentialRef::ClientSecret(id)) => {
                let credential = view.find_client_secret(verified.realm_id, id).await?;
                let held = credential.filter(|secret| secret.is_alive(now));
                let held = held.map(|held| (held.principal_id, held.status_index, held.expires_at));
                self.client_by_credential(view, verified, held).await
            }
        }
    }

    /// The client that a credential belongs to, when the token was issued to it and for the present secret of the
    /// credential: each secret has a place of its own in the status list, and the token names the place.
    async fn client_by_credential(
        &self,
        view: &mut dyn ReadView,
        verified: &VerifiedToken,
        credential: Option<(PrincipalId, u64, Option<Timestamp>)>,
    ) -> Result<Option<HeldUntil>, Error> {
        let Some((principal_id, status_index, ends_at)) = credential else {
            return Ok(None);
        };
        let claims = &verified.claims;
        let named = claims.status.as_ref().map(|status| status.index);
        if named != Some(status_index) {
            return Ok(None);
        }
        let client = view
            .find_client_by_principal(verified.realm_id, principal_id)
            .await?
            .filter(|client| client.client_id == claims.client_id);
        let Some(client) = client else {
            return Ok(None);
        };
        let roles = self
            .roles_of_principal(view, verified.realm_id, principal_id)
            .await?;
        let ends_at = ends_at.into_iter().chain(roles.until()).min();
        Ok(Some((Holder::Client(client, roles), ends_at)))
    }
}

async fn emergency_by_digest(
    view: &mut dyn ReadView,
    verified: &VerifiedToken,
    now: Timestamp,
) -> Result<Option<HeldUntil>, Error> {
    let digest = verified.digest;
    let found = view.find_emergency_client_by_digest(&digest).await?;
    let client = found.filter(|client| {
        client.admits(&digest, now)
            && client.realm_id == verified.realm_id
            && agree(&verified.claims, client)
    });
    Ok(client.map(held_by_emergency_client))
}

async fn emergency_by_token_id(
    view: &mut dyn ReadView,
    verified: &VerifiedToken,
    token_id: TokenId,
    now: Timestamp,
) -> Result<Option<HeldUntil>, Error> {
    let Ok(client_id) = verified.claims.client_id.parse() else {
        return Ok(None);
    };
    let found = view
        .find_emergency_client(verified.realm_id, &client_id)
        .await?;
    let client = found
        .filter(|client| client.token.id == token_id && client.status(now) == TokenStatus::Active);
    Ok(client.map(held_by_emergency_client))
}

fn held_by_emergency_client(client: EmergencyClient) -> HeldUntil {
    let ends_at = client.token.expires_at;
    (Holder::Emergency(Box::new(client)), Some(ends_at))
}

/// The account whose session the token was given for, as long as both are there. The token names the place of the grant.
async fn account_by_grant(
    view: &mut dyn ReadView,
    verified: &VerifiedToken,
    id: SessionGrantId,
    now: Timestamp,
) -> Result<Option<HeldUntil>, Error> {
    let named = verified.claims.status.as_ref().map(|status| status.index);
    let grant = view
        .find_session_grant(id)
        .await?
        .filter(|grant| grant.broker_id == verified.broker_id && named == Some(grant.status_index));
    let Some(grant) = grant else {
        return Ok(None);
    };
    let session = view.find_session(&grant.session_digest).await?;
    let Some(session) = session.filter(|session| session.is_alive(now)) else {
        return Ok(None);
    };
    let account = view.find_account(&session.username).await?;
    Ok(account.map(|account| (Holder::Account(account), Some(session.expires_at))))
}

/// Whether the store and the token say the same of the token.
fn agree(claims: &AccessTokenClaims, client: &EmergencyClient) -> bool {
    claims.client_id == client.client_id.as_str()
        && claims.token_id == client.token.id
        && claims.expires_at.seconds() == client.token.expires_at.seconds()
}
