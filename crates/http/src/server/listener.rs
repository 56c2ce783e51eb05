//! The socket, and the tasks of its connections.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};
use tracing::{debug, error, warn};

use super::answer::Answer;
use super::connection::Connections;
use super::crowd::Crowd;
use super::options::ServerOptions;
use super::sources::{Place, Sources};
use super::tls::TlsConfig;

/// How long the server waits after it could not accept a connection, mostly because the process is out of file
/// descriptors: trying again at once would only burn the processor until a connection ends.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// A bound socket that waits to be served.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    local_addr: SocketAddr,
    options: ServerOptions,
}

/// How a server ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub struct Drained {
    /// Connections that were dropped because they were not done when the time to drain was over. When this is 0, each
    /// request that was in flight has been answered.
    pub dropped_connections: usize,
}

impl Server {
    /// Takes the address; port 0 takes a free one. From here on connections queue up, none is answered.
    ///
    /// # Errors
    /// When the system does not give the address.
    pub async fn bind(address: SocketAddr, options: ServerOptions) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let local_addr = listener.local_addr()?;
        Ok(Self {
            listener,
            local_addr,
            options,
        })
    }

    /// The address that was taken, with its port.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves until `shutdown` completes, then stops accepting, lets the requests in flight end, and returns when they
    /// have or when [`ServerOptions::drain_timeout`] is over. Dropping the future drops every connection at once.
    pub async fn serve<A, S>(self, answer: A, tls: Option<TlsConfig>, shutdown: S) -> Drained
    where
        A: Answer,
        S: Future<Output = ()>,
    {
        let (stop, stopping) = watch::channel(false);
        let drain_timeout = self.options.drain_timeout;
        let acceptor = tls.as_ref().map(TlsConfig::acceptor);
        let places = self
            .options
            .max_connections
            .clamp(1, Semaphore::MAX_PERMITS);
        let slots = Arc::new(Semaphore::new(places));
        let crowd = Crowd::new(places);
        let sources = Sources::new(&self.options);
        let crowded = crowd.subscribe();
        let connections = Connections::new(answer, self.options, acceptor, stopping, crowded);
        let mut tasks = JoinSet::new();

        let mut shutdown = pin!(shutdown);
        loop {
            tokio::select! {
                biased;
                () = shutdown.as_mut() => break,
                Some(ended) = tasks.join_next(), if !tasks.is_empty() => report(ended),
                (held, stream, peer) = next(&self.listener, &slots, &sources) => {
                    let serving = connections.clone().serve(stream, peer);
                    tasks.spawn(async move {
                        serving.await;
                        drop(held);
                    });
                }
            }
            crowd.note(tasks.len());
        }

        drop(self.listener);
        stop.send_replace(true);
        drain(tasks, drain_timeout).await
    }
}

/// Whether only this machine can reach a listener at the address, so that it needs no TLS.
pub fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

/// What a connection takes up, of the whole and of its source's share.
type Held = (OwnedSemaphorePermit, Place);

/// The next connection, and what it takes up. Safe to drop between two connections: neither is lost.
async fn next(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
    sources: &Sources,
) -> (Held, TcpStream, SocketAddr) {
    loop {
        // The semaphore is never closed, so this ends with a slot.
        let Ok(slot) = Arc::clone(slots).acquire_owned().await else {
            std::future::pending::<()>().await;
            continue;
        };
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Some(place) = sources.enter(peer.ip()) {
                    return ((slot, place), stream, peer);
                }
                debug!(peer.address = %peer, "the source has too many connections");
            }
            Err(error) if concerns_one_peer(&error) => {}
            Err(error) => {
                warn!(%error, "cannot accept connections for now");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Whether the failure is of the connection that was about to be accepted, so that the next one may be well.
fn concerns_one_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

async fn drain(mut tasks: JoinSet<()>, limit: Duration) -> Drained {
    let ending = async {
        while let Some(ended) = tasks.join_next().await {
            report(ended);
        }
    };
    if timeout(limit, ending).await.is_ok() {
        return Drained {
            dropped_connections: 0,
        };
    }
    let dropped_connections = tasks.len();
    tasks.shutdown().await;
    Drained {
        dropped_connections,
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        // The panic itself is in the log already; its text may hold anything, so it is not repeated.
        error!("the task of a connection panicked");
    }
}
