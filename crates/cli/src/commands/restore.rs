//! A copy of the store put back.

use std::io;
use std::path::Path;

use breakglass_app::{KnownRecalls, Restoration, Restored};
use breakglass_domain::{BackupManifest, InstanceId, RecallRecord};
use breakglass_ports::Store;
use breakglass_storage_sqlite::{OpenError, PutBack, SinceCopy, is_pending, is_there, read_record};

use crate::arguments::{RecallsLost, RestoreArgs};
use crate::commands::audit::calendar;
use crate::commands::backup::{caller, check, extract, name_of};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::settings::DataSettings;
use crate::{table, wiring};

/// Puts a copy back: makes it ready beside the store, lets it take the place of the store as a whole, and opens it.
///
/// # Errors
/// When it is refused, or cannot be carried out. Nothing has changed then, unless the failure says so.
pub(crate) async fn run(args: &RestoreArgs, context: &mut Context) -> Result<Exit, Failure> {
    let settings = DataSettings::resolve(&args.data)?;
    let store = wiring::store_file(&settings.folder);
    if pending(&store)? {
        return finish(&settings, context).await;
    }
    let is_replaced = is_there(&store);
    if is_replaced && !args.replace {
        let message = format!("{} holds a store", settings.folder.display());
        let detail = "--replace puts the copy in its place, and keeps it under another name";
        return Err(Failure::new(Exit::Conflict, message).with_detail(detail));
    }
    wiring::make_folder(&settings.folder)?;
    let mut present = None;
    if is_replaced {
        // Nobody may be at work on it before it is opened here.
        drop(begin(&store)?);
        present = bring_record_up_to_date(&settings, context).await;
    }
    let place = begin(&store)?;
    let staged = place.staged();
    let manifest = extract(&settings, &args.file, &staged)?;
    ensure_record(&settings.recall_file)?;
    let (restored, since) =
        make_ready(args, &settings, (&staged, &manifest, present), context).await?;
    let stamp = context.clock.now().millis().to_string();
    let aside = place.commit(&stamp, since).map_err(|error| {
        let message = format!("cannot put the copy into {}", settings.folder.display());
        Failure::caused(Exit::Failed, message, &error)
    })?;
    // Whatever fails from here on, the copy takes the place of the store, and what that means is to be known.
    tell(&manifest, &restored, context)?;
    let (_, app) = wiring::open_with_store(&settings)
        .await
        .map_err(|failure| {
            failure.with_detail("the copy takes the place of the store all the same; once this is mended, any command opens it")
        })?;
    // The chain goes on from an earlier head: what is kept elsewhere learns of it at once.
    let signed = app.create_audit_checkpoint(&caller()).await;
    let notes = app.notes_since(manifest.recall_head.number).await;
    app.close().await?;
    for (kind, names) in notes? {
        let kind = kind.replace('_', " ");
        context.console.note(format!(
            "Grants what it granted when the copy was made, though that was changed or taken away since: {kind} {}",
            names.join(", ")
        ));
    }
    if is_replaced {
        context.console.note(format!(
            "The store that was there is kept: {}",
            aside.display()
        ));
    }
    signed?;
    Ok(Exit::Success)
}

/// Whether a restore was interrupted after it began to count.
fn pending(store: &Path) -> Result<bool, Failure> {
    is_pending(store).map_err(|error| {
        Failure::caused(
            Exit::Failed,
            "cannot tell whether a restore was interrupted",
            &error,
        )
    })
}

/// Brings a restore that was interrupted to its end, and does nothing else: how it was to count is known to it alone.
async fn finish(settings: &DataSettings, context: &mut Context) -> Result<Exit, Failure> {
    let (_, app) = wiring::open_with_store(settings).await?;
    let signed = app.create_audit_checkpoint(&caller()).await;
    app.close().await?;
    signed?;
    context.console.line(
        "A restore had been interrupted, and is at its end now. Nothing else was done: give the command again to put back another copy.",
    )?;
    context
        .console
        .note("Which passwords have to be set anew: breakglass audit list --local --action backup.restored");
    Ok(Exit::Success)
}

/// Sees to it that the record of recalls can be written where it is to be, before the store is replaced by what needs it.
fn ensure_record(record: &Path) -> Result<(), Failure> {
    let folder = record
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let draft = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")));
    draft.map(drop).map_err(|error| {
        let message = format!(
            "the folder of {}, the record of recalls, cannot be written; nothing has changed",
            record.display()
        );
        Failure::caused(Exit::Failed, message, &error)
    })
}

fn begin(store: &Path) -> Result<PutBack, Failure> {
    PutBack::begin(store).map_err(|error| match error {
        OpenError::InUse { .. } => {
            let failure = Failure::new(Exit::Conflict, error.to_string());
            failure.with_detail("stop it first; nothing has changed")
        }
        error => Failure::caused(Exit::Failed, "cannot make room for the copy", &error),
    })
}

/// Lets the record of recalls learn what only the store that is there has. Where that cannot be opened, the record counts as
/// it is: whatever was acknowledged is in it. Gives of which installation the store is.
async fn bring_record_up_to_date(
    settings: &DataSettings,
    context: &mut Context,
) -> Option<InstanceId> {
    match wiring::survey(settings).await {
        Ok(ground) => ground.close().await,
        Err(failure) => {
            let told = format!("The store that is there is not read: {}", failure.message);
            context.console.note(told);
            None
        }
    }
}

/// Makes the copy one that can take the place of the store.
async fn make_ready(
    args: &RestoreArgs,
    settings: &DataSettings,
    (staged, manifest, present): (&Path, &BackupManifest, Option<InstanceId>),
    context: &mut Context,
) -> Result<(Restored, SinceCopy), Failure> {
    let is_same = present == Some(manifest.installation);
    let (store, app) = wiring::open_copy(settings, staged).await?;
    let made = async {
        check(&store, &app, manifest).await?;
        let recorded = read_record(&settings.recall_file);
        let recalls = match since(recorded, manifest, is_same, |records| {
            app.verify_recalls(manifest.recall_head, records).is_ok()
        }) {
            Ok(records) => {
                tell_source(&records, settings, context);
                KnownRecalls::All(records)
            }
            Err(reason) => choose(args, settings, &reason)?,
        };
        let since = match recalls {
            KnownRecalls::All(_) => SinceCopy::Known,
            KnownRecalls::LostAccepted | KnownRecalls::LostEndEverything => SinceCopy::Lost,
        };
        let file = name_of(&args.file);
        let restoration = Restoration {
            file: &file,
            manifest,
            recalls,
        };
        Ok((app.restore(&caller(), &restoration).await?, since))
    }
    .await;
    store.close().await;
    made
}

/// The recalls that followed the last one of the copy. A record without any is believed where the store that it is beside is of
/// the same installation (`is_same`): then there were none.
///
/// # Errors
/// Why they are not known.
fn since(
    recorded: io::Result<Vec<RecallRecord>>,
    manifest: &BackupManifest,
    is_same: bool,
    follows: impl Fn(&[RecallRecord]) -> bool,
) -> Result<Vec<RecallRecord>, String> {
    let all = recorded.map_err(|error| format!("it cannot be read: {error}"))?;
    let head = manifest.recall_head;
    let known = all.iter().find(|record| record.number == head.number);
    let is_first = head.number == 0 && (is_same || !all.is_empty());
    if known.map(|record| record.mac) != Some(head.mac) && !is_first {
        return Err(match all.last() {
            None => "it is not there, or empty".to_owned(),
            Some(last) if last.number < head.number => {
                "it ends before the copy was made".to_owned()
            }
            Some(_) => "it is of another store".to_owned(),
        });
    }
    let since: Vec<_> = all
        .into_iter()
        .filter(|record| record.number > head.number)
        .collect();
    if follows(&since) {
        Ok(since)
    } else {
        Err("it was changed, or is of another store".to_owned())
    }
}

fn choose(
    args: &RestoreArgs,
    settings: &DataSettings,
    reason: &str,
) -> Result<KnownRecalls, Failure> {
    match args.recalls_lost {
        Some(RecallsLost::Accept) => Ok(KnownRecalls::LostAccepted),
        Some(RecallsLost::EndEverything) => Ok(KnownRecalls::LostEndEverything),
        None => {
            let message = format!(
                "nobody knows what was recalled since the copy was made: {} is the record of it, and {reason}",
                settings.recall_file.display()
            );
            Err(Failure::new(Exit::RecallsLost, message)
                .with_detail("nothing has changed; if the record lies elsewhere, name it with --recall-file; otherwise choose:")
                .with_detail("--recalls-lost end-everything: every token, session, credential and password ends, live ones too")
                .with_detail("--recalls-lost accept: what lives in the copy lives on, even what was recalled since; and what was made after it and recalled is dead here, but not for those who go by the status list alone"))
        }
    }
}

fn tell_source(records: &[RecallRecord], settings: &DataSettings, context: &mut Context) {
    let last = records
        .last()
        .and_then(|record| calendar(record.time.millis()));
    let told = match last {
        Some(time) => format!(
            "{} recalls since the copy was made, the last at {time}",
            records.len()
        ),
        None => "no recalls since the copy was made".to_owned(),
    };
    context
        .console
        .note(format!("{}: {told}.", settings.recall_file.display()));
}

fn tell(
    manifest: &BackupManifest,
    restored: &Restored,
    context: &mut Context,
) -> Result<(), Failure> {
    let made = table::optional(calendar(manifest.created_at.millis()));
    let sequence = manifest.audit_head.sequence;
    context.console.line(format!(
        "Put back: the store of {made}, whose audit goes on after record {sequence}."
    ))?;
    context.console.line(format!(
        "Recalled again: {} of what it had alive.",
        restored.ended
    ))?;
    let console = &mut context.console;
    for name in &restored.without_password {
        console.note(format!(
            "The password of {name} was another one since, and none is right now: breakglass admin set-password --local --username {name}"
        ));
    }
    if restored.new_keys > 0 {
        console.note(format!(
            "{} realms got a new signing key, because theirs had ended.",
            restored.new_keys
        ));
    }
    console.note("What was made after the copy is gone: clients, tokens, and records of the audit, which the store that was there still has.");
    Ok(())
}
