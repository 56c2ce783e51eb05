//! Tokens of clients with many roles: what it costs to issue and to check one that leaves claims out, beside a plain one.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use crate::bench::http::{exchange, fetch, submit};
use crate::bench::load::{Load, TURNS};
use crate::bench::rounds::Subject;
use crate::bench::stage::{API_TOKEN_GRANT, FORM, Stage, secret_file, text};
use crate::bench::targets::name;

/// What stands in the configuration of a server whose tokens others take as well.
const SERVICES: &str =
    "[[service]]\nkey = \"vcenter\"\naudience = \"vmware-tes:vapi\"\nimplied = true\n";

/// A server that issues tokens, and another that trusts it.
#[derive(Debug)]
pub(super) struct Pair {
    home: Stage,
    vcenter: Stage,
}

impl Pair {
    /// Starts both.
    pub(super) fn set(binary: &Path, folder: &Path) -> Result<Self> {
        let folders = ["home", "vcenter"].map(|name| folder.join(name));
        for folder in &folders {
            std::fs::create_dir(folder)?;
        }
        let [home, vcenter] = &folders;
        let config = home.join("services.toml");
        secret_file(&config, SERVICES)?;
        let config = config.to_string_lossy();
        let home = Stage::set_with(binary, home, &["--config", &config])?;
        let vcenter = Stage::set_with(binary, vcenter, &["--allow-plain-http-key-sets"])?;
        let issuer = home.broker();
        let spec = json!({
            "issuer_alias": "home",
            "issuer": issuer,
            "jwks_uri": format!("{issuer}/jwks"),
        });
        let esx = format!("{}/api/esx/authentication", vcenter.url());
        let trust = format!("{esx}/trust/security-token-issuers");
        exchange("POST", &trust, Some(vcenter.authorization()), Some(&spec))?;
        for (stage, alias) in [(&home, "breakglass"), (&vcenter, "home")] {
            let spec = json!({
                "external_group_name": role_name(0),
                "issuer_alias": alias,
                "domain": "CUSTOMER",
                "grants": [{ "resource_type": "ENTITLEMENT", "entitlement": "READ_ONLY" }],
            });
            let url = format!("{}/api/esx/authentication/client-profiles", stage.url());
            exchange("POST", &url, Some(stage.authorization()), Some(&spec))?;
        }
        Ok(Self { home, vcenter })
    }

    /// Ends both, and waits until they have ended.
    pub(super) fn stop(&mut self) -> Result<()> {
        self.home.stop()?;
        self.vcenter.stop()
    }

    /// The operations with a client that holds so many roles.
    pub(super) fn subjects(&self, folder: &Path, count: u64) -> Result<Vec<Subject<'_>>> {
        let (home, broker) = (&self.home, self.home.broker());
        let lines = self.fill(count)?;
        let api_tokens = folder.join(format!("api-tokens-{count}"));
        secret_file(&api_tokens, &lines)?;
        let first = lines.lines().next().unwrap_or_default();
        let form = format!("grant_type={API_TOKEN_GRANT}&api_token={first}");
        let issued = submit(&format!("{broker}/token"), &form)?;
        let token = text(&issued, "access_token")?;
        let bearer = format!("Bearer {token}");
        self.register(&broker, &bearer)?;
        let check = |name: &str, stage: &Stage| Load {
            authorization: Some(bearer.clone()),
            ..Load::of(
                name,
                "GET",
                format!(
                    "{}/breakglass/v1/forward-auth?entitlement=READ_ONLY",
                    stage.url()
                ),
            )
        };
        let issue = Load {
            body: Some(format!("grant_type={API_TOKEN_GRANT}&api_token=%TOKEN%")),
            content_type: FORM,
            tokens: Some(api_tokens),
            ..Load::of(name::OF_API_TOKEN, "POST", format!("{broker}/token"))
        };
        let introspect = Load {
            authorization: Some(home.authorization().to_owned()),
            body: Some(format!("token={token}")),
            content_type: FORM,
            expected: "\"active\":true",
            ..Load::of(
                "introspect an access token",
                "POST",
                format!("{broker}/introspect"),
            )
        };
        Ok(vec![
            home.subject(issue),
            home.subject(check("forward-auth where it was issued", home)),
            self.vcenter.subject(check(
                "forward-auth elsewhere, with the token registered",
                &self.vcenter,
            )),
            home.subject(introspect),
        ])
    }

    /// Makes a client that holds so many roles, and gives API tokens of it, each on a line.
    fn fill(&self, count: u64) -> Result<String> {
        let send = |method, url: &str, body: &Value| {
            exchange(method, url, Some(self.home.authorization()), Some(body))
        };
        let realm = self.home.realm();
        let roles = self.home.roles();
        let client = format!("auditor-{count}");
        let made = json!({ "clientId": client, "clientName": client });
        let made = send("POST", &format!("{realm}/api-clients"), &made)?;
        let mut held = Vec::new();
        for number in 0..count {
            let name = role_name(number);
            let meaning = json!([{ "componentType": "VCENTER", "roles": ["ReadOnly"] }]);
            let role = json!({ "roleName": name, "componentRoles": meaning });
            // It may be there from a client before.
            drop(send("POST", &roles, &role));
            held.push(json!({ "roleName": name, "roleScope": { "scopeType": "SSO_REALM" } }));
        }
        let principal = text(&made, "clientUuid")?;
        let held = json!({ "vcfRoleAssignments": held });
        send(
            "PUT",
            &format!("{realm}/principals/{principal}/roles"),
            &held,
        )?;
        let mut lines = String::new();
        for turn in 0..TURNS {
            let draft = json!({ "apiClientId": client, "tokenName": format!("turn-{turn}") });
            let token = send("POST", &format!("{realm}/api-tokens"), &draft)?;
            lines.push_str(text(&token, "token")?);
            lines.push('\n');
        }
        Ok(lines)
    }

    /// Registers what a token leaves out with the other server, if it leaves anything out.
    fn register(&self, broker: &str, bearer: &str) -> Result<()> {
        let expand = format!("{broker}/expand-access-token?format=jwt");
        let Ok(twin) = fetch(&expand, bearer) else {
            return Ok(());
        };
        let register = format!("{}/api/vcenter/registered-tokens", self.vcenter.url());
        let body = json!({ "expanded_access_token": twin });
        exchange("POST", &register, Some(bearer), Some(&body)).map(drop)
    }
}

fn role_name(number: u64) -> String {
    format!("auditor-of-site-{number:04}")
}
