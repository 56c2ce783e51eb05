//! Ids of requests: one of the caller's own is kept when it is well-formed, and one is made otherwise. What is not well-formed
//! would let a caller write into our logs.

use std::sync::{Mutex, PoisonError};

use breakglass_app::App;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The name of the header with a request's id.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken over from a caller, in characters.
const MOST_CHARACTERS: usize = 128;

/// Ids that are made at a time: randomness costs about the same for one as for all of them.
const BATCH: usize = 64;

/// Ids that wait for the requests that come without one.
#[derive(Debug, Default)]
pub(crate) struct RequestIds(Mutex<Vec<HeaderValue>>);

impl RequestIds {
    /// The id of a request with these headers; `None` when it has none and randomness fails.
    pub(crate) fn of(&self, headers: &HeaderMap, app: &App) -> Option<HeaderValue> {
        own(headers).or_else(|| self.next(app))
    }

    fn next(&self, app: &App) -> Option<HeaderValue> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.is_empty() {
            let ids = app.random_request_ids::<BATCH>().ok()?;
            waiting.extend(ids.into_iter().flat_map(HeaderValue::try_from));
        }
        waiting.pop()
    }
}

/// The id that the caller chose, if it is well-formed: one value of 1 to 128 visible characters of ASCII.
fn own(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut values = headers.get_all(REQUEST_ID).iter();
    let first = values.next().filter(|value| is_well_formed(value))?;
    values.next().is_none().then(|| first.clone())
}

fn is_well_formed(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    (1..=MOST_CHARACTERS).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_kept(values: &[&[u8]]) -> bool {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(REQUEST_ID, HeaderValue::from_bytes(value).unwrap());
        }
        own(&headers).is_some()
    }

    #[test]
    fn only_a_well_formed_id_is_kept() {
        assert!(is_kept(&[b"a-1"]));
        assert!(is_kept(&[&[b'x'; 128]]));
        assert!(!is_kept(&[&[b'x'; 129]]));
        assert!(!is_kept(&[b""]));
        assert!(!is_kept(&[b"a b"]));
        assert!(!is_kept(&["ü".as_bytes()]));
        assert!(!is_kept(&[b"a", b"b"]));
    }
}
