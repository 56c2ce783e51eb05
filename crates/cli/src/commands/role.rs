//! Roles.

use breakglass_api_types::Operation;
use breakglass_api_types::fleet_iam::{
    ComponentType, PageInfo, RoleType, VcfComponentRole, VcfRole, VcfRoles,
};
use breakglass_domain::Timestamp;

use crate::arguments::{
    ComponentArg, ConnectArgs, Output, OutputArgs, PageArgs, RoleArgs, RoleCommand, RoleTypeArg,
};
use crate::client::{Answer, Call, Client};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::{lifetime, table};

/// Carries out a command.
///
/// # Errors
/// When it is refused, or cannot be carried out.
pub(crate) async fn run(command: &RoleCommand, context: &mut Context) -> Result<Exit, Failure> {
    let client = Client::connect(connection(command), context).await?;
    let outcome = carry_out(command, &client, context).await;
    client.finish(outcome).await.map(|()| Exit::Success)
}

fn connection(command: &RoleCommand) -> &ConnectArgs {
    match command {
        RoleCommand::Create { connect, .. }
        | RoleCommand::Delete { connect, .. }
        | RoleCommand::List { connect, .. }
        | RoleCommand::Show { connect, .. }
        | RoleCommand::Update { connect, .. } => connect,
    }
}

async fn carry_out(
    command: &RoleCommand,
    client: &Client,
    context: &mut Context,
) -> Result<(), Failure> {
    match command {
        RoleCommand::Create { role, output, .. } => {
            let call = Call::new(Operation::CreateRole, &[]).body(&wire(role))?;
            print(&client.call(call).await?, *output, context)
        }
        RoleCommand::Delete {
            role_name,
            yes,
            output,
            ..
        } => {
            if !yes {
                let question = format!("Delete role {role_name:?}?");
                context.console.confirm(&question)?;
            }
            let path = [("name", role_name.as_str())];
            let answer = client.call(Call::new(Operation::DeleteRole, &path)).await?;
            match output.output {
                Output::Json => context.console.verbatim(answer.bytes()),
                Output::Table => context
                    .console
                    .line(format!("Deleted {}.", table::cell(role_name))),
            }
        }
        RoleCommand::List {
            kind, page, output, ..
        } => list(client, *kind, *page, *output, context).await,
        RoleCommand::Show {
            role_name, output, ..
        } => {
            let path = [("name", role_name.as_str())];
            let answer = client.call(Call::new(Operation::GetRole, &path)).await?;
            print(&answer, *output, context)
        }
        RoleCommand::Update { role, output, .. } => {
            let call = Call::new(Operation::UpdateRoleDefinition, &[]).body(&wire(role))?;
            print(&client.call(call).await?, *output, context)
        }
    }
}

async fn list(
    client: &Client,
    kind: Option<RoleTypeArg>,
    page: PageArgs,
    output: OutputArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let kind = kind.map(|kind| match kind {
        RoleTypeArg::BuiltIn => RoleType::BuiltIn.as_str(),
        RoleTypeArg::Custom => RoleType::Custom.as_str(),
    });
    let call = Call::new(Operation::GetVcfRolesPaginated, &[])
        .query("type", kind)
        .query("page", Some(page.page))
        .query("pageSize", Some(page.page_size));
    let answer = client.call(call).await?;
    if output.output == Output::Json {
        return context.console.verbatim(answer.bytes());
    }
    let found: VcfRoles = answer.parse()?;
    let roles = found.vcf_roles.unwrap_or_default();
    let shown = roles.len();
    let mut rows = table::with_columns(&["ROLE", "NAME", "TYPE", "COMPONENTS", "UPDATED", "BY"]);
    let now = context.clock.now();
    for role in roles {
        rows.add_row([
            table::optional(role.role_name.as_deref()),
            table::optional(role.role_display_name.as_deref()),
            table::optional(role.type_.map(RoleType::as_str)),
            components(&role),
            ago(role.updated_at, now),
            table::optional(role.updated_by.as_deref()),
        ]);
    }
    context.console.line(table::render(&rows))?;
    tell_of_more(shown, page, found.page_info.as_ref(), context);
    Ok(())
}

/// Says, beside a page that is not the whole list, how to see more.
pub(super) fn tell_of_more(
    shown: usize,
    page: PageArgs,
    info: Option<&PageInfo>,
    context: &mut Context,
) {
    let total = info.and_then(|info| info.total_count).unwrap_or_default();
    let seen = u64::from(page.page) * u64::from(page.page_size);
    let seen = seen.saturating_add(shown.try_into().unwrap_or(u64::MAX));
    if shown > 0 && u64::try_from(total).is_ok_and(|total| seen < total) {
        let next = page.page.saturating_add(1);
        context.console.note(format!(
            "{shown} of {total} are shown; --page {next} has more"
        ));
    }
}

fn print(answer: &Answer, output: OutputArgs, context: &mut Context) -> Result<(), Failure> {
    if output.output == Output::Json {
        return context.console.verbatim(answer.bytes());
    }
    let role: VcfRole = answer.parse()?;
    let now = context.clock.now();
    let facts = [
        ("Role", role.role_name.clone().unwrap_or_default()),
        ("Name", role.role_display_name.clone().unwrap_or_default()),
        (
            "Description",
            role.role_description.clone().unwrap_or_default(),
        ),
        ("Type", table::optional(role.type_.map(RoleType::as_str))),
        ("Created", ago(role.created_at, now)),
        ("Created by", role.created_by.clone().unwrap_or_default()),
        ("Updated", ago(role.updated_at, now)),
        ("Updated by", role.updated_by.clone().unwrap_or_default()),
    ];
    context
        .console
        .line(table::render(&table::of_facts(facts)))?;
    let mut rows = table::with_columns(&["COMPONENT", "ROLES THERE"]);
    for held in role.component_roles.unwrap_or_default() {
        rows.add_row([
            table::optional(held.component_type.map(ComponentType::as_str)),
            table::cell(&held.roles.unwrap_or_default().join(", ")),
        ]);
    }
    context.console.line("")?;
    context.console.line(table::render(&rows))
}

/// The role as the contract has it: each type of component stands there once, with all its roles.
fn wire(role: &RoleArgs) -> VcfRole {
    let mut component_roles: Vec<VcfComponentRole> = Vec::new();
    for ComponentArg {
        component_type,
        role,
    } in &role.components
    {
        let known = component_roles
            .iter_mut()
            .find(|known| known.component_type == Some(*component_type));
        match known {
            Some(known) => known.roles.get_or_insert_with(Vec::new).push(role.clone()),
            None => component_roles.push(VcfComponentRole {
                component_type: Some(*component_type),
                roles: Some(vec![role.clone()]),
            }),
        }
    }
    VcfRole {
        component_roles: Some(component_roles),
        role_description: role.role_description.clone(),
        role_display_name: role.role_display_name.clone(),
        role_name: Some(role.role_name.clone()),
        ..VcfRole::default()
    }
}

fn components(role: &VcfRole) -> String {
    let held = role.component_roles.iter().flatten();
    let names: Vec<&str> = held
        .filter_map(|held| held.component_type.map(ComponentType::as_str))
        .collect();
    table::cell(&names.join(", "))
}

/// The contract's instants of roles are seconds.
fn ago(seconds: Option<i64>, now: Timestamp) -> String {
    let instant = seconds.map(|seconds| Timestamp::from_millis(seconds.saturating_mul(1000)));
    table::optional(instant.map(|instant| lifetime::ago(now, instant)))
}
