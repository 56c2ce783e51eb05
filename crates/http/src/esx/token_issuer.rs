//! `…/trust/security-token-issuers`.

use breakglass_api_types::Parsed;
use breakglass_api_types::esx::{
    EsxCertChain, EsxTokenIssuerCreateSpec, EsxTokenIssuerInfo, EsxTokenIssuerSummary,
    EsxTokenIssuerUpdateSpec,
};
use breakglass_app::{TokenIssuerDraft, TokenIssuerView};
use breakglass_domain::ValidationReport;

use super::Projection;
use crate::call::Call;
use crate::failure::{Failure, reject_faults};
use crate::reply::Reply;

/// `listSecurityTokenIssuers`.
pub(crate) async fn list(call: &Call) -> Result<Reply, Failure> {
    let mut query = call.query();
    let projection = Projection::read(&mut query);
    query.finish_with(Ok(()))?;
    let issuers = call
        .app()
        .list_token_issuers(call.caller()?, call.realm)
        .await?;
    let summaries: Vec<_> = issuers
        .iter()
        .map(|view| EsxTokenIssuerSummary {
            issuer: (projection >= Projection::Normal).then(|| view.issuer.issuer.clone()),
            issuer_alias: Some(view.issuer.alias.to_string()),
            signing_cert_chains: (projection >= Projection::Full).then(|| chains(view)),
            jwks_uri: view
                .issuer
                .jwks_uri
                .clone()
                .filter(|_| projection >= Projection::Full),
            summary_type: Some(projection.name().to_owned()),
        })
        .collect();
    Reply::json(&summaries)
}

/// `getSecurityTokenIssuer`. The alias is not told again.
pub(crate) async fn get(call: &Call) -> Result<Reply, Failure> {
    let view = call
        .app()
        .get_token_issuer(call.caller()?, call.realm, call.parameter("issuerAlias"))
        .await?;
    Reply::json(&EsxTokenIssuerInfo {
        issuer: Some(view.issuer.issuer.clone()),
        signing_cert_chains: Some(chains(&view)),
        jwks_uri: view.issuer.jwks_uri.clone(),
    })
}

/// `createSecurityTokenIssuer`.
pub(crate) async fn create(call: &Call) -> Result<Reply, Failure> {
    let Parsed { value, failures } = call.json::<EsxTokenIssuerCreateSpec>()?;
    let has_keys = value.signing_cert_chains.is_some() || value.jwks_uri.is_some();
    let missing = "is required, unless jwks_uri is given";
    let missing = ValidationReport::of("signing_cert_chains", missing);
    reject_faults(failures, Some(missing).filter(|_| !has_keys))?;
    let draft = TokenIssuerDraft {
        issuer_alias: value.issuer_alias,
        issuer: value.issuer,
        signing_cert_chains: value.signing_cert_chains.map(texts),
        jwks_uri: value.jwks_uri,
    };
    call.app()
        .create_token_issuer(call.caller()?, call.realm, draft)
        .await?;
    Ok(Reply::empty())
}

/// `updateSecurityTokenIssuer`.
pub(crate) async fn update(call: &Call) -> Result<Reply, Failure> {
    let Parsed { value, failures } = call.json::<EsxTokenIssuerUpdateSpec>()?;
    reject_faults(failures, None)?;
    let draft = TokenIssuerDraft {
        issuer_alias: None,
        issuer: value.issuer,
        signing_cert_chains: value.signing_cert_chains.map(texts),
        jwks_uri: value.jwks_uri,
    };
    let alias = call.parameter("issuerAlias");
    call.app()
        .update_token_issuer(call.caller()?, call.realm, alias, draft)
        .await?;
    Ok(Reply::empty())
}

/// `deleteSecurityTokenIssuer`.
pub(crate) async fn delete(call: &Call) -> Result<Reply, Failure> {
    call.app()
        .delete_token_issuer(call.caller()?, call.realm, call.parameter("issuerAlias"))
        .await?;
    Ok(Reply::empty())
}

fn texts(chains: Vec<EsxCertChain>) -> Vec<Vec<String>> {
    let chains = chains.into_iter();
    chains
        .map(|chain| chain.cert_chain.unwrap_or_default())
        .collect()
}

fn chains(view: &TokenIssuerView) -> Vec<EsxCertChain> {
    let chains = view.chains.iter();
    chains
        .map(|chain| EsxCertChain {
            cert_chain: Some(chain.clone()),
        })
        .collect()
}
