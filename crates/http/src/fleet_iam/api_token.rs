//! `…/ssorealms/{ssoRealmId}/api-tokens`: what programs exchange for access tokens. Instants are milliseconds, lifetimes
//! minutes.

use breakglass_api_types::fleet_iam::{
    ApiToken, ApiTokens, ClientTokenQuery, PageInfo, PrincipalStatus, TokenStatus, TokenType,
};
use breakglass_api_types::{FieldFailure, Operation, Parsed, Sensitive};
use breakglass_app::{ApiTokenView, Error, IssuedApiToken, Resource};
use breakglass_domain::{ApiTokenDraft, ApiTokenId, Page, Timestamp, TokenOrder};

use super::{client_query, page, realm};
use crate::call::Call;
use crate::failure::{Failure, reject_faults};
use crate::reply::Reply;

/// `generateApiToken`.
pub(crate) async fn create(call: &Call) -> Result<Reply, Failure> {
    let realm = realm::id(call)?;
    let Parsed {
        value,
        mut failures,
    } = call.json::<ApiToken>()?;
    if value.api_client_id.is_none() {
        failures.push(FieldFailure::new("apiClientId", "is required"));
    }
    if !matches!(value.token_type, None | Some(TokenType::ApiClient)) {
        let rule = "must be API_CLIENT: there are no tokens of users";
        failures.push(FieldFailure::new("tokenType", rule));
    }
    let draft = draft(&value);
    let report = call.app().check_api_token_draft(&draft, false).await?;
    reject_faults(failures, report)?;
    let client_id = value.api_client_id.unwrap_or_default();
    let issued = call
        .app()
        .create_api_token(call.caller()?, realm, &client_id, draft)
        .await?;
    with_token(&issued)
}

/// `updateApiToken`. The token is addressed by `id`; what is absent stays, and so does the lifetime of the token itself.
pub(crate) async fn update(call: &Call) -> Result<Reply, Failure> {
    let realm = realm::id(call)?;
    let Parsed {
        value,
        mut failures,
    } = call.json::<ApiToken>()?;
    // The contract has one type for new tokens and for changes, and what a change leaves out stays.
    failures.retain(|failure| failure.path != "tokenName" || value.token_name.is_some());
    let id = match value.id.as_deref().map(str::parse::<ApiTokenId>) {
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
    let draft = draft(&value);
    let report = call.app().check_api_token_draft(&draft, true).await?;
    reject_faults(failures, report)?;
    let id = id.ok_or(Failure::Defect("a token without an id passed as sound"))?;
    call.app()
        .update_api_token(call.caller()?, realm, id, draft)
        .await?;
    Ok(Reply::empty())
}

/// `getApiToken`.
pub(crate) async fn get(call: &Call) -> Result<Reply, Failure> {
    let (realm, id) = (realm::id(call)?, id(call)?);
    let view = call.app().get_api_token(call.caller()?, realm, id).await?;
    Reply::json(&wire(&view))
}

/// `deleteApiToken`.
pub(crate) async fn delete(call: &Call) -> Result<Reply, Failure> {
    let (realm, id) = (realm::id(call)?, id(call)?);
    call.app()
        .delete_api_token(call.caller()?, realm, id)
        .await?;
    Ok(Reply::empty())
}

/// `reGenerateApiToken`.
pub(crate) async fn regenerate(call: &Call) -> Result<Reply, Failure> {
    let (realm, id) = (realm::id(call)?, id(call)?);
    let issued = call
        .app()
        .regenerate_api_token(call.caller()?, realm, id)
        .await?;
    with_token(&issued)
}

/// `queryApiTokens`. What is found is ordered by when it was made, unless asked otherwise.
pub(crate) async fn query(call: &Call) -> Result<Reply, Failure> {
    let realm = realm::id(call)?;
    let mut query = call.query();
    let rule = "must be EXPIRATION_DATE, CREATION_DATE, LAST_USED_DATE or ACCESS_TOKEN_TTL";
    let order = query.read_with("sortBy", rule, order).unwrap_or_default();
    let descending = page::descending(&mut query);
    let wanted = page::request(query)?;
    let search = client_query::read_for_tokens(call.json::<ClientTokenQuery>()?)?;
    let Page { entries, total } = call
        .app()
        .query_api_tokens(call.caller()?, realm, &search, order, descending, wanted)
        .await?;
    let path = Operation::QueryApiTokens
        .path(&[("ssoRealmId", &realm.to_string())])
        .map_err(|_| Failure::Defect("the path of a search lacks a parameter"))?;
    Reply::json(&ApiTokens {
        api_tokens: Some(entries.iter().map(wire).collect()),
        links: Some(page::links(&path, call.query_text(), wanted, total)),
        page_info: Some(PageInfo {
            sort_by: Some(order_name(order).to_owned()),
            sort_order: Some(page::direction_name(descending).to_owned()),
            ..page::info(wanted, total)
        }),
    })
}

/// A text that is no id names no token.
fn id(call: &Call) -> Result<ApiTokenId, Failure> {
    let absent = Error::NotFound(Resource::ApiToken);
    call.parameter("apiTokenId")
        .parse()
        .map_err(|_| absent.into())
}

fn draft(given: &ApiToken) -> ApiTokenDraft {
    ApiTokenDraft {
        token_name: given.token_name.clone(),
        token_description: given.token_description.clone(),
        api_token_ttl: given.api_token_ttl.map(i64::from),
        access_token_ttl: given.access_token_ttl.map(i64::from),
    }
}

fn order(word: &str) -> Option<TokenOrder> {
    [
        TokenOrder::AccessTokenTtl,
        TokenOrder::CreationDate,
        TokenOrder::ExpirationDate,
        TokenOrder::LastUsedDate,
    ]
    .into_iter()
    .find(|order| order_name(*order) == word)
}

fn order_name(order: TokenOrder) -> &'static str {
    match order {
        TokenOrder::AccessTokenTtl => "ACCESS_TOKEN_TTL",
        TokenOrder::CreationDate => "CREATION_DATE",
        TokenOrder::ExpirationDate => "EXPIRATION_DATE",
        TokenOrder::LastUsedDate => "LAST_USED_DATE",
    }
}

/// The two answers that hold the token, this once.
fn with_token(issued: &IssuedApiToken) -> Result<Reply, Failure> {
    let token = ApiToken {
        token: Some(Sensitive::new(issued.token.expose())),
        ..wire(&issued.view)
    };
    Ok(Reply::json(&token)?.with_token())
}

fn wire(view: &ApiTokenView) -> ApiToken {
    let token = &view.token;
    ApiToken {
        access_token_ttl: i32::try_from(token.access_token_ttl.get()).ok(),
        api_client_id: Some(view.client_id.clone()),
        api_token_ttl: i32::try_from(token.ttl.get()).ok(),
        creation_date: Some(token.created_at.millis()),
        expiration_date: Some(token.expires_at.millis()),
        id: Some(token.id.to_string()),
        last_used_date: token.last_used_at.map(Timestamp::millis),
        oidc_issuer_url: Some(view.issuer.clone()),
        principal_name: Some(view.client_id.clone()),
        principal_status: Some(PrincipalStatus::Active),
        token: None,
        token_description: token.description.clone(),
        token_endpoint_url: Some(format!("{}/token", view.issuer)),
        token_last_chars: Some(token.last_characters.clone()),
        token_name: Some(token.name.to_string()),
        token_status: Some(if view.is_alive {
            TokenStatus::Active
        } else {
            TokenStatus::Expired
        }),
        token_type: Some(TokenType::ApiClient),
    }
}
