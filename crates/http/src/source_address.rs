//! Where a request came from, when a proxy stands in between.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use http::{HeaderMap, HeaderName};

/// The addresses of proxies whose word is believed: one address, or a network such as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TrustedProxy {
    network: IpAddr,
    prefix: u32,
}

/// The text is neither an address nor a network.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("must be an IP address, or a network such as 10.0.0.0/8")]
pub struct InvalidProxy;

impl TrustedProxy {
    /// The addresses of this machine itself.
    pub const LOOPBACK: [Self; 2] = [
        Self {
            network: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)),
            prefix: 8,
        },
        Self {
            network: IpAddr::V6(Ipv6Addr::LOCALHOST),
            prefix: 128,
        },
    ];

    /// Whether the address is among them.
    pub fn covers(&self, address: IpAddr) -> bool {
        match (self.network, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = u32::BITS.saturating_sub(self.prefix);
                let difference = network.to_bits() ^ address.to_bits();
                difference.checked_shr(shift).unwrap_or_default() == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = u128::BITS.saturating_sub(self.prefix);
                let difference = network.to_bits() ^ address.to_bits();
                difference.checked_shr(shift).unwrap_or_default() == 0
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for TrustedProxy {
    type Err = InvalidProxy;

    fn from_str(text: &str) -> Result<Self, InvalidProxy> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let network: IpAddr = address.parse().map_err(|_| InvalidProxy)?;
        let most = if network.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.parse().map_err(|_| InvalidProxy)?,
            None => most,
        };
        (prefix <= most)
            .then_some(Self { network, prefix })
            .ok_or(InvalidProxy)
    }
}

/// The address that a request came from. What stands in `X-Forwarded-For` counts only as far as it was written by
/// trusted proxies: from its end to the first address that is not one of them, so that nobody can write an address in
/// front of their own.
pub(crate) fn source(peer: IpAddr, headers: &HeaderMap, trusted: &[TrustedProxy]) -> IpAddr {
    let is_proxy = |address: IpAddr| trusted.iter().any(|proxy| proxy.covers(address));
    let mut source = peer.to_canonical();
    let values: Vec<&str> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .map(|value| value.to_str().unwrap_or_default())
        .collect();
    for entry in values.iter().rev().flat_map(|value| value.rsplit(',')) {
        if !is_proxy(source) {
            break;
        }
        let Ok(address) = entry.trim().parse::<IpAddr>() else {
            break;
        };
        source = address.to_canonical();
    }
    source
}

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn check(peer: &str, forwarded: &[&str], expected: &str) {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(value).unwrap());
        }
        let source = source(peer.parse().unwrap(), &headers, &trusted);
        assert_eq!(
            source,
            expected.parse::<IpAddr>().unwrap(),
            "{peer} {forwarded:?}"
        );
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        check("192.0.2.1", &["198.51.100.1"], "192.0.2.1");
        check("10.1.2.3", &["198.51.100.1"], "198.51.100.1");
        check("::ffff:10.1.2.3", &["198.51.100.1"], "198.51.100.1");
        check("10.1.2.3", &[], "10.1.2.3");
    }

    #[test]
    fn what_a_client_wrote_in_front_of_its_own_address_does_not_count() {
        check("10.1.2.3", &["203.0.113.9, 198.51.100.1"], "198.51.100.1");
        check(
            "10.1.2.3",
            &["203.0.113.9", "198.51.100.1, 10.9.9.9"],
            "198.51.100.1",
        );
        check("10.1.2.3", &["203.0.113.9, nonsense, 10.9.9.9"], "10.9.9.9");
        check("::1", &["2001:db8::1"], "2001:db8::1");
    }

    #[test]
    fn networks_are_read_and_their_edges_kept() {
        let network: TrustedProxy = "10.0.0.0/9".parse().unwrap();
        assert!(network.covers("10.127.255.255".parse().unwrap()));
        assert!(!network.covers("10.128.0.0".parse().unwrap()));
        let everything: TrustedProxy = "0.0.0.0/0".parse().unwrap();
        assert!(everything.covers("255.255.255.255".parse().unwrap()));
        let one: TrustedProxy = "2001:db8::1".parse().unwrap();
        assert!(!one.covers("2001:db8::2".parse().unwrap()));
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0/8",
            "::/129",
            "10.0.0.0/x",
            "10.0.0.0/",
        ] {
            assert_eq!(text.parse::<TrustedProxy>(), Err(InvalidProxy), "{text}");
        }
    }
}
