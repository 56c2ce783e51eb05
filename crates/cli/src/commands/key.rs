//! Signing keys, and the master key.

use breakglass_api_types::Operation;
use breakglass_api_types::breakglass::{
    KeyPolicy, KeyPolicyChange, SigningAlgorithm, SigningKey, SigningKeyRotation,
    SigningKeyRotationRequest, SigningKeyState, SigningKeys,
};
use breakglass_app::{Caller, Origin};
use breakglass_domain::{Minutes, Principal, Timestamp};
use breakglass_tokens::{MasterKey, SystemEntropy};

use crate::arguments::{DataArgs, KeyCommand, Output, PlaceArgs};
use crate::client::{Answer, Call, Client, user_name};
use crate::commands::{broker, realm};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::settings::DataSettings;
use crate::{lifetime, table, wiring};

/// Carries out a command.
///
/// # Errors
/// When it is refused, or cannot be carried out.
pub(crate) async fn run(command: &KeyCommand, context: &mut Context) -> Result<Exit, Failure> {
    let place = match command {
        KeyCommand::RotateMaster { data } => return rotate_master(data, context).await,
        KeyCommand::List { place }
        | KeyCommand::Policy { place, .. }
        | KeyCommand::Rotate { place, .. } => place,
    };
    let client = Client::connect(&place.connect, context).await?;
    let outcome = carry_out(command, place, &client, context).await;
    client.finish(outcome).await.map(|()| Exit::Success)
}

async fn carry_out(
    command: &KeyCommand,
    place: &PlaceArgs,
    client: &Client,
    context: &mut Context,
) -> Result<(), Failure> {
    let realm = realm::resolve(client, place.realm.realm.as_deref()).await?;
    let path = [("realmId", realm.as_str())];
    let output = place.output.output;
    match command {
        KeyCommand::Policy {
            algorithm,
            rotation_period,
            overlap,
            ..
        } => {
            let minutes = |time: &Minutes| i64::from(time.get());
            let change = KeyPolicyChange {
                algorithm: algorithm.map(broker::word),
                overlap: overlap.as_ref().map(minutes),
                rotation_period: rotation_period.as_ref().map(minutes),
            };
            let call = if change == KeyPolicyChange::default() {
                Call::new(Operation::GetKeyPolicy, &path)
            } else {
                Call::new(Operation::UpdateKeyPolicy, &path).body(&change)?
            };
            show_policy(&client.call(call).await?, output, context)
        }
        KeyCommand::Rotate { now, yes, .. } => {
            if *now && !yes {
                context.console.confirm(
                    "Every token of the realm dies at once, those of emergency clients too. Go on?",
                )?;
            }
            let body = SigningKeyRotationRequest {
                immediately: Some(*now),
            };
            let call = Call::new(Operation::RotateSigningKey, &path).body(&body)?;
            rotated(&client.call(call).await?, output, context)
        }
        KeyCommand::List { .. } | KeyCommand::RotateMaster { .. } => {
            let call = Call::new(Operation::ListSigningKeys, &path);
            let answer = client.call(call).await?;
            if output == Output::Json {
                return context.console.verbatim(answer.bytes());
            }
            let found: SigningKeys = answer.parse()?;
            print(found.signing_keys.unwrap_or_default(), context)
        }
    }
}

/// Replaces the master key: the new one comes into the file beside the old one, every key is sealed anew, and the old one
/// leaves the file. What breaks off in between goes on where it was when the command is given again.
async fn rotate_master(data: &DataArgs, context: &mut Context) -> Result<Exit, Failure> {
    let settings = DataSettings::resolve(data)?;
    let path = &settings.master_key_file;
    // The store must be there, and open, before its key is touched.
    wiring::open(&settings).await?.close().await?;
    let failed = |error| {
        let message = format!("the master key in {} cannot be replaced", path.display());
        Failure::caused(Exit::MasterKey, message, &error)
    };
    MasterKey::begin_replacement(path, &SystemEntropy).map_err(failed)?;
    let app = wiring::open(&settings).await?;
    let user = user_name();
    let caller = Caller::without_session(Principal::LocalOperator { user }, Origin::default());
    let sealed = app.reseal_keys(&caller).await;
    app.close().await?;
    let count = sealed?;
    MasterKey::end_replacement(path, &SystemEntropy).map_err(failed)?;
    let told = format!(
        "{} holds a new master key, and {count} keys are sealed under it. Backups from before need the old one.",
        path.display()
    );
    context.console.note(told);
    Ok(Exit::Success)
}

fn rotated(answer: &Answer, output: Output, context: &mut Context) -> Result<(), Failure> {
    if output == Output::Json {
        return context.console.verbatim(answer.bytes());
    }
    let rotation: SigningKeyRotation = answer.parse()?;
    let tokens = rotation.recalled_emergency_tokens.unwrap_or_default();
    let credentials = rotation.recalled_credentials.unwrap_or_default();
    if tokens + credentials > 0 {
        context.console.note(format!(
            "Recalled: {tokens} emergency tokens, and the access tokens of {credentials} credentials. \
             `breakglass emergency-client regenerate` gives an emergency client a new one."
        ));
    }
    print(rotation.signing_key.into_iter().collect(), context)
}

fn show_policy(answer: &Answer, output: Output, context: &mut Context) -> Result<(), Failure> {
    if output == Output::Json {
        return context.console.verbatim(answer.bytes());
    }
    let policy: KeyPolicy = answer.parse()?;
    let mut rows = table::with_columns(&["ALGORITHM", "ROTATION PERIOD", "OVERLAP"]);
    let minutes = |time: Option<i64>| time.map(|time| format!("{time} min"));
    rows.add_row([
        table::optional(policy.algorithm.map(SigningAlgorithm::as_str)),
        table::optional(minutes(policy.rotation_period)),
        table::optional(minutes(policy.overlap)),
    ]);
    context.console.line(table::render(&rows))
}

fn print(keys: Vec<SigningKey>, context: &mut Context) -> Result<(), Failure> {
    let now = context.clock.now();
    let mut rows = table::with_columns(&["KEY", "ALGORITHM", "STATE", "MADE", "SIGNS FROM"]);
    for key in keys {
        let made = key.created_at.map(Timestamp::from_millis);
        // What signs already needs no such time.
        let from = key
            .activates_at
            .map(|from| Timestamp::from_millis(from).millis_since(now) / 60_000)
            .and_then(|minutes| u32::try_from(minutes).ok())
            .filter(|minutes| *minutes > 0);
        rows.add_row([
            table::optional(key.kid.as_deref()),
            table::optional(key.algorithm.map(SigningAlgorithm::as_str)),
            table::optional(key.state.map(SigningKeyState::as_str)),
            table::optional(made.map(|made| lifetime::ago(now, made))),
            table::optional(
                from.map(|from| format!("in {}", lifetime::spelled(Minutes::new(from)))),
            ),
        ]);
    }
    context.console.line(table::render(&rows))
}
