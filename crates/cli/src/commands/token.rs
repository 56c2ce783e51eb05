//! Tokens, as whoever is shown one sees them.

mod read;
mod verdict;
mod verify;

pub(crate) use read::{Unverified, read};

use crate::arguments::TokenCommand;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::lifetime;

use verify::Verification;

/// Carries out a command.
///
/// # Errors
/// When there is no token, or it does not hold.
pub(crate) async fn run(command: &TokenCommand, context: &mut Context) -> Result<Exit, Failure> {
    match command {
        TokenCommand::Inspect { token } => {
            let token = read(token, &mut context.console)?;
            inspect(token.expose(), context)
        }
        TokenCommand::Verify {
            token,
            issuer,
            jwks,
            output,
            connect,
        } => {
            let token = read(token, &mut context.console)?;
            let verification = Verification {
                token: token.expose(),
                issuer: issuer.as_ref(),
                jwks: jwks.as_deref(),
                connect,
                now: context.clock.now().seconds(),
            };
            let verdict = verification.judge().await?;
            verdict.print(output.output, context)
        }
    }
}

/// Shows what stands in a token.
fn inspect(token: &str, context: &mut Context) -> Result<Exit, Failure> {
    let unverified = Unverified::of(token)?;
    context
        .console
        .note("Not verified: whoever made this token may have written anything into it.");
    if let Some(end) = unverified.end() {
        let left = lifetime::countdown(context.clock.now(), end);
        context.console.note(format!("By its own word: {left}."));
    }
    context.console.line(unverified.to_string())?;
    Ok(Exit::Success)
}
