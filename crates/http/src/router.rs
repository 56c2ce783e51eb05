//! From a request line to an operation: path first, then method.

use breakglass_api_types::{Method, OPERATIONS, Operation, Surface};
use percent_encoding::percent_decode_str;

/// The served operations by path.
pub(crate) struct Router {
    paths: matchit::Router<Vec<(Method, Operation)>>,
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
pub(crate) struct Parameters(Vec<(String, String)>);

impl Router {
    /// A router of the operations that are served.
    ///
    /// # Errors
    /// When two paths of the contracts cannot be told apart, which the tests of this crate rule out.
    pub(crate) fn new(served: impl Fn(Operation) -> bool) -> Result<Self, matchit::InsertError> {
        let mut paths: Vec<(&str, Vec<(Method, Operation)>)> = Vec::new();
        for spec in OPERATIONS.iter().filter(|spec| served(spec.id)) {
            match paths.iter_mut().find(|(path, _)| *path == spec.path) {
                Some((_, methods)) => methods.push((spec.method, spec.id)),
                None => paths.push((spec.path, vec![(spec.method, spec.id)])),
            }
        }
        let mut router = matchit::Router::new();
        for (path, methods) in paths {
            router.insert(path, methods)?;
        }
        Ok(Self { paths: router })
    }

    /// What this method and path lead to. The path is matched as it was sent, so that an encoded slash stays within its
    /// segment; each parameter is decoded after that.
    pub(crate) fn find(&self, method: &http::Method, path: &str) -> Route {
        let surface = surface_of(path);
        let Ok(matched) = self.paths.at(path) else {
            return Route::NotFound { surface };
        };
        let mut parameters = Vec::new();
        for (name, value) in matched.params.iter() {
            let Some(value) = decode(value) else {
                return Route::NotFound { surface };
            };
            parameters.push((name.to_owned(), value));
        }
        // RFC 9110, section 9.3.2: HEAD is GET without the content.
        let wanted = match method.as_str() {
            "HEAD" => "GET",
            other => other,
        };
        let methods = matched.value.iter();
        match methods
            .clone()
            .find(|(method, _)| method.as_str() == wanted)
        {
            Some((_, operation)) => Route::Found {
                operation: *operation,
                parameters: Parameters(parameters),
            },
            None => Route::MethodNotAllowed {
                surface,
                allowed: allow(methods.map(|(method, _)| *method)),
            },
        }
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
    /// The value of a parameter; empty when the path has none of that name, which no id is.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(given, _)| given == name)
            .map_or("", |(_, value)| value)
    }
}

/// Whose path this would be, so that even a wrong one is answered in the words of its neighbours.
fn surface_of(path: &str) -> Surface {
    let below = |prefix: &str| {
        path.strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if below("/suite-api") {
        Surface::FleetIam
    } else if below("/acs") || below("/.well-known") {
        Surface::Broker
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
    fn head_is_get() {
        let found = find(&Method::HEAD, "/acs/t/CUSTOMER/jwks");
        assert_eq!(found.operation(), Some(Operation::GetJwks));
    }

    #[test]
    fn a_path_that_is_not_routed_belongs_to_the_surface_of_its_prefix() {
        for (path, surface) in [
            ("/suite-api/x", Surface::FleetIam),
            ("/suite-apix", Surface::Breakglass),
            ("/acs/t/CUSTOMER/token", Surface::Broker),
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
