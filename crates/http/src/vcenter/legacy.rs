//! `/rest`: the operations in the older dialect of vAPI, whose answers stand in envelopes and have another form of errors.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, StatusCode, Uri, response};
use serde_json::Value;

use super::rpc_answer::rest_error;
use crate::credentials::AskedAs;

/// Where sessions were.
const SESSION: &str = "/rest/com/vmware/cis/session";

/// Turns a request of the older dialect into one of the present. Says whether it was one.
pub(crate) fn adapt<B>(request: &mut Request<B>) -> bool {
    let path = request.uri().path();
    let rest = path.strip_prefix("/rest");
    let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with('/')) else {
        return false;
    };
    let asked = AskedAs {
        method: request.method().clone(),
        path: path.to_owned(),
    };
    let mut query = request.uri().query();
    let now = if path == SESSION {
        // A method that REST lacked a word for stood behind the path.
        if query == Some("~action=get") && request.method() == Method::POST {
            *request.method_mut() = Method::GET;
            query = None;
        }
        "/api/session".to_owned()
    } else {
        format!("/api/{}", rest.trim_start_matches('/'))
    };
    let now = match request.uri().query().and(query) {
        Some(query) => format!("{now}?{query}"),
        None => now,
    };
    if let Ok(uri) = now.parse::<Uri>() {
        *request.uri_mut() = uri;
    }
    request.extensions_mut().insert(asked);
    true
}

/// Puts an answer into the words of the older dialect, in which every success is 200.
pub(crate) fn answer(parts: &mut response::Parts, body: &Bytes) -> Bytes {
    let value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let told = if parts.status.is_success() {
        parts.status = StatusCode::OK;
        if body.is_empty() {
            return Bytes::new();
        }
        serde_json::json!({ "value": value })
    } else if parts.status.is_redirection() {
        return body.clone();
    } else {
        rest_error(&value)
    };
    let json = HeaderValue::from_static("application/json");
    parts.headers.insert(CONTENT_TYPE, json);
    Bytes::from(told.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapted(method: Method, uri: &str) -> Option<(Method, String)> {
        let mut request = Request::builder().method(method).uri(uri).body(()).unwrap();
        let is_legacy = adapt(&mut request);
        is_legacy.then(|| (request.method().clone(), request.uri().to_string()))
    }

    #[test]
    fn older_paths_lead_to_the_present_ones() {
        let (get, post) = (Method::GET, Method::POST);
        for (uri, now) in [
            ("/rest/com/vmware/cis/session", "/api/session"),
            (
                "/rest/vcenter/registered-tokens",
                "/api/vcenter/registered-tokens",
            ),
            (
                "/rest/esx/authentication/client-profiles?a=b%20c",
                "/api/esx/authentication/client-profiles?a=b%20c",
            ),
        ] {
            assert_eq!(
                adapted(post.clone(), uri),
                Some((post.clone(), now.to_owned()))
            );
        }
        let session = "/rest/com/vmware/cis/session?~action=get";
        assert_eq!(
            adapted(post.clone(), session),
            Some((get.clone(), "/api/session".to_owned()))
        );
        assert_eq!(adapted(get, "/api/session"), None);
        assert_eq!(adapted(post, "/restless"), None);
    }

    fn answered(status: u16, body: &str) -> (u16, String) {
        let (mut parts, ()) = http::Response::builder()
            .status(status)
            .body(())
            .unwrap()
            .into_parts();
        let body = answer(&mut parts, &Bytes::copy_from_slice(body.as_bytes()));
        (
            parts.status.as_u16(),
            String::from_utf8(body.to_vec()).unwrap(),
        )
    }

    #[test]
    fn answers_stand_in_envelopes() {
        assert_eq!(
            answered(201, "\"5e55\""),
            (200, r#"{"value":"5e55"}"#.to_owned())
        );
        assert_eq!(answered(204, ""), (200, String::new()));
        let error = r#"{"error_type":"NOT_FOUND","messages":[]}"#;
        let expected = r#"{"type":"com.vmware.vapi.std.errors.not_found","value":{"error_type":"NOT_FOUND","messages":[]}}"#;
        assert_eq!(answered(404, error), (404, expected.to_owned()));
    }
}
