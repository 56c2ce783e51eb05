//! Tokens of other issuers, verified by the certificates that were stored for them or by the keys that they publish.

use std::collections::{BTreeMap, HashSet};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use breakglass_domain::{CertificateChain, ForeignClaims, KeySet, Timestamp};
use breakglass_ports::CryptoError;
use jsonwebtoken::{DecodingKey, Header, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;

use crate::access_token::ConfirmationJson;
use crate::certificates::signing_key;
use crate::key_set::verifying_key;
use crate::public_jwk::{OneOrMany, instant};
use breakglass_domain::access_token::MAX_TOKEN_BYTES;

/// The kinds of signed texts that pass for a token (RFC 9068, section 2.1; RFC 7519, section 5.1).
const KINDS: [&str; 3] = ["JWT", "at+jwt", "application/at+jwt"];

#[derive(Deserialize)]
struct ForeignJson {
    iss: String,
    sub: String,
    aud: OneOrMany,
    iat: f64,
    exp: f64,
    nbf: Option<f64>,
    #[serde(default)]
    group_names: Vec<String>,
    #[serde(default)]
    privs: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    roles: Value,
    jti: Option<String>,
    azp: Option<String>,
    cid: Option<String>,
    client_id: Option<String>,
    oid: Option<String>,
    prn: Option<String>,
    sid: Option<String>,
    tenant: Option<String>,
    ovl: Option<String>,
    ovl_jti: Option<String>,
    cnf: Option<ConfirmationJson>,
    nonce: Option<Value>,
    at_hash: Option<Value>,
    c_hash: Option<Value>,
}

/// The `iss` that a token names, be it true or not.
pub(crate) fn claimed_issuer(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claimed {
        iss: String,
    }
    if token.len() > MAX_TOKEN_BYTES {
        return None;
    }
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claimed: Claimed = serde_json::from_slice(&payload).ok()?;
    Some(claimed.iss)
}

/// The `kid` that a token names, be it true or not.
pub(crate) fn claimed_kid(token: &str) -> Option<String> {
    let is_short = token.len() <= MAX_TOKEN_BYTES;
    decode_header(token).ok().filter(|_| is_short)?.kid
}

/// Verifies a token by the first key that signed it, of these chains and then of this set. The algorithm must be one of the key's
/// (RFC 8725, section 3.1); what else the header says of keys, but for the name of one in the set, is passed over.
pub(crate) fn verify(
    chains: &[CertificateChain],
    keys: &KeySet,
    (token, longest): (&str, usize),
    now: Timestamp,
) -> Result<ForeignClaims, CryptoError> {
    let refused = CryptoError::NotVerified;
    if token.len() > longest {
        return Err(refused);
    }
    let header = decode_header(token).map_err(|_| refused)?;
    let typ = header.typ.as_deref().unwrap_or("JWT");
    let is_token = KINDS.iter().any(|kind| typ.eq_ignore_ascii_case(kind));
    // RFC 7515, section 4.1.11: nothing critical is understood here.
    if !is_token || header.crit.is_some() {
        return Err(refused);
    }
    let of_chains = chains.iter().filter_map(|chain| {
        let (key, algorithms) = signing_key(chain, now)?;
        algorithms.contains(&header.alg).then_some(key)
    });
    let published = keys.candidates(header.kid.as_deref());
    let published = published.filter_map(|key| verifying_key(key, header.alg));
    let claims = of_chains
        .chain(published)
        .find_map(|key| signed_by(&key, &header, token))
        .ok_or(refused)?;
    said(claims)
}

fn said(claims: ForeignJson) -> Result<ForeignClaims, CryptoError> {
    let parties = [
        ("azp", claims.azp),
        ("cid", claims.cid),
        ("client_id", claims.client_id),
        ("oid", claims.oid),
    ];
    let circumstances = [
        ("prn", claims.prn),
        ("sid", claims.sid),
        ("tenant", claims.tenant),
    ];
    Ok(ForeignClaims {
        issuer: claims.iss,
        subject: claims.sub,
        audience: claims.aud.into_vec(),
        issued_at: instant(claims.iat)?,
        expires_at: instant(claims.exp)?,
        not_before: claims.nbf.map(instant).transpose()?,
        groups: claims.group_names,
        privileges: claims.privs,
        roles: role_names(&claims.roles),
        token_id: claims.jti,
        parties: given(parties),
        circumstances: given(circumstances),
        expansion: claims.ovl,
        expands: claims.ovl_jti,
        confirmation: match claims.cnf {
            Some(cnf) => Some(cnf.confirmation().ok_or(CryptoError::NotVerified)?),
            None => None,
        },
        is_id_token: [claims.nonce, claims.at_hash, claims.c_hash]
            .iter()
            .any(Option::is_some),
    })
}

fn given<const COUNT: usize>(
    claims: [(&'static str, Option<String>); COUNT],
) -> BTreeMap<&'static str, String> {
    let claims = claims.into_iter();
    claims
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

/// The names of roles that reach a whole realm. Issuers differ in how they write them: as texts, or as objects with a name and
/// the instances that the role is limited to. What is neither says nothing.
fn role_names(roles: &Value) -> Vec<String> {
    let name = |role: &Value| match role {
        Value::String(name) => Some(name.clone()),
        Value::Object(role) => {
            let is_whole = match role.get("resources") {
                None | Some(Value::Null) => true,
                Some(limits) => limits.as_array().is_some_and(Vec::is_empty),
            };
            let name = role.get("name").and_then(Value::as_str);
            name.filter(|_| is_whole).map(str::to_owned)
        }
        _ => None,
    };
    let roles = roles.as_array().map_or(&[][..], Vec::as_slice);
    roles.iter().filter_map(name).collect()
}

fn signed_by(key: &DecodingKey, header: &Header, token: &str) -> Option<ForeignJson> {
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims = HashSet::new();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let read = decode::<ForeignJson>(token, key, &validation).ok()?;
    Some(read.claims)
}
