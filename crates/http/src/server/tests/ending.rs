//! How a server stops.

use std::io;
use std::time::Duration;

use http::StatusCode;
use rustls::version::TLS13;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::fixture::{NOW, get, h2_client, hosts, read_answer, rest, start, tls_client};
use crate::server::activity::LINGER;
use crate::server::{Drained, ServerOptions, TlsConfig};

const ALL_ANSWERED: Drained = Drained {
    dropped_connections: 0,
};

#[tokio::test]
async fn a_request_in_flight_is_answered_and_no_new_one_is_taken() {
    let mut server = start(ServerOptions::default(), None).await;
    let mut idle = server.send(get("/").as_bytes()).await;
    read_answer(&mut idle).await;
    let mut busy = server.send(get("/held").as_bytes()).await;
    server.arrived.recv().await.unwrap();

    server.stop.send(()).unwrap();
    // The idle connection is closed at once, by which time the socket is gone as well.
    assert_eq!(rest(&mut idle).await, "");
    let refused = TcpStream::connect(server.address).await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);

    server.release.add_permits(1);
    let answer = rest(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    assert_eq!(server.ended.await.unwrap(), ALL_ANSWERED);
}

#[tokio::test]
async fn a_request_in_flight_is_answered_over_http_2() {
    let mut server = start(ServerOptions::default(), None).await;
    let client = h2_client();
    let uri = format!("http://{}/held", server.address).parse().unwrap();
    let asking = tokio::spawn(client.get(uri));
    server.arrived.recv().await.unwrap();

    server.stop.send(()).unwrap();
    server.release.add_permits(1);
    let response = asking.await.unwrap().unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(server.ended.await.unwrap(), ALL_ANSWERED);
}

#[tokio::test]
async fn what_is_not_done_in_time_is_dropped() {
    let options = ServerOptions {
        drain_timeout: Duration::from_millis(50),
        ..ServerOptions::default()
    };
    let mut server = start(options, None).await;
    let mut busy = server.send(get("/held").as_bytes()).await;
    server.arrived.recv().await.unwrap();

    server.stop.send(()).unwrap();
    let drained = server.ended.await.unwrap();
    assert_eq!(drained.dropped_connections, 1);
    assert_eq!(rest(&mut busy).await, "");
}

fn endless() -> ServerOptions {
    ServerOptions {
        handshake_timeout: Duration::from_hours(1),
        head_timeout: Duration::from_hours(1),
        drain_timeout: Duration::from_hours(1),
        ..ServerOptions::default()
    }
}

#[tokio::test]
async fn a_peer_that_asked_for_nothing_does_not_hold_the_server() {
    let server = start(endless(), None).await;
    let _silent = server.connect().await;
    // Connections are accepted one after the other, so the silent one is being served when this one is.
    read_answer(&mut server.send(get("/").as_bytes()).await).await;
    server.stop.send(()).unwrap();
    assert_eq!(server.ended.await.unwrap(), ALL_ANSWERED);
}

#[tokio::test]
async fn a_peer_that_began_no_handshake_does_not_hold_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let tls = TlsConfig::self_signed(&hosts(&["localhost"]), folder.path(), NOW).unwrap();
    let server = start(endless(), Some(tls)).await;
    let _silent = server.connect().await;
    let client = tls_client(&folder.path().join("tls-self-signed.crt"), &[&TLS13], true);
    let uri = format!("https://localhost:{}/", server.address.port());
    client.get(uri.parse().unwrap()).await.unwrap();
    server.stop.send(()).unwrap();
    assert_eq!(server.ended.await.unwrap(), ALL_ANSWERED);
}

#[tokio::test]
async fn a_connection_whose_last_request_had_a_body_is_closed_at_once() {
    let server = start(ServerOptions::default(), None).await;
    let mut stream = server
        .send(b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\nbody")
        .await;
    read_answer(&mut stream).await;

    // The peer leaves its side open, as pools of connections do.
    server.stop.send(()).unwrap();
    let ended = timeout(LINGER / 2, server.ended).await.unwrap();
    assert_eq!(ended.unwrap(), ALL_ANSWERED);
}

#[tokio::test]
async fn a_server_without_connections_ends_at_once() {
    let server = start(ServerOptions::default(), None).await;
    drop(server.stop);
    assert_eq!(server.ended.await.unwrap(), ALL_ANSWERED);
}
