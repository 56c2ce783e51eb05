//! The first start, and every later one.

use breakglass_domain::account::accept_password;
use breakglass_domain::audit::{
    AuditAction, AuditEvent, AuditEvents, AuditKey, AuditTarget, TargetKind,
};
use breakglass_domain::{
    Account, Broker, BrokerDraft, BrokerId, DpopNonces, Installation, InstanceId, Privilege, Realm,
    RealmId, Role, Secret, SignatureAlgorithm, SigningKey, Timestamp, Username, ValidationReport,
};
use breakglass_ports::{CryptoError, StoreError, UnitOfWork};

use crate::app::{App, Options, Ports};
use crate::broker::{creation_events, insert_with_key, key_event, new_broker};
use crate::caller::Caller;
use crate::error::Error;

/// What the audit key is sealed for.
pub(crate) const AUDIT_KEY_PURPOSE: &str = "audit-key";

/// The tenant of the broker that a first start makes.
const FIRST_TENANT: &str = "CUSTOMER";

/// What a first start is told.
#[derive(Clone, Debug)]
pub struct FirstStart {
    /// The URL under which clients reach the server, without a slash at the end.
    pub public_url: String,
    /// The name of the administrator's account.
    pub admin_username: String,
    /// The administrator's password; a random one is made when there is none.
    pub admin_password: Option<Secret>,
}

/// What a first start made.
#[derive(Clone, Debug)]
pub struct Initialized {
    /// The broker.
    pub broker: Broker,
    /// The realm on it.
    pub realm: Realm,
    /// The name of the administrator's account.
    pub admin_username: Username,
    /// Its password, when it was made here. Shown this once.
    pub generated_password: Option<Secret>,
}

/// Why an installation cannot be opened.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OpenError {
    /// The store holds no installation.
    #[error("the store holds no installation yet")]
    NotInitialized,
    /// The store was made under another master key.
    #[error("the master key is not the one this store was made with")]
    WrongMasterKey,
    /// Whatever else.
    #[error(transparent)]
    Other(#[from] Error),
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        Self::Other(error.into())
    }
}

impl App {
    /// Opens the installation of the store.
    ///
    /// # Errors
    /// [`OpenError::WrongMasterKey`] when the master key does not fit: nothing is changed, and no new key is made.
    pub async fn open(ports: Ports, options: Options) -> Result<Self, OpenError> {
        let mut view = ports.store.read().await?;
        let found = view.find_installation().await?;
        let head = view.find_audit_head().await?;
        drop(view);
        let installation = found.ok_or(OpenError::NotInitialized)?;
        let audit_key = match ports
            .vault
            .unseal(AUDIT_KEY_PURPOSE, &installation.sealed_audit_key)
        {
            Ok(bytes) => <[u8; 32]>::try_from(bytes.as_slice())
                .map(AuditKey::new)
                .map_err(|_| Error::Crypto(CryptoError::Failed))?,
            Err(CryptoError::NotOpened) => return Err(OpenError::WrongMasterKey),
            Err(error) => return Err(Error::from(error).into()),
        };
        let nonces = DpopNonces::new(random(&ports)?);
        Ok(Self::assemble(
            ports,
            options,
            installation,
            audit_key,
            nonces,
            head.map(|head| head.time),
        ))
    }

    /// Makes everything that a first start needs: the installation with its keys, a broker of tenant `CUSTOMER`, a realm
    /// on it and the administrator's account. Does nothing and gives `None` when the store holds an installation already,
    /// also when another process was quicker.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name or password that breaks a rule.
    pub async fn initialize(
        ports: &Ports,
        first: FirstStart,
    ) -> Result<Option<Initialized>, Error> {
        if ports
            .store
            .read()
            .await?
            .find_installation()
            .await?
            .is_some()
        {
            return Ok(None);
        }
        let Foundation {
            audit_key,
            installation,
            account,
            made,
            keys,
        } = lay_foundation(ports, first).await?;
        let mut unit = ports.store.begin().await?;
        match unit.insert_installation(&installation).await {
            Err(StoreError::Conflict) => return Ok(None),
            outcome => outcome?,
        }
        unit.insert_signing_key(&keys.installation).await?;
        insert_with_key(unit.as_mut(), &made.broker, &keys.broker).await?;
        unit.insert_realm(&made.realm).await?;
        unit.insert_account(&account).await?;
        for role in Role::built_in(installation.created_at) {
            unit.insert_role(&role).await?;
        }
        let events = founding_events(&installation, &account, &made, &keys);
        unit.commit(&audit_key, events).await?;
        Ok(Some(made))
    }

    /// Lets the installation be reached under another URL from now on.
    ///
    /// # Errors
    /// When the store cannot take it.
    pub async fn set_public_url(&mut self, public_url: &str) -> Result<(), Error> {
        if self.installation.public_url == public_url {
            return Ok(());
        }
        let mut unit: Box<dyn UnitOfWork> = self.ports.store.begin().await?;
        // As it stands now: its keys may have been sealed anew since it was opened.
        let present = unit.find_installation().await?;
        let installation = Installation {
            public_url: public_url.to_owned(),
            ..present.ok_or(Error::Store(StoreError::Missing))?
        };
        unit.update_installation(&installation).await?;
        let target = AuditTarget::new(TargetKind::Server, &installation.id);
        let event = Caller::system()
            .event(AuditAction::ServerReconfigured, target, self.now())
            .with("from", self.installation.public_url.as_str())
            .with("to", public_url);
        self.commit(unit, event).await?;
        self.installation = installation;
        Ok(())
    }
}

struct Foundation {
    audit_key: AuditKey,
    installation: Installation,
    account: Account,
    made: Initialized,
    keys: FirstKeys,
}

struct FirstKeys {
    installation: SigningKey,
    broker: SigningKey,
}

async fn lay_foundation(ports: &Ports, first: FirstStart) -> Result<Foundation, Error> {
    let now = ports.clock.now();
    let admin_username: Username = first.admin_username.parse().map_err(|error| {
        Error::Invalid(ValidationReport::of("adminUsername", format!("{error}")))
    })?;
    let (password, generated) = match first.admin_password {
        Some(password) => (password, false),
        None => (random_password(ports)?, true),
    };
    accept_password(&password).map_err(Error::Invalid)?;
    let audit_bytes: [u8; 32] = random(ports)?;
    let installation = Installation {
        id: InstanceId::from_random(random(ports)?),
        public_url: first.public_url,
        sealed_audit_key: ports.vault.seal(AUDIT_KEY_PURPOSE, &audit_bytes)?,
        created_at: now,
    };
    let draft = BrokerDraft {
        tenant: Some(FIRST_TENANT.to_owned()),
        display_name: Some("Embedded broker".to_owned()),
        algorithm: None,
    };
    let broker = new_broker(
        BrokerId::from_random(random(ports)?),
        draft.accept().map_err(Error::Invalid)?,
        now,
    );
    let keys = FirstKeys {
        installation: ports
            .signer
            .generate(None, SignatureAlgorithm::Es256, now)
            .await?,
        broker: ports
            .signer
            .generate(Some(broker.id), broker.algorithm, now)
            .await?,
    };
    let realm_id = RealmId::from_random(random(ports)?);
    let realm = Realm {
        id: realm_id,
        broker_id: broker.id,
        created_at: now,
        updated_at: now,
    };
    let account = Account {
        username: admin_username.clone(),
        password_hash: ports.hasher.hash(&password).await?,
        privileges: vec![Privilege::Manage, Privilege::View],
        created_at: now,
        password_set_at: now,
    };
    let generated_password = generated.then_some(password);
    let made = Initialized {
        broker,
        realm,
        admin_username,
        generated_password,
    };
    Ok(Foundation {
        audit_key: AuditKey::new(audit_bytes),
        installation,
        account,
        made,
        keys,
    })
}

fn founding_events(
    installation: &Installation,
    account: &Account,
    made: &Initialized,
    keys: &FirstKeys,
) -> AuditEvents {
    let system = Caller::system();
    let now: Timestamp = installation.created_at;
    let event = |action, target| system.event(action, target, now);
    let first = event(
        AuditAction::ServerInitialized,
        AuditTarget::new(TargetKind::Server, &installation.id),
    )
    .with("public_url", installation.public_url.as_str());
    let mut rest = vec![key_event(&system, &keys.installation, now)];
    rest.extend(creation_events(&system, &made.broker, &keys.broker, now));
    let realm = event(
        AuditAction::RealmCreated,
        AuditTarget::new(TargetKind::Realm, &made.realm.id),
    );
    rest.push(AuditEvent {
        realm_id: Some(made.realm.id),
        ..realm
    });
    rest.push(event(
        AuditAction::AccountCreated,
        AuditTarget::new(TargetKind::Account, &account.username),
    ));
    AuditEvents::new(first, rest)
}

fn random<const LENGTH: usize>(ports: &Ports) -> Result<[u8; LENGTH], Error> {
    let mut bytes = [0; LENGTH];
    ports.entropy.fill(&mut bytes)?;
    Ok(bytes)
}

/// Twenty-four letters and digits that are hard to confuse, in groups: 120 random bits.
fn random_password(ports: &Ports) -> Result<Secret, Error> {
    /// Thirty-two of them, so that a random byte picks each equally often.
    const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";
    let bytes: [u8; 24] = random(ports)?;
    let mut password = String::with_capacity(29);
    for (position, byte) in bytes.iter().enumerate() {
        if position > 0 && position % 6 == 0 {
            password.push('-');
        }
        let letter = ALPHABET
            .get(usize::from(byte % 32))
            .copied()
            .unwrap_or(b'a');
        password.push(char::from(letter));
    }
    Ok(Secret::new(password))
}
