//! OAuth apps.

use breakglass_api_types::Operation;
use breakglass_api_types::fleet_iam::{OAuthApp, OAuthApps};

use crate::arguments::{OauthAppArgs, OauthAppCommand, Output};
use crate::client::{Answer, Call, Client};
use crate::commands::api_token::tell;
use crate::commands::issued::{self, Issued};
use crate::commands::realm;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::table;

/// Carries out a command.
///
/// # Errors
/// When it is refused, or cannot be carried out.
pub(crate) async fn run(command: &OauthAppCommand, context: &mut Context) -> Result<Exit, Failure> {
    let client = Client::connect(command.place().0, context).await?;
    let outcome = carry_out(command, &client, context).await;
    client.finish(outcome).await.map(|()| Exit::Success)
}

async fn carry_out(
    command: &OauthAppCommand,
    client: &Client,
    context: &mut Context,
) -> Result<(), Failure> {
    let realm = realm::resolve(client, command.place().1.realm.as_deref()).await?;
    let path = [("ssoRealmId", realm.as_str())];
    let one = |id| [path[0], ("oauthAppId", id)];
    match command {
        OauthAppCommand::Create { app, issue, .. } => {
            let call = Call::new(Operation::CreateOAuthApp, &path).body(&draft(app))?;
            issued::hand_over(client, call, issue, read, context).await
        }
        OauthAppCommand::Rotate { id, issue, .. } => {
            let path = one(id.as_str());
            let call = Call::new(Operation::RotateOAuthAppSecret, &path);
            issued::hand_over(client, call, issue, read, context).await
        }
        OauthAppCommand::Delete { id, yes, place } => {
            if !yes {
                let question = format!("Delete OAuth app {id:?} with its secrets and roles?");
                context.console.confirm(&question)?;
            }
            let path = one(id.as_str());
            let answer = client
                .call(Call::new(Operation::DeleteOAuthApp, &path))
                .await?;
            let told = format!("Deleted {}.", table::cell(id));
            tell(&answer, place.output.output, &told, context)
        }
        OauthAppCommand::List { place } => {
            let answer = client
                .call(Call::new(Operation::ListOAuthApps, &path))
                .await?;
            list(&answer, place.output.output, context)
        }
        OauthAppCommand::Replace { id, app, place } => {
            let app = OAuthApp {
                id: Some(id.clone()),
                ..draft(app)
            };
            let call = Call::new(Operation::UpdateOAuthApp, &path).body(&app)?;
            show(&client.call(call).await?, place.output.output, context)
        }
        OauthAppCommand::Show { id, place } => {
            let path = one(id.as_str());
            let answer = client
                .call(Call::new(Operation::GetOAuthApp, &path))
                .await?;
            show(&answer, place.output.output, context)
        }
    }
}

fn draft(app: &OauthAppArgs) -> OAuthApp {
    OAuthApp {
        client_name: Some(app.client_name.clone()),
        redirect_urls: Some(app.redirect_urls.clone()),
        logout_urls: Some(app.logout_urls.clone()),
        ..OAuthApp::default()
    }
}

fn list(answer: &Answer, output: Output, context: &mut Context) -> Result<(), Failure> {
    if output == Output::Json {
        return context.console.verbatim(answer.bytes());
    }
    let found: OAuthApps = answer.parse()?;
    let mut rows = table::with_columns(&["ID", "NAME", "CLIENT ID"]);
    for app in found.oauth_apps.unwrap_or_default() {
        rows.add_row([
            table::optional(app.id.as_deref()),
            table::optional(app.client_name.as_deref()),
            table::optional(app.client_id.as_deref()),
        ]);
    }
    context.console.line(table::render(&rows))
}

fn show(answer: &Answer, output: Output, context: &mut Context) -> Result<(), Failure> {
    if output == Output::Json {
        return context.console.verbatim(answer.bytes());
    }
    let app: OAuthApp = answer.parse()?;
    let facts = facts(&app);
    context.console.line(table::render(&table::of_facts(facts)))
}

/// The secret of an answer, and whose it is.
fn read(answer: &Answer, _: &Context) -> Result<Issued, Failure> {
    let app: OAuthApp = answer.parse()?;
    Ok(Issued {
        noun: "secret",
        facts: facts(&app),
        secret: app.client_secret,
        advice: "Nobody can look it up again.",
    })
}

fn facts(app: &OAuthApp) -> Vec<(&'static str, String)> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let joined = |urls: &Option<Vec<String>>| urls.clone().unwrap_or_default().join(", ");
    vec![
        ("App", text(&app.id)),
        ("Name", text(&app.client_name)),
        ("Client id", text(&app.client_id)),
        ("Issuer", text(&app.issuer_url)),
        ("Redirect URLs", joined(&app.redirect_urls)),
        ("Logout URLs", joined(&app.logout_urls)),
    ]
}
