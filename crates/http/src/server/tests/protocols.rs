//! Which protocols are spoken, and how they are agreed on.

use http::{StatusCode, Version};
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rustls::version::{TLS12, TLS13};
use tokio::io::AsyncWriteExt;

use super::fixture::{
    NOW, PlainClient, get, h2_client, hosts, read, read_answer, rest, start, tls_client,
};
use crate::server::{ServerOptions, TlsConfig};

#[tokio::test]
async fn http_1_1_keeps_the_connection_for_the_next_request() {
    let server = start(ServerOptions::default(), None).await;
    let mut stream = server.send(get("/").as_bytes()).await;
    let port = stream.local_addr().unwrap().port();

    let first = read_answer(&mut stream).await;
    assert!(first.starts_with("HTTP/1.1 200 OK\r\n"), "{first}");
    assert!(first.ends_with(&format!("HTTP/1.1 {port}")), "{first}");

    stream.write_all(get("/").as_bytes()).await.unwrap();
    let second = read_answer(&mut stream).await;
    assert!(second.ends_with(&format!("HTTP/1.1 {port}")), "{second}");
}

#[tokio::test]
async fn http_1_1_ends_the_connection_of_a_client_that_asks_for_it() {
    let server = start(ServerOptions::default(), None).await;
    let request = "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let mut stream = server.send(request.as_bytes()).await;
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");
}

#[tokio::test]
async fn an_answer_reaches_a_client_that_is_still_sending() {
    let server = start(ServerOptions::default(), None).await;
    // More than the buffers of both ends hold, so that the client cannot be done before it is answered.
    let body = vec![b'a'; 16 * 1024 * 1024];
    let head = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = server.send(head.as_bytes()).await;
    // The answer is there before the first byte of the body is sent.
    stream.readable().await.unwrap();
    stream.write_all(&body).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn what_is_no_http_is_answered_with_400() {
    let server = start(ServerOptions::default(), None).await;
    let mut stream = server.send(b"\x16\x03\x01 hello\r\n\r\n").await;
    let answer = rest(&mut stream).await;
    assert!(
        answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn http_2_is_spoken_without_tls_to_a_client_that_knows() {
    let server = start(ServerOptions::default(), None).await;
    let client = h2_client();
    let uri: http::Uri = format!("http://{}/", server.address).parse().unwrap();

    let (version, first) = read(client.get(uri.clone()).await.unwrap()).await;
    assert_eq!(version, Version::HTTP_2);
    assert!(first.starts_with("HTTP/2.0 "), "{first}");
    let (_, second) = read(client.get(uri).await.unwrap()).await;
    assert_eq!(first, second, "both requests came on one connection");
}

#[tokio::test]
async fn tls_agrees_on_http_2_with_a_client_that_offers_it() {
    let folder = tempfile::tempdir().unwrap();
    let tls = TlsConfig::self_signed(&hosts(&["localhost"]), folder.path(), NOW).unwrap();
    let server = start(ServerOptions::default(), Some(tls)).await;
    let trusted = folder.path().join("tls-self-signed.crt");
    let uri: http::Uri = format!("https://localhost:{}/", server.address.port())
        .parse()
        .unwrap();

    for (versions, with_h2, expected) in [
        (&[&TLS13], true, Version::HTTP_2),
        (&[&TLS12], true, Version::HTTP_2),
        (&[&TLS13], false, Version::HTTP_11),
        (&[&TLS12], false, Version::HTTP_11),
    ] {
        let client = tls_client(&trusted, versions, with_h2);
        let response = client.get(uri.clone()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let (version, text) = read(response).await;
        assert_eq!(version, expected);
        assert!(text.starts_with(&format!("{expected:?} ")), "{text}");
    }
}

#[tokio::test]
async fn a_client_that_trusts_another_certificate_is_not_served() {
    let folder = tempfile::tempdir().unwrap();
    let tls = TlsConfig::self_signed(&hosts(&["localhost"]), folder.path(), NOW).unwrap();
    let server = start(ServerOptions::default(), Some(tls)).await;

    let other = tempfile::tempdir().unwrap();
    TlsConfig::self_signed(&hosts(&["localhost"]), other.path(), NOW).unwrap();
    let client = tls_client(&other.path().join("tls-self-signed.crt"), &[&TLS13], true);
    let uri = format!("https://localhost:{}/", server.address.port());
    assert!(client.get(uri.parse().unwrap()).await.is_err());
}

#[tokio::test]
async fn a_client_without_tls_gets_no_answer_from_a_server_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let tls = TlsConfig::self_signed(&hosts(&["localhost"]), folder.path(), NOW).unwrap();
    let server = start(ServerOptions::default(), Some(tls)).await;
    let client: PlainClient = Client::builder(TokioExecutor::new()).build_http::<Empty<_>>();
    let uri = format!("http://{}/", server.address);
    assert!(client.get(uri.parse().unwrap()).await.is_err());
}
