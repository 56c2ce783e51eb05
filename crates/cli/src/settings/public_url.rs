//! The URL under which clients reach the server.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use http::Uri;

/// A URL with a scheme and a host, without a slash at the end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct PublicUrl(Uri);

impl PublicUrl {
    /// The URL of a server that clients reach at the address it listens on.
    pub(crate) fn of_address(address: SocketAddr, tls: bool) -> Option<Self> {
        let scheme = if tls { "https" } else { "http" };
        // An unspecified address is one to listen on, not one to call.
        let host = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => "localhost".to_owned(),
            IpAddr::V6(ip) if ip.is_unspecified() => "localhost".to_owned(),
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        format!("{scheme}://{host}:{}", address.port()).parse().ok()
    }

    /// Whether clients reach it over TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme_str() == Some("https")
    }

    /// Its host, without the brackets of an IPv6 address.
    pub(crate) fn host(&self) -> &str {
        self.0
            .host()
            .unwrap_or_default()
            .trim_start_matches('[')
            .trim_end_matches(']')
    }

    /// Whether what is sent to it stays on this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        match self.host().parse::<IpAddr>() {
            Ok(ip) => ip.is_loopback(),
            Err(_) => self.host().eq_ignore_ascii_case("localhost"),
        }
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let trimmed = text.trim_end_matches('/');
        let uri: Uri = trimmed.parse().map_err(|_| format!("{text:?} is no URL"))?;
        let scheme = uri.scheme_str().unwrap_or_default();
        let authority = uri.authority().map(http::uri::Authority::as_str);
        let plain = uri.query().is_none()
            && !trimmed.contains('#')
            && authority.is_some_and(|authority| !authority.contains('@'));
        if matches!(scheme, "http" | "https") && plain {
            return Ok(Self(uri));
        }
        Err(format!(
            "{text:?} must be http:// or https:// with a host, without user:password, a query or a fragment"
        ))
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_string().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let url = text.parse::<PublicUrl>().ok().map(|url| url.to_string());
        assert_eq!(url.as_deref(), expected, "{text}");
    }

    #[test]
    fn a_slash_at_the_end_is_left_out() {
        check("https://b.example", Some("https://b.example"));
        check("https://b.example/", Some("https://b.example"));
        check(
            "http://b.example:8730/base/",
            Some("http://b.example:8730/base"),
        );
        for faulty in [
            "",
            "b.example",
            "//b.example",
            "ftp://b.example",
            "https://",
            "https://u:p@b.example",
            "https://b.example/?q",
            "https://b.example/#f",
            "https://b example",
        ] {
            check(faulty, None);
        }
    }

    #[test]
    fn what_stays_on_this_machine_is_known() {
        for (url, loopback) in [
            ("http://127.0.0.1:1", true),
            ("http://127.1.2.3", true),
            ("http://[::1]:1", true),
            ("http://localhost", true),
            ("http://localhost.example", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(
                url.parse::<PublicUrl>().unwrap().is_loopback(),
                loopback,
                "{url}"
            );
        }
    }

    #[test]
    fn an_address_becomes_a_url_that_can_be_called() {
        for (address, tls, expected) in [
            ("127.0.0.1:8730", false, "http://127.0.0.1:8730"),
            ("[::1]:8730", true, "https://[::1]:8730"),
            ("0.0.0.0:443", true, "https://localhost:443"),
        ] {
            let url = PublicUrl::of_address(address.parse().unwrap(), tls).unwrap();
            assert_eq!(url.to_string(), expected);
        }
    }
}
