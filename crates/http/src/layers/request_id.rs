//! Ids of requests.

use std::sync::Arc;

use http::{HeaderValue, Request};
use tower_http::request_id::{MakeRequestId, RequestId};

use crate::shared::Shared;
use crate::stack::REQUEST_ID;

/// The longest id that is taken over from a caller, in characters.
const MOST_CHARACTERS: usize = 128;

/// Makes the id of a request that came without one.
#[derive(Clone)]
pub(crate) struct MakeId(pub(crate) Arc<Shared>);

impl MakeRequestId for MakeId {
    fn make_request_id<B>(&mut self, _: &Request<B>) -> Option<RequestId> {
        let id = self.0.app.random_request_id().ok()?;
        HeaderValue::from_str(&id).ok().map(RequestId::new)
    }
}

/// Drops an id that is not well-formed: one value of 1 to 128 visible characters of ASCII.
pub(crate) fn drop_bad_request_id<B>(mut request: Request<B>) -> Request<B> {
    let mut values = request.headers().get_all(REQUEST_ID).iter();
    let first = values.next();
    let good = first.is_none_or(is_well_formed) && values.next().is_none();
    if !good {
        request.headers_mut().remove(REQUEST_ID);
    }
    request
}

fn is_well_formed(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    (1..=MOST_CHARACTERS).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(values: &[&[u8]]) -> bool {
        let mut request = Request::new(());
        for value in values {
            let value = HeaderValue::from_bytes(value).unwrap();
            request.headers_mut().append(REQUEST_ID, value);
        }
        drop_bad_request_id(request)
            .headers()
            .contains_key(REQUEST_ID)
    }

    #[test]
    fn only_a_well_formed_id_is_kept() {
        assert!(kept(&[b"a-1"]));
        assert!(kept(&[&[b'x'; 128]]));
        assert!(!kept(&[&[b'x'; 129]]));
        assert!(!kept(&[b""]));
        assert!(!kept(&[b"a b"]));
        assert!(!kept(&["ü".as_bytes()]));
        assert!(!kept(&[b"a", b"b"]));
    }
}
