//! The one place where adapters are put into ports.

use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use breakglass_app::{App, OpenError, Ports};
use breakglass_domain::{InstanceId, RecallRecord};
use breakglass_http::{Api, ApiOptions};
use breakglass_ports::{CheckpointAnchor, Entropy, KeyVault, Store};
use breakglass_storage_sqlite::{
    OpenError as StoreOpenError, Options as StoreOptions, SqliteStore, is_there,
};
use breakglass_tokens::{
    Argon2Hasher, JwtSigner, MasterKey, MasterKeyError, SystemClock, SystemEntropy, Vault,
};

use crate::anchor::{self, FileAnchor};
use crate::exit::{Exit, Failure};
use crate::key_sets::HttpKeySets;
use crate::settings::{DataSettings, remember};

/// The name of the store in the data folder.
const STORE_FILE: &str = "breakglass.db";

/// The store of a data folder.
pub(crate) fn store_file(folder: &Path) -> PathBuf {
    folder.join(STORE_FILE)
}

/// Opens the installation of a data folder. Makes nothing: neither a folder, nor a key, nor a store.
///
/// # Errors
/// [`Exit::NotInitialized`] when there is none, [`Exit::MasterKey`] when its key is missing or another's.
pub(crate) async fn open(settings: &DataSettings) -> Result<Arc<App>, Failure> {
    let ground = survey(settings).await?;
    let Some(store) = ground.store.filter(|_| ground.installation.is_some()) else {
        return Err(not_initialized(settings));
    };
    let missed = store.missed().to_vec();
    let app = open_app(settings, ports(settings, store, load_key(settings)?)).await?;
    take_over(settings, &app, &missed).await?;
    Ok(Arc::new(app))
}

/// The same, with the store itself.
///
/// # Errors
/// As [`open`].
pub(crate) async fn open_with_store(
    settings: &DataSettings,
) -> Result<(Arc<SqliteStore>, App), Failure> {
    let ground = survey(settings).await?;
    let Some(store) = ground.store.filter(|_| ground.installation.is_some()) else {
        return Err(not_initialized(settings));
    };
    let ports = ports(settings, Arc::clone(&store), load_key(settings)?);
    let app = open_app(settings, ports).await?;
    take_over(settings, &app, store.missed()).await?;
    Ok((store, app))
}

/// Recalls in a store that was put back by hand what its record of recalls knows beyond it.
///
/// # Errors
/// When the record is not that of the store, and nothing was changed.
pub(crate) async fn take_over(
    settings: &DataSettings,
    app: &App,
    missed: &[RecallRecord],
) -> Result<(), Failure> {
    if missed.is_empty() {
        return Ok(());
    }
    let path = settings.recall_file.display();
    let taken = app.take_over_recalls(missed).await.map_err(|error| {
        let message = format!("{path}, the record of recalls, is not that of this store");
        Failure::caused(Exit::Failed, message, &error)
    })?;
    tracing::warn!(
        recalls = taken.recalls,
        ended = taken.ended,
        passwords_voided = taken.without_password.len(),
        "the store was older than the record of recalls; what was recalled since was recalled again"
    );
    Ok(())
}

/// Opens a copy of a store, in whatever folder, with the master key of the settings and without a record of recalls.
///
/// # Errors
/// [`Exit::BackupTampered`] when it is no store, [`Exit::MasterKey`] when its key is missing or another's.
pub(crate) async fn open_copy(
    settings: &DataSettings,
    file: &Path,
) -> Result<(Arc<SqliteStore>, App), Failure> {
    let store = SqliteStore::open(file, StoreOptions::default())
        .await
        .map_err(|error| {
            // A full disk, or a copy that a newer version made, has nothing to do with who changed what.
            let exit = match &error {
                StoreOpenError::Altered { .. }
                | StoreOpenError::Damaged { .. }
                | StoreOpenError::Foreign { .. }
                | StoreOpenError::NotADatabase { .. } => Exit::BackupTampered,
                _ => Exit::Failed,
            };
            Failure::caused(exit, "the copy cannot be opened", &error)
        })?;
    let store = Arc::new(store);
    let settings = DataSettings {
        checkpoint_file: None,
        ..settings.clone()
    };
    let ports = ports(&settings, Arc::clone(&store), load_key(&settings)?);
    Ok((store, open_app(&settings, ports).await?))
}

/// The vault of the master key that is there.
///
/// # Errors
/// [`Exit::MasterKey`] when there is none.
pub(crate) fn vault(settings: &DataSettings) -> Result<Vault, Failure> {
    let key = load_key(settings)?;
    Ok(Vault::on_file(settings.master_key_file.clone(), key))
}

/// What is there before a start makes anything.
pub(crate) struct Ground {
    store: Option<Arc<SqliteStore>>,
    installation: Option<InstanceId>,
    has_key: bool,
}

impl Ground {
    /// Whether there is an installation already.
    pub(crate) fn is_founded(&self) -> bool {
        self.installation.is_some()
    }

    /// The recalls that the store lacks, because it was put back by hand.
    pub(crate) fn missed(&self) -> Vec<RecallRecord> {
        let store = self.store.as_ref();
        store
            .map(|store| store.missed().to_vec())
            .unwrap_or_default()
    }

    /// Lets go of the store, if there is one, and gives the installation that it holds.
    pub(crate) async fn close(self) -> Option<InstanceId> {
        if let Some(store) = self.store {
            store.close().await;
        }
        self.installation
    }

    /// Refuses a key that has lost its store. The key is made after the store's file, so a first start that broke off
    /// never leaves this behind; a folder that is not mounted does, and a new store in its place would look like the old
    /// one with everything gone.
    ///
    /// # Errors
    /// [`Exit::NotInitialized`], with what to do.
    pub(crate) fn refuse_lost_store(&self, settings: &DataSettings) -> Result<(), Failure> {
        if self.store.is_some() || !self.has_key {
            return Ok(());
        }
        let message = format!(
            "{} is there, a master key, but {} is not, the store it belongs to",
            settings.master_key_file.display(),
            store_file(&settings.folder).display()
        );
        let detail = "mount or restore the data folder; or run `breakglass init`, which makes a new store under the key";
        Err(Failure::new(Exit::NotInitialized, message).with_detail(detail))
    }
}

/// Looks at what is there, and makes nothing.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn survey(settings: &DataSettings) -> Result<Ground, Failure> {
    // The key first: another process that is at its first start makes the store before the key.
    let has_key = settings.master_key_file.exists();
    let mut ground = Ground {
        store: None,
        installation: None,
        has_key,
    };
    if is_there(&store_file(&settings.folder)) {
        let store = Arc::new(open_store(settings).await?);
        ground.installation = installation(&store).await?;
        ground.store = Some(store);
    }
    Ok(ground)
}

/// Makes what is missing of the data folder, the store and the master key, and gives the ports on them.
///
/// # Errors
/// When there is an installation and its master key is not there; when checkpoints are to go to a file that cannot be
/// written; when something cannot be made.
pub(crate) async fn prepare(settings: &DataSettings, ground: Ground) -> Result<Ports, Failure> {
    make_folder(&settings.folder)?;
    if let Some(path) = &settings.checkpoint_file {
        anchor::ensure_writable(path)?;
    }
    let store = match ground.store {
        Some(store) => store,
        None => Arc::new(open_store(settings).await?),
    };
    warn_of_exposure(&settings.folder);
    warn_of_exposure(&store_file(&settings.folder));
    // Where an installation is, its key was, and a new one would never open it.
    let master_key = if ground.installation.is_some() {
        load_key(settings)?
    } else {
        MasterKey::create(&settings.master_key_file, &SystemEntropy)
            .map_err(|error| key_failure(settings, &error))?
    };
    Ok(ports(settings, store, master_key))
}

/// Opens the application on ports whose store holds an installation.
///
/// # Errors
/// As [`open`].
pub(crate) async fn open_app(settings: &DataSettings, ports: Ports) -> Result<App, Failure> {
    let store = Arc::clone(&ports.store);
    let opened = open_on(settings, ports).await;
    if opened.is_err() {
        store.close().await;
    }
    opened
}

async fn open_on(settings: &DataSettings, ports: Ports) -> Result<App, Failure> {
    App::open(ports, settings.options.clone())
        .await
        .map_err(|error| match error {
            OpenError::NotInitialized => not_initialized(settings),
            OpenError::WrongMasterKey => {
                let message = format!(
                    "{} is not the master key that the store in {} was made with; nothing was changed",
                    settings.master_key_file.display(),
                    settings.folder.display()
                );
                Failure::new(Exit::MasterKey, message)
            }
            OpenError::Other(error) => error.into(),
        })
}

/// The router on an application.
pub(crate) fn api(app: Arc<App>, options: ApiOptions) -> Api {
    let options = ApiOptions {
        version: env!("CARGO_PKG_VERSION"),
        ..options
    };
    Api::new(app, options)
}

async fn open_store(settings: &DataSettings) -> Result<SqliteStore, Failure> {
    let file = store_file(&settings.folder);
    let store = SqliteStore::open_recorded(&file, &settings.recall_file, StoreOptions::default())
        .await
        .map_err(|error| {
            let message = format!("cannot open the store in {}", settings.folder.display());
            Failure::caused(Exit::Failed, message, &error)
        })?;
    let before = remember(&settings.folder, &settings.recall_file).map_err(|error| {
        let message = format!(
            "cannot keep in {} where its record of recalls is",
            settings.folder.display()
        );
        Failure::caused(Exit::Failed, message, &error)
    })?;
    if let Some(before) = before {
        let (before, now) = (before.display(), settings.recall_file.display());
        tracing::warn!(%before, %now, "the record of recalls is another one from now on");
    }
    Ok(store)
}

async fn installation(store: &SqliteStore) -> Result<Option<InstanceId>, Failure> {
    let found = match store.read().await {
        Ok(mut view) => view.find_installation().await,
        Err(error) => Err(error),
    };
    let found = found.map_err(breakglass_app::Error::from)?;
    Ok(found.map(|installation| installation.id))
}

fn ports(settings: &DataSettings, store: Arc<SqliteStore>, master_key: MasterKey) -> Ports {
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let vault: Arc<dyn KeyVault> =
        Arc::new(Vault::on_file(settings.master_key_file.clone(), master_key));
    let anchor = settings
        .checkpoint_file
        .clone()
        .map(|path| Arc::new(FileAnchor::new(path)) as Arc<dyn CheckpointAnchor>);
    Ports {
        anchor,
        clock: Arc::new(SystemClock::default()),
        hasher: Arc::new(Argon2Hasher::new(Arc::clone(&entropy))),
        entropy,
        key_sets: Some(Arc::new(HttpKeySets::default())),
        signer: Arc::new(JwtSigner::new(Arc::clone(&vault))),
        store,
        vault,
    }
}

pub(crate) fn make_folder(folder: &Path) -> Result<(), Failure> {
    let failed = |error: &std::io::Error| {
        let message = format!("cannot make the data folder {}", folder.display());
        Failure::caused(Exit::Failed, message, error)
    };
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).map_err(|error| failed(&error))?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(error) => Err(failed(&error)),
    }
}

/// Secrets in the store are sealed or kept as digests, but names, addresses and the audit are not; and whoever can write
/// can take away.
fn warn_of_exposure(path: &Path) {
    let metadata = fs::metadata(path);
    let mode = metadata.map(|metadata| metadata.permissions().mode() & 0o777);
    if let Ok(mode) = mode
        && mode & 0o077 != 0
    {
        let mode = format!("{mode:04o}");
        let path = path.display();
        tracing::warn!(%path, mode, "others than its owner can get at it; take that from them (chmod go-rwx)");
    }
}

fn load_key(settings: &DataSettings) -> Result<MasterKey, Failure> {
    MasterKey::load(&settings.master_key_file).map_err(|error| key_failure(settings, &error))
}

fn key_failure(settings: &DataSettings, error: &MasterKeyError) -> Failure {
    let failure = Failure::caused(Exit::MasterKey, "the master key cannot be used", error);
    match error {
        MasterKeyError::Missing { .. } => failure.with_detail(format!(
            "the store in {} opens with the key it was made with and with no other: restore its file, or name it with \
             --master-key-file",
            settings.folder.display()
        )),
        _ => failure,
    }
}

fn not_initialized(settings: &DataSettings) -> Failure {
    let message = format!(
        "{} holds no installation; `breakglass init` or `breakglass serve` makes one",
        settings.folder.display()
    );
    Failure::new(Exit::NotInitialized, message)
}
