//! Sessions of local accounts.

use breakglass_api_types::fleet_iam::{AuthToken, UsernamePassword};
use breakglass_api_types::{Operation, Sensitive};

use super::{Call, Client};
use crate::exit::{Exit, Failure};

impl Client {
    /// Turns a name and a password into a session, which ends with the client.
    ///
    /// # Errors
    /// When they are refused.
    pub(super) async fn acquire(
        &mut self,
        username: String,
        password: &str,
    ) -> Result<(), Failure> {
        let body = UsernamePassword {
            username: Some(username),
            password: Some(Sensitive::from(password)),
            auth_source: None,
        };
        let call = Call::new(Operation::AcquireToken, &[]).body(&body)?;
        let answer: AuthToken = self.call(call).await?.parse()?;
        let token = answer.token.ok_or_else(|| {
            Failure::new(Exit::Failed, "the server answered without a session token")
        })?;
        self.present("OpsToken", token.expose())?;
        self.session = true;
        Ok(())
    }

    /// Forgets the session, because the server has ended it.
    pub(crate) fn forget_session(&mut self) {
        self.session = false;
    }

    /// Gives the session back.
    ///
    /// # Errors
    /// When the server does not take it.
    pub(super) async fn release(&self) -> Result<(), Failure> {
        self.call(Call::new(Operation::ReleaseToken, &[])).await?;
        Ok(())
    }
}
