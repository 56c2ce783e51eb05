//! From a request line to an operation: path first, then method.

use breakglass_api_types::{Method, OPERATIONS, Operation, OperationSpec, Surface};
use percent_encoding::percent_decode_str;

/// The one path among the well-known ones that is not of an issuer.
const AUTHZEN: &str = "/.well-known/authzen-configuration";

/// What stands before the entitlement and the path of a request that waits at a proxy.
const FORWARDED: &str = "/breakglass/v1/forward-auth/";

/// The served operations by path.
pub(crate) struct Router {
    paths: matchit::Router<Place>,
}

/// What there is at a path.
#[derive(Clone, Debug)]
struct Place {
    /// The names of its parameters, in their order.
    names: Vec<&'static str>,
    targets: Vec<Target>,
}

/// An operation at a path.
#[derive(Clone, Debug)]
struct Target {
    operation: Operation,
    /// The parameters that stand as words in the path: those of a path with parameters whose place a fixed word takes.
    words: Vec<(&'static str, &'static str)>,
}

/// What a request line leads to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Route {
    /// An operation.
    Found {
        /// Which.
        operation: Operation,
        /// The parameters of its path.
        parameters: Parameters,
    },
    /// There is such a path, but not with this method.
    MethodNotAllowed {
        /// Whose path it is.
        surface: Surface,
        /// The methods that there are, as `Allow` lists them (RFC 9110, section 10.2.1).
        allowed: String,
    },
    /// There is no such path.
    NotFound {
        /// Whose path it would be.
        surface: Surface,
    },
}

/// The parameters of a path, decoded.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Parameters(Vec<(&'static str, String)>);

impl Router {
    /// A router of the operations that are served.
    ///
    /// # Errors
    /// When two paths of the contracts cannot be told apart, which the tests of this crate rule out.
    pub(crate) fn new(served: impl Fn(Operation) -> bool) -> Result<Self, matchit::InsertError> {
        let specs: Vec<&OperationSpec> = OPERATIONS.iter().filter(|spec| served(spec.id)).collect();
        let mut paths: Vec<&'static str> = specs.iter().map(|spec| spec.path).collect();
        paths.sort_unstable();
        paths.dedup();
        let mut router = matchit::Router::new();
        for path in paths {
            let place = Place {
                names: names(path).collect(),
                targets: targets(path, &specs),
            };
            router.insert(path, place)?;
        }
        Ok(Self { paths: router })
    }

    /// What this method and path lead to. The path is matched as it was sent, so that an encoded slash stays within its
    /// segment; each parameter is decoded after that.
    pub(crate) fn find(&self, method: &http::Method, path: &str) -> Route {
        if let Some(route) = forwarded(path) {
            return route;
        }
        let surface = || surface_of(path);
        let Ok(matched) = self.paths.at(path) else {
            return Route::NotFound { surface: surface() };
        };
        let Place { names, targets } = matched.value;
        let values = matched.params.iter().map(|(_, value)| decode(value));
        let Some(values) = values.collect::<Option<Vec<_>>>() else {
            return Route::NotFound { surface: surface() };
        };
        // RFC 9110, section 9.3.2: HEAD is GET without the content.
        let wanted = match method.as_str() {
            "HEAD" => "GET",
            other => other,
        };
        let mut all = targets.iter();
        match all.find(|target| target.method().as_str() == wanted) {
            Some(target) => {
                let words = target.words.iter();
                let words = words.map(|(name, word)| (*name, (*word).to_owned()));
                let parameters = names.iter().copied().zip(values).chain(words);
                Route::Found {
                    operation: target.operation,
                    parameters: Parameters(parameters.collect()),
                }
            }
            None => Route::MethodNotAllowed {
                surface: surface(),
                allowed: allow(targets.iter().map(Target::method)),
            },
        }
    }
}

/// Some proxies ask with the method and the path of the request that waits, behind a prefix of ours. The entitlement is the
/// first segment of what follows; the rest decides nothing.
fn forwarded(path: &str) -> Option<Route> {
    let rest = path.strip_prefix(FORWARDED)?;
    let entitlement = rest
        .split('/')
        .next()
        .filter(|segment| !segment.is_empty())?;
    Some(Route::Found {
        operation: Operation::ForwardAuth,
        parameters: Parameters(vec![("entitlement", entitlement.to_owned())]),
    })
}

impl Target {
    fn method(&self) -> Method {
        self.operation.spec().method
    }
}

impl Route {
    /// The operation, if the request line leads to one.
    pub(crate) fn operation(&self) -> Option<Operation> {
        match self {
            Self::Found { operation, .. } => Some(*operation),
            Self::MethodNotAllowed { .. } | Self::NotFound { .. } => None,
        }
    }

    /// Whose envelope an error takes.
    pub(crate) fn surface(&self) -> Surface {
        match self {
            Self::Found { operation, .. } => operation.spec().surface,
            Self::MethodNotAllowed { surface, .. } | Self::NotFound { surface } => *surface,
        }
    }
}

impl Parameters {
    /// These parameters.
    pub(crate) fn of(values: Vec<(&'static str, String)>) -> Self {
        Self(values)
    }

    /// The value of a parameter; empty when the path has none of that name, which no id is.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(given, _)| *given == name)
            .map_or("", |(_, value)| value)
    }
}

/// What there is at a path: its own operations and, for methods that it lacks, those of a path that has a parameter where
/// this one has a word. Otherwise a thing that happens to be called by that word could be made and never be reached.
fn targets(path: &'static str, specs: &[&'static OperationSpec]) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    let own = specs.iter().filter(|spec| spec.path == path);
    let others = specs.iter().filter(|spec| spec.path != path);
    for spec in own.chain(others) {
        if targets.iter().any(|target| target.method() == spec.method) {
            continue;
        }
        if let Some(words) = words(path, spec.path) {
            targets.push(Target {
                operation: spec.id,
                words,
            });
        }
    }
    targets
}

/// The words of the path that stand where the pattern has parameters; `None` when the pattern does not match it.
fn words(path: &'static str, pattern: &'static str) -> Option<Vec<(&'static str, &'static str)>> {
    let (segments, patterns) = (path.split('/'), pattern.split('/'));
    if segments.clone().count() != patterns.clone().count() {
        return None;
    }
    let mut words = Vec::new();
    for (segment, pattern) in segments.zip(patterns) {
        if segment == pattern {
            continue;
        }
        let name = pattern.strip_prefix('{')?.strip_suffix('}')?;
        if segment.starts_with('{') {
            return None;
        }
        words.push((name, segment));
    }
    Some(words)
}

/// The names of the parameters of a path, in their order.
fn names(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

/// Whose path this would be, so that even a wrong one is answered in the words of its neighbours.
fn surface_of(path: &str) -> Surface {
    let below = |prefix: &str| {
        path.strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if path == AUTHZEN {
        Surface::Breakglass
    } else if below("/suite-api") {
        Surface::FleetIam
    } else if below("/acs") || below("/.well-known") {
        Surface::Broker
    } else if below("/api/esx") {
        Surface::Esx
    } else if below("/api") {
        Surface::Vcenter
    } else {
        Surface::Breakglass
    }
}

fn allow(methods: impl Iterator<Item = Method>) -> String {
    let mut names: Vec<&str> = methods.map(Method::as_str).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    names.sort_unstable();
    names.join(", ")
}

/// Decodes a segment; `None` when a `%` is not followed by two hexadecimal digits or the bytes are not UTF-8.
fn decode(segment: &str) -> Option<String> {
    if !segment.contains('%') {
        return Some(segment.to_owned());
    }
    let mut escapes = segment.split('%').skip(1);
    let hexadecimal = |escape: &str| {
        let digits = escape.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !escapes.all(hexadecimal) {
        return None;
    }
    let decoded = percent_decode_str(segment).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use http::Method;
    use proptest::prelude::*;

    use super::*;

    fn find(method: &Method, path: &str) -> Route {
        Router::new(|_| true).unwrap().find(method, path)
    }

    #[test]
    fn every_operation_of_the_contracts_is_reached_by_its_own_path() {
        let values = [
            ("tenant", "CUSTOMER"),
            ("ssoRealmId", "1"),
            ("realmId", "1"),
            ("clientId", "night shift"),
            ("taskId", "1"),
            ("username", "admin"),
        ];
        for spec in OPERATIONS {
            let mut known = values.to_vec();
            for name in spec
                .path
                .split('{')
                .skip(1)
                .filter_map(|rest| rest.split('}').next())
            {
                if !known.iter().any(|(given, _)| *given == name) {
                    known.push((name, "x"));
                }
            }
            let path = spec.id.path(&known).unwrap();
            let method = Method::from_bytes(spec.method.as_str().as_bytes()).unwrap();
            assert_eq!(find(&method, &path).operation(), Some(spec.id), "{path}");
        }
    }

    #[test]
    fn a_known_path_with_another_method_names_the_methods_it_has() {
        let path = "/suite-api/api/fleet-management/iam/ssorealms";
        let expected = Route::MethodNotAllowed {
            surface: Surface::FleetIam,
            allowed: "GET, HEAD, POST".to_owned(),
        };
        assert_eq!(find(&Method::DELETE, path), expected);
    }

    #[test]
    fn a_thing_that_is_called_like_a_word_of_a_path_is_reached_by_the_methods_that_the_word_lacks()
    {
        let values = [("ssoRealmId", "1"), ("clientId", "query")];
        let path = Operation::GetApiClient.path(&values).unwrap();
        for (method, operation, client_id) in [
            (Method::POST, Operation::QueryApiClients, ""),
            (Method::GET, Operation::GetApiClient, "query"),
            (Method::HEAD, Operation::GetApiClient, "query"),
            (Method::DELETE, Operation::DeleteApiClient, "query"),
        ] {
            let Route::Found {
                operation: found,
                parameters,
            } = find(&method, &path)
            else {
                panic!("{method} {path} is routed");
            };
            assert_eq!(found, operation, "{method}");
            assert_eq!(parameters.get("clientId"), client_id, "{method}");
            assert_eq!(parameters.get("ssoRealmId"), "1", "{method}");
        }
        let expected = Route::MethodNotAllowed {
            surface: Surface::FleetIam,
            allowed: "DELETE, GET, HEAD, POST".to_owned(),
        };
        assert_eq!(find(&Method::PATCH, &path), expected);
    }

    #[test]
    fn words_stand_only_where_the_pattern_has_a_parameter() {
        assert_eq!(words("/a/{b}/c", "/a/{b}/{d}"), Some(vec![("d", "c")]));
        assert_eq!(words("/a/{b}/c", "/a/{b}/c"), Some(vec![]));
        for pattern in ["/a/{b}", "/a/{x}/c", "/a/{b}/e", "/a/{b}/{c}/d"] {
            assert_eq!(words("/a/{b}/c", pattern), None, "{pattern}");
        }
    }

    #[test]
    fn head_is_get() {
        let found = find(&Method::HEAD, "/acs/t/CUSTOMER/jwks");
        assert_eq!(found.operation(), Some(Operation::GetJwks));
    }

    #[test]
    fn a_path_that_is_not_routed_belongs_to_the_surface_of_its_prefix() {
        for (path, surface) in [
            ("/suite-api/x", Surface::FleetIam),
            ("/suite-apix", Surface::Breakglass),
            ("/acs/t/CUSTOMER/authorize", Surface::Broker),
            ("/.well-known/x", Surface::Broker),
            ("/", Surface::Breakglass),
            ("*", Surface::Breakglass),
        ] {
            assert_eq!(
                find(&Method::GET, path),
                Route::NotFound { surface },
                "{path}"
            );
        }
    }

    #[test]
    fn what_is_not_encoded_rightly_is_not_found() {
        for id in ["%", "%2", "%zz", "%ff", "%C3", "a%"] {
            let path = format!("/acs/t/{id}/jwks");
            assert_eq!(find(&Method::GET, &path).operation(), None, "{id}");
        }
    }

    #[test]
    fn an_encoded_slash_stays_within_its_segment() {
        let Route::Found { parameters, .. } = find(&Method::GET, "/acs/t/a%2Fb/jwks") else {
            panic!("the path is routed");
        };
        assert_eq!(parameters.get("tenant"), "a/b");
    }

    proptest! {
        #[test]
        fn every_text_comes_back_from_its_encoded_path(id in "\\PC{1,64}") {
            let values = [("ssoRealmId", "1"), ("clientId", id.as_str())];
            let path = Operation::GetEmergencyClient.path(&values).unwrap();
            match find(&Method::GET, &path) {
                Route::Found { operation, parameters } => {
                    prop_assert_eq!(operation, Operation::GetEmergencyClient);
                    prop_assert_eq!(parameters.get("clientId"), id);
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }

        #[test]
        fn no_path_makes_the_router_panic(path in "/\\PC{0,64}") {
            let _ = find(&Method::GET, &path);
        }
    }
}
