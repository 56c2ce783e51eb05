//! API clients.

use breakglass_api_types::Operation;
use breakglass_api_types::fleet_iam::{
    ApiClient, ApiClients, ClientTokenField, ClientTokenQuery, ClientTokenSearchGroupings,
    ClientTokenSearchTerm, RoleAssignmentResource, RoleScope, RoleScopeType, SearchOperator,
    VcfRoleAssignment, VcfRoleAssignments,
};
use breakglass_domain::{Minutes, Timestamp};

use crate::arguments::{ApiClientCommand, Output, PageArgs};
use crate::client::{Answer, Call, Client};
use crate::commands::{realm, role};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::{lifetime, table};

/// Carries out a command.
///
/// # Errors
/// When it is refused, or cannot be carried out.
pub(crate) async fn run(
    command: &ApiClientCommand,
    context: &mut Context,
) -> Result<Exit, Failure> {
    let client = Client::connect(&command.place().connect, context).await?;
    let outcome = carry_out(command, &client, context).await;
    client.finish(outcome).await.map(|()| Exit::Success)
}

/// Where a command works, and how it tells.
struct Place<'a> {
    client: &'a Client,
    realm: String,
    output: Output,
}

async fn carry_out(
    command: &ApiClientCommand,
    client: &Client,
    context: &mut Context,
) -> Result<(), Failure> {
    let args = command.place();
    let place = Place {
        client,
        realm: realm::resolve(client, args.realm.realm.as_deref()).await?,
        output: args.output.output,
    };
    match command {
        ApiClientCommand::Create {
            client_id,
            client_name,
            client_description,
            ..
        } => {
            let draft = ApiClient {
                client_id: Some(client_id.clone()),
                client_name: client_name.clone().or_else(|| Some(client_id.clone())),
                client_description: client_description.clone(),
                ..ApiClient::default()
            };
            place.create(&draft, context).await
        }
        ApiClientCommand::Delete { client, yes, .. } => {
            place.delete(client.id(), *yes, context).await
        }
        ApiClientCommand::Grant {
            client,
            role,
            instances,
            lifetime,
            ..
        } => {
            let granted = assignment(role, instances, *lifetime, context.clock.now());
            place.grant(client.id(), granted, context).await
        }
        ApiClientCommand::List {
            like, role, page, ..
        } => {
            let search = search(like.as_deref(), role.as_deref());
            place.list(&search, *page, context).await
        }
        ApiClientCommand::Revoke { client, role, .. } => {
            place.revoke(client.id(), role.as_deref(), context).await
        }
        ApiClientCommand::Show { client, .. } => {
            let answer = place.find(client.id()).await?;
            print(&answer, place.output, context)
        }
        ApiClientCommand::Update {
            client,
            client_name,
            client_description,
            ..
        } => {
            let change = ApiClient {
                client_id: Some(client.id().to_owned()),
                client_name: client_name.clone(),
                client_description: client_description.clone(),
                ..ApiClient::default()
            };
            place.update(&change, context).await
        }
    }
}

impl Place<'_> {
    async fn create(&self, draft: &ApiClient, context: &mut Context) -> Result<(), Failure> {
        let path = [("ssoRealmId", self.realm.as_str())];
        let call = Call::new(Operation::CreateApiClient, &path).body(draft)?;
        print(&self.client.call(call).await?, self.output, context)
    }

    async fn delete(&self, id: &str, yes: bool, context: &mut Context) -> Result<(), Failure> {
        if !yes {
            let question =
                format!("Delete API client {id:?} with its roles, its tokens and its secrets?");
            context.console.confirm(&question)?;
        }
        let path = [("ssoRealmId", self.realm.as_str()), ("clientId", id)];
        let call = Call::new(Operation::DeleteApiClient, &path);
        let answer = self.client.call(call).await?;
        self.tell(&answer, &format!("Deleted {}.", table::cell(id)), context)
    }

    async fn update(&self, change: &ApiClient, context: &mut Context) -> Result<(), Failure> {
        let path = [("ssoRealmId", self.realm.as_str())];
        let call = Call::new(Operation::UpdateApiClient, &path).body(change)?;
        let answer = self.client.call(call).await?;
        let id = table::optional(change.client_id.as_deref());
        self.tell(&answer, &format!("Changed {id}."), context)
    }

    async fn list(
        &self,
        search: &ClientTokenQuery,
        page: PageArgs,
        context: &mut Context,
    ) -> Result<(), Failure> {
        let path = [("ssoRealmId", self.realm.as_str())];
        let call = Call::new(Operation::QueryApiClients, &path)
            .query("page", Some(page.page))
            .query("pageSize", Some(page.page_size))
            .body(search)?;
        let answer = self.client.call(call).await?;
        if self.output == Output::Json {
            return context.console.verbatim(answer.bytes());
        }
        let found: ApiClients = answer.parse()?;
        let clients = found.api_clients.unwrap_or_default();
        let shown = clients.len();
        let mut rows = table::with_columns(&["CLIENT", "NAME", "ROLES", "UUID"]);
        for client in clients {
            rows.add_row([
                table::optional(client.client_id.as_deref()),
                table::optional(client.client_name.as_deref()),
                role_names(&client),
                table::optional(client.client_uuid.as_deref()),
            ]);
        }
        context.console.line(table::render(&rows))?;
        role::tell_of_more(shown, page, found.page_info.as_ref(), context);
        Ok(())
    }

    async fn grant(
        &self,
        id: &str,
        granted: VcfRoleAssignment,
        context: &mut Context,
    ) -> Result<(), Failure> {
        let found: ApiClient = self.find(id).await?.parse()?;
        let name = table::optional(granted.role_name.as_deref());
        let mut roles = found.roles.unwrap_or_default();
        roles.retain(|held| !is_of_the_same(held, &granted));
        roles.push(granted);
        let answer = self.replace(found.client_uuid, roles).await?;
        let told = format!("Granted {name} to {}.", table::cell(id));
        self.tell(&answer, &told, context)
    }

    async fn revoke(
        &self,
        id: &str,
        role: Option<&str>,
        context: &mut Context,
    ) -> Result<(), Failure> {
        let found: ApiClient = self.find(id).await?.parse()?;
        let mut roles = found.roles.unwrap_or_default();
        let held = roles.len();
        roles.retain(|held| role.is_some_and(|role| held.role_name.as_deref() != Some(role)));
        if let Some(role) = role.filter(|_| roles.len() == held) {
            let message = format!("API client {id:?} does not hold the role {role:?}");
            return Err(Failure::new(Exit::NotFound, message));
        }
        let answer = self.replace(found.client_uuid, roles).await?;
        let what = role.map_or_else(|| "every role".to_owned(), table::cell);
        let told = format!("Took {what} from {}.", table::cell(id));
        self.tell(&answer, &told, context)
    }

    async fn find(&self, id: &str) -> Result<Answer, Failure> {
        let path = [("ssoRealmId", self.realm.as_str()), ("clientId", id)];
        let call = Call::new(Operation::GetApiClient, &path);
        self.client.call(call).await
    }

    /// Replaces the roles of a principal: the contract knows no other change of them.
    async fn replace(
        &self,
        principal: Option<String>,
        roles: Vec<VcfRoleAssignment>,
    ) -> Result<Answer, Failure> {
        let principal = principal.unwrap_or_default();
        let path = [
            ("ssoRealmId", self.realm.as_str()),
            ("principalId", principal.as_str()),
        ];
        let body = VcfRoleAssignments {
            vcf_role_assignments: Some(roles),
        };
        let call = Call::new(Operation::UpdateRoleAssignment, &path).body(&body)?;
        self.client.call(call).await
    }

    /// Tells that it is done, where the contract's answer has nothing to say.
    fn tell(&self, answer: &Answer, told: &str, context: &mut Context) -> Result<(), Failure> {
        match self.output {
            Output::Json => context.console.verbatim(answer.bytes()),
            Output::Table => context.console.line(told),
        }
    }
}

fn assignment(
    role: &str,
    instances: &[String],
    lifetime: Option<Minutes>,
    now: Timestamp,
) -> VcfRoleAssignment {
    let resources = instances.iter().map(|id| RoleAssignmentResource {
        id: Some(id.clone()),
        name: None,
    });
    let scope_type = if instances.is_empty() {
        RoleScopeType::SsoRealm
    } else {
        RoleScopeType::VcfInstance
    };
    VcfRoleAssignment {
        expires_at: lifetime.map(|lifetime| now.plus(lifetime).millis()),
        role_display_name: None,
        role_name: Some(role.to_owned()),
        role_scope: Some(RoleScope {
            resources: Some(resources.collect()),
            scope_type: Some(scope_type),
            sso_name: None,
        }),
    }
}

/// Whether two assignments are of one role over one scope. Names of instances are for people.
fn is_of_the_same(held: &VcfRoleAssignment, granted: &VcfRoleAssignment) -> bool {
    let scope = |assignment: &VcfRoleAssignment| {
        let scope = assignment.role_scope.clone().unwrap_or_default();
        let resources = scope.resources.unwrap_or_default().into_iter();
        let mut ids: Vec<_> = resources.map(|resource| resource.id).collect();
        ids.sort();
        (scope.scope_type, ids)
    };
    held.role_name == granted.role_name && scope(held) == scope(granted)
}

fn search(like: Option<&str>, role: Option<&str>) -> ClientTokenQuery {
    let term = |field, operator, text: &str| ClientTokenSearchTerm {
        field: Some(field),
        operator: Some(operator),
        terms: Some(vec![text.to_owned()]),
    };
    let fields = [ClientTokenField::ClientId, ClientTokenField::ClientName];
    let any_of = like.map(|text| {
        let terms = fields.map(|field| term(field, SearchOperator::Like, text));
        terms.to_vec()
    });
    let all_of = role.map(|role| {
        vec![term(
            ClientTokenField::RoleName,
            SearchOperator::Equals,
            role,
        )]
    });
    ClientTokenQuery {
        filters: None,
        search_terms: Some(ClientTokenSearchGroupings { all_of, any_of }),
    }
}

fn print(answer: &Answer, output: Output, context: &mut Context) -> Result<(), Failure> {
    if output == Output::Json {
        return context.console.verbatim(answer.bytes());
    }
    let client: ApiClient = answer.parse()?;
    let facts = [
        ("Client", client.client_id.unwrap_or_default()),
        ("Name", client.client_name.unwrap_or_default()),
        ("Description", client.client_description.unwrap_or_default()),
        ("UUID", client.client_uuid.unwrap_or_default()),
    ];
    context
        .console
        .line(table::render(&table::of_facts(facts)))?;
    let now = context.clock.now();
    let mut rows = table::with_columns(&["ROLE", "NAME", "OVER", "LEFT"]);
    for held in client.roles.unwrap_or_default() {
        let end = held.expires_at.map(Timestamp::from_millis);
        rows.add_row([
            table::optional(held.role_name.as_deref()),
            table::optional(held.role_display_name.as_deref()),
            scope(&held),
            table::optional(end.map(|end| lifetime::countdown(now, end))),
        ]);
    }
    context.console.line("")?;
    context.console.line(table::render(&rows))
}

fn scope(held: &VcfRoleAssignment) -> String {
    let scope = held.role_scope.clone().unwrap_or_default();
    if scope.scope_type == Some(RoleScopeType::SsoRealm) {
        return "the realm".to_owned();
    }
    let resources = scope.resources.unwrap_or_default().into_iter();
    let ids: Vec<String> = resources.filter_map(|resource| resource.id).collect();
    table::cell(&ids.join(", "))
}

fn role_names(client: &ApiClient) -> String {
    let roles = client.roles.iter().flatten();
    let names: Vec<&str> = roles.filter_map(|held| held.role_name.as_deref()).collect();
    table::cell(&names.join(", "))
}
