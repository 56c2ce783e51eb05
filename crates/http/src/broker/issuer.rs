//! What an issuer publishes: its metadata, its keys and its status list. Anybody may ask. A copy of the metadata or the keys
//! may be kept for as long as one of the status list: what is rotated must not be hidden by a cache for longer.

use std::sync::Arc;

use breakglass_api_types::Operation;
use breakglass_api_types::broker::{Jwk, JwkSet, ProviderMetadata};
use breakglass_app::Issuer;
use breakglass_ports::{PublicKey, PublicKeyMaterial};
use bytes::Bytes;

use super::published::Document;
use super::token::{API_TOKEN, CLIENT_CREDENTIALS, REFRESH_TOKEN, TOKEN_EXCHANGE};
use crate::call::Call;
use crate::failure::Failure;
use crate::problem::DPOP_ALGORITHMS;
use crate::reply::Reply;

/// `getOpenidConfiguration`, `getAuthorizationServerMetadata`, `getAuthorizationServerMetadataUnderIssuer`: the same
/// document in three places (OpenID Connect Discovery 1.0, section 4; RFC 8414, section 3).
pub(crate) async fn metadata(call: &Call) -> Result<Reply, Failure> {
    published(call, Document::Metadata, write_metadata(call)).await
}

async fn write_metadata(call: &Call) -> Result<Reply, Failure> {
    let issuer = call.app().issuer(call.parameter("tenant")).await?;
    let public_url = call.app().public_url();
    let endpoint = |operation: Operation| {
        let path = operation.path(&[("tenant", issuer.broker.tenant.as_str())]);
        path.map(|path| format!("{public_url}{path}"))
            .map_err(|_| Failure::Defect("an endpoint needs more than its tenant"))
    };
    let document = ProviderMetadata {
        introspection_endpoint: Some(endpoint(Operation::IntrospectToken)?),
        jwks_uri: Some(endpoint(Operation::GetJwks)?),
        revocation_endpoint: Some(endpoint(Operation::RevokeToken)?),
        tls_client_certificate_bound_access_tokens: call
            .shared
            .options
            .client_certificates
            .then_some(true),
        token_endpoint: Some(endpoint(Operation::IssueToken)?),
        ..offered(&issuer)
    };
    Ok(kept(call, Reply::json(&document)?))
}

/// `getJwks`.
pub(crate) async fn keys(call: &Call) -> Result<Reply, Failure> {
    published(call, Document::Keys, write_keys(call)).await
}

async fn write_keys(call: &Call) -> Result<Reply, Failure> {
    let keys = call.app().public_keys(call.parameter("tenant")).await?;
    let keys = keys.iter().map(jwk).collect();
    Ok(kept(call, Reply::json(&JwkSet { keys: Some(keys) })?))
}

/// `getStatusList`.
///
/// A verifier may keep the list for its `ttl` from when it comes (IETF Token Status List, section 5.1). If a cache on the way
/// could keep it too, the two times would add up and a recall would show later than promised, so every copy is to be asked
/// after; the signature, which is another for every list, is what it is asked by.
pub(crate) async fn status_list(call: &Call) -> Result<Reply, Failure> {
    let list = call.app().status_list(call.parameter("tenant")).await?;
    let signature = list.jwt.rsplit('.').next().unwrap_or_default().to_owned();
    let reply = Reply::of(
        "application/statuslist+jwt",
        Bytes::from_owner(Arc::<[u8]>::from(list.jwt)),
    );
    Ok(reply.revalidated_by(&signature))
}

/// A document as it was written before, unless anything was changed that it is made from.
async fn published(
    call: &Call,
    document: Document,
    write: impl Future<Output = Result<Reply, Failure>>,
) -> Result<Reply, Failure> {
    let tenant = call.parameter("tenant");
    let kept = &call.shared.published;
    let revision = call.app().revision().await?;
    let Some(revision) = revision else {
        return write.await;
    };
    if let Some(reply) = kept.find(revision, document, tenant) {
        return Ok(reply);
    }
    let reply = write.await?;
    kept.keep(revision, document, tenant, &reply);
    Ok(reply)
}

fn kept(call: &Call, reply: Reply) -> Reply {
    reply.kept_for(call.app().options().status_list_ttl_seconds)
}

/// What works here, and nothing else.
///
/// There is no authorization endpoint, so none is named and no response type is offered; `response_types_supported` is
/// required, and an empty list is its one true value. The scopes are the built-in roles: which others there are is not for
/// everybody to know.
///
/// The status list has no member: the drafts define one for an index of lists, not for a list. A verifier finds the list
/// by the `status` claim of the token itself.
fn offered(issuer: &Issuer) -> ProviderMetadata {
    let texts = |texts: &[&str]| Some(texts.iter().map(|&text| text.to_owned()).collect());
    ProviderMetadata {
        claims_supported: texts(&[
            "acct",
            "act",
            "aud",
            "auth_time",
            "authorization_details",
            "client_id",
            "cnf",
            "credential",
            "derived_from",
            "exp",
            "group_ids",
            "group_names",
            "iat",
            "iss",
            "jti",
            "ovc",
            "ovd",
            "ovl",
            "ovl_jti",
            "roles",
            "scope",
            "status",
            "sub",
        ]),
        dpop_signing_alg_values_supported: texts(&DPOP_ALGORITHMS),
        grant_types_supported: texts(&[
            CLIENT_CREDENTIALS,
            REFRESH_TOKEN,
            API_TOKEN,
            TOKEN_EXCHANGE,
        ]),
        id_token_signing_alg_values_supported: Some(
            issuer
                .algorithms
                .iter()
                .map(|algorithm| algorithm.name().to_owned())
                .collect(),
        ),
        // RFC 8414, section 2: names of client authentication methods, or of access token types.
        introspection_endpoint_auth_methods_supported: texts(&[
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt",
            "Bearer",
            "DPoP",
        ]),
        issuer: Some(issuer.url.clone()),
        response_types_supported: texts(&[]),
        revocation_endpoint_auth_methods_supported: texts(&[
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt",
        ]),
        scopes_supported: texts(&[
            "sddc_administrator",
            "sddc_viewer",
            "vcf_administrator",
            "vcf_viewer",
        ]),
        subject_types_supported: texts(&["public"]),
        // An API token needs no client.
        token_endpoint_auth_methods_supported: texts(&[
            "client_secret_basic",
            "client_secret_post",
            "none",
            "private_key_jwt",
        ]),
        token_endpoint_auth_signing_alg_values_supported: texts(&["ES256", "EdDSA", "RS256"]),
        ..ProviderMetadata::default()
    }
}

/// RFC 7517, section 4, with the members of RFC 7518, section 6, and RFC 8037, section 2.
fn jwk(key: &PublicKey) -> Jwk {
    let jwk = Jwk {
        alg: Some(key.algorithm.name().to_owned()),
        kid: Some(key.id.to_string()),
        use_: Some("sig".to_owned()),
        ..Jwk::default()
    };
    let text = |text: &str| Some(text.to_owned());
    match &key.material {
        PublicKeyMaterial::EllipticCurve { x, y } => Jwk {
            crv: text("P-256"),
            kty: text("EC"),
            x: text(x),
            y: text(y),
            ..jwk
        },
        PublicKeyMaterial::OctetKeyPair { x } => Jwk {
            crv: text("Ed25519"),
            kty: text("OKP"),
            x: text(x),
            ..jwk
        },
        PublicKeyMaterial::Rsa { e, n } => Jwk {
            e: text(e),
            kty: text("RSA"),
            n: text(n),
            ..jwk
        },
    }
}
