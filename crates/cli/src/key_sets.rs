//! The keys of trusted issuers, over HTTP.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use breakglass_ports::KeySetSource;
use bytes::Bytes;
use http::{StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::OnceCell;

use crate::exit::Failure;
use crate::transport::tls;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The longest document, in bytes.
const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

type Flight = Arc<OnceCell<Result<Vec<u8>, String>>>;

/// Fetches key sets, trusting the system's certificates. The connections are set up when the first is needed.
#[derive(Default)]
pub(crate) struct HttpKeySets {
    client: OnceCell<Client<HttpsConnector<HttpConnector>, Empty<Bytes>>>,
    /// What is under way, by its address.
    flights: Mutex<HashMap<String, Flight>>,
}

impl HttpKeySets {
    fn with_flights<T>(&self, work: impl FnOnce(&mut HashMap<String, Flight>) -> T) -> T {
        work(&mut self.flights.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        let uri: Uri = url.parse().map_err(|_| "it is no URL".to_owned())?;
        let exchange = async {
            let client = self.client.get_or_try_init(async || client()).await;
            let client = client.map_err(|failure| failure.to_string())?;
            let response = client.get(uri).await.map_err(|error| chain(&error))?;
            if response.status() != StatusCode::OK {
                return Err(format!("the answer is {}", response.status()));
            }
            let body = Limited::new(response.into_body(), MAX_DOCUMENT_BYTES);
            let body = body
                .collect()
                .await
                .map_err(|error| chain(error.as_ref()))?;
            Ok(body.to_bytes().to_vec())
        };
        let answer = tokio::time::timeout(TIMEOUT, exchange).await;
        answer.unwrap_or_else(|_| Err("there is no answer within 5 seconds".to_owned()))
    }
}

#[async_trait]
impl KeySetSource for HttpKeySets {
    async fn fetch(&self, url: &str) -> Result<Vec<u8>, String> {
        let flight =
            self.with_flights(|flights| Arc::clone(flights.entry(url.to_owned()).or_default()));
        let answer = flight.get_or_init(|| self.get(url)).await.clone();
        self.with_flights(|flights| {
            if flights
                .get(url)
                .is_some_and(|last| Arc::ptr_eq(last, &flight))
            {
                flights.remove(url);
            }
        });
        answer
    }
}

fn client() -> Result<Client<HttpsConnector<HttpConnector>, Empty<Bytes>>, Failure> {
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls(None)?)
        .https_or_http()
        .enable_http1()
        .build();
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

/// An error with its causes.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let texts: Vec<String> = causes.map(ToString::to_string).collect();
    texts.join(": ")
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// What is fetched, by several at once, of a port that gives these answers one after another; and how many were asked for.
    async fn fetched(answer: &str) -> (Vec<Result<Vec<u8>, String>>, usize) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let answer = answer.to_owned();
        let (asked, mut count) = tokio::sync::mpsc::unbounded_channel();
        let peer = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let read = stream.read(&mut [0; 1024]).await.unwrap();
                if read > 0 {
                    asked.send(()).unwrap();
                }
                // A peer that has read enough hangs up.
                drop(stream.write_all(answer.as_bytes()).await);
            }
        });
        let source = HttpKeySets::default();
        let (one, two) = tokio::join!(source.fetch(&url), source.fetch(&url));
        peer.abort();
        count.close();
        let mut asked = 0;
        while count.recv().await.is_some() {
            asked += 1;
        }
        (vec![one, two], asked)
    }

    #[tokio::test]
    async fn a_document_is_fetched_once_for_all_that_wait() {
        let (answers, asked) = fetched("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
        assert_eq!(answers, vec![Ok(b"{}".to_vec()); 2]);
        assert_eq!(asked, 1);
    }

    #[tokio::test]
    async fn what_is_no_document_of_a_sensible_length_is_a_failure() {
        let long = "x".repeat(MAX_DOCUMENT_BYTES + 1);
        let long = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{long}",
            long.len()
        );
        let redirect = "HTTP/1.1 302 Found\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n";
        for (answer, reason) in [
            (redirect, "302"),
            (
                "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n",
                "500",
            ),
            (&long, "limit"),
            ("", "closed"),
        ] {
            let (answers, _) = fetched(answer).await;
            for answer in answers {
                let told = answer.unwrap_err();
                assert!(told.contains(reason), "{told}");
            }
        }
        let source = HttpKeySets::default();
        assert!(source.fetch("http://[").await.is_err());
    }
}
