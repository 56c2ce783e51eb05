//! The payloads of what is signed, as JSON.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use breakglass_domain::audit::{AuditMac, Checkpoint};
use breakglass_domain::{StatusList, Timestamp};
use breakglass_ports::StatusListToken;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};

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
