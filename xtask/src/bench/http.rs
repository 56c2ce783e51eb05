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

fn send(target: (&str, &str), authorization: Option<&str>, body: (&str, &str)) -> Result<String> {
    let authorization = authorization.map(|value| format!("authorization: {value}\r\n"));
    let (_, body) = talk(target, &authorization.unwrap_or_default(), body)?;
    Ok(body)
}

/// Sends more header lines, and gives the head and the body of the answer.
fn talk(
    (method, url): (&str, &str),
    more: &str,
    (content_type, body): (&str, &str),
) -> Result<(String, String)> {
    let rest = url.strip_prefix("http://").context("only plain HTTP")?;
    let (host, path) = rest.split_once('/').context("a URL has a path")?;
    // An HTTP/1.0 request is answered in one piece, and the connection ends with the answer.
    let request = format!(
        "{method} /{path} HTTP/1.0\r\nhost: {host}\r\n{more}content-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}",
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
    Ok((head.to_owned(), body.to_owned()))
}

/// Who is logged in by a cookie (RFC 6265).
#[derive(Debug, Default)]
pub(super) struct Session {
    cookie: String,
}

impl Session {
    /// Sends JSON and keeps the cookie of the answer.
    pub(super) fn post(&mut self, url: &str, body: &Value) -> Result<()> {
        let more = match self.cookie.as_str() {
            "" => String::new(),
            cookie => format!("cookie: {cookie}\r\n"),
        };
        let body = body.to_string();
        let (head, _) = talk(("POST", url), &more, ("application/json", &body))?;
        if let Some(cookie) = cookie(&head) {
            cookie.clone_into(&mut self.cookie);
        }
        Ok(())
    }
}

/// The name and the value of a cookie that an answer sets.
fn cookie(head: &str) -> Option<&str> {
    let set = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("set-cookie").then_some(value)
    })?;
    Some(set.split(';').next()?.trim())
}

/// A port that nobody listens at.
pub(super) fn free_port() -> Option<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").ok()?;
    Some(listener.local_addr().ok()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_of_an_answer_is_kept_without_its_attributes() {
        let head = "HTTP/1.1 200 OK\r\nSet-Cookie: id=abc; path=/; HttpOnly\r\ncontent-length: 0";
        assert_eq!(cookie(head), Some("id=abc"));
        assert_eq!(cookie("HTTP/1.1 200 OK"), None);
    }
}
