//! New tokens, and how they are handed over.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use breakglass_api_types::fleet_iam;
use breakglass_domain::Timestamp;

use crate::arguments::{IssueArgs, IssueOutput};
use crate::client::{Answer, Call, Client};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::{lifetime, table};

/// Asks for a new token, and hands it over as it is wished: this once.
///
/// # Errors
/// When the server refuses, and when the token cannot be handed over.
pub(super) async fn hand_over(
    client: &Client,
    call: Call<'_>,
    issue: &IssueArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let Some(path) = &issue.token_file else {
        return print(&client.call(call).await?, issue.output, context);
    };
    // The file is made first: a token that nobody can keep must not be issued.
    let file = TokenFile::new(path)?;
    let issued: fleet_iam::EmergencyClient = client.call(call).await?.parse()?;
    file.keep(token(&issued)?)?;
    describe(&issued, context)?;
    let told = format!("The token is in {}, and nowhere else.", path.display());
    context.console.note(told);
    Ok(())
}

/// Prints an answer with a token.
fn print(answer: &Answer, output: IssueOutput, context: &mut Context) -> Result<(), Failure> {
    if output == IssueOutput::Json {
        return context.console.verbatim(answer.bytes());
    }
    let issued: fleet_iam::EmergencyClient = answer.parse()?;
    let token = token(&issued)?;
    if output == IssueOutput::Table {
        describe(&issued, context)?;
        context.console.note(
            "The token below is shown only this once. Keep it where an emergency does not reach.",
        );
    }
    context.console.line(token)
}

fn token(issued: &fleet_iam::EmergencyClient) -> Result<&str, Failure> {
    let token = issued.access_token.as_ref();
    token
        .map(breakglass_api_types::Sensitive::expose)
        .ok_or_else(|| Failure::new(Exit::Failed, "the server answered without a token"))
}

/// Tells whose token it is, and not the token.
fn describe(issued: &fleet_iam::EmergencyClient, context: &mut Context) -> Result<(), Failure> {
    let now = context.clock.now();
    let end = issued
        .access_token_expiration_date
        .map(Timestamp::from_millis);
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let facts = [
        ("Client", text(&issued.client_id)),
        ("Name", text(&issued.client_name)),
        ("Issuer", text(&issued.oidc_issuer_url)),
        (
            "Token left",
            table::optional(end.map(|end| lifetime::countdown(now, end))),
        ),
    ];
    let console = &mut context.console;
    console.line(table::render(&table::of_facts(facts)))
}

/// A new file for a token, its owner's alone. It is removed again unless a token was kept in it.
struct TokenFile {
    path: PathBuf,
    file: File,
    is_kept: bool,
}

impl TokenFile {
    fn new(path: &Path) -> Result<Self, Failure> {
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path);
        let file = made.map_err(|error| {
            let message = format!("cannot make {}; nothing was done", path.display());
            Failure::caused(Exit::Failed, message, &error)
        })?;
        Ok(Self {
            path: path.to_owned(),
            file,
            is_kept: false,
        })
    }

    fn keep(mut self, token: &str) -> Result<(), Failure> {
        let written = self.write(token);
        self.is_kept = written.is_ok();
        written.map_err(|error| {
            let message = format!(
                "cannot write {}: the token is lost, regenerate it",
                self.path.display()
            );
            Failure::caused(Exit::Failed, message, &error)
        })
    }

    fn write(&mut self, token: &str) -> io::Result<()> {
        self.file.write_all(format!("{token}\n").as_bytes())?;
        self.file.sync_all()
    }
}

impl Drop for TokenFile {
    fn drop(&mut self) {
        if !self.is_kept {
            // An empty file that stays behind does no harm.
            drop(fs::remove_file(&self.path));
        }
    }
}
