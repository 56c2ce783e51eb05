//! Roles of the fleet, and what they mean here and on the components.

use std::fmt;
use std::str::FromStr;

use crate::principal::Privilege;
use crate::text::{is_description, required};
use crate::timestamp::Timestamp;
use crate::validation::{FieldFailure, ValidationReport};

/// The name of a role for programs: 1 to 128 letters and digits of ASCII, `-`, `_` and `.`, not `.` or `..`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RoleName(String);

impl RoleName {
    /// The longest name, in characters.
    const MAX_CHARACTERS: usize = 128;

    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the holder of the role may do here. Only two built-in roles carry a privilege; every other role means
    /// something on the components alone.
    pub fn privileges(&self) -> &'static [Privilege] {
        match self.as_str() {
            "vcf_administrator" => &[Privilege::Manage, Privilege::View],
            "vcf_viewer" => &[Privilege::View],
            _ => &[],
        }
    }
}

impl FromStr for RoleName {
    type Err = InvalidRoleName;

    fn from_str(text: &str) -> Result<Self, InvalidRoleName> {
        let allowed =
            |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
        let fits = (1..=Self::MAX_CHARACTERS).contains(&text.len()) && !matches!(text, "." | "..");
        (fits && text.chars().all(allowed))
            .then(|| Self(text.to_owned()))
            .ok_or(InvalidRoleName)
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no name of a role.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("must be 1 to 128 letters, digits and - _ ., and not . or ..")]
pub struct InvalidRoleName;

/// Where a role comes from.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum RoleKind {
    /// It came with the product and never changes.
    BuiltIn,
    /// It was made here.
    Custom,
}

macro_rules! component_types {
    ($($variant:ident = $name:literal;)+) => {
        /// A kind of component that a role reaches. The names are the contract's.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum ComponentType {
            $(#[doc = concat!("`", $name, "`.")] $variant,)+
        }

        impl ComponentType {
            /// The contract's name of the kind.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The kind of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

component_types! {
    Hcx = "HCX";
    NsxManager = "NSX_MANAGER";
    VcfAutomation = "VCF_AUTOMATION";
    VcfOperations = "VCF_OPERATIONS";
    VcfOrchestrator = "VCF_ORCHESTRATOR";
    VcfSaltRaas = "VCF_SALT_RAAS";
    Vcenter = "VCENTER";
}

/// What a role means on one kind of component.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ComponentRole {
    /// The kind of component.
    pub component_type: ComponentType,
    /// The component's own roles, by name.
    pub roles: Vec<String>,
}

/// A role.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Role {
    /// Its name for programs, unique in the installation.
    pub name: RoleName,
    /// Its name for people.
    pub display_name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Where it comes from.
    pub kind: RoleKind,
    /// What it means on the components.
    pub component_roles: Vec<ComponentRole>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Who changed it.
    pub updated_by: String,
}

/// The request for a role, as it came from outside. The kinds of components are read by whoever knows the wire.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RoleDraft {
    /// The wanted name; see [`RoleName`].
    pub name: Option<String>,
    /// A name for people, 1 to 256 characters; the name itself when absent.
    pub display_name: Option<String>,
    /// What the role is for, up to 4000 characters.
    pub description: Option<String>,
    /// What it means on the components: at least one, each kind once, each with at least one role.
    pub component_roles: Vec<ComponentRole>,
}

/// A draft of a role that keeps every rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AcceptedRole {
    name: RoleName,
    display_name: String,
    description: Option<String>,
    component_roles: Vec<ComponentRole>,
}

impl RoleDraft {
    /// Accepts the draft when every field keeps its rule.
    ///
    /// # Errors
    /// A report of every faulty field.
    pub fn accept(self) -> Result<AcceptedRole, ValidationReport> {
        let mut failures = Vec::new();
        let name: Option<RoleName> = required("roleName", self.name.as_deref(), &mut failures);
        let long = |text: &Option<String>, most| {
            text.as_deref()
                .is_some_and(|text| !is_description(text, most))
        };
        if long(&self.display_name, 256) || self.display_name.as_deref() == Some("") {
            failures.push(FieldFailure::new(
                "roleDisplayName",
                "must have 1 to 256 characters",
            ));
        }
        if long(&self.description, 4000) {
            failures.push(FieldFailure::new(
                "roleDescription",
                "must have at most 4000 characters",
            ));
        }
        check_component_roles(&self.component_roles, &mut failures);
        match (name, ValidationReport::from_failures(failures)) {
            (Some(name), None) => Ok(AcceptedRole {
                display_name: self.display_name.unwrap_or_else(|| name.to_string()),
                name,
                description: self.description,
                component_roles: self.component_roles,
            }),
            (_, Some(report)) => Err(report),
            (None, None) => Err(ValidationReport::of("roleName", "is required")),
        }
    }
}

fn check_component_roles(roles: &[ComponentRole], failures: &mut Vec<FieldFailure>) {
    if roles.is_empty() {
        failures.push(FieldFailure::new("componentRoles", "must not be empty"));
    }
    for (place, role) in roles.iter().enumerate() {
        let path = format!("componentRoles[{place}]");
        if roles
            .iter()
            .take(place)
            .any(|other| other.component_type == role.component_type)
        {
            failures.push(FieldFailure::new(
                format!("{path}.componentType"),
                "stands there twice",
            ));
        }
        if role.roles.is_empty()
            || role
                .roles
                .iter()
                .any(|name| name.is_empty() || !is_description(name, 256))
        {
            let message = "must hold at least one name, each of 1 to 256 characters";
            failures.push(FieldFailure::new(format!("{path}.roles"), message));
        }
    }
}

impl AcceptedRole {
    /// The name of the role.
    pub fn name(&self) -> &RoleName {
        &self.name
    }
}

impl Role {
    /// Makes a custom role.
    pub fn create(accepted: AcceptedRole, by: &str, now: Timestamp) -> Self {
        Self {
            name: accepted.name,
            display_name: accepted.display_name,
            description: accepted.description,
            kind: RoleKind::Custom,
            component_roles: accepted.component_roles,
            created_at: now,
            created_by: by.to_owned(),
            updated_at: now,
            updated_by: by.to_owned(),
        }
    }

    /// Replaces what the role means. Its name and its beginning stay.
    #[must_use]
    pub fn replace(self, accepted: AcceptedRole, by: &str, now: Timestamp) -> Self {
        Self {
            display_name: accepted.display_name,
            description: accepted.description,
            component_roles: accepted.component_roles,
            updated_at: now,
            updated_by: by.to_owned(),
            ..self
        }
    }

    /// The roles that come with the product.
    pub fn built_in(now: Timestamp) -> Vec<Self> {
        BUILT_IN.iter().map(|role| role.at(now)).collect()
    }
}

/// A role that comes with the product.
struct BuiltIn {
    name: &'static str,
    display_name: &'static str,
    components: &'static [(ComponentType, &'static str)],
}

/// The built-in roles, with what they mean on the components.
const BUILT_IN: [BuiltIn; 4] = [
    BuiltIn {
        name: "vcf_administrator",
        display_name: "VCF Administrator",
        components: &[
            (ComponentType::Vcenter, "Admin"),
            (ComponentType::NsxManager, "enterprise_admin"),
            (ComponentType::VcfOperations, "Administrator"),
            (ComponentType::VcfAutomation, "System Administrator"),
            (ComponentType::Hcx, "Migration Admin"),
            (ComponentType::VcfOrchestrator, "Administrator"),
        ],
    },
    BuiltIn {
        name: "vcf_viewer",
        display_name: "VCF Viewer",
        components: &[
            (ComponentType::Vcenter, "ReadOnly"),
            (ComponentType::NsxManager, "auditor"),
            (ComponentType::VcfOperations, "ReadOnly"),
        ],
    },
    BuiltIn {
        name: "sddc_administrator",
        display_name: "SDDC Administrator",
        components: &[
            (ComponentType::Vcenter, "Admin"),
            (ComponentType::NsxManager, "enterprise_admin"),
        ],
    },
    BuiltIn {
        name: "sddc_viewer",
        display_name: "SDDC Viewer",
        components: &[
            (ComponentType::Vcenter, "ReadOnly"),
            (ComponentType::NsxManager, "auditor"),
        ],
    },
];

impl BuiltIn {
    fn at(&self, now: Timestamp) -> Role {
        let component_roles = self
            .components
            .iter()
            .map(|(component_type, role)| ComponentRole {
                component_type: *component_type,
                roles: vec![(*role).to_owned()],
            });
        Role {
            name: RoleName(self.name.to_owned()),
            display_name: self.display_name.to_owned(),
            description: None,
            kind: RoleKind::BuiltIn,
            component_roles: component_roles.collect(),
            created_at: now,
            created_by: "breakglass".to_owned(),
            updated_at: now,
            updated_by: "breakglass".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(component_type: ComponentType, roles: &[&str]) -> ComponentRole {
        ComponentRole {
            component_type,
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        }
    }

    #[test]
    fn only_two_roles_carry_privileges() {
        let carried: Vec<_> = Role::built_in(Timestamp::from_millis(0))
            .iter()
            .map(|role| (role.name.to_string(), role.name.privileges().len()))
            .collect();
        let expected = [
            ("vcf_administrator", 2),
            ("vcf_viewer", 1),
            ("sddc_administrator", 0),
            ("sddc_viewer", 0),
        ];
        assert_eq!(
            carried,
            expected.map(|(name, privileges)| (name.to_owned(), privileges))
        );
        assert!(
            "VCF_ADMINISTRATOR"
                .parse::<RoleName>()
                .unwrap()
                .privileges()
                .is_empty()
        );
    }

    #[test]
    fn the_built_in_roles_keep_the_rules_of_drafts() {
        for role in Role::built_in(Timestamp::from_millis(0)) {
            let draft = RoleDraft {
                name: Some(role.name.to_string()),
                display_name: Some(role.display_name),
                description: role.description,
                component_roles: role.component_roles,
            };
            assert!(draft.accept().is_ok());
        }
    }

    #[test]
    fn a_draft_names_every_faulty_field() {
        let draft = RoleDraft {
            name: Some("a b".to_owned()),
            display_name: Some(String::new()),
            description: Some("x".repeat(4001)),
            component_roles: vec![
                component(ComponentType::Hcx, &["a"]),
                component(ComponentType::Hcx, &[]),
            ],
        };
        let report = draft.accept().unwrap_err();
        let paths: Vec<_> = report
            .failures()
            .iter()
            .map(|failure| failure.path.as_str())
            .collect();
        assert_eq!(
            paths,
            [
                "componentRoles[1].componentType",
                "componentRoles[1].roles",
                "roleDescription",
                "roleDisplayName",
                "roleName"
            ]
        );
        let empty = RoleDraft {
            name: Some("a".to_owned()),
            ..RoleDraft::default()
        };
        assert_eq!(
            empty.accept().unwrap_err().to_string(),
            "componentRoles must not be empty"
        );
    }
}
