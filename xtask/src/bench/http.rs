//! As much of HTTP as it takes to set the stage: one request, one connection.

use std::io::{Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Sends JSON, or nothing, and gives the JSON that comes back.
pub(super) fn exchange(
    method: &str,
    url: &str,
    authorization: Option<&str>,
    body: Option<&Value>,
) -> Result<Value> {
    let body = body.map(Value::to_string).unwrap_or_default();
    json((method, url), authorization, ("application/json", &body))
}

/// Gets a text.
pub(super) fn fetch(url: &str, authorization: &str) -> Result<String> {
    send(("GET", url), Some(authorization), ("application/json", ""))
}

/// Sends a form as somebody who is known, and gives the JSON that comes back.
pub(super) fn exchange_form(url: &str, authorization: &str, form: &str) -> Result<Value> {
    let body = ("application/x-www-form-urlencoded", form);
    json(("POST", url), Some(authorization), body)
}

/// Sends a form, and gives the JSON that comes back.
pub(super) fn submit(url: &str, form: &str) -> Result<Value> {
    json(
        ("POST", url),
        None,
        ("application/x-www-form-urlencoded", form),
    )
}

fn json(
    (method, url): (&str, &str),
    authorization: Option<&str>,
    body: (&str, &str),
) -> Result<Value> {
    let text = send((method, url), authorization, body)?;
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text).with_context(|| format!("{method} {url} did not answer with JSON"))
}

fn send(
    (method, url): (&str, &str),
    authorization: Option<&str>,
    (content_type, body): (&str, &str),
) -> Result<String> {
    let rest = url.strip_prefix("http://").context("only plain HTTP")?;
    let (host, path) = rest.split_once('/').context("a URL has a path")?;
    let authorization = authorization.map(|value| format!("authorization: {value}\r\n"));
    // An HTTP/1.0 request is answered in one piece, and the connection ends with the answer.
    let request = format!(
        "{method} /{path} HTTP/1.0\r\nhost: {host}\r\n{}content-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}",
        authorization.unwrap_or_default(),
        body.len()
    );
    let mut connection = TcpStream::connect(host)?;
    connection.write_all(request.as_bytes())?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no answer")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if !status.starts_with('2') {
        bail!("{method} /{path} was answered with {status}: {body}");
    }
    Ok(body.to_owned())
}
