//! The manual pages and the completions, made from the command line itself.

use std::fs;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::arguments::{Cli, ManArgs};
use crate::context::Context;
use crate::exit::{Exit, Failure};

/// Prints the first manual page, or writes all of them into a folder.
///
/// # Errors
/// When they cannot be written.
pub(crate) fn man(args: &ManArgs, context: &mut Context) -> Result<Exit, Failure> {
    if let Some(folder) = &args.dir {
        write_pages(folder)?;
        return Ok(Exit::Success);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command())
        .render(&mut page)
        .map_err(|error| Failure::caused(Exit::Failed, "cannot make the page", &error))?;
    context.console.verbatim(&page)?;
    Ok(Exit::Success)
}

/// Prints the completions of a shell.
///
/// # Errors
/// When they cannot be written.
pub(crate) fn completions(shell: Shell, context: &mut Context) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "breakglass", &mut script);
    context.console.verbatim(&script)?;
    Ok(Exit::Success)
}

fn write_pages(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), folder))
        .map_err(|error| {
            let message = format!("cannot write the pages into {}", folder.display());
            Failure::caused(Exit::Failed, message, &error)
        })
}
