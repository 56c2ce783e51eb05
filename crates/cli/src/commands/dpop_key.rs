//! Keys that tokens are bound to.

use breakglass_ports::CryptoError;
use breakglass_tokens::HolderKey;

use crate::arguments::DpopKeyCommand;
use crate::client::read_key;
use crate::commands::issued::SecretFile;
use crate::context::Context;
use crate::exit::{Exit, Failure};

/// Carries out a command.
///
/// # Errors
/// When the file cannot be made, or holds no key.
pub(crate) fn run(command: &DpopKeyCommand, context: &mut Context) -> Result<Exit, Failure> {
    let key = match command {
        DpopKeyCommand::Create { file } => {
            let kept = SecretFile::new(file)?;
            let key = HolderKey::generate().map_err(failed)?;
            let pem = key.to_pem().map_err(failed)?;
            kept.keep(pem.trim_end(), "nothing else was done")?;
            context.console.note(format!(
                "The key is in {}, and nowhere else.",
                file.display()
            ));
            key
        }
        DpopKeyCommand::Show { file } => read_key(file)?,
    };
    let thumbprint = key.thumbprint().map_err(failed)?;
    context.console.line(thumbprint.to_string())?;
    Ok(Exit::Success)
}

fn failed(error: CryptoError) -> Failure {
    Failure::caused(Exit::Failed, "cannot make a key", &error)
}
