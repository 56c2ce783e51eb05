//! The two ways in which a request reaches the application: over the network, and inside this process.

mod in_process;
mod network;

use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri};

use crate::exit::{Exit, Failure};

pub(crate) use in_process::InProcess;
pub(crate) use network::{Network, tls};

/// A way to the application. Requests name a path of the contract, without a host.
pub(crate) enum Transport {
    /// The data folder itself, opened in this process.
    InProcess(InProcess),
    /// A server.
    Network(Box<Network>),
}

impl Transport {
    /// Sends a request of the contract.
    ///
    /// # Errors
    /// When no answer comes back. An answer that refuses is an answer.
    pub(crate) async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Failure> {
        match self {
            Self::InProcess(process) => process.send(request).await,
            Self::Network(network) => network.send(request).await,
        }
    }

    /// Fetches a public document by its whole URL.
    ///
    /// # Errors
    /// When it is not there, or cannot be had this way.
    pub(crate) async fn fetch(&self, url: &str) -> Result<Bytes, Failure> {
        let uri: Uri = url
            .parse()
            .map_err(|_| Failure::new(Exit::Unavailable, format!("{url:?} is no URL")))?;
        let response = match self {
            Self::InProcess(process) => process.fetch(url).await?,
            Self::Network(network) => network.fetch(uri).await?,
        };
        if response.status() == StatusCode::OK {
            return Ok(response.into_body());
        }
        let message = format!("{url} answers with {}", response.status());
        Err(Failure::new(Exit::Unavailable, message))
    }
}
