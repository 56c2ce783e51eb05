//! Proofs that the holder of a bound token holds its key (RFC 9449).

use std::path::Path;

use breakglass_domain::{DpopRequest, Secret, TokenId};
use breakglass_ports::{Clock, Entropy};
use breakglass_tokens::{HolderKey, SystemEntropy};
use http::header::HeaderValue;
use http::{HeaderMap, HeaderName, Method};

use crate::commands::token::Unverified;
use crate::credentials::read_private;
use crate::exit::{Exit, Failure};

/// The header with a proof (RFC 9449, section 4.1).
pub(super) const DPOP: HeaderName = HeaderName::from_static("dpop");

/// The header with a nonce of the server (RFC 9449, section 8).
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// A bound token with the key that it is bound to.
pub(super) struct Holder {
    key: HolderKey,
    token: Secret,
    /// The public URL of the installation that issued the token. Proofs are for it, whatever the name under which the
    /// server is reached.
    public_url: String,
}

impl Holder {
    /// Reads the key from its file.
    ///
    /// # Errors
    /// When it is not there, not fit to be used, or exposed to everybody.
    pub(super) fn new(key_file: &Path, token: Secret) -> Result<Self, Failure> {
        let key = read_key(key_file)?;
        let unverified = Unverified::of(token.expose())?;
        let issuer = unverified.issuer().unwrap_or_default();
        // A server is never far: the path of an issuer is what follows its public URL.
        let public_url = issuer.split("/acs/t/").next().unwrap_or_default();
        Ok(Self {
            key,
            public_url: public_url.to_owned(),
            token,
        })
    }

    /// The header of a request with this method and path, made now.
    ///
    /// # Errors
    /// When randomness or the library fails.
    pub(super) fn prove(
        &self,
        (method, path): (&Method, &str),
        nonce: Option<&str>,
        clock: &dyn Clock,
    ) -> Result<HeaderValue, Failure> {
        let failed = || Failure::new(Exit::Failed, "cannot sign a proof with the DPoP key");
        let mut random = [0; 16];
        SystemEntropy.fill(&mut random).map_err(|_| failed())?;
        let request = DpopRequest {
            method: method.as_str(),
            uri: &format!("{}{path}", self.public_url),
            token: Some(self.token.expose()),
        };
        let id = TokenId::from_random(random).to_string();
        let proof = self.key.prove(request, nonce, &id, clock.now());
        let proof = proof.map_err(|_| failed())?;
        let mut header = HeaderValue::from_str(proof.expose()).map_err(|_| failed())?;
        header.set_sensitive(true);
        Ok(header)
    }
}

/// The nonce that a server asks for, if it does.
pub(super) fn nonce(headers: &HeaderMap) -> Option<String> {
    let nonce = headers.get(DPOP_NONCE)?.to_str().ok()?;
    Some(nonce.to_owned())
}

/// Reads a key that tokens are bound to.
///
/// # Errors
/// When it is not there, not fit to be used, or exposed to everybody.
pub(crate) fn read_key(path: &Path) -> Result<HolderKey, Failure> {
    let text = read_private(path)?;
    HolderKey::from_pem(text.expose()).map_err(|fault| {
        let message = format!("{} {fault}", path.display());
        Failure::new(Exit::Usage, message)
    })
}
