//! Copies of the store: made and checked.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use breakglass_app::{App, Caller, Origin, backup_mac};
use breakglass_domain::{BackupManifest, Principal, Timestamp};
use breakglass_ports::{CryptoError, Store, StoreError};
use breakglass_storage_sqlite::SqliteStore;
use serde_json::json;
use tempfile::NamedTempFile;

use crate::arguments::{BackupCommand, DataArgs, Output};
use crate::backup_file::{self, BackupFile};
use crate::client::user_name;
use crate::commands::audit::calendar;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::settings::DataSettings;
use crate::{table, wiring};

/// Carries out a command.
///
/// # Errors
/// When it is refused, or cannot be carried out.
pub(crate) async fn run(command: &BackupCommand, context: &mut Context) -> Result<Exit, Failure> {
    match command {
        BackupCommand::Create { to, output, data } => {
            create(to, output.output, data, context).await
        }
        BackupCommand::Verify { file, output, data } => {
            verify(file, output.output, data, context).await
        }
    }
}

/// Copies the store. The copy gets its name once it is whole, on the disk, and on record.
async fn create(
    to: &Path,
    output: Output,
    data: &DataArgs,
    context: &mut Context,
) -> Result<Exit, Failure> {
    let settings = DataSettings::resolve(data)?;
    if to.exists() {
        return Err(taken(to));
    }
    let folder = match to.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let (store, app) = wiring::open_with_store(&settings).await?;
    let made = make(to, folder, &store, &app, context).await;
    app.close().await?;
    let manifest = made?;
    if output == Output::Json {
        let told = json(&manifest, None);
        context.console.line(told.to_string())?;
    } else {
        let told = format!(
            "Copied everything up to record {} of the audit.",
            manifest.audit_head.sequence
        );
        context.console.line(told)?;
        context.console.note(
            "It opens with the master key of today, which is not in it: keep that elsewhere.",
        );
    }
    Ok(Exit::Success)
}

async fn make(
    to: &Path,
    folder: &Path,
    store: &SqliteStore,
    app: &App,
    context: &Context,
) -> Result<BackupManifest, Failure> {
    let failed = |error: &std::io::Error| {
        Failure::caused(
            Exit::Failed,
            format!("cannot write {}", to.display()),
            error,
        )
    };
    let caller = caller();
    let mac = app.begin_backup(&caller)?;
    let room = tempfile::Builder::new()
        .prefix(".breakglass-backup-")
        .tempdir_in(folder)
        .map_err(|error| failed(&error))?;
    let copy = room.path().join("breakglass.db");
    store.copy_to(&copy).await.map_err(stored)?;
    let manifest = manifest_of(&copy, context.clock.now()).await?;
    let mut file = NamedTempFile::new_in(folder).map_err(|error| failed(&error))?;
    backup_file::write(file.as_file_mut(), &manifest, &copy, mac)
        .map_err(|error| failed(&error))?;
    app.record_backup(&caller, &name_of(to), &manifest).await?;
    match file.persist_noclobber(to) {
        Ok(_) => {}
        Err(refused) if refused.error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(taken(to));
        }
        Err(refused) => return Err(failed(&refused.error)),
    }
    let named = File::open(folder).and_then(|folder| folder.sync_all());
    named.map_err(|error| failed(&error))?;
    Ok(manifest)
}

/// What the copy says of itself, from the copy: the store may have gone on.
async fn manifest_of(copy: &Path, now: Timestamp) -> Result<BackupManifest, Failure> {
    let store = SqliteStore::open(copy, breakglass_storage_sqlite::Options::default())
        .await
        .map_err(|error| Failure::caused(Exit::Failed, "the copy cannot be opened", &error))?;
    let schema = store.schema().await.map_err(stored)?;
    let mut view = store.read().await.map_err(stored)?;
    let installation = view.find_installation().await.map_err(stored)?;
    let audit_head = view.find_audit_head().await.map_err(stored)?;
    let recall_head = view.find_recall_head().await.map_err(stored)?;
    drop(view);
    store.close().await;
    match (installation, audit_head) {
        (Some(installation), Some(audit_head)) => Ok(BackupManifest {
            installation: installation.id,
            created_at: now,
            audit_head,
            recall_head,
            schema,
            sealed_audit_key: installation.sealed_audit_key,
        }),
        _ => Err(Failure::new(Exit::Failed, "the copy holds no installation")),
    }
}

/// Checks a copy without changing it.
async fn verify(
    file: &Path,
    output: Output,
    data: &DataArgs,
    context: &mut Context,
) -> Result<Exit, Failure> {
    let settings = DataSettings::resolve(data)?;
    let room = tempfile::tempdir()
        .map_err(|error| Failure::caused(Exit::Failed, "no room for the copy", &error))?;
    let copy = room.path().join("breakglass.db");
    let manifest = extract(&settings, file, &copy)?;
    let (store, app) = wiring::open_copy(&settings, &copy).await?;
    let checked = check(&store, &app, &manifest).await;
    store.close().await;
    let counts = checked?;
    if output == Output::Json {
        context
            .console
            .line(json(&manifest, Some(&counts)).to_string())?;
        return Ok(Exit::Success);
    }
    let console = &mut context.console;
    let sequence = manifest.audit_head.sequence;
    console.line(format!(
        "The copy holds: every byte, and the audit with {sequence} records."
    ))?;
    console.line(format!("installation   {}", manifest.installation))?;
    let made = calendar(manifest.created_at.millis());
    console.line(format!("made           {}", table::optional(made)))?;
    console.line(format!(
        "audit head     {sequence} {}",
        manifest.audit_head.mac
    ))?;
    console.line(format!("recall epoch   {}", manifest.recall_head.number))?;
    console.line(format!("schema         {}", manifest.schema))?;
    for (what, count) in counts {
        console.line(format!("{what:<15}{count}"))?;
    }
    Ok(Exit::Success)
}

/// Writes the store of a copy into a file that does not exist, and gives what the copy says of itself, all of it checked.
///
/// # Errors
/// [`Exit::BackupTampered`], or [`Exit::MasterKey`] when the master key is not the one that it was made under.
pub(crate) fn extract(
    settings: &DataSettings,
    file: &Path,
    to: &Path,
) -> Result<BackupManifest, Failure> {
    let backup = BackupFile::open(file)?;
    let manifest = backup.manifest.clone();
    let vault = wiring::vault(settings)?;
    let mac = backup_mac(&vault, &manifest).map_err(|error| match error {
        CryptoError::NotOpened => {
            let message = format!(
                "{} was made under another master key than {}, or was changed",
                file.display(),
                settings.master_key_file.display()
            );
            let detail = "name the file of the master key of that time with --master-key-file";
            Failure::new(Exit::MasterKey, message).with_detail(detail)
        }
        error => Failure::caused(Exit::MasterKey, "the copy cannot be checked", &error),
    })?;
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to);
    let mut made = made.map_err(|error| {
        Failure::caused(
            Exit::Failed,
            format!("cannot make {}", to.display()),
            &error,
        )
    })?;
    backup.extract(file, &mut made, mac)?;
    Ok(manifest)
}

/// Checks the store of a copy: its structure, its audit up to the head that the copy names, and what it holds.
///
/// # Errors
/// [`Exit::BackupTampered`] for its structure, [`Exit::AuditTampered`] for its audit.
pub(crate) async fn check(
    store: &SqliteStore,
    app: &App,
    manifest: &BackupManifest,
) -> Result<Vec<(&'static str, u64)>, Failure> {
    let damage = store.find_damage().await.map_err(stored)?;
    if !damage.is_empty() {
        let failure = Failure::new(Exit::BackupTampered, "the store of the copy is damaged");
        return Err(damage.into_iter().fold(failure, Failure::with_detail));
    }
    let verification = app.verify_audit(&caller(), None).await?;
    if let Some(tampering) = verification.tampering {
        let message = format!("the audit of the copy does not hold: {tampering}");
        return Err(Failure::new(Exit::AuditTampered, message));
    }
    let head = verification.head.map(|head| (head.sequence, head.mac));
    if head != Some((manifest.audit_head.sequence, manifest.audit_head.mac)) {
        let message = "the audit of the copy does not end where the copy says";
        return Err(Failure::new(Exit::AuditTampered, message));
    }
    let mut view = store.read().await.map_err(stored)?;
    let realms = view.list_realms().await.map_err(stored)?;
    let (mut emergency, mut clients) = (0, 0);
    for realm in &realms {
        emergency += view
            .list_emergency_clients(realm.id)
            .await
            .map_err(stored)?
            .len();
        clients += view.list_oauth_apps(realm.id).await.map_err(stored)?.len();
    }
    let accounts = view.list_accounts().await.map_err(stored)?.len();
    Ok(vec![
        ("realms", realms.len() as u64),
        ("emergency", emergency as u64),
        ("OAuth apps", clients as u64),
        ("accounts", accounts as u64),
    ])
}

/// Whoever works on the data folder itself.
pub(crate) fn caller() -> Caller {
    let user = user_name();
    Caller::without_session(Principal::LocalOperator { user }, Origin::default())
}

/// The name of a file for the audit: where it was, if that can be told.
pub(crate) fn name_of(file: &Path) -> String {
    let folder = file
        .parent()
        .and_then(|folder| fs::canonicalize(folder).ok());
    let named = match (folder, file.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => PathBuf::from(file),
    };
    named.display().to_string()
}

/// What the store's refusal means here.
pub(crate) fn stored(error: StoreError) -> Failure {
    breakglass_app::Error::from(error).into()
}

fn taken(to: &Path) -> Failure {
    let message = format!(
        "{} exists already; a copy never takes the place of another file",
        to.display()
    );
    Failure::new(Exit::Conflict, message)
}

fn json(manifest: &BackupManifest, counts: Option<&Vec<(&'static str, u64)>>) -> serde_json::Value {
    let mut told = json!({
        "installation": manifest.installation.to_string(),
        "createdAt": manifest.created_at.millis(),
        "auditSequence": manifest.audit_head.sequence,
        "auditMac": manifest.audit_head.mac.to_string(),
        "recallEpoch": manifest.recall_head.number,
        "schema": manifest.schema,
    });
    if let (Some(counts), Some(told)) = (counts, told.as_object_mut()) {
        let counts: serde_json::Map<_, _> = counts
            .iter()
            .map(|(what, count)| ((*what).to_owned(), json!(count)))
            .collect();
        told.insert("holds".to_owned(), counts.into());
    }
    told
}
