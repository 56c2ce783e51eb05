//! Issuers whose tokens a realm trusts.

use breakglass_domain::audit::{AuditAction, AuditEvent, AuditTarget, TargetKind};
use breakglass_domain::token_issuer::{MAX_CHAINS, accept_alias, accept_issuer, accept_jwks_uri};
use breakglass_domain::{
    CertificateChain, FieldFailure, IssuerAlias, RealmId, TokenIssuer, ValidationReport,
};
use breakglass_ports::ReadView;

use crate::app::App;
use crate::caller::Caller;
use crate::client_profile::{READERS, WRITERS};
use crate::error::{Conflict, Error, Resource};

/// A request about a trusted issuer, as it came from outside. Nothing in it is trusted.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TokenIssuerDraft {
    /// Its alias.
    pub issuer_alias: Option<String>,
    /// Its `iss`.
    pub issuer: Option<String>,
    /// The certificates whose keys sign its tokens: chains of texts, in PEM or in base64 of DER.
    pub signing_cert_chains: Option<Vec<Vec<String>>>,
    /// Where it publishes its keys; an empty text for nowhere.
    pub jwks_uri: Option<String>,
}

/// What the signatures of an issuer are verified by.
#[derive(Default)]
struct Keys {
    chains: Vec<CertificateChain>,
    jwks_uri: Option<String>,
}

/// A trusted issuer with its certificates as texts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenIssuerView {
    /// The issuer.
    pub issuer: TokenIssuer,
    /// Its chains, each certificate in PEM.
    pub chains: Vec<Vec<String>>,
}

impl App {
    /// The issuers that a realm trusts, ordered by alias.
    ///
    /// # Errors
    /// [`Error::NotEntitled`]; [`Resource::Realm`] is not found.
    pub async fn list_token_issuers(
        &self,
        caller: &Caller,
        realm: Option<RealmId>,
    ) -> Result<Vec<TokenIssuerView>, Error> {
        caller.require_entitlement(&READERS)?;
        let mut view = self.ports.store.read().await?;
        let realm = self.host_realm(view.as_mut(), caller, realm).await?;
        let issuers = view.list_token_issuers(realm.id).await?;
        Ok(issuers
            .into_iter()
            .map(|issuer| self.issuer_view(issuer))
            .collect())
    }

    /// An issuer that a realm trusts.
    ///
    /// # Errors
    /// [`Error::NotEntitled`]; [`Resource::Realm`] or [`Resource::TokenIssuer`] is not found.
    pub async fn get_token_issuer(
        &self,
        caller: &Caller,
        realm: Option<RealmId>,
        alias: &str,
    ) -> Result<TokenIssuerView, Error> {
        caller.require_entitlement(&READERS)?;
        let mut view = self.ports.store.read().await?;
        let realm = self.host_realm(view.as_mut(), caller, realm).await?;
        let (issuer, _) = find(view.as_mut(), realm.id, alias).await?;
        Ok(self.issuer_view(issuer))
    }

    /// Lets a realm trust an issuer.
    ///
    /// # Errors
    /// [`Error::NotEntitled`]; [`Error::Invalid`] with every faulty field; [`Error::IssuerTaken`] when the realm trusts it
    /// already, and [`Conflict::IssuerAliasTaken`] when it trusts another under that alias.
    pub async fn create_token_issuer(
        &self,
        caller: &Caller,
        realm: Option<RealmId>,
        draft: TokenIssuerDraft,
    ) -> Result<(), Error> {
        caller.require_entitlement(&WRITERS)?;
        let now = self.now();
        let alias = accept_alias("issuer_alias", draft.issuer_alias.as_deref());
        let issuer = self.accept_other_issuer(draft.issuer.as_deref());
        let keys = self.accept_keys(draft.signing_cert_chains, draft.jwks_uri, None);
        let (alias, issuer, keys) = all_of(alias, issuer, keys).map_err(Error::Invalid)?;
        let mut unit = self.ports.store.begin().await?;
        let realm = self.host_realm(unit.as_mut(), caller, realm).await?;
        let known = unit.list_token_issuers(realm.id).await?;
        if let Some(same) = known.iter().find(|known| known.issuer == issuer) {
            return Err(taken(same));
        }
        if alias == IssuerAlias::own() || known.iter().any(|known| known.alias == alias) {
            return Err(Error::Conflict(Conflict::IssuerAliasTaken));
        }
        let issuer = TokenIssuer {
            realm_id: realm.id,
            alias,
            issuer,
            chains: keys.chains,
            jwks_uri: keys.jwks_uri,
            created_at: now,
            updated_at: now,
        };
        unit.insert_token_issuer(&issuer).await?;
        let event = self.issuer_event(caller, AuditAction::TokenIssuerCreated, &issuer);
        self.commit(unit, event).await
    }

    /// Changes an issuer that a realm trusts. What is absent stays.
    ///
    /// # Errors
    /// As [`App::create_token_issuer`], but an issuer that another alias has is [`Error::Invalid`]; [`Resource::TokenIssuer`] is not
    /// found.
    pub async fn update_token_issuer(
        &self,
        caller: &Caller,
        realm: Option<RealmId>,
        alias: &str,
        draft: TokenIssuerDraft,
    ) -> Result<(), Error> {
        caller.require_entitlement(&WRITERS)?;
        let text = draft.issuer.as_deref();
        let text = text.map(|text| self.accept_other_issuer(Some(text)));
        let (chains, uri) = (draft.signing_cert_chains, draft.jwks_uri);
        let mut unit = self.ports.store.begin().await?;
        let realm = self.host_realm(unit.as_mut(), caller, realm).await?;
        let (issuer, others) = find(unit.as_mut(), realm.id, alias).await?;
        let before = Keys {
            chains: issuer.chains.clone(),
            jwks_uri: issuer.jwks_uri.clone(),
        };
        let is_same = text.is_none() && chains.is_none() && uri.is_none();
        let keys = self.accept_keys(chains, uri, Some(before));
        let (text, keys, ()) = all_of(text.transpose(), keys, Ok(())).map_err(Error::Invalid)?;
        if is_same {
            return Ok(());
        }
        if others
            .iter()
            .any(|other| text.as_ref() == Some(&other.issuer))
        {
            let rule = "is trusted under another alias already";
            return Err(Error::Invalid(ValidationReport::of("issuer", rule)));
        }
        let issuer = TokenIssuer {
            issuer: text.unwrap_or(issuer.issuer),
            chains: keys.chains,
            jwks_uri: keys.jwks_uri,
            updated_at: self.now(),
            ..issuer
        };
        unit.update_token_issuer(&issuer).await?;
        let event = self.issuer_event(caller, AuditAction::TokenIssuerUpdated, &issuer);
        self.commit(unit, event).await
    }

    /// Lets a realm trust an issuer no longer. Profiles that name it stay and match nobody.
    ///
    /// # Errors
    /// [`Error::NotEntitled`]; [`Resource::Realm`] or [`Resource::TokenIssuer`] is not found.
    pub async fn delete_token_issuer(
        &self,
        caller: &Caller,
        realm: Option<RealmId>,
        alias: &str,
    ) -> Result<(), Error> {
        caller.require_entitlement(&WRITERS)?;
        let mut unit = self.ports.store.begin().await?;
        let realm = self.host_realm(unit.as_mut(), caller, realm).await?;
        let (issuer, _) = find(unit.as_mut(), realm.id, alias).await?;
        unit.delete_token_issuer(realm.id, &issuer.alias).await?;
        let event = self.issuer_event(caller, AuditAction::TokenIssuerDeleted, &issuer);
        self.commit(unit, event).await
    }

    /// Accepts an issuer that is not one of ours: nobody else signs our tokens.
    fn accept_other_issuer(&self, text: Option<&str>) -> Result<String, ValidationReport> {
        let issuer = accept_issuer("issuer", text)?;
        let rest = issuer.strip_prefix(self.public_url());
        if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            let rule = "is an issuer of this server, whose tokens are trusted as breakglass";
            return Err(ValidationReport::of("issuer", rule));
        }
        Ok(issuer)
    }

    /// Accepts what an issuer's signatures are to be verified by, where what is absent stays as it was before. There has to be
    /// something.
    fn accept_keys(
        &self,
        chains: Option<Vec<Vec<String>>>,
        uri: Option<String>,
        before: Option<Keys>,
    ) -> Result<Keys, ValidationReport> {
        const FIELD: &str = "signing_cert_chains";
        let mut keys = before.unwrap_or_default();
        let is_plain_allowed = self.options.allow_plain_http_key_sets;
        let uri = uri.map(|uri| match uri.as_str() {
            "" => Ok(None),
            uri => accept_jwks_uri("jwks_uri", uri, is_plain_allowed).map(Some),
        });
        let chains = chains.map(|chains| self.accept_chains(FIELD, &chains));
        let (uri, chains, ()) = all_of(uri.transpose(), chains.transpose(), Ok(()))?;
        keys.jwks_uri = uri.unwrap_or(keys.jwks_uri);
        keys.chains = chains.unwrap_or(keys.chains);
        if !keys.chains.is_empty() || keys.jwks_uri.is_some() {
            return Ok(keys);
        }
        let rule = format!("must have 1 to {MAX_CHAINS} chains, unless jwks_uri is given");
        Err(ValidationReport::of(FIELD, rule))
    }

    fn accept_chains(
        &self,
        field: &str,
        chains: &[Vec<String>],
    ) -> Result<Vec<CertificateChain>, ValidationReport> {
        if chains.len() > MAX_CHAINS {
            let rule = format!("must have at most {MAX_CHAINS} chains");
            return Err(ValidationReport::of(field, rule));
        }
        let mut accepted = Vec::new();
        let mut failures = Vec::new();
        for (number, texts) in chains.iter().enumerate() {
            let path = format!("{field}[{number}].cert_chain");
            match self.ports.signer.read_certificate_chain(texts) {
                Ok(chain) => accepted.push(chain),
                Err(fault) => {
                    let path = match fault.place {
                        Some(place) => format!("{path}[{place}]"),
                        None => path,
                    };
                    failures.push(FieldFailure::new(path, fault.rule));
                }
            }
        }
        ValidationReport::from_failures(failures).map_or(Ok(accepted), Err)
    }

    fn issuer_view(&self, issuer: TokenIssuer) -> TokenIssuerView {
        let signer = &self.ports.signer;
        let chains = issuer.chains.iter().map(|chain| {
            let texts = chain.0.iter().map(|der| signer.write_certificate(der));
            texts.collect()
        });
        TokenIssuerView {
            chains: chains.collect(),
            issuer,
        }
    }

    fn issuer_event(
        &self,
        caller: &Caller,
        action: AuditAction,
        issuer: &TokenIssuer,
    ) -> AuditEvent {
        let target = AuditTarget::new(TargetKind::TokenIssuer, &issuer.alias);
        let mut event = caller
            .event(action, target, self.now())
            .with("issuer", issuer.issuer.as_str())
            .with("chains", issuer.chains.len().to_string());
        if let Some(uri) = &issuer.jwks_uri {
            event = event.with("jwks_uri", uri.as_str());
        }
        AuditEvent {
            realm_id: Some(issuer.realm_id),
            ..event
        }
    }
}

fn taken(same: &TokenIssuer) -> Error {
    Error::IssuerTaken {
        issuer: same.issuer.clone(),
        alias: same.alias.to_string(),
    }
}

/// The issuer of this alias, and the others of the realm.
async fn find(
    view: &mut dyn ReadView,
    realm_id: RealmId,
    alias: &str,
) -> Result<(TokenIssuer, Vec<TokenIssuer>), Error> {
    let mut others = view.list_token_issuers(realm_id).await?;
    let place = others
        .iter()
        .position(|known| known.alias.as_str() == alias);
    let place = place.ok_or(Error::NotFound(Resource::TokenIssuer))?;
    Ok((others.remove(place), others))
}

/// Every value, or every fault at once.
fn all_of<A, B, C>(
    one: Result<A, ValidationReport>,
    two: Result<B, ValidationReport>,
    three: Result<C, ValidationReport>,
) -> Result<(A, B, C), ValidationReport> {
    match (one, two, three) {
        (Ok(one), Ok(two), Ok(three)) => Ok((one, two, three)),
        (one, two, three) => {
            let reports = [one.err(), two.err(), three.err()];
            let failures = reports.into_iter().flatten();
            let failures = failures.flat_map(ValidationReport::into_failures).collect();
            let incomplete = ValidationReport::of("", "is incomplete");
            Err(ValidationReport::from_failures(failures).unwrap_or(incomplete))
        }
    }
}
