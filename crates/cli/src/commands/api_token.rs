//! API tokens.

use breakglass_api_types::Operation;
use breakglass_api_types::fleet_iam::{
    ApiToken, ApiTokens, ClientTokenField, ClientTokenFilters, ClientTokenQuery,
    ClientTokenSearchGroupings, ClientTokenSearchTerm, SearchOperator, TokenStatus,
};
use breakglass_domain::{Minutes, Timestamp};

use crate::arguments::{ApiTokenCommand, Output, PageArgs};
use crate::client::{Answer, Call, Client};
use crate::commands::issued::{self, Issued};
use crate::commands::{realm, role};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::{lifetime, table};

/// Carries out a command.
///
/// # Errors
/// When it is refused, or cannot be carried out.
pub(crate) async fn run(command: &ApiTokenCommand, context: &mut Context) -> Result<Exit, Failure> {
    let client = Client::connect(command.place().0, context).await?;
    let outcome = carry_out(command, &client, context).await;
    client.finish(outcome).await.map(|()| Exit::Success)
}

async fn carry_out(
    command: &ApiTokenCommand,
    client: &Client,
    context: &mut Context,
) -> Result<(), Failure> {
    let realm = realm::resolve(client, command.place().1.realm.as_deref()).await?;
    let path = [("ssoRealmId", realm.as_str())];
    match command {
        ApiTokenCommand::Create {
            client_id,
            token_name,
            token_description,
            ttl,
            access_token_ttl,
            issue,
            ..
        } => {
            let draft = ApiToken {
                api_client_id: Some(client_id.clone()),
                token_name: Some(token_name.clone()),
                token_description: token_description.clone(),
                api_token_ttl: ttl.and_then(minutes),
                access_token_ttl: access_token_ttl.and_then(minutes),
                ..ApiToken::default()
            };
            let call = Call::new(Operation::GenerateApiToken, &path).body(&draft)?;
            issued::hand_over(client, call, issue, read, context).await
        }
        ApiTokenCommand::Regenerate { id, issue, .. } => {
            let path = [path[0], ("apiTokenId", id.as_str())];
            let call = Call::new(Operation::ReGenerateApiToken, &path);
            issued::hand_over(client, call, issue, read, context).await
        }
        ApiTokenCommand::Delete { id, yes, place, .. } => {
            if !yes {
                let question = format!("Delete API token {id:?}?");
                context.console.confirm(&question)?;
            }
            let path = [path[0], ("apiTokenId", id.as_str())];
            let answer = client
                .call(Call::new(Operation::DeleteApiToken, &path))
                .await?;
            let told = format!("Deleted {}.", table::cell(id));
            tell(&answer, place.output.output, &told, context)
        }
        ApiTokenCommand::List {
            client_id,
            like,
            alive,
            page,
            place,
        } => {
            let search = search(client_id.as_deref(), like.as_deref(), *alive);
            let call = Call::new(Operation::QueryApiTokens, &path)
                .query("page", Some(page.page))
                .query("pageSize", Some(page.page_size))
                .query("sortBy", Some("CREATION_DATE"))
                .query("sortOrder", Some("DESCENDING"))
                .body(&search)?;
            list(
                &client.call(call).await?,
                *page,
                place.output.output,
                context,
            )
        }
        ApiTokenCommand::Show { id, place } => {
            let path = [path[0], ("apiTokenId", id.as_str())];
            let answer = client
                .call(Call::new(Operation::GetApiToken, &path))
                .await?;
            show(&answer, place.output.output, context)
        }
        ApiTokenCommand::Update {
            id,
            token_name,
            token_description,
            access_token_ttl,
            place,
        } => {
            let change = ApiToken {
                id: Some(id.clone()),
                token_name: token_name.clone(),
                token_description: token_description.clone(),
                access_token_ttl: access_token_ttl.and_then(minutes),
                ..ApiToken::default()
            };
            let call = Call::new(Operation::UpdateApiToken, &path).body(&change)?;
            let answer = client.call(call).await?;
            let told = format!("Changed {}.", table::cell(id));
            tell(&answer, place.output.output, &told, context)
        }
    }
}

fn minutes(lifetime: Minutes) -> Option<i32> {
    i32::try_from(lifetime.get()).ok()
}

fn search(client_id: Option<&str>, like: Option<&str>, alive: bool) -> ClientTokenQuery {
    let term = |field, operator, text: Option<&str>| {
        text.map(|text| ClientTokenSearchTerm {
            field: Some(field),
            operator: Some(operator),
            terms: Some(vec![text.to_owned()]),
        })
    };
    let terms = [
        term(
            ClientTokenField::ClientId,
            SearchOperator::Equals,
            client_id,
        ),
        term(ClientTokenField::TokenName, SearchOperator::Like, like),
    ];
    ClientTokenQuery {
        filters: alive.then(|| ClientTokenFilters {
            token_status: Some(vec![TokenStatus::Active]),
            token_type: None,
        }),
        search_terms: Some(ClientTokenSearchGroupings {
            all_of: Some(terms.into_iter().flatten().collect()),
            any_of: None,
        }),
    }
}

fn list(
    answer: &Answer,
    page: PageArgs,
    output: Output,
    context: &mut Context,
) -> Result<(), Failure> {
    if output == Output::Json {
        return context.console.verbatim(answer.bytes());
    }
    let found: ApiTokens = answer.parse()?;
    let tokens = found.api_tokens.unwrap_or_default();
    let shown = tokens.len();
    let now = context.clock.now();
    let mut rows = table::with_columns(&["ID", "NAME", "CLIENT", "ENDS WITH", "LEFT", "LAST USED"]);
    for token in tokens {
        let end = token.expiration_date.map(Timestamp::from_millis);
        let used = token.last_used_date.map(Timestamp::from_millis);
        rows.add_row([
            table::optional(token.id.as_deref()),
            table::optional(token.token_name.as_deref()),
            table::optional(token.principal_name.as_deref()),
            table::optional(token.token_last_chars.as_deref()),
            table::optional(end.map(|end| lifetime::countdown(now, end))),
            table::optional(used.map(|used| lifetime::ago(now, used))),
        ]);
    }
    context.console.line(table::render(&rows))?;
    role::tell_of_more(shown, page, found.page_info.as_ref(), context);
    Ok(())
}

fn show(answer: &Answer, output: Output, context: &mut Context) -> Result<(), Failure> {
    if output == Output::Json {
        return context.console.verbatim(answer.bytes());
    }
    let token: ApiToken = answer.parse()?;
    let facts = facts(&token, context.clock.now());
    context.console.line(table::render(&table::of_facts(facts)))
}

/// The token of an answer, and whose it is.
fn read(answer: &Answer, context: &Context) -> Result<Issued, Failure> {
    let token: ApiToken = answer.parse()?;
    Ok(Issued {
        noun: "token",
        facts: facts(&token, context.clock.now()),
        secret: token.token,
        advice: "Exchange it for access tokens at the token endpoint.",
    })
}

fn facts(token: &ApiToken, now: Timestamp) -> Vec<(&'static str, String)> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let end = token.expiration_date.map(Timestamp::from_millis);
    let used = token.last_used_date.map(Timestamp::from_millis);
    let access = token
        .access_token_ttl
        .and_then(|ttl| u32::try_from(ttl).ok());
    vec![
        ("Token", text(&token.id)),
        ("Name", text(&token.token_name)),
        ("Description", text(&token.token_description)),
        ("Client", text(&token.principal_name)),
        ("Ends with", text(&token.token_last_chars)),
        (
            "Left",
            table::optional(end.map(|end| lifetime::countdown(now, end))),
        ),
        (
            "Access tokens live",
            table::optional(access.map(|ttl| lifetime::spelled(Minutes::new(ttl)))),
        ),
        (
            "Last used",
            table::optional(used.map(|used| lifetime::ago(now, used))),
        ),
        ("Token endpoint", text(&token.token_endpoint_url)),
    ]
}

/// Tells that it is done, where the contract's answer has nothing to say.
pub(super) fn tell(
    answer: &Answer,
    output: Output,
    told: &str,
    context: &mut Context,
) -> Result<(), Failure> {
    match output {
        Output::Json => context.console.verbatim(answer.bytes()),
        Output::Table => context.console.line(told),
    }
}
