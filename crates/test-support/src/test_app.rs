//! A whole application on a temporary folder.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use breakglass_app::{App, Caller, FirstStart, Initialized, Options, Origin, Ports};
use breakglass_domain::audit::{
    AuditAction, AuditEvent, AuditKey, AuditTarget, Outcome, TargetKind,
};
use breakglass_domain::{
    Account, Actor, ActorKind, BrokerDraft, EmergencyClientDraft, Principal, Privilege, Realm,
    Secret,
};
use breakglass_ports::{Clock, Entropy, KeySetSource, KeyVault, PasswordHasher, Store};
use breakglass_storage_sqlite::SqliteStore;
use breakglass_tokens::{JwtSigner, MasterKey, Vault};
use tempfile::TempDir;

use crate::{CountingHasher, FaultyStore, ManualClock, Meddler, PublishedKeys, SeededEntropy};

/// The password of the account `admin`, and of every account of [`TestApp::add_account`].
pub const ADMIN_PASSWORD: &str = "correct horse battery";

/// The URL under which the application believes to be reached.
pub const PUBLIC_URL: &str = "https://breakglass.test";

/// The name of the master key's file.
const MASTER_KEY: &str = "master.key";

/// The name of the store's file.
const STORE: &str = "breakglass.db";

/// When a test begins: a whole second, milliseconds since 1970 UTC.
const BEGINNING: i64 = 1_790_000_000_000;

/// A whole application on a temporary folder, with every adapter real but the clock, the randomness and the password
/// hash.
pub struct TestApp {
    /// The application.
    pub app: Arc<App>,
    /// Its clock.
    pub clock: Arc<ManualClock>,
    /// Its password hasher.
    pub hasher: Arc<CountingHasher>,
    /// Its store.
    pub store: Arc<FaultyStore>,
    /// What other issuers publish.
    pub published_keys: Arc<PublishedKeys>,
    /// What its first start made.
    pub made: Initialized,
    ports: Ports,
    folder: Arc<TempDir>,
}

impl TestApp {
    /// An application after its first start.
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    /// An application with these options after its first start.
    pub async fn start_with(options: Options) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        let clock = Arc::new(ManualClock::new(BEGINNING));
        let hasher = Arc::new(CountingHasher::default());
        let store = Arc::new(FaultyStore::new(Arc::new(open_store(folder.path()).await)));
        let entropy = Arc::new(SeededEntropy::new(7));
        let published_keys = Arc::new(PublishedKeys::new(Arc::clone(&clock)));
        let mut ports = ports(folder.path(), &clock, &hasher, &store, entropy);
        ports.key_sets = Some(Arc::clone(&published_keys) as Arc<dyn KeySetSource>);
        let first = FirstStart {
            public_url: PUBLIC_URL.to_owned(),
            admin_username: "admin".to_owned(),
            admin_password: Some(Secret::new(ADMIN_PASSWORD)),
        };
        let made = App::initialize(&ports, first)
            .await
            .expect("a first start")
            .expect("an empty store");
        let app = Arc::new(
            App::open(ports.clone(), options)
                .await
                .expect("an installation"),
        );
        Self {
            app,
            clock,
            hasher,
            store,
            published_keys,
            made,
            ports,
            folder,
        }
    }

    /// Another process on the same folder, with the same clock.
    pub async fn another_process(&self) -> Self {
        let store = Arc::new(FaultyStore::new(Arc::new(
            open_store(self.folder.path()).await,
        )));
        let entropy = Arc::new(SeededEntropy::new(8));
        let mut ports = ports(
            self.folder.path(),
            &self.clock,
            &self.hasher,
            &store,
            entropy,
        );
        ports.key_sets.clone_from(&self.ports.key_sets);
        let options = self.app.options().clone();
        let app = Arc::new(
            App::open(ports.clone(), options)
                .await
                .expect("an installation"),
        );
        Self {
            app,
            clock: Arc::clone(&self.clock),
            hasher: Arc::clone(&self.hasher),
            store,
            published_keys: Arc::clone(&self.published_keys),
            made: self.made.clone(),
            ports,
            folder: Arc::clone(&self.folder),
        }
    }

    /// The adapters.
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Puts a new master key in force, with the one before it beside it.
    pub fn begin_master_key_replacement(&self) {
        let file = self.folder.path().join(MASTER_KEY);
        MasterKey::begin_replacement(&file, self.ports.entropy.as_ref()).expect("a new key");
    }

    /// Takes the master key before the present one away.
    pub fn end_master_key_replacement(&self) {
        let file = self.folder.path().join(MASTER_KEY);
        MasterKey::end_replacement(&file, self.ports.entropy.as_ref()).expect("an old key");
    }

    /// The same adapters under another master key.
    pub fn ports_with_another_master_key(&self) -> Ports {
        let file = self.folder.path().join("another.key");
        let key = MasterKey::create(&file, self.ports.entropy.as_ref()).expect("a master key");
        let vault: Arc<dyn KeyVault> = Arc::new(Vault::new(key));
        let signer = Arc::new(JwtSigner::new(Arc::clone(&vault)));
        Ports {
            signer,
            vault,
            ..self.ports.clone()
        }
    }

    /// The same adapters over the store of another folder, which is made where there is none.
    pub async fn ports_over(&self, folder: &Path) -> Ports {
        let store = Arc::new(open_store(folder).await);
        Ports {
            store,
            ..self.ports.clone()
        }
    }

    /// Copies the store as it stands into another folder, and gives the adapters over the copy.
    pub async fn ports_over_copy(&self, folder: &Path) -> Ports {
        let store = open_store(self.folder.path()).await;
        let copied = store.copy_to(&folder.join(STORE)).await;
        copied.expect("a copy");
        store.close().await;
        self.ports_over(folder).await
    }

    /// The folder of the data.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Somebody who can write to the file of the store, behind its back.
    pub fn meddler(&self) -> Meddler {
        Meddler::new(self.folder.path().join(STORE))
    }

    /// The administrator.
    pub fn admin(&self) -> Caller {
        let principal = Principal::Account {
            username: self.made.admin_username.clone(),
            privileges: vec![Privilege::Manage, Privilege::View],
        };
        Caller::without_session(principal, origin())
    }

    /// Adds a local account with [`ADMIN_PASSWORD`] and these privileges.
    pub async fn add_account(&self, username: &str, privileges: &[Privilege]) {
        let password_hash = self
            .ports
            .hasher
            .hash(&Secret::new(ADMIN_PASSWORD))
            .await
            .expect("a hash");
        let now = self.clock.now();
        let account = Account {
            username: username.parse().expect("a user name"),
            password_hash,
            privileges: privileges.to_vec(),
            created_at: now,
            password_set_at: now,
        };
        let mut unit = self.ports.store.begin().await.expect("a unit of work");
        unit.insert_account(&account).await.expect("a free name");
        let event = AuditEvent {
            time: now,
            realm_id: None,
            actor: Actor::new(ActorKind::System, "test"),
            action: AuditAction::AccountCreated,
            target: Some(AuditTarget::new(TargetKind::Account, &account.username)),
            outcome: Outcome::Success,
            source_address: None,
            request_id: None,
            emergency: false,
            details: std::collections::BTreeMap::new(),
        };
        unit.commit(&self.audit_key().await, event.into())
            .await
            .expect("a commit");
    }

    /// Adds a broker with a realm on it.
    pub async fn add_realm(&self, tenant: &str) -> Realm {
        let draft = BrokerDraft {
            tenant: Some(tenant.to_owned()),
            display_name: Some(tenant.to_owned()),
            algorithm: None,
        };
        let broker = self
            .app
            .create_broker(&self.admin(), draft)
            .await
            .expect("a free tenant");
        self.app
            .create_realm(&self.admin(), broker.broker.id)
            .await
            .expect("a broker without realm")
    }

    /// Adds an emergency client of an hour to the realm and gives its token.
    pub async fn add_emergency_client(&self, realm: &Realm, client_id: &str) -> Secret {
        let draft = EmergencyClientDraft {
            client_id: Some(client_id.to_owned()),
            client_name: Some(client_id.to_owned()),
            client_description: None,
            access_token_ttl: Some(60),
            dpop_key_thumbprint: None,
        };
        let issued = self
            .app
            .create_emergency_client(&self.admin(), realm.id, draft)
            .await;
        issued.expect("a free id").access_token
    }

    /// A token of a new session of the administrator.
    pub async fn ops_token(&self) -> Secret {
        self.ops_token_of("admin").await
    }

    /// A token of a new session of this account.
    pub async fn ops_token_of(&self, username: &str) -> Secret {
        let password = Secret::new(ADMIN_PASSWORD);
        let acquired = self
            .app
            .acquire_session(username, &password, &origin())
            .await;
        acquired.expect("the right password").token
    }

    /// The key of the audit chain.
    pub async fn audit_key(&self) -> AuditKey {
        let mut view = self.ports.store.read().await.expect("a view");
        let found = view.find_installation().await.expect("a readable store");
        let sealed = found.expect("an installation").sealed_audit_key;
        let bytes = self
            .ports
            .vault
            .unseal("audit-key", &sealed)
            .expect("the right master key");
        AuditKey::new(bytes.as_slice().try_into().expect("32 bytes"))
    }
}

fn origin() -> Origin {
    Origin {
        source_address: Some(Ipv4Addr::new(192, 0, 2, 1).into()),
        request_id: Some("test".to_owned()),
        ..Origin::default()
    }
}

async fn open_store(folder: &Path) -> SqliteStore {
    let options = breakglass_storage_sqlite::Options {
        // What another process did is seen at once: no test waits for it.
        check_patience: std::time::Duration::ZERO,
        ..breakglass_storage_sqlite::Options::default()
    };
    SqliteStore::open(&folder.join(STORE), options)
        .await
        .expect("a store")
}

fn ports(
    folder: &Path,
    clock: &Arc<ManualClock>,
    hasher: &Arc<CountingHasher>,
    store: &Arc<FaultyStore>,
    entropy: Arc<SeededEntropy>,
) -> Ports {
    let key_file = folder.join(MASTER_KEY);
    if !key_file.exists() {
        MasterKey::create(&key_file, entropy.as_ref()).expect("a master key");
    }
    let key = MasterKey::load(&key_file).expect("a master key");
    let vault: Arc<dyn KeyVault> = Arc::new(Vault::on_file(key_file, key));
    Ports {
        anchor: None,
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        entropy: entropy as Arc<dyn Entropy>,
        hasher: Arc::clone(hasher) as Arc<dyn PasswordHasher>,
        key_sets: None,
        signer: Arc::new(JwtSigner::new(Arc::clone(&vault))),
        store: Arc::clone(store) as Arc<dyn Store>,
        vault,
    }
}
