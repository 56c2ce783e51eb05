//! Answers that a caller has already (RFC 9110, section 13.1.2).

use http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::api::Body;

/// What of a request is needed to tell whether its caller has the answer already.
pub(crate) fn asked(headers: &HeaderMap) -> HeaderMap {
    let mut asked = HeaderMap::new();
    for value in headers.get_all(IF_NONE_MATCH) {
        asked.append(IF_NONE_MATCH, value.clone());
    }
    asked
}

/// The answer without its body, when it is one that the caller has already and said so.
pub(crate) fn unless_held(asked: &HeaderMap, response: Response<Body>) -> Response<Body> {
    let current = response.headers().get(ETAG);
    if !current.is_some_and(|current| names(asked, current)) {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(CONTENT_TYPE);
    Response::from_parts(parts, Body::default())
}

/// Whether `If-None-Match` names the tag. A cache on the way may have made it a weak one, which is no other here.
fn names(asked: &HeaderMap, current: &HeaderValue) -> bool {
    let values = asked.get_all(IF_NONE_MATCH).iter();
    let mut tags = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == current)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(asked: &[&str], expected: StatusCode) {
        let mut headers = HeaderMap::new();
        for value in asked {
            headers.append(IF_NONE_MATCH, HeaderValue::from_str(value).unwrap());
        }
        let mut response = Response::new(Body::from("body"));
        let tag = HeaderValue::from_static("\"a\"");
        response.headers_mut().insert(ETAG, tag.clone());
        let response = unless_held(&headers, response);
        assert_eq!(response.status(), expected, "{asked:?}");
        assert_eq!(response.headers()[ETAG], tag);
        let empty = http_body::Body::size_hint(response.body()).exact() == Some(0);
        assert_eq!(empty, expected == StatusCode::NOT_MODIFIED);
    }

    #[test]
    fn what_the_caller_has_is_not_sent_again() {
        check(&["\"a\""], StatusCode::NOT_MODIFIED);
        check(&["W/\"a\""], StatusCode::NOT_MODIFIED);
        check(&["\"b\", \"a\""], StatusCode::NOT_MODIFIED);
        check(&["\"b\"", "*"], StatusCode::NOT_MODIFIED);
        check(&[], StatusCode::OK);
        check(&["a"], StatusCode::OK);
        check(&["\"b\""], StatusCode::OK);
    }

    #[test]
    fn what_has_no_tag_is_always_sent() {
        let mut headers = HeaderMap::new();
        headers.insert(IF_NONE_MATCH, HeaderValue::from_static("*"));
        let response = unless_held(&headers, Response::new(Body::from("body")));
        assert_eq!(response.status(), StatusCode::OK);
    }
}
