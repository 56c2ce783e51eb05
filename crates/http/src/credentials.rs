//! What a request shows to prove who sent it (RFC 9110, section 11.4).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use breakglass_app::Credentials;
use breakglass_domain::Secret;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

/// Which schemes an operation takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Schemes {
    /// Tokens, and the name and password of a local account.
    BasicAndTokens,
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
pub(crate) fn client(headers: &HeaderMap) -> ClientHeader {
    if !headers.contains_key(AUTHORIZATION) {
        return ClientHeader::Absent;
    }
    match read(headers, Schemes::BasicAndTokens) {
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
pub(crate) fn read(headers: &HeaderMap, schemes: Schemes) -> Option<Credentials> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
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
    } else if is("OpsToken") || is("vRealizeOpsToken") {
        Some(Credentials::OpsToken(Secret::new(rest)))
    } else if is("Basic") && schemes == Schemes::BasicAndTokens {
        basic(rest)
    } else {
        None
    }
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
    use http::HeaderValue;

    use super::*;

    fn shown(values: &[&str], schemes: Schemes) -> Option<(&'static str, String)> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        match read(&headers, schemes)? {
            Credentials::Basic { username, password } => {
                Some(("basic", format!("{username}/{}", password.expose())))
            }
            Credentials::Bearer(token) => Some(("bearer", token.expose().to_owned())),
            Credentials::OpsToken(token) => Some(("ops", token.expose().to_owned())),
        }
    }

    #[test]
    fn schemes_are_told_apart_in_any_case() {
        for (value, expected) in [
            ("Bearer a.b.c", ("bearer", "a.b.c")),
            ("bEARER  a.b.c", ("bearer", "a.b.c")),
            ("OpsToken u::v", ("ops", "u::v")),
            ("opstoken u::v", ("ops", "u::v")),
            ("vRealizeOpsToken u::v", ("ops", "u::v")),
        ] {
            let (kind, text) = shown(&[value], Schemes::Tokens).unwrap();
            assert_eq!((kind, text.as_str()), expected, "{value}");
        }
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
