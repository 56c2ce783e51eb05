//! Keys that trusted issuers publish: fetched when a token needs them, and kept for a while.

use breakglass_domain::{FetchedKeySet, ForeignClaims, KeySet, Secret, TokenIssuer};

use crate::app::{App, lock};

/// The most addresses whose keys are kept.
pub(crate) const KEY_SET_CAPACITY: usize = 256;

/// How long a token may be: as one that travels in a header, or as its expanded twin.
#[derive(Clone, Copy)]
enum Length {
    Expanded,
    Header,
}

impl App {
    /// Verifies a token by the certificates of an issuer, or else by the keys that it publishes. Those are fetched from the address
    /// that an operator wrote down, when they are old or when none of them signed the token; whatever the token says of keys
    /// leads nowhere.
    pub(crate) async fn verify_by_issuer(
        &self,
        issuer: &TokenIssuer,
        token: &Secret,
    ) -> Option<ForeignClaims> {
        self.verify_of_length(issuer, token, Length::Header).await
    }

    /// The same for an expanded token, which is longer.
    pub(crate) async fn verify_expanded_by_issuer(
        &self,
        issuer: &TokenIssuer,
        token: &Secret,
    ) -> Option<ForeignClaims> {
        self.verify_of_length(issuer, token, Length::Expanded).await
    }

    async fn verify_of_length(
        &self,
        issuer: &TokenIssuer,
        token: &Secret,
        length: Length,
    ) -> Option<ForeignClaims> {
        let signer = &self.ports.signer;
        let verify = |keys: &KeySet| {
            let (chains, now) = (&issuer.chains, self.now());
            let claims = match length {
                Length::Expanded => signer.verify_expanded_token(chains, keys, token, now),
                Length::Header => signer.verify_foreign_token(chains, keys, token, now),
            };
            claims.ok()
        };
        let Some(url) = &issuer.jwks_uri else {
            return verify(&KeySet::default());
        };
        let kept = lock(&self.key_sets).get(url);
        // After that look, so that what another request fetched meanwhile is not of the future.
        let now = self.now();
        let is_due = kept.as_ref().is_none_or(|kept| kept.is_due(now));
        if !is_due && let Some(claims) = kept.as_ref().and_then(|kept| verify(kept.usable(now)?)) {
            return Some(claims);
        }
        if let Some(claims) = verify(&KeySet::default()) {
            return Some(claims);
        }
        let may_ask = kept.as_ref().is_none_or(|kept| kept.may_ask(now));
        if !may_ask || !is_due && self.is_forged(kept.as_ref(), token) {
            return None;
        }
        let fetched = self.fetch_keys(url).await;
        verify(fetched.usable(self.now())?)
    }

    /// Whether a token names a key that is known, and is not signed with it.
    fn is_forged(&self, kept: Option<&FetchedKeySet>, token: &Secret) -> bool {
        let usable = kept.and_then(|kept| kept.usable(self.now()));
        let named = self.ports.signer.claimed_kid(token);
        usable.zip(named).is_some_and(|(keys, named)| {
            let mut known = keys.keys.iter();
            known.any(|key| key.kid.as_ref() == Some(&named))
        })
    }

    async fn fetch_keys(&self, url: &str) -> FetchedKeySet {
        let answer = match self.ask_for_keys(url).await {
            Ok(keys) => Some(keys),
            Err(reason) => {
                tracing::warn!(url, reason, "failed to fetch the keys of a trusted issuer");
                None
            }
        };
        let mut kept = lock(&self.key_sets);
        let before = kept.get(&url.to_owned());
        let fetched = FetchedKeySet::after(before, answer, self.now());
        kept.insert(url.to_owned(), fetched.clone());
        fetched
    }

    async fn ask_for_keys(&self, url: &str) -> Result<KeySet, String> {
        let is_plain = !url.starts_with("https://");
        if is_plain && !self.options.allow_plain_http_key_sets {
            return Err("plain HTTP is not allowed".to_owned());
        }
        let Some(source) = &self.ports.key_sets else {
            return Err("this process fetches nothing".to_owned());
        };
        let document = source.fetch(url).await?;
        let keys = self.ports.signer.read_key_set(&document);
        keys.map_err(|_| "the answer holds no key set".to_owned())
    }
}
