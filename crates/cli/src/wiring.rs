//! The one place where adapters are put into ports.

use std::fs::{self, DirBuilder, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use breakglass_app::{App, OpenError, Ports};
use breakglass_http::{Api, ApiOptions, TrustedProxy};
use breakglass_ports::{CheckpointAnchor, Entropy, KeyVault};
use breakglass_storage_sqlite::{Options as StoreOptions, SqliteStore};
use breakglass_tokens::{
    Argon2Hasher, JwtSigner, MasterKey, MasterKeyError, SystemClock, SystemEntropy, Vault,
};

use crate::anchor::FileAnchor;
use crate::exit::{Exit, Failure};
use crate::settings::DataSettings;

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
    if !store_file(&settings.folder).exists() {
        return Err(not_initialized(settings));
    }
    let master_key = load_key(settings)?;
    let ports = ports(settings, master_key).await?;
    open_app(settings, ports).await.map(Arc::new)
}

/// Makes the data folder and the master key when there is no store yet, and gives the ports on them.
///
/// # Errors
/// When a store is there and its master key is not; when something cannot be made.
pub(crate) async fn prepare(settings: &DataSettings) -> Result<Ports, Failure> {
    make_folder(&settings.folder)?;
    // A key is made before the store that it seals: where a store is, its key was, and a new one would never open it.
    let master_key = if store_file(&settings.folder).exists() {
        load_key(settings)?
    } else {
        MasterKey::create(&settings.master_key_file, &SystemEntropy)
            .map_err(|error| key_failure(settings, &error))?
    };
    ports(settings, master_key).await
}

/// Opens the application on ports whose store holds an installation.
///
/// # Errors
/// As [`open`].
pub(crate) async fn open_app(settings: &DataSettings, ports: Ports) -> Result<App, Failure> {
    App::open(ports, settings.options)
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
pub(crate) fn api(app: Arc<App>, trusted_proxies: Vec<TrustedProxy>) -> Api {
    let options = ApiOptions {
        version: env!("CARGO_PKG_VERSION"),
        trusted_proxies,
        ..ApiOptions::default()
    };
    Api::new(app, options)
}

async fn ports(settings: &DataSettings, master_key: MasterKey) -> Result<Ports, Failure> {
    let store = SqliteStore::open(&store_file(&settings.folder), StoreOptions::default())
        .await
        .map_err(|error| {
            let message = format!("cannot open the store in {}", settings.folder.display());
            Failure::caused(Exit::Failed, message, &error)
        })?;
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let vault: Arc<dyn KeyVault> = Arc::new(Vault::new(master_key));
    let anchor = settings
        .checkpoint_file
        .clone()
        .map(|path| Arc::new(FileAnchor::new(path)) as Arc<dyn CheckpointAnchor>);
    Ok(Ports {
        anchor,
        clock: Arc::new(SystemClock),
        hasher: Arc::new(Argon2Hasher::new(Arc::clone(&entropy))),
        entropy,
        signer: Arc::new(JwtSigner::new(Arc::clone(&vault))),
        store: Arc::new(store),
        vault,
    })
}

fn make_folder(folder: &Path) -> Result<(), Failure> {
    let failed = |error: &std::io::Error| {
        let message = format!("cannot make the data folder {}", folder.display());
        Failure::caused(Exit::Failed, message, error)
    };
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).map_err(|error| failed(&error))?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => {
            warn_of_exposure(folder);
            Ok(())
        }
        Err(error) => Err(failed(&error)),
    }
}

/// The files in it are their owner's alone whatever the folder's mode is, but others could take them away.
fn warn_of_exposure(folder: &Path) {
    let mode = fs::metadata(folder).map(|metadata| metadata.permissions());
    let mode = mode.as_ref().map(Permissions::mode);
    if matches!(mode, Ok(mode) if mode & 0o022 != 0) {
        tracing::warn!(folder = %folder.display(), "others can write the data folder; its mode should be 0700");
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
