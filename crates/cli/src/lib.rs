//! The command line of Breakglass, and the one place where its crates are put together.
//!
//! A command builds a request of the contract and hands it to a transport: to a server, or with `--local` to the same
//! router inside this process, on the data folder itself. So both give the same objects, errors and audit records, and no
//! command holds a rule of its own.
//!
//! A new command is a variant in `arguments`, a function in the file of its area under `commands`, and nothing else: the
//! reference page, the manual pages and the completions follow from the arguments.

mod anchor;
mod arguments;
mod backup_file;
mod client;
mod commands;
mod console;
mod context;
mod credentials;
mod descriptors;
mod environment;
mod exit;
mod key_sets;
mod lifetime;
mod logging;
mod reference;
mod settings;
mod table;
mod transport;
mod wiring;

use std::io;
use std::num::NonZero;
use std::process::ExitCode;
use std::thread::available_parallelism;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};
use tokio::runtime::{Builder, Runtime};

pub use arguments::Cli;
pub use console::Console;
pub use context::Context;
pub use environment::Environment;
pub use exit::{Exit, Failure};
pub use reference::{PAGES, Page};

use arguments::Command;

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    let cli = parse();
    let mut context = Context::of_process();
    let outcome = runtime()
        .map_err(|error| Failure::caused(Exit::Failed, "cannot start", &error))
        .and_then(|runtime| runtime.block_on(run(&cli, &mut context)));
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            if failure.has_words() {
                context.console.note(format!("error: {failure}"));
            }
            failure.exit.into()
        }
    }
}

/// A thread for each core that this process may use. With one core there is nobody to share work with, so that this thread
/// does it all and hands nothing over.
fn runtime() -> io::Result<Runtime> {
    let cores = available_parallelism().map_or(1, NonZero::get);
    let mut builder = match cores {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    builder.enable_all().build()
}

/// The arguments of this process. Ends it when they make no sense, or when they ask for help.
fn parse() -> Cli {
    let mut command = environment::without_empty_variables(Cli::command());
    let matches = command.get_matches_mut();
    if arguments::asks_two(&matches) {
        let message = "--local works on the data folder and --server asks a server: choose one";
        command.error(ErrorKind::ArgumentConflict, message).exit();
    }
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command).exit())
}

/// Runs one command.
///
/// # Errors
/// When it is refused, or cannot be carried out.
pub async fn run(cli: &Cli, context: &mut Context) -> Result<Exit, Failure> {
    let log = cli.log.as_deref();
    if !matches!(cli.command, Command::Serve(_) | Command::Init(_)) {
        logging::start(log.unwrap_or(logging::COMMAND_FILTER), None)?;
    }
    match &cli.command {
        Command::Admin(command) => commands::admin::run(command, context).await,
        Command::ApiClient(command) => commands::api_client::run(command, context).await,
        Command::ApiToken(command) => commands::api_token::run(command, context).await,
        Command::Audit(command) => commands::audit::run(command, context).await,
        Command::Backup(command) => commands::backup::run(command, context).await,
        Command::Broker(command) => commands::broker::run(command, context).await,
        Command::ClientKey(command) => commands::client_key::run(command, context).await,
        Command::ClientProfile(command) => commands::client_profile::run(command, context).await,
        Command::ClientSecret(command) => commands::client_secret::run(command, context).await,
        Command::Completions { shell } => commands::manual::completions(*shell, context),
        Command::Decide(args) => commands::host::decide(args, context).await,
        Command::DpopKey(command) => commands::dpop_key::run(command, context),
        Command::EmergencyClient(command) => {
            commands::emergency_client::run(command, context).await
        }
        Command::Init(args) => commands::init::run(args, log, context).await,
        Command::Key(command) => commands::key::run(command, context).await,
        Command::Man(args) => commands::manual::man(args, context),
        Command::OauthApp(command) => commands::oauth_app::run(command, context).await,
        Command::Realm(command) => commands::realm::run(command, context).await,
        Command::Restore(args) => commands::restore::run(args, context).await,
        Command::Role(command) => commands::role::run(command, context).await,
        Command::Serve(args) => commands::serve::run(args, log, context).await,
        Command::Status { connect, output } => {
            commands::status::run(connect, output.output, context).await
        }
        Command::TokenIssuer(command) => commands::token_issuer::run(command, context).await,
        Command::Token(command) => commands::token::run(command, context).await,
    }
}
