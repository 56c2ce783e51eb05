//! Local accounts.

use breakglass_api_types::breakglass::PasswordChangeRequest;
use breakglass_api_types::{Operation, Sensitive};

use crate::arguments::AdminCommand;
use crate::client::{Call, Client};
use crate::context::Context;
use crate::credentials::read_password;
use crate::exit::{Exit, Failure};

/// Carries out a command.
///
/// # Errors
/// When it is refused, or cannot be carried out.
pub(crate) async fn run(command: &AdminCommand, context: &mut Context) -> Result<Exit, Failure> {
    let AdminCommand::SetPassword {
        username,
        password_file,
        connect,
    } = command;
    let mut client = Client::connect(connect, context).await?;
    let password = match password_file {
        Some(path) => read_password(path).map(|(password, is_exposed)| {
            if is_exposed {
                let file = path.display();
                let told =
                    format!("warning: everybody on this machine can read {file} (chmod 600)");
                context.console.note(told);
            }
            password
        }),
        None => context.console.new_password(),
    };
    let outcome = match password {
        Ok(password) => {
            let body = PasswordChangeRequest {
                password: Some(Sensitive::from(password.expose())),
            };
            set_password(&client, username, &body).await
        }
        Err(failure) => Err(failure),
    };
    if outcome.is_ok() {
        // The sessions of the account are over, and this one may be among them.
        client.forget_session();
        let told = format!("The password of {username} is set, and its sessions are over.");
        context.console.note(told);
    }
    client.finish(outcome).await.map(|()| Exit::Success)
}

async fn set_password(
    client: &Client,
    username: &str,
    body: &PasswordChangeRequest,
) -> Result<(), Failure> {
    let path = [("username", username)];
    let call = Call::new(Operation::SetAccountPassword, &path).body(body)?;
    client.call(call).await?;
    Ok(())
}
