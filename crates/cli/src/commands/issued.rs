//! New tokens and secrets, and how they are handed over.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use breakglass_api_types::Sensitive;

use crate::arguments::{IssueArgs, IssueOutput};
use crate::client::{Answer, Call, Client};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::table;

/// What was issued, and whose it is.
pub(super) struct Issued {
    /// What it is called: `token` or `secret`.
    pub(super) noun: &'static str,
    /// The thing itself.
    pub(super) secret: Option<Sensitive>,
    /// What is told of it.
    pub(super) facts: Vec<(&'static str, String)>,
    /// What to do with it.
    pub(super) advice: &'static str,
}

/// Asks for a new token or secret, and hands it over as it is wished: this once. `read` finds it in the answer.
///
/// # Errors
/// When the server refuses, and when it cannot be handed over.
pub(super) async fn hand_over(
    client: &Client,
    call: Call<'_>,
    issue: &IssueArgs,
    read: impl Fn(&Answer, &Context) -> Result<Issued, Failure>,
    context: &mut Context,
) -> Result<(), Failure> {
    let Some(path) = &issue.token_file else {
        let answer = client.call(call).await?;
        if issue.output == IssueOutput::Json {
            return context.console.verbatim(answer.bytes());
        }
        let issued = read(&answer, context)?;
        return print(&issued, issue.output, context);
    };
    // The file is made first: a token that nobody can keep must not be issued.
    let file = SecretFile::new(path)?;
    let issued = read(&client.call(call).await?, context)?;
    file.keep(issued.secret()?, "the token is lost, regenerate it")?;
    issued.describe(context)?;
    let told = format!(
        "The {} is in {}, and nowhere else.",
        issued.noun,
        path.display()
    );
    context.console.note(told);
    Ok(())
}

fn print(issued: &Issued, output: IssueOutput, context: &mut Context) -> Result<(), Failure> {
    let secret = issued.secret()?;
    if output == IssueOutput::Table {
        issued.describe(context)?;
        context.console.note(format!(
            "The {} below is shown only this once. {}",
            issued.noun, issued.advice
        ));
    }
    context.console.line(secret)
}

impl Issued {
    fn secret(&self) -> Result<&str, Failure> {
        self.secret.as_ref().map(Sensitive::expose).ok_or_else(|| {
            let message = format!("the server answered without a {}", self.noun);
            Failure::new(Exit::Failed, message)
        })
    }

    /// Tells whose it is, and not the thing itself.
    fn describe(&self, context: &mut Context) -> Result<(), Failure> {
        let facts = self
            .facts
            .iter()
            .map(|(name, value)| (*name, value.clone()));
        context.console.line(table::render(&table::of_facts(facts)))
    }
}

/// A new file for a secret, its owner's alone. It is removed again unless a secret was kept in it.
pub(super) struct SecretFile {
    path: PathBuf,
    file: File,
    is_kept: bool,
}

impl SecretFile {
    /// Makes the file.
    ///
    /// # Errors
    /// When it cannot be made, or is there already.
    pub(super) fn new(path: &Path) -> Result<Self, Failure> {
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

    /// Keeps a secret in the file, durably. `lost` says what it means when that fails.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn keep(mut self, secret: &str, lost: &str) -> Result<(), Failure> {
        let written = self.write(secret);
        self.is_kept = written.is_ok();
        written.map_err(|error| {
            let message = format!("cannot write {}: {lost}", self.path.display());
            Failure::caused(Exit::Failed, message, &error)
        })
    }

    fn write(&mut self, secret: &str) -> io::Result<()> {
        self.file.write_all(format!("{secret}\n").as_bytes())?;
        self.file.sync_all()
    }
}

impl Drop for SecretFile {
    fn drop(&mut self) {
        if !self.is_kept {
            // An empty file that stays behind does no harm.
            drop(fs::remove_file(&self.path));
        }
    }
}
