//! `…/ssorealms/{ssoRealmId}/oauth-apps`. Instants are seconds, as the contract has them.
//!
//! The contract's example of a change shows the secret. It is not shown here, for it is known to nobody any more.

use breakglass_api_types::fleet_iam::{OAuthApp, OAuthApps};
use breakglass_api_types::{FieldFailure, Parsed, Sensitive};
use breakglass_app::{Error, IssuedOauthApp, OauthAppView, Resource};
use breakglass_domain::{OauthAppDraft, PrincipalId};

use super::realm;
use crate::call::Call;
use crate::failure::{Failure, reject_faults};
use crate::reply::Reply;

/// `listOAuthApps`.
pub(crate) async fn list(call: &Call) -> Result<Reply, Failure> {
    let realm = realm::id(call)?;
    let apps = call.app().list_oauth_apps(call.caller()?, realm).await?;
    Reply::json(&OAuthApps {
        oauth_apps: Some(apps.iter().map(wire).collect()),
    })
}

/// `getOAuthApp`.
pub(crate) async fn get(call: &Call) -> Result<Reply, Failure> {
    let (realm, id) = (realm::id(call)?, id(call)?);
    let view = call.app().get_oauth_app(call.caller()?, realm, id).await?;
    Reply::json(&wire(&view))
}

/// `createOAuthApp`.
pub(crate) async fn create(call: &Call) -> Result<Reply, Failure> {
    let realm = realm::id(call)?;
    let Parsed { value, failures } = call.json::<OAuthApp>()?;
    let draft = draft(value);
    reject_faults(failures, draft.clone().accept().err())?;
    let issued = call
        .app()
        .create_oauth_app(call.caller()?, realm, draft)
        .await?;
    with_secret(&issued)
}

/// `updateOAuthApp`. The app of the body's `id` is replaced as a whole.
pub(crate) async fn update(call: &Call) -> Result<Reply, Failure> {
    let realm = realm::id(call)?;
    let Parsed {
        value,
        mut failures,
    } = call.json::<OAuthApp>()?;
    let id = match value.id.as_deref().map(str::parse::<PrincipalId>) {
        Some(Ok(id)) => Some(id),
        Some(Err(_)) => {
            failures.push(FieldFailure::new("id", "must be a UUID"));
            None
        }
        None => {
            failures.push(FieldFailure::new("id", "is required"));
            None
        }
    };
    let draft = draft(value);
    reject_faults(failures, draft.clone().accept().err())?;
    let id = id.ok_or(Failure::Defect("an app without an id passed as sound"))?;
    let view = call
        .app()
        .update_oauth_app(call.caller()?, realm, id, draft)
        .await?;
    Reply::json(&wire(&view))
}

/// `deleteOAuthApp`.
pub(crate) async fn delete(call: &Call) -> Result<Reply, Failure> {
    let (realm, id) = (realm::id(call)?, id(call)?);
    call.app()
        .delete_oauth_app(call.caller()?, realm, id)
        .await?;
    Ok(Reply::empty())
}

/// `rotateOAuthAppSecret`.
pub(crate) async fn rotate(call: &Call) -> Result<Reply, Failure> {
    let (realm, id) = (realm::id(call)?, id(call)?);
    let issued = call
        .app()
        .rotate_oauth_app_secret(call.caller()?, realm, id)
        .await?;
    with_secret(&issued)
}

/// A text that is no id names no app.
fn id(call: &Call) -> Result<PrincipalId, Failure> {
    let absent = Error::NotFound(Resource::OauthApp);
    call.parameter("oauthAppId")
        .parse()
        .map_err(|_| absent.into())
}

fn draft(given: OAuthApp) -> OauthAppDraft {
    OauthAppDraft {
        client_name: given.client_name,
        redirect_urls: given.redirect_urls,
        logout_urls: given.logout_urls,
    }
}

/// The two answers that hold the secret, this once.
fn with_secret(issued: &IssuedOauthApp) -> Result<Reply, Failure> {
    let app = OAuthApp {
        client_secret: Some(Sensitive::new(issued.client_secret.expose())),
        ..wire(&issued.view)
    };
    Ok(Reply::json(&app)?.with_token())
}

fn wire(view: &OauthAppView) -> OAuthApp {
    let app = &view.app;
    OAuthApp {
        client_id: Some(app.client_id.clone()),
        client_name: Some(app.client_name.to_string()),
        client_secret: None,
        created_at: Some(app.created_at.seconds()),
        id: Some(app.id.to_string()),
        issuer_url: Some(view.issuer.clone()),
        logout_urls: Some(app.logout_urls.clone()),
        redirect_urls: Some(app.redirect_urls.clone()),
        sso_realm_id: Some(app.realm_id.to_string()),
        updated_at: Some(app.updated_at.seconds()),
    }
}
