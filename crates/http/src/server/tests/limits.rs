//! What a peer may hold, and for how long.

use std::time::Duration;

use http::{Request, StatusCode};
use http_body_util::Empty;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc::error::TryRecvError;

use super::fixture::{NOW, Running, get, h2_client, hosts, read_answer, rest, start};
use crate::server::{ServerOptions, TlsConfig};

/// A limit that a test waits out.
const SOON: Duration = Duration::from_millis(50);

/// A limit that no test lives to see.
const NEVER: Duration = Duration::from_hours(1);

fn patient() -> ServerOptions {
    ServerOptions {
        handshake_timeout: NEVER,
        head_timeout: NEVER,
        idle_timeout: NEVER,
        ..ServerOptions::default()
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_answered_with_431() {
    let options = ServerOptions {
        max_head_bytes: 8192,
        ..ServerOptions::default()
    };
    let server = start(options, None).await;
    let mut head = "GET / HTTP/1.1\r\nhost: localhost\r\nx-long: ".to_owned();
    head.push_str(&"a".repeat(8192 - head.len()));
    let mut stream = server.send(head.as_bytes()).await;
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn more_fields_than_allowed_are_answered_with_431() {
    let server = start(ServerOptions::default(), None).await;
    let fields = "x-more: 1\r\n".repeat(100);
    let head = format!("GET / HTTP/1.1\r\nhost: localhost\r\n{fields}\r\n");
    let mut stream = server.send(head.as_bytes()).await;
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_answered_with_431_over_http_2() {
    let options = ServerOptions {
        max_head_bytes: 8192,
        ..ServerOptions::default()
    };
    let server = start(options, None).await;
    let request = Request::get(format!("http://{}/", server.address))
        .header("x-long", "a".repeat(9000))
        .body(Empty::new())
        .unwrap();
    let response = h2_client().request(request).await.unwrap();
    assert_eq!(
        response.status(),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
    );
}

#[tokio::test]
async fn a_connection_without_a_whole_head_is_closed() {
    let options = ServerOptions {
        head_timeout: SOON,
        ..patient()
    };
    let server = start(options, None).await;
    let starts: [&[u8]; 5] = [
        b"",
        b"P",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nhost: localhost\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    for start in starts {
        let mut stream = server.send(start).await;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert!(
            !answer.starts_with(b"HTTP/1.1 200"),
            "nothing was asked for by {start:?}"
        );
    }
}

#[tokio::test]
async fn a_connection_without_a_handshake_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let tls = TlsConfig::self_signed(&hosts(&["localhost"]), folder.path(), NOW).unwrap();
    let options = ServerOptions {
        handshake_timeout: SOON,
        ..patient()
    };
    let server = start(options, Some(tls)).await;
    let mut stream = server.connect().await;
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_connection_is_closed_when_no_further_request_comes() {
    let options = ServerOptions {
        idle_timeout: SOON,
        ..patient()
    };
    let server = start(options, None).await;

    let mut silent = server.send(get("/").as_bytes()).await;
    read_answer(&mut silent).await;
    assert_eq!(rest(&mut silent).await, "");

    let mut slow = server.send(get("/").as_bytes()).await;
    read_answer(&mut slow).await;
    slow.write_all(b"GET / HT").await.unwrap();
    assert_eq!(rest(&mut slow).await, "");
}

#[tokio::test]
async fn a_request_in_flight_is_not_idle() {
    let options = ServerOptions {
        head_timeout: SOON,
        idle_timeout: SOON,
        ..patient()
    };
    let mut server = start(options, None).await;
    let mut busy = server.send(get("/held").as_bytes()).await;
    server.arrived.recv().await.unwrap();

    // A connection that came later and asks for nothing is closed first, so the limit is over for both.
    for _ in 0..2 {
        let mut silent = server.connect().await;
        assert_eq!(rest(&mut silent).await, "");
    }
    server.release.add_permits(1);
    let answer = read_answer(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn a_connection_too_many_waits_for_one_to_end() {
    let options = ServerOptions {
        max_connections: 1,
        ..patient()
    };
    let mut server = start(options, None).await;
    let mut first = server.send(get("/held").as_bytes()).await;
    server.arrived.recv().await.unwrap();
    let mut second = server.send(get("/held").as_bytes()).await;

    // While another server on the same runtime serves one connection after the other, this one had its chances.
    let other = start(patient(), None).await;
    for _ in 0..20 {
        let mut stream = other.send(get("/").as_bytes()).await;
        read_answer(&mut stream).await;
    }
    assert_eq!(server.arrived.try_recv(), Err(TryRecvError::Empty));

    server.release.add_permits(2);
    read_answer(&mut first).await;
    drop(first);
    server.arrived.recv().await.unwrap();
    let answer = read_answer(&mut second).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn a_slot_is_free_again_after_each_kind_of_end() {
    let options = ServerOptions {
        max_connections: 1,
        head_timeout: SOON,
        ..patient()
    };
    let server = start(options, None).await;
    rest(&mut server.connect().await).await;
    rest(&mut server.send(b"nonsense\r\n\r\n").await).await;
    drop(server.send(b"GET / HTTP/1.1\r\n").await);
    let mut stream = server.send(get("/").as_bytes()).await;
    let answer = read_answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn a_source_has_its_share_of_connections_and_no_more() {
    let options = ServerOptions {
        max_connections_per_source: 2,
        uncounted_sources: Vec::new(),
        ..patient()
    };
    let server = start(options, None).await;
    let mut first = server.send(get("/").as_bytes()).await;
    read_answer(&mut first).await;
    let mut second = server.send(get("/").as_bytes()).await;
    read_answer(&mut second).await;
    let mut third = server.connect().await;
    assert_eq!(rest(&mut third).await, "");

    // A place is free again as soon as the server has seen the end of the one that had it.
    drop(first);
    while !is_answered(&server).await {}
    second.write_all(get("/").as_bytes()).await.unwrap();
    read_answer(&mut second).await;
}

/// Whether a new connection is answered; otherwise it is closed.
async fn is_answered(server: &Running) -> bool {
    let mut stream = server.connect().await;
    let mut byte = [0];
    stream.write_all(get("/").as_bytes()).await.is_ok()
        && stream.read(&mut byte).await.is_ok_and(|read| read > 0)
}

#[tokio::test]
async fn this_machine_itself_is_not_counted_unless_asked_for() {
    let options = ServerOptions {
        max_connections_per_source: 1,
        ..patient()
    };
    let server = start(options, None).await;
    let mut streams = Vec::new();
    for _ in 0..5 {
        let mut stream = server.send(get("/").as_bytes()).await;
        read_answer(&mut stream).await;
        streams.push(stream);
    }
}

#[tokio::test]
async fn connections_that_do_nothing_make_room_when_most_places_are_taken() {
    let options = ServerOptions {
        max_connections: 5,
        crowded_timeout: SOON,
        ..patient()
    };
    // The fourth of five makes a crowd, which is gone when two have left: one that asks no more must be among them, and
    // likewise one that has asked for nothing yet.
    for asks in [true, false] {
        let mut server = start(options.clone(), None).await;
        let mut busy = server.send(get("/held").as_bytes()).await;
        server.arrived.recv().await.unwrap();
        let mut quiet = Vec::new();
        for _ in 0..2 {
            let mut stream = server.connect().await;
            if asks {
                stream.write_all(get("/").as_bytes()).await.unwrap();
                read_answer(&mut stream).await;
            }
            quiet.push(stream);
        }
        let _crowd = server.connect().await;
        let [one, other] = quiet.as_mut_slice() else {
            unreachable!()
        };
        tokio::select! {
            left = rest(one) => assert_eq!(left, ""),
            left = rest(other) => assert_eq!(left, ""),
        }
        server.release.add_permits(1);
        let answer = read_answer(&mut busy).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn a_server_full_of_idle_connections_lets_the_next_one_in() {
    let options = ServerOptions {
        max_connections: 4,
        crowded_timeout: SOON,
        ..patient()
    };
    let server = start(options, None).await;
    let mut kept = Vec::new();
    for _ in 0..20 {
        let mut stream = server.send(get("/").as_bytes()).await;
        let answer = read_answer(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        kept.push(stream);
    }
}
