//! What a request shows to prove who sent it (RFC 9110, section 11.4).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use breakglass_app::{Credentials, ShownProof};
use breakglass_domain::Secret;
use http::HeaderValue;
use http::header::{AUTHORIZATION, HeaderName};
use http::request::Parts;
use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

/// The header with a proof that the sender holds a key (RFC 9449, section 4.1).
pub(crate) const DPOP: HeaderName = HeaderName::from_static("dpop");

/// The header with the id of a session of the hosts' APIs.
pub(crate) const SESSION_ID: HeaderName = HeaderName::from_static("vmware-api-session-id");

/// The request as it came, where it was turned into another one: a proof of possession is for that.
#[derive(Clone, Debug)]
pub(crate) struct AskedAs {
    /// The method.
    pub(crate) method: http::Method,
    /// The path.
    pub(crate) path: String,
}

/// Which schemes an operation takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Schemes {
    /// Tokens, and the name and password of a local account.
    BasicAndTokens,
    /// The same, and sessions of the hosts' APIs.
    Hosts,
    /// Tokens.
    Tokens,
}

/// What an `Authorization` shows of a client.
#[derive(Clone, Debug)]
pub(crate) enum ClientHeader {
    /// There is none.
    Absent,
    /// The id and the secret of a client.
    Basic {
        /// The id.
        client_id: String,
        /// The secret.
        secret: Secret,
    },
    /// Something else.
    Other,
}

/// What the `Authorization` of a request shows of a client.
pub(crate) fn client(parts: &Parts) -> ClientHeader {
    if !parts.headers.contains_key(AUTHORIZATION) {
        return ClientHeader::Absent;
    }
    match read(parts, Schemes::BasicAndTokens) {
        Some(Credentials::Basic { username, password }) => match as_client(&username, &password) {
            Some((client_id, secret)) => ClientHeader::Basic { client_id, secret },
            None => ClientHeader::Other,
        },
        _ => ClientHeader::Other,
    }
}

/// The id and the secret of a client under a name and a password: both are form-encoded (RFC 6749, section 2.3.1).
pub(crate) fn as_client(username: &str, password: &Secret) -> Option<(String, Secret)> {
    let decoded = |text: &str| {
        let spaced = Zeroizing::new(text.replace('+', " "));
        let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
        Some(decoded.into_owned())
    };
    let secret = Secret::new(decoded(password.expose())?);
    Some((decoded(username)?, secret))
}

/// The credentials of a request; `None` when there are none, two, or none of a form that the operation takes.
pub(crate) fn read(parts: &Parts, schemes: Schemes) -> Option<Credentials> {
    let mut values = parts.headers.get_all(AUTHORIZATION).iter();
    if schemes == Schemes::Hosts && parts.headers.contains_key(SESSION_ID) {
        // Two answers to the question who is asking are none.
        return session(parts).filter(|_| values.next().is_none());
    }
    let value = values.next()?.to_str().ok()?;
    // Two answers to the question who is asking are none.
    if values.next().is_some() {
        return None;
    }
    let (scheme, rest) = value.trim().split_once(' ')?;
    let rest = rest.trim_start();
    let is = |name: &str| scheme.eq_ignore_ascii_case(name);
    if is("Bearer") {
        Some(Credentials::Bearer(Secret::new(rest)))
    } else if is("DPoP") {
        Some(Credentials::Dpop {
            token: Secret::new(rest),
            proof: proof(parts).unwrap_or_else(|| no_proof(parts)),
        })
    } else if is("OpsToken") || is("vRealizeOpsToken") {
        Some(Credentials::OpsToken(Secret::new(rest)))
    } else if is("Basic") && schemes != Schemes::Tokens {
        basic(rest)
    } else {
        None
    }
}

/// The session that a request names; `None` when it names two.
fn session(parts: &Parts) -> Option<Credentials> {
    let mut values = parts.headers.get_all(SESSION_ID).iter();
    let id = values.next()?.to_str().ok()?;
    let alone = values.next().is_none();
    alone.then(|| Credentials::HostSession(Secret::new(id)))
}

/// The proof that a request shows; `None` when it shows none. Two of them are none that could be right (RFC 9449, section 4.3).
pub(crate) fn proof(parts: &Parts) -> Option<ShownProof> {
    let mut values = parts.headers.get_all(DPOP).iter();
    let first = values.next()?;
    let text = match values.next() {
        Some(_) => None,
        None => HeaderValue::to_str(first).ok(),
    };
    Some(ShownProof {
        jwt: Secret::new(text.unwrap_or_default()),
        ..no_proof(parts)
    })
}

fn no_proof(parts: &Parts) -> ShownProof {
    let (method, path) = match parts.extensions.get::<AskedAs>() {
        Some(asked) => (&asked.method, asked.path.as_str()),
        None => (&parts.method, parts.uri.path()),
    };
    ShownProof {
        jwt: Secret::new(""),
        method: method.to_string(),
        path: path.to_owned(),
    }
}

/// The `Authorization` of a name and a password (RFC 7617, section 2).
pub(crate) fn basic_value(username: &str, password: &str) -> String {
    let pair = Zeroizing::new(format!("{username}:{password}"));
    format!("Basic {}", STANDARD.encode(pair.as_bytes()))
}

/// RFC 7617, section 2. The client credentials of OAuth are form-encoded on top of it (RFC 6749, section 2.3.1); these
/// are the names and passwords of people, which are not.
fn basic(encoded: &str) -> Option<Credentials> {
    let decoded = Zeroizing::new(STANDARD.decode(encoded).ok()?);
    let (username, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some(Credentials::Basic {
        username: username.to_owned(),
        password: Secret::new(password),
    })
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn request(name: &HeaderName, values: &[&str]) -> Parts {
        let (mut parts, ()) = Request::post("/a%20b?c=d").body(()).unwrap().into_parts();
        for value in values {
            parts
                .headers
                .append(name, HeaderValue::from_str(value).unwrap());
        }
        parts
    }

    fn shown(values: &[&str], schemes: Schemes) -> Option<(&'static str, String)> {
        match read(&request(&AUTHORIZATION, values), schemes)? {
            Credentials::Basic { username, password } => {
                Some(("basic", format!("{username}/{}", password.expose())))
            }
            Credentials::Bearer(token) => Some(("bearer", token.expose().to_owned())),
            Credentials::Dpop { token, .. } => Some(("dpop", token.expose().to_owned())),
            Credentials::HostSession(id) => Some(("session", id.expose().to_owned())),
            Credentials::OpsToken(token) => Some(("ops", token.expose().to_owned())),
        }
    }

    #[test]
    fn schemes_are_told_apart_in_any_case() {
        for (value, expected) in [
            ("Bearer a.b.c", ("bearer", "a.b.c")),
            ("bEARER  a.b.c", ("bearer", "a.b.c")),
            ("dpop a.b.c", ("dpop", "a.b.c")),
            ("OpsToken u::v", ("ops", "u::v")),
            ("opstoken u::v", ("ops", "u::v")),
            ("vRealizeOpsToken u::v", ("ops", "u::v")),
        ] {
            let (kind, text) = shown(&[value], Schemes::Tokens).unwrap();
            assert_eq!((kind, text.as_str()), expected, "{value}");
        }
    }

    #[test]
    fn a_proof_goes_with_the_method_and_the_path_as_they_were_sent() {
        let jwt = |values: &[&str]| {
            let proof = proof(&request(&DPOP, values))?;
            Some(proof.jwt.expose().to_owned())
        };
        assert_eq!(jwt(&["a.b.c"]).as_deref(), Some("a.b.c"));
        assert_eq!(jwt(&["a", "b"]).as_deref(), Some(""));
        assert_eq!(jwt(&[]), None);
        let proof = proof(&request(&DPOP, &["a"])).unwrap();
        assert_eq!(
            (proof.method.as_str(), proof.path.as_str()),
            ("POST", "/a%20b")
        );
    }

    #[test]
    fn basic_is_taken_only_where_it_is_offered() {
        let value = format!("Basic {}", STANDARD.encode("admin:pass:word"));
        assert_eq!(shown(&[&value], Schemes::Tokens), None);
        assert_eq!(
            shown(&[&value], Schemes::BasicAndTokens),
            Some(("basic", "admin/pass:word".to_owned()))
        );
    }

    #[test]
    fn a_session_is_taken_only_where_it_is_offered_and_alone() {
        let mut parts = request(&SESSION_ID, &["5e55"]);
        let read_as = |parts: &Parts, schemes| read(parts, schemes).is_some();
        assert!(matches!(
            read(&parts, Schemes::Hosts),
            Some(Credentials::HostSession(id)) if id.expose() == "5e55"
        ));
        assert!(!read_as(&parts, Schemes::BasicAndTokens));
        parts
            .headers
            .insert(AUTHORIZATION, HeaderValue::from_static("Bearer a.b.c"));
        assert!(!read_as(&parts, Schemes::Hosts), "two answers are none");
        assert!(read_as(&parts, Schemes::Tokens));
        assert!(!read_as(&request(&SESSION_ID, &["a", "b"]), Schemes::Hosts));
        let bearer = request(&AUTHORIZATION, &["Bearer a.b.c"]);
        assert!(matches!(
            read(&bearer, Schemes::Hosts),
            Some(Credentials::Bearer(_))
        ));
    }

    #[test]
    fn what_is_of_no_known_form_is_as_if_it_were_not_there() {
        for values in [
            &["Bearer"][..],
            &["Bearer "],
            &["Digest a"],
            &["Basic !"],
            &["Basic YWRtaW4="],
            &["Bearer a", "Bearer b"],
            &[],
        ] {
            assert_eq!(shown(values, Schemes::BasicAndTokens), None, "{values:?}");
        }
    }
}
