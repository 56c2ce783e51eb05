//! Logs, on standard error. No secret is ever handed to them.

use std::io::{self, IsTerminal};
use std::panic;

use tracing_subscriber::EnvFilter;

use crate::exit::{Exit, Failure};
use crate::settings::LogFormat;

/// What a command that is no server logs.
pub(crate) const COMMAND_FILTER: &str = "error";

/// Starts logging, in the format that fits standard error when none was chosen.
///
/// # Errors
/// When the filter makes no sense.
pub(crate) fn start(filter: &str, format: Option<LogFormat>) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        Failure::caused(
            Exit::Usage,
            format!("{filter:?} is no filter of logs"),
            &error,
        )
    })?;
    let terminal = io::stderr().is_terminal();
    let format = format.unwrap_or(if terminal {
        LogFormat::Text
    } else {
        LogFormat::Json
    });
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(terminal);
    // Only the first start of a process counts; tests start many commands in one.
    drop(match format {
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .try_init(),
        LogFormat::Text => builder.try_init(),
    });
    Ok(())
}

/// Lets a panic be logged like everything else, instead of as loose text.
pub(crate) fn log_panics() {
    panic::set_hook(Box::new(|panicked| {
        let place = panicked.location().map(ToString::to_string);
        let reason = panicked.payload_as_str().unwrap_or("no reason");
        tracing::error!(place, reason, "a thread panicked");
    }));
}
