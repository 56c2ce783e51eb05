//! What a handler gives back.

use breakglass_api_types::Operation;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, PRAGMA};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;

use crate::api::Body;
use crate::failure::Failure;

/// Room for most answers of JSON, in bytes: what holds a token too is written without being moved about as it grows.
const USUAL_JSON_BYTES: usize = 1024;

/// The answer to an operation that went well. Its status is the operation's own.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    body: Bytes,
    content_type: Option<&'static str>,
    cache: Cache,
    headers: Vec<(HeaderName, HeaderValue)>,
    called: Option<Called>,
}

/// The mark on an answer to a call of another operation, with what REST would have answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Called {
    /// The operation.
    pub(crate) operation: Operation,
    /// The status.
    pub(crate) status: StatusCode,
}

/// Whether and for how long an answer may be kept.
#[derive(Clone, Debug)]
enum Cache {
    /// By nobody: it is for one caller alone.
    Nowhere,
    /// By nobody, not even a cache of HTTP/1.0 (RFC 6749, section 5.1): it holds a token.
    NowhereAtAll,
    /// By anybody who asks each time whether this tag is still that of the answer.
    Revalidated(HeaderValue),
    /// By anybody, for as long as this says.
    Allowed(HeaderValue),
}

impl Reply {
    /// An answer without a body.
    pub(crate) fn empty() -> Self {
        Self {
            body: Bytes::new(),
            content_type: None,
            cache: Cache::Nowhere,
            headers: Vec::new(),
            called: None,
        }
    }

    /// An answer of JSON.
    ///
    /// # Errors
    /// [`Failure::Defect`] when the value cannot be written, which wire types always can.
    pub(crate) fn json(value: &impl Serialize) -> Result<Self, Failure> {
        let mut body = Vec::with_capacity(USUAL_JSON_BYTES);
        serde_json::to_writer(&mut body, value)
            .map_err(|_| Failure::Defect("an answer cannot be written as JSON"))?;
        Ok(Self::of("application/json", body))
    }

    /// An answer of this media type.
    pub(crate) fn of(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            body: body.into(),
            content_type: Some(content_type),
            cache: Cache::Nowhere,
            headers: Vec::new(),
            called: None,
        }
    }

    /// The same answer, which is that of a call of this operation.
    pub(crate) fn of_call(self, operation: Operation, status: StatusCode) -> Self {
        Self {
            called: Some(Called { operation, status }),
            ..self
        }
    }

    /// Its body.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The same answer with another header.
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same answer, which holds a token.
    pub(crate) fn with_token(self) -> Self {
        Self {
            cache: Cache::NowhereAtAll,
            ..self
        }
    }

    /// The same answer, which anybody may keep for so many seconds.
    pub(crate) fn kept_for(self, seconds: u32) -> Self {
        let value = HeaderValue::from_str(&format!("public, max-age={seconds}"));
        Self {
            cache: value.map_or(Cache::Nowhere, Cache::Allowed),
            ..self
        }
    }

    /// The same answer, which anybody may keep who asks each time whether it is still the answer. The tag tells it from
    /// every other answer; it is of the characters of base64url.
    pub(crate) fn revalidated_by(self, tag: &str) -> Self {
        let value = HeaderValue::from_str(&format!("\"{tag}\""));
        Self {
            cache: value.map_or(Cache::Nowhere, Cache::Revalidated),
            ..self
        }
    }

    /// The answer with its status.
    pub(crate) fn into_response(self, status: StatusCode) -> Response<Body> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = status;
        if let Some(called) = self.called {
            response.extensions_mut().insert(called);
        }
        let headers = response.headers_mut();
        headers.extend(self.headers);
        if let Some(content_type) = self.content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        match self.cache {
            // The stack says `no-store` wherever nothing else was said.
            Cache::Nowhere => {}
            Cache::NowhereAtAll => {
                headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
            }
            Cache::Revalidated(tag) => {
                headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
                headers.insert(ETAG, tag);
            }
            Cache::Allowed(value) => {
                headers.insert(CACHE_CONTROL, value);
            }
        }
        response
    }
}
