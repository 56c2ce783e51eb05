//! Commands on roles. The flags are named after the fields of the contract.

use breakglass_api_types::fleet_iam::ComponentType;
use clap::{Args, Subcommand, ValueEnum};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

use super::{ConnectArgs, OutputArgs, PageArgs};

/// Commands on roles.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum RoleCommand {
    /// Make a role
    Create {
        /// The role.
        #[command(flatten)]
        role: RoleArgs,
        /// How to print.
        #[command(flatten)]
        output: OutputArgs,
        /// Where to do it.
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Delete a role that nobody holds
    Delete {
        /// The name of the role
        #[arg(value_name = "NAME")]
        role_name: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        /// How to print.
        #[command(flatten)]
        output: OutputArgs,
        /// Where to do it.
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// List the roles
    List {
        /// Only roles of this type
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<RoleTypeArg>,
        /// Which page.
        #[command(flatten)]
        page: PageArgs,
        /// How to print.
        #[command(flatten)]
        output: OutputArgs,
        /// Where to ask.
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Show a role, with what it means on the components
    Show {
        /// The name of the role
        #[arg(value_name = "NAME")]
        role_name: String,
        /// How to print.
        #[command(flatten)]
        output: OutputArgs,
        /// Where to ask.
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Replace a role as a whole; its holders hold what it means from now on
    Update {
        /// The role.
        #[command(flatten)]
        role: RoleArgs,
        /// How to print.
        #[command(flatten)]
        output: OutputArgs,
        /// Where to do it.
        #[command(flatten)]
        connect: ConnectArgs,
    },
}

/// A role as a whole.
#[derive(Args, Clone, Debug)]
pub(crate) struct RoleArgs {
    /// The name, unique in the installation: letters, digits and . - _
    #[arg(long, value_name = "NAME")]
    pub(crate) role_name: String,
    /// The name for people [default: the name]
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub(crate) role_display_name: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) role_description: Option<String>,
    /// What it means on a type of component, such as `VCENTER=ReadOnly`; once for each role of the component
    #[arg(long = "component", value_name = "TYPE=ROLE", required = true, value_parser = parse_component)]
    pub(crate) components: Vec<ComponentArg>,
}

/// A role of a type of component.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ComponentArg {
    /// The type of component.
    pub(crate) component_type: ComponentType,
    /// The component's own role.
    pub(crate) role: String,
}

/// Where a role comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum RoleTypeArg {
    /// It came with the product
    BuiltIn,
    /// It was made here
    Custom,
}

fn parse_component(text: &str) -> Result<ComponentArg, String> {
    let expected = "expected TYPE=ROLE, where TYPE is VCENTER, NSX_MANAGER, VCF_OPERATIONS, VCF_AUTOMATION, HCX, \
                    VCF_ORCHESTRATOR or VCF_SALT_RAAS";
    let (word, role) = text.split_once('=').ok_or(expected)?;
    let deserializer: StrDeserializer<'_, Error> = word.into_deserializer();
    match ComponentType::deserialize(deserializer) {
        Ok(component_type) if component_type != ComponentType::Unknown => Ok(ComponentArg {
            component_type,
            role: role.to_owned(),
        }),
        _ => Err(expected.to_owned()),
    }
}
