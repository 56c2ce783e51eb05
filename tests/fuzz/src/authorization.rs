//! The headers in which a request says who sent it: never two answers, never a scheme that is not taken, and names and passwords
//! come out as they were put in.
//!
//! Each line is a header: `Name: value`.

use breakglass_app::Credentials;
use breakglass_http::internal::{Accepted, basic_value, shown, shown_client};
use http::header::{AUTHORIZATION, HeaderName};
use http::request::Parts;
use http::{HeaderValue, Request};

/// The headers that are looked at.
const NAMES: [&str; 3] = ["authorization", "dpop", "vmware-api-session-id"];

/// Panics when something does not hold.
pub fn check(data: &[u8]) {
    let parts = request(data);
    let values = parts.headers.get_all(AUTHORIZATION).iter().count();
    for accepted in [Accepted::BasicAndTokens, Accepted::Hosts, Accepted::Tokens] {
        let Some(credentials) = shown(&parts, accepted) else {
            continue;
        };
        is_fit(&parts, accepted, &credentials);
        let is_session = matches!(credentials, Credentials::HostSession(_));
        assert_eq!(
            values,
            usize::from(!is_session),
            "one answer to who is asking"
        );
    }
    if let Some((client_id, secret)) = shown_client(&parts) {
        assert_eq!(values, 1);
        let encoded =
            |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let again = basic_value(&encoded(&client_id), &encoded(secret.expose()));
        let (same, secret_again) = shown_client(&with_authorization(&again)).expect("a client");
        assert_eq!((same, secret_again.expose()), (client_id, secret.expose()));
    }
}

fn is_fit(parts: &Parts, accepted: Accepted, credentials: &Credentials) {
    let holds = |text: &str| {
        let mut values = parts.headers.values();
        assert!(values.any(|value| value.to_str().is_ok_and(|value| value.contains(text))));
    };
    match credentials {
        Credentials::Basic { username, password } => {
            assert_ne!(accepted, Accepted::Tokens);
            assert!(!username.contains(':'), "a name ends at the first colon");
            let again = with_authorization(&basic_value(username, password.expose()));
            let Some(Credentials::Basic {
                username: name,
                password: same,
            }) = shown(&again, accepted)
            else {
                panic!("what is written is read");
            };
            assert_eq!(
                (name.as_str(), same.expose()),
                (username.as_str(), password.expose())
            );
        }
        Credentials::Bearer(token) | Credentials::OpsToken(token) => holds(token.expose()),
        Credentials::Dpop { token, proof } => {
            holds(token.expose());
            holds(proof.jwt.expose());
            assert_eq!(proof.path, "/a%20b", "a proof is for the path as it came");
        }
        Credentials::HostSession(id) => {
            assert_eq!(accepted, Accepted::Hosts);
            holds(id.expose());
        }
    }
}

fn request(data: &[u8]) -> Parts {
    let (mut parts, ()) = empty();
    for line in data.split(|byte| *byte == b'\n') {
        let place = line.iter().position(|byte| *byte == b':').unwrap_or(0);
        let (name, value) = line.split_at(place);
        let name = NAMES
            .iter()
            .find(|known| name.eq_ignore_ascii_case(known.as_bytes()));
        let value = HeaderValue::from_bytes(value.get(1..).unwrap_or_default().trim_ascii());
        if let (Some(name), Ok(value)) = (name, value) {
            parts.headers.append(HeaderName::from_static(name), value);
        }
    }
    parts
}

fn with_authorization(value: &str) -> Parts {
    let (mut parts, ()) = empty();
    let value = HeaderValue::from_str(value).expect("base64 is fit for a header");
    parts.headers.insert(AUTHORIZATION, value);
    parts
}

fn empty() -> (Parts, ()) {
    let request = Request::post("/a%20b?c=d").body(());
    request.expect("a request").into_parts()
}
