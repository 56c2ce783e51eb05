//! Verification of a token, as a resource server does it: with what its issuer publishes, and nothing else.

use std::fs;
use std::path::Path;

use breakglass_api_types::broker::ProviderMetadata;
use breakglass_tokens::{PublishedKeys, RelyingPartyError};
use serde_json::{Map, Value};

use super::read::Unverified;
use super::verdict::{Recall, Verdict};
use crate::arguments::ConnectArgs;
use crate::client::Client;
use crate::exit::{Exit, Failure};
use crate::settings::PublicUrl;
use crate::transport::Transport;

/// The path between a server's URL and the tenant, in the identifiers of its issuers.
const ISSUERS: &str = "/acs/t/";

/// A token, and whom it must be of.
pub(super) struct Verification<'a> {
    /// The token.
    pub(super) token: &'a str,
    /// The issuer that must have signed it, when it is named.
    pub(super) issuer: Option<&'a PublicUrl>,
    /// A file with the issuer's keys, when nobody is to be asked.
    pub(super) jwks: Option<&'a Path>,
    /// Where to ask.
    pub(super) connect: &'a ConnectArgs,
    /// The present instant, in seconds since 1970 UTC.
    pub(super) now: i64,
}

impl Verification<'_> {
    /// Verifies the token.
    ///
    /// # Errors
    /// When nothing can be said of it: its form is not a token's, or the issuer cannot be asked.
    pub(super) async fn judge(&self) -> Result<Verdict, Failure> {
        let claimed = Unverified::of(self.token)?;
        if let Some(path) = self.jwks {
            let keys = read_keys(path)?;
            let issuer = self.issuer.map(ToString::to_string);
            return Ok(match self.check(&keys, issuer.as_deref()) {
                Ok(claims) => Verdict::Holds {
                    claims,
                    recall: Recall::Unasked,
                },
                Err(verdict) => verdict,
            });
        }
        let client = Client::connect_anonymously(self.connect).await?;
        let outcome = self.ask(client.transport(), &claimed).await;
        client.finish(outcome).await
    }

    /// Verifies the token with what the issuer publishes now.
    async fn ask(&self, way: &Transport, claimed: &Unverified) -> Result<Verdict, Failure> {
        let issuer = match self.pinned_issuer(way, claimed) {
            Ok(issuer) => issuer,
            Err(verdict) => return Ok(verdict),
        };
        let keys = self.published_keys(way, &issuer).await?;
        let claims = match self.check(&keys, Some(&issuer)) {
            Ok(claims) => claims,
            Err(verdict) => return Ok(verdict),
        };
        Ok(self.check_recall(way, &keys, claims).await)
    }

    /// The issuer that must have signed the token. What the token says of itself is only ever compared with it.
    fn pinned_issuer(&self, way: &Transport, claimed: &Unverified) -> Result<String, Verdict> {
        if let Some(issuer) = self.issuer {
            return Ok(issuer.to_string());
        }
        let base = match way {
            Transport::InProcess(process) => process.public_url().to_owned(),
            Transport::Network(_) => self.connect.server.to_string(),
        };
        let issuer = claimed.issuer().unwrap_or_default();
        let tenant = issuer
            .strip_prefix(&base)
            .and_then(|rest| rest.strip_prefix(ISSUERS));
        if tenant.is_some_and(|tenant| !tenant.is_empty() && !tenant.contains('/')) {
            return Ok(issuer.to_owned());
        }
        Err(Verdict::Fails {
            exit: Exit::TokenInvalid,
            reason: format!(
                "the token says it was issued by {issuer:?}, which is no issuer of {base}; to trust that issuer, name \
                 it with --issuer"
            ),
            claims: None,
        })
    }

    async fn published_keys(
        &self,
        way: &Transport,
        issuer: &str,
    ) -> Result<PublishedKeys, Failure> {
        let url = format!("{issuer}/.well-known/openid-configuration");
        let document = self.fetch(way, &url).await?;
        let metadata: ProviderMetadata = serde_json::from_slice(&document).map_err(|error| {
            Failure::caused(Exit::Unavailable, format!("{url} makes no sense"), &error)
        })?;
        // OpenID Connect Discovery 1.0, section 4.3.
        if metadata.issuer.as_deref() != Some(issuer) {
            let message = format!("{url} speaks for another issuer");
            return Err(Failure::new(Exit::Unavailable, message));
        }
        let uri = metadata.jwks_uri.unwrap_or_default();
        let set = self.fetch(way, &uri).await?;
        PublishedKeys::parse(&set).map_err(|error| {
            Failure::caused(Exit::Unavailable, format!("{uri} makes no sense"), &error)
        })
    }

    /// Signature, kind, issuer and times.
    fn check(
        &self,
        keys: &PublishedKeys,
        issuer: Option<&str>,
    ) -> Result<Map<String, Value>, Verdict> {
        let claims = keys.verify_access_token(self.token).map_err(refused)?;
        let fails = |exit, reason: &str| Verdict::Fails {
            exit,
            reason: reason.to_owned(),
            claims: Some(claims.clone()),
        };
        let signed_by = claims.get("iss").and_then(Value::as_str);
        if issuer.is_some_and(|issuer| signed_by != Some(issuer)) {
            return Err(fails(Exit::TokenInvalid, "the token is of another issuer"));
        }
        let instant = |name: &str| claims.get(name).and_then(Value::as_f64);
        #[expect(
            clippy::cast_precision_loss,
            reason = "a NumericDate may have a fraction, and seconds are exact for millions of years"
        )]
        let now = self.now as f64;
        match instant("exp") {
            None => return Err(fails(Exit::TokenInvalid, "the token has no end")),
            Some(end) if end <= now => {
                return Err(fails(Exit::TokenExpired, "the time of the token is over"));
            }
            Some(_) => {}
        }
        if instant("nbf").is_some_and(|start| start > now) {
            let reason = "the time of the token has not come yet";
            return Err(fails(Exit::TokenNotYetValid, reason));
        }
        Ok(claims)
    }

    /// IETF Token Status List, section 8.3.
    async fn check_recall(
        &self,
        way: &Transport,
        keys: &PublishedKeys,
        claims: Map<String, Value>,
    ) -> Verdict {
        let reference = claims
            .get("status")
            .and_then(|status| status.get("status_list"));
        let Some(reference) = reference else {
            return Verdict::Holds {
                claims,
                recall: Recall::Impossible,
            };
        };
        let uri = reference
            .get("uri")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let index = reference.get("idx").and_then(Value::as_u64);
        match self.status(way, keys, uri, index).await {
            Ok(0) => Verdict::Holds {
                claims,
                recall: Recall::Alive,
            },
            Ok(_) => Verdict::Fails {
                exit: Exit::TokenRecalled,
                reason: "the token was recalled".to_owned(),
                claims: Some(claims),
            },
            Err(reason) => Verdict::Fails {
                exit: Exit::TokenUnchecked,
                reason: format!("the token's recall could not be checked: {reason}"),
                claims: Some(claims),
            },
        }
    }

    async fn status(
        &self,
        way: &Transport,
        keys: &PublishedKeys,
        uri: &str,
        index: Option<u64>,
    ) -> Result<u8, String> {
        let document = self
            .fetch(way, uri)
            .await
            .map_err(|failure| failure.message)?;
        let list = String::from_utf8_lossy(&document);
        let list = keys
            .verify_status_list(list.trim())
            .map_err(|error| format!("{uri} is not accepted: {error}"))?;
        if list.subject != uri {
            return Err(format!("{uri} is a list of another place"));
        }
        if list.expires_at.is_some_and(|end| end <= self.now) {
            return Err(format!("{uri} is out of date"));
        }
        index
            .and_then(|index| list.status(index))
            .ok_or_else(|| format!("{uri} has no such place"))
    }

    async fn fetch(&self, way: &Transport, url: &str) -> Result<bytes::Bytes, Failure> {
        let target: PublicUrl = url
            .parse()
            .map_err(|fault: String| Failure::new(Exit::Unavailable, fault))?;
        let network = matches!(way, Transport::Network(_));
        if network && !target.is_https() && !target.is_loopback() && !self.connect.allow_plaintext {
            let message = format!(
                "{url} is plain HTTP to another machine: whoever is between could forge it. Use https://, or say \
                 --allow-plaintext"
            );
            return Err(Failure::new(Exit::Usage, message));
        }
        way.fetch(url).await
    }
}

fn refused(error: RelyingPartyError) -> Verdict {
    Verdict::Fails {
        exit: Exit::TokenInvalid,
        reason: format!("the token is not accepted: {error}"),
        claims: None,
    }
}

fn read_keys(path: &Path) -> Result<PublishedKeys, Failure> {
    let bytes = fs::read(path).map_err(|error| {
        Failure::caused(
            Exit::Usage,
            format!("cannot read {}", path.display()),
            &error,
        )
    })?;
    PublishedKeys::parse(&bytes).map_err(|error| {
        Failure::caused(
            Exit::Usage,
            format!("{} is not usable", path.display()),
            &error,
        )
    })
}
