//! The application: the ports, the options, and what one process remembers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use breakglass_domain::attempt_limiter::AttemptLimiter;
use breakglass_domain::audit::{AuditEvents, AuditKey};
use breakglass_domain::failure_ledger::FailureLedger;
use breakglass_domain::replay_cache::ReplayCache;
use breakglass_domain::{
    BrokerId, DpopNonces, FetchedKeySet, Installation, Minutes, PrincipalId, RealmId, Service,
    SteadyTime, Thumbprint, Timestamp, TokenDigest, TokenId,
};
use breakglass_ports::{
    CheckpointAnchor, Clock, Entropy, KeySetSource, KeyVault, PasswordHasher, Store, TokenSigner,
    UnitOfWork,
};

use crate::client_authentication::{PROVEN_CAPACITY, ProvenSecrets};
use crate::decision::Rules;
use crate::error::Error;
use crate::foreign_bearer::{REGISTERED_CAPACITY, RegisteredStanding};
use crate::held_roles::{HELD_CAPACITY, HeldRoles};
use crate::host_session::HostSessions;
use crate::issuer::CachedStatusList;
use crate::key_set::KEY_SET_CAPACITY;
use crate::live_token::{KeptLive, LIVE_CAPACITY, VerifiedToken};
use crate::overflow::{WITHHELD_CAPACITY, Withheld};
use crate::standing::{STANDING_CAPACITY, Standing};
use crate::watch::{Happening, Remembered};

/// How long repeats of one happening are folded into one record, in milliseconds.
const FOLDING_MILLIS: i64 = 60_000;

/// The most sources whose repeats are told apart: with the first of each and its repeats, what strangers can have written
/// within a minute stays below three hundred records.
const FOLDING_CAPACITY: usize = 128;

/// The most sources whose attempts are counted apart.
const SOURCE_CAPACITY: usize = 16_384;

/// The most tokens whose signature is remembered as verified.
const VERIFIED_CAPACITY: usize = 2048;

/// The most proofs of possession that are remembered: those of two minutes at a thousand a second, in about ten megabytes.
const PROOF_CAPACITY: usize = 131_072;

/// The same for those of emergency tokens.
const EMERGENCY_PROOF_CAPACITY: usize = 16_384;

/// The adapters of this process.
#[derive(Clone)]
pub struct Ports {
    /// Where checkpoints go beside the store, if anywhere.
    pub anchor: Option<Arc<dyn CheckpointAnchor>>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Password hashing.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Where the keys of trusted issuers are fetched, if anywhere.
    pub key_sets: Option<Arc<dyn KeySetSource>>,
    /// Keys and signatures.
    pub signer: Arc<dyn TokenSigner>,
    /// The store.
    pub store: Arc<dyn Store>,
    /// The master key.
    pub vault: Arc<dyn KeyVault>,
}

/// What an operator can choose.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Options {
    /// The longest lifetime of an emergency token.
    pub emergency_ttl_cap: Minutes,
    /// Wrong attempts of one source within a minute, beyond which further ones are answered with 429.
    pub failure_limit: u64,
    /// For how many seconds a copy of a status list may be kept: the lag of a recall for verifiers that work offline.
    pub status_list_ttl_seconds: u32,
    /// Milliseconds between two checkpoints of an audit that grows.
    pub checkpoint_interval_millis: i64,
    /// Whether a proof of possession has to carry a nonce of this process (RFC 9449, section 8). Several processes on one store
    /// need it, because each remembers only the proofs that it saw itself.
    pub require_dpop_nonce: bool,
    /// Whether the keys of trusted issuers may be fetched without TLS.
    pub allow_plain_http_key_sets: bool,
    /// Other services that tokens can be asked for.
    pub services: Vec<Service>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            emergency_ttl_cap: Minutes::new(259_200),
            failure_limit: 20,
            status_list_ttl_seconds: 30,
            checkpoint_interval_millis: 5 * 60_000,
            require_dpop_nonce: false,
            allow_plain_http_key_sets: false,
            services: Vec::new(),
        }
    }
}

/// The application. One per process; shared by reference.
pub struct App {
    pub(crate) ports: Ports,
    pub(crate) options: Options,
    pub(crate) installation: Installation,
    pub(crate) audit_key: AuditKey,
    pub(crate) started_at: Timestamp,
    /// Time as this process tells it: it never goes back, and begins no earlier than the last record of the audit.
    pub(crate) time: Mutex<SteadyTime>,
    /// Refusals and introspections of the present minute, so that repeats are folded into one record.
    pub(crate) ledger: Mutex<FailureLedger<Happening>>,
    /// Attempts of the present minute that were wrong or are still looked at.
    pub(crate) attempts: Mutex<AttemptLimiter<String>>,
    /// Tokens whose signature was verified before, and what they say. Liveness is looked up each time all the same.
    pub(crate) verified: Mutex<Remembered<TokenDigest, Arc<VerifiedToken>>>,
    /// The tokens that were found alive, by their digests.
    pub(crate) live_tokens: Mutex<Remembered<TokenDigest, KeptLive>>,
    /// The last status list signed for each broker.
    pub(crate) status_lists: Mutex<HashMap<BrokerId, CachedStatusList>>,
    /// Secrets of clients that were right when they were shown.
    pub(crate) proven_secrets: Mutex<ProvenSecrets>,
    /// The client profiles and trusted issuers of each realm, as they were read last.
    pub(crate) rules: Mutex<HashMap<RealmId, Arc<Rules>>>,
    /// The roles of principals, as they were read last.
    pub(crate) held_roles: Mutex<Remembered<(RealmId, PrincipalId), Arc<HeldRoles>>>,
    /// What tokens leave out, by its digest.
    pub(crate) withheld: Mutex<Remembered<Thumbprint, Arc<Withheld>>>,
    /// What holders of many roles are to the hosts of their realm.
    pub(crate) standings: Mutex<Remembered<TokenDigest, Standing>>,
    /// Who holds tokens of other issuers with which their twins are registered.
    pub(crate) registered: Mutex<Remembered<TokenDigest, RegisteredStanding>>,
    /// The sessions of callers of the hosts' APIs.
    pub(crate) host_sessions: Mutex<HostSessions>,
    /// The keys that trusted issuers publish, by their address.
    pub(crate) key_sets: Mutex<Remembered<String, FetchedKeySet>>,
    /// The nonces that this process gives to callers whose proofs could be of another time.
    pub(crate) nonces: DpopNonces,
    /// Proofs of possession that were shown, so that none is good twice.
    pub(crate) proofs: Mutex<ReplayCache<TokenDigest>>,
    /// Those that were shown with emergency tokens.
    pub(crate) emergency_proofs: Mutex<ReplayCache<TokenDigest>>,
}

impl App {
    pub(crate) fn assemble(
        ports: Ports,
        options: Options,
        installation: Installation,
        audit_key: AuditKey,
        nonces: DpopNonces,
        last_record: Option<Timestamp>,
    ) -> Self {
        let (clock, count) = (ports.clock.now(), ports.clock.count());
        let mut time = SteadyTime::new(last_record, clock, count);
        let started_at = time.now(clock, count);
        let failure_limit = options.failure_limit;
        Self {
            ports,
            options,
            installation,
            audit_key,
            started_at,
            time: Mutex::new(time),
            ledger: Mutex::new(FailureLedger::new(FOLDING_MILLIS, FOLDING_CAPACITY)),
            attempts: Mutex::new(AttemptLimiter::new(
                FOLDING_MILLIS,
                failure_limit,
                SOURCE_CAPACITY,
            )),
            verified: Mutex::new(Remembered::new(VERIFIED_CAPACITY)),
            live_tokens: Mutex::new(Remembered::new(LIVE_CAPACITY)),
            status_lists: Mutex::new(HashMap::new()),
            proven_secrets: Mutex::new(Remembered::new(PROVEN_CAPACITY)),
            rules: Mutex::new(HashMap::new()),
            held_roles: Mutex::new(Remembered::new(HELD_CAPACITY)),
            withheld: Mutex::new(Remembered::new(WITHHELD_CAPACITY)),
            standings: Mutex::new(Remembered::new(STANDING_CAPACITY)),
            registered: Mutex::new(Remembered::new(REGISTERED_CAPACITY)),
            host_sessions: Mutex::new(HostSessions::default()),
            key_sets: Mutex::new(Remembered::new(KEY_SET_CAPACITY)),
            nonces,
            proofs: Mutex::new(ReplayCache::new(PROOF_CAPACITY)),
            emergency_proofs: Mutex::new(ReplayCache::new(EMERGENCY_PROOF_CAPACITY)),
        }
    }

    /// The options in force.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The URL under which clients reach this installation, without a slash at the end.
    pub fn public_url(&self) -> &str {
        &self.installation.public_url
    }

    /// Lets time be no earlier than an instant that is known to have been.
    pub(crate) fn reach(&self, known: Timestamp) {
        let (clock, count) = (self.ports.clock.now(), self.ports.clock.count());
        lock(&self.time).reach(known, clock, count);
    }

    /// The present instant, as the application sees it: what is over stays over, also when the clock is set back.
    pub fn now(&self) -> Timestamp {
        let (clock, count) = (self.ports.clock.now(), self.ports.clock.count());
        lock(&self.time).now(clock, count)
    }

    /// Ids for requests that come without one: random UUIDs, like every other id.
    ///
    /// # Errors
    /// When randomness fails.
    pub fn random_request_ids<const COUNT: usize>(&self) -> Result<[String; COUNT], Error> {
        let mut bytes = [[0; 16]; COUNT];
        self.ports.entropy.fill(bytes.as_flattened_mut())?;
        Ok(bytes.map(|bytes| TokenId::from_random(bytes).to_string()))
    }

    pub(crate) async fn commit(
        &self,
        unit: Box<dyn UnitOfWork>,
        events: impl Into<AuditEvents>,
    ) -> Result<(), Error> {
        unit.commit(&self.audit_key, events.into()).await?;
        Ok(())
    }

    pub(crate) fn random<const LENGTH: usize>(&self) -> Result<[u8; LENGTH], Error> {
        let mut bytes = [0; LENGTH];
        self.ports.entropy.fill(&mut bytes)?;
        Ok(bytes)
    }
}

/// Locks what only bookkeeping is kept under: a panic elsewhere leaves it usable.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
