//! `…/iam/roles`: roles of the fleet. Their instants are seconds, as the contract has them.

use breakglass_api_types::Operation;
use breakglass_api_types::fleet_iam::{
    ComponentType, PageInfo, RoleType, VcfComponentRole, VcfRole, VcfRoles,
};
use breakglass_domain::{ComponentRole, Page, Role, RoleDraft, RoleKind};
use breakglass_ports::store::{RoleFilter, RoleOrder};

use super::page;
use crate::call::Call;
use crate::failure::{Failure, reject_faults};
use crate::reply::Reply;

/// `getVCFRolesPaginated`.
pub(crate) async fn list(call: &Call) -> Result<Reply, Failure> {
    let filter = filter(call)?;
    let Page { entries, total } = call.app().list_roles(call.caller()?, filter).await?;
    let path = Operation::GetVcfRolesPaginated.spec().path;
    let info = page::info(filter.page, total);
    Reply::json(&VcfRoles {
        links: Some(page::links(path, call.query_text(), filter.page, total)),
        page_info: Some(PageInfo {
            sort_by: Some(order_name(filter.order).to_owned()),
            sort_order: Some(page::direction_name(filter.descending).to_owned()),
            ..info
        }),
        vcf_roles: Some(entries.iter().map(wire).collect()),
    })
}

/// `getRole`.
pub(crate) async fn get(call: &Call) -> Result<Reply, Failure> {
    let name = call.parameter("name");
    let role = call.app().get_role(call.caller()?, name).await?;
    Reply::json(&wire(&role))
}

/// `createRole`.
pub(crate) async fn create(call: &Call) -> Result<Reply, Failure> {
    let draft = draft(call)?;
    let role = call.app().create_role(call.caller()?, draft).await?;
    Reply::json(&wire(&role))
}

/// `updateRoleDefinition`. The role of the body's name is replaced as a whole.
pub(crate) async fn update(call: &Call) -> Result<Reply, Failure> {
    let draft = draft(call)?;
    let role = call.app().update_role(call.caller()?, draft).await?;
    Reply::json(&wire(&role))
}

/// `deleteRole`.
pub(crate) async fn delete(call: &Call) -> Result<Reply, Failure> {
    let name = call.parameter("name");
    call.app().delete_role(call.caller()?, name).await?;
    Ok(Reply::empty())
}

fn filter(call: &Call) -> Result<RoleFilter, Failure> {
    let mut query = call.query();
    let kind = query.read_with("type", "must be BUILT_IN or CUSTOM", kind);
    let order = query.read_with(
        "sortBy",
        "must be ROLE_TYPE, ROLE_NAME or ROLE_DISPLAY_NAME",
        order,
    );
    let descending = page::descending(&mut query);
    Ok(RoleFilter {
        kind,
        order: order.unwrap_or_default(),
        descending,
        page: page::request(query)?,
    })
}

/// The role that the body describes, when it keeps every rule of the contract and of the domain.
fn draft(call: &Call) -> Result<RoleDraft, Failure> {
    let parsed = call.json::<VcfRole>()?;
    let given = parsed.value.component_roles.unwrap_or_default();
    let component_roles: Option<Vec<_>> = given.into_iter().map(component_role).collect();
    let draft = RoleDraft {
        name: parsed.value.role_name,
        display_name: parsed.value.role_display_name,
        description: parsed.value.role_description,
        // Of what could not be read the reader has told, and is believed.
        component_roles: component_roles.unwrap_or_default(),
    };
    reject_faults(parsed.failures, draft.clone().accept().err())?;
    Ok(draft)
}

fn component_role(given: VcfComponentRole) -> Option<ComponentRole> {
    let word = given.component_type?.as_str();
    Some(ComponentRole {
        component_type: breakglass_domain::ComponentType::from_name(word)?,
        roles: given.roles.unwrap_or_default(),
    })
}

fn wire(role: &Role) -> VcfRole {
    let component_roles = role.component_roles.iter().map(|held| VcfComponentRole {
        component_type: Some(component_type(held.component_type)),
        roles: Some(held.roles.clone()),
    });
    VcfRole {
        component_roles: Some(component_roles.collect()),
        created_at: Some(role.created_at.seconds()),
        created_by: Some(role.created_by.clone()),
        role_description: role.description.clone(),
        role_display_name: Some(role.display_name.clone()),
        role_name: Some(role.name.to_string()),
        type_: Some(match role.kind {
            RoleKind::BuiltIn => RoleType::BuiltIn,
            RoleKind::Custom => RoleType::Custom,
        }),
        updated_at: Some(role.updated_at.seconds()),
        updated_by: Some(role.updated_by.clone()),
    }
}

fn component_type(component: breakglass_domain::ComponentType) -> ComponentType {
    use breakglass_domain::ComponentType as Component;
    match component {
        Component::Hcx => ComponentType::Hcx,
        Component::NsxManager => ComponentType::NsxManager,
        Component::VcfAutomation => ComponentType::VcfAutomation,
        Component::VcfOperations => ComponentType::VcfOperations,
        Component::VcfOrchestrator => ComponentType::VcfOrchestrator,
        Component::VcfSaltRaas => ComponentType::VcfSaltRaas,
        Component::Vcenter => ComponentType::Vcenter,
    }
}

fn kind(word: &str) -> Option<RoleKind> {
    match word {
        "BUILT_IN" => Some(RoleKind::BuiltIn),
        "CUSTOM" => Some(RoleKind::Custom),
        _ => None,
    }
}

fn order(word: &str) -> Option<RoleOrder> {
    [RoleOrder::DisplayName, RoleOrder::Kind, RoleOrder::Name]
        .into_iter()
        .find(|order| order_name(*order) == word)
}

fn order_name(order: RoleOrder) -> &'static str {
    match order {
        RoleOrder::DisplayName => "ROLE_DISPLAY_NAME",
        RoleOrder::Kind => "ROLE_TYPE",
        RoleOrder::Name => "ROLE_NAME",
    }
}
