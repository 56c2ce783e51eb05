//! The payloads of what is signed, as JSON.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use breakglass_domain::audit::{AuditMac, Checkpoint};
use breakglass_domain::{AccessTokenClaims, RoleClaim, StatusList, Timestamp};
use breakglass_ports::{StatusListToken, VerifiedToken};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};

/// An access token (RFC 9068, section 2.2); instants are seconds (RFC 7519, section 2).
#[derive(Serialize)]
pub(crate) struct AccessTokenJson<'a> {
    iss: &'a str,
    sub: &'a str,
    client_id: &'a str,
    aud: &'a [String],
    iat: i64,
    exp: i64,
    jti: String,
    roles: Vec<RoleJson<'a>>,
    status: StatusJson<'a>,
}

#[derive(Serialize)]
struct RoleJson<'a> {
    name: &'a str,
    display_name: &'a str,
}

/// IETF Token Status List, section 6.2.
#[derive(Serialize)]
struct StatusJson<'a> {
    status_list: StatusReferenceJson<'a>,
}

#[derive(Serialize)]
struct StatusReferenceJson<'a> {
    idx: u64,
    uri: &'a str,
}

impl<'a> From<&'a AccessTokenClaims> for AccessTokenJson<'a> {
    fn from(claims: &'a AccessTokenClaims) -> Self {
        Self {
            iss: &claims.issuer,
            sub: claims.client_id.as_str(),
            client_id: claims.client_id.as_str(),
            aud: &claims.audience,
            iat: claims.issued_at.seconds(),
            exp: claims.expires_at.seconds(),
            jti: claims.token_id.to_string(),
            roles: claims.roles.iter().map(RoleJson::from).collect(),
            status: StatusJson {
                status_list: StatusReferenceJson {
                    idx: claims.status.index,
                    uri: &claims.status.uri,
                },
            },
        }
    }
}

impl<'a> From<&'a RoleClaim> for RoleJson<'a> {
    fn from(role: &'a RoleClaim) -> Self {
        Self {
            name: &role.name,
            display_name: &role.display_name,
        }
    }
}

/// What is read back of an access token.
#[derive(Deserialize)]
pub(crate) struct IssuedJson {
    /// The one issuer.
    pub(crate) iss: String,
    client_id: String,
    jti: String,
    exp: i64,
}

impl From<IssuedJson> for VerifiedToken {
    fn from(token: IssuedJson) -> Self {
        Self {
            issuer: token.iss,
            client_id: token.client_id,
            token_id: token.jti,
            expires_at_seconds: token.exp,
        }
    }
}

/// A status list token (IETF Token Status List, section 5.1).
#[derive(Serialize)]
pub(crate) struct StatusListTokenJson<'a> {
    iss: &'a str,
    sub: &'a str,
    iat: i64,
    exp: i64,
    ttl: u32,
    status_list: StatusListJson,
}

/// IETF Token Status List, section 4.2.
#[derive(Serialize)]
struct StatusListJson {
    bits: u8,
    lst: String,
}

impl<'a> StatusListTokenJson<'a> {
    /// The payload, with the list compressed.
    pub(crate) fn new(token: &StatusListToken<'a>) -> io::Result<Self> {
        Ok(Self {
            iss: token.issuer,
            sub: token.subject,
            iat: token.issued_at.seconds(),
            exp: token.expires_at.seconds(),
            ttl: token.ttl_seconds,
            status_list: StatusListJson {
                bits: 1,
                lst: compressed(token.list)?,
            },
        })
    }
}

/// The list in the ZLIB format (RFC 1950) at the highest level, in base64url (IETF Token Status List, section 4.1).
fn compressed(list: &StatusList) -> io::Result<String> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(list.as_bytes())?;
    Ok(URL_SAFE_NO_PAD.encode(encoder.finish()?))
}

/// A checkpoint of the audit; its time is in milliseconds, as in the records.
#[derive(Deserialize, Serialize)]
pub(crate) struct CheckpointJson {
    sequence: u64,
    mac: String,
    time: i64,
}

impl From<&Checkpoint> for CheckpointJson {
    fn from(checkpoint: &Checkpoint) -> Self {
        Self {
            sequence: checkpoint.sequence,
            mac: checkpoint.mac.to_string(),
            time: checkpoint.time.millis(),
        }
    }
}

impl CheckpointJson {
    /// The checkpoint, unless the MAC is not one.
    pub(crate) fn checkpoint(&self) -> Option<Checkpoint> {
        Some(Checkpoint {
            sequence: self.sequence,
            mac: AuditMac::from_hex(&self.mac)?,
            time: Timestamp::from_millis(self.time),
        })
    }
}
