//! What the operation table says, and the paths it spells.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::generated::operations::{OPERATIONS, Operation};

/// What the contract says of an operation.
#[derive(Clone, Copy, Debug)]
pub struct OperationSpec {
    /// The operation.
    pub id: Operation,
    /// Its name in the contract.
    pub name: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path, with parameters in braces.
    pub path: &'static str,
    /// The status of success.
    pub success: u16,
    /// Who may ask for it.
    pub privilege: Privilege,
    /// Where it belongs.
    pub surface: Surface,
    /// Whether it changes anything.
    pub effect: Effect,
    /// What it takes as a body.
    pub body: Body,
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Method {
    /// `DELETE`.
    Delete,
    /// `GET`.
    Get,
    /// `PATCH`.
    Patch,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
}

/// Who may ask for an operation.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Privilege {
    /// Anybody.
    Public,
    /// Anybody; holders of `identity.management.view` are told more, and wrong credentials are refused.
    PublicOrView,
    /// Whoever holds a live token.
    Authenticated,
    /// Whoever authenticates on a realm's hosts and is entitled to it: `READ_ONLY` or `IDENTITY_MGMT` to read, `IDENTITY_MGMT` to
    /// change anything.
    Entitled,
    /// Whoever authenticates on a realm's hosts.
    Host,
    /// Whoever comes with a token by which another one is to be registered.
    Registrant,
    /// Whoever authenticates as an OAuth client.
    Client,
    /// Holders of `identity.management.view`.
    View,
    /// Holders of `identity.management.manage`.
    Manage,
}

/// A part of the API with its own contract.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Surface {
    /// Breakglass's own.
    Breakglass,
    /// OAuth 2 and OpenID Connect.
    Broker,
    /// ESX authentication.
    Esx,
    /// The fleet IAM API.
    FleetIam,
    /// vCenter tokens and sessions.
    Vcenter,
}

/// Whether an operation changes anything.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Effect {
    /// It changes nothing.
    Read,
    /// It changes something, and leaves an audit record.
    Write,
}

/// What an operation takes as a body.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Body {
    /// A form.
    Form,
    /// JSON.
    Json,
    /// Nothing.
    None,
}

/// A path parameter has no value.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("path parameter {0} has no value")]
pub struct MissingParameter(pub &'static str);

impl Operation {
    /// What the contract says of this operation.
    pub fn spec(self) -> &'static OperationSpec {
        #[expect(
            clippy::indexing_slicing,
            reason = "the table has a row for each variant, in the same order: checked below when this is compiled"
        )]
        &OPERATIONS[self as usize]
    }

    /// The name of the operation in its contract.
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// The path with these values, each percent-encoded as one segment.
    ///
    /// # Errors
    /// When a parameter of the path is not among the values.
    ///
    /// ```
    /// use breakglass_api_types::Operation;
    ///
    /// let path = Operation::GetJwks.path(&[("tenant", "night/shift")]);
    /// assert_eq!(path.as_deref(), Ok("/acs/t/night%2Fshift/jwks"));
    /// ```
    pub fn path(self, values: &[(&str, &str)]) -> Result<String, MissingParameter> {
        let mut path = String::new();
        let mut rest = self.spec().path;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            let (_, value) = values
                .iter()
                .find(|(given, _)| *given == name)
                .ok_or(MissingParameter(name))?;
            path.push_str(before);
            path.extend(utf8_percent_encode(value, SEGMENT));
            rest = after;
        }
        path.push_str(rest);
        Ok(path)
    }
}

impl Method {
    /// The method as it stands in a request line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// RFC 3986, section 2.3: the unreserved characters stay, the rest is encoded.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[expect(
    clippy::indexing_slicing,
    reason = "a place out of bounds would not compile"
)]
const _: () = {
    let mut place = 0;
    while place < OPERATIONS.len() {
        assert!(
            OPERATIONS[place].id as usize == place,
            "the table is out of order"
        );
        place += 1;
    }
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_and_routes_are_unique() {
        let names: BTreeSet<_> = OPERATIONS.iter().map(|spec| spec.name).collect();
        let routes: BTreeSet<_> = OPERATIONS
            .iter()
            .map(|spec| (spec.path, spec.method))
            .collect();
        assert_eq!(names.len(), OPERATIONS.len());
        assert_eq!(routes.len(), OPERATIONS.len());
    }

    #[test]
    fn the_fleet_has_76_operations() {
        let fleet = OPERATIONS
            .iter()
            .filter(|spec| spec.surface == Surface::FleetIam);
        assert_eq!(fleet.count(), 76);
    }

    #[test]
    fn every_operation_finds_its_own_row() {
        for spec in OPERATIONS {
            assert_eq!(spec.id.spec().name, spec.name);
        }
    }

    #[test]
    fn reads_are_not_guarded_as_writes() {
        for spec in OPERATIONS {
            match spec.privilege {
                Privilege::PublicOrView | Privilege::View => {
                    assert_eq!(spec.effect, Effect::Read, "{}", spec.name);
                }
                Privilege::Manage => assert_eq!(spec.effect, Effect::Write, "{}", spec.name),
                Privilege::Authenticated
                | Privilege::Client
                | Privilege::Entitled
                | Privilege::Host
                | Privilege::Public
                | Privilege::Registrant => {}
            }
        }
    }

    #[test]
    fn a_path_needs_all_its_values() {
        let missing = Operation::GetEmergencyClient.path(&[("ssoRealmId", "1")]);
        assert_eq!(missing, Err(MissingParameter("clientId")));
    }

    #[test]
    fn a_value_stays_one_segment() {
        let values = [("ssoRealmId", "1"), ("clientId", "a/b ?#%ü+@:")];
        let path = Operation::GetEmergencyClient.path(&values).unwrap();
        let last = path.rsplit('/').next().unwrap();
        assert_eq!(last, "a%2Fb%20%3F%23%25%C3%BC%2B%40%3A");
    }
}
