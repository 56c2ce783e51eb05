//! The application inside this process, on the data folder itself.

use std::sync::Arc;

use breakglass_app::App;
use breakglass_domain::Principal;
use breakglass_http::{Api, ApiOptions};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};

use crate::exit::{Exit, Failure};
use crate::settings::DataSettings;
use crate::wiring;

/// The application on a data folder, asked by whoever can read the folder and its master key.
pub(crate) struct InProcess {
    app: Arc<App>,
    api: Api,
    principal: Principal,
}

impl InProcess {
    /// Opens the data folder for this person.
    ///
    /// # Errors
    /// When it holds no installation, or its master key is missing or not the right one.
    pub(crate) async fn open(settings: &DataSettings, user: String) -> Result<Self, Failure> {
        let app = wiring::open(settings).await?;
        Ok(Self {
            api: wiring::api(Arc::clone(&app), ApiOptions::default()),
            app,
            principal: Principal::LocalOperator { user },
        })
    }

    /// Lets the router answer a request.
    ///
    /// # Errors
    /// When the answer breaks off.
    pub(crate) async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Failure> {
        let principal = self.principal.clone();
        let response = self.api.call_as(principal, request.map(Full::new)).await;
        let (parts, body) = response.into_parts();
        let body = body
            .collect()
            .await
            .map_err(|error| Failure::caused(Exit::Internal, "the answer broke off", &error))?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    }

    /// Lets the router answer for a document of this installation, named by its public URL.
    ///
    /// # Errors
    /// When the URL is another installation's.
    pub(crate) async fn fetch(&self, url: &str) -> Result<Response<Bytes>, Failure> {
        let path = url
            .strip_prefix(self.app.public_url())
            .filter(|path| path.starts_with('/'))
            .ok_or_else(|| {
                let message = format!("{url} is not of this installation");
                Failure::new(Exit::Unavailable, message)
            })?;
        let request = Request::get(path)
            .body(Bytes::new())
            .map_err(|error| Failure::caused(Exit::Unavailable, "no path", &error))?;
        self.send(request).await
    }

    /// The URL under which clients reach the installation.
    pub(crate) fn public_url(&self) -> &str {
        self.app.public_url()
    }

    /// Runs what waits to be done, without waiting for a server to do it.
    ///
    /// # Errors
    /// When the store cannot take it.
    pub(crate) async fn run_queued_tasks(&self) -> Result<(), Failure> {
        self.app.run_queued_tasks().await?;
        Ok(())
    }

    /// Lets go of the data folder.
    ///
    /// # Errors
    /// When the store cannot take the last records.
    pub(crate) async fn close(&self) -> Result<(), Failure> {
        Ok(self.app.close().await?)
    }
}
