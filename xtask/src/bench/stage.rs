//! A server with an installation that is worth loading.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::bench::http::exchange;
use crate::bench::load::{Load, TURNS};
use crate::bench::process::Process;

/// The administrator's password of the server under load, which listens on the loopback only.
const PASSWORD: &str = "password-of-the-bench";

/// The grant for API tokens.
pub(super) const API_TOKEN_GRANT: &str = "urn:custom:vcf:params:oauth:grant-type:api-token";

/// Beyond so many tokens that are missing they are made in longer runs.
const MANY: u64 = 100_000;

/// Where the operations of the fleet surface are.
const FLEET: &str = "/suite-api/api";

/// A running server with emergency clients.
#[derive(Debug)]
pub(super) struct Stage {
    server: Process,
    authorization: String,
    clients: String,
    tokens: PathBuf,
    machine: Machine,
    /// Where the realm is.
    realm: String,
}

/// What a machine gets access tokens for.
#[derive(Debug)]
struct Machine {
    /// A file with API tokens.
    api_tokens: PathBuf,
    /// The secret of the API client.
    secret: String,
    /// The API tokens of the realm.
    tokens: String,
    /// The search over them.
    query: String,
}

/// The id of the API client.
pub(super) const MACHINE: &str = "bench";

impl Stage {
    /// Starts a server on an empty folder and makes what the loads need.
    pub(super) fn set(binary: &Path, folder: &Path) -> Result<Self> {
        Self::set_with(binary, folder, &[])
    }

    /// The same with these words on its command line.
    pub(super) fn set_with(binary: &Path, folder: &Path, more: &[&str]) -> Result<Self> {
        let password = folder.join("password");
        secret_file(&password, PASSWORD)?;
        let (data, password) = (folder.join("data"), password);
        let words = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            data.to_str().context("the folder's name is text")?,
            "--admin-password-file",
            password.to_str().context("the folder's name is text")?,
            // What a busy server is run with: a line per request is for the machine that is not busy.
            "--log",
            "warn",
        ];
        let server = Process::start(binary, &[&words, more].concat())?;
        let url = server.url();
        let login = json!({ "username": "admin", "password": PASSWORD });
        let session = exchange(
            "POST",
            &format!("{url}{FLEET}/auth/token/acquire"),
            None,
            Some(&login),
        )?;
        let authorization = format!("OpsToken {}", text(&session, "token")?);
        let realms = format!("{url}{FLEET}/fleet-management/iam/ssorealms");
        let list = exchange("GET", &realms, Some(&authorization), None)?;
        let realm = list.pointer("/ssoRealms/0").context("there is no realm")?;
        let clients = format!("{realms}/{}/emergency-clients", text(realm, "id")?);

        let mut lines = String::new();
        for turn in 0..TURNS {
            let make = |id: String| {
                let draft = json!({ "clientId": id, "clientName": id, "accessTokenTtl": 43200 });
                exchange("POST", &clients, Some(&authorization), Some(&draft))
            };
            // One client keeps the token that is introspected, another gets a new one again and again.
            make(format!("again-{turn}"))?;
            let kept = make(format!("kept-{turn}"))?;
            lines.push_str(text(&kept, "accessToken")?);
            lines.push('\n');
        }
        let tokens = folder.join("tokens");
        secret_file(&tokens, &lines)?;
        let realm = text(realm, "id")?;
        let iam = format!("{realms}/{realm}");
        let machine = Machine::make(url, realm, &authorization, folder)?;
        Ok(Self {
            server,
            authorization,
            clients,
            tokens,
            machine,
            realm: iam,
        })
    }

    /// The operations that are measured.
    pub(super) fn loads(&self) -> [Load; 7] {
        let broker = format!("{}/acs/t/CUSTOMER", self.server.url());
        let draft = json!({ "clientId": "%NEW%", "clientName": "Bench", "accessTokenTtl": 43200 });
        let load = |name, method, url| self.load(name, method, url);
        [
            Load::of("JWKS", "GET", format!("{broker}/jwks")),
            Load {
                body: Some("token=%TOKEN%".to_owned()),
                content_type: "application/x-www-form-urlencoded",
                tokens: Some(self.tokens.clone()),
                expected: "\"active\":true",
                ..load("introspect", "POST", format!("{broker}/introspect"))
            },
            Load {
                body: Some(draft.to_string()),
                ..load("create", "POST", self.clients.clone())
            },
            load(
                "regenerate",
                "POST",
                format!("{}/again-%TURN%/regenerate", self.clients),
            ),
            Load {
                body: Some(format!("grant_type={API_TOKEN_GRANT}&api_token=%TOKEN%")),
                content_type: "application/x-www-form-urlencoded",
                tokens: Some(self.machine.api_tokens.clone()),
                ..Load::of("API token", "POST", format!("{broker}/token"))
            },
            Load {
                body: Some(format!(
                    "grant_type=client_credentials&client_id={MACHINE}&client_secret={}",
                    self.machine.secret
                )),
                content_type: "application/x-www-form-urlencoded",
                ..Load::of("client credentials", "POST", format!("{broker}/token"))
            },
            Load {
                body: Some("{}".to_owned()),
                ..load("query tokens", "POST", self.machine.query.clone())
            },
        ]
    }
}

impl Stage {
    /// Makes API tokens until there are so many.
    pub(super) fn fill(&self, count: u64) -> Result<()> {
        let draft = json!({ "apiClientId": MACHINE, "tokenName": "%NEW%" });
        let make = Load {
            body: Some(draft.to_string()),
            ..self.load("make API tokens", "POST", self.machine.tokens.clone())
        };
        let mut count_made = 0;
        while count_made < count {
            let time = if count - count_made > MANY { 10 } else { 1 };
            count_made += make.run(64, Duration::from_secs(time))?.requests;
        }
        Ok(())
    }

    /// The operations whose cost must not grow with what is there.
    pub(super) fn loads_over(&self, count: u64) -> Vec<Load> {
        let [_, introspect, _, _, issue, _, page] = self.loads();
        let by_name = json!({"searchTerms": {"allOf": [
            {"field": "TOKEN_NAME", "operator": "EQUALS", "terms": ["turn-7"]},
        ]}});
        let find = Load {
            body: Some(by_name.to_string()),
            ..self.load("find by name", "POST", self.machine.query.clone())
        };
        let last = Load {
            url: format!("{}?sortBy=LAST_USED_DATE&sortOrder=DESCENDING", page.url),
            name: "last used first".to_owned(),
            ..page.clone()
        };
        let mut loads = vec![introspect, issue, page, last, find];
        for load in &mut loads {
            load.name = format!("{}, {count} tokens", load.name);
        }
        loads
    }

    /// Where its realm is.
    pub(super) fn realm(&self) -> &str {
        &self.realm
    }

    /// Where its roles are.
    pub(super) fn roles(&self) -> String {
        format!("{}{FLEET}/fleet-management/iam/roles", self.url())
    }

    /// Where it answers.
    pub(super) fn url(&self) -> &str {
        self.server.url()
    }

    /// The `Authorization` of the administrator.
    pub(super) fn authorization(&self) -> &str {
        &self.authorization
    }

    /// The secret of the machine.
    pub(super) fn machine_secret(&self) -> &str {
        &self.machine.secret
    }

    /// A token that nothing gets anew.
    pub(super) fn emergency_token(&self) -> Result<String> {
        let lines = std::fs::read_to_string(&self.tokens)?;
        let first = lines.lines().next().context("there is no token")?;
        Ok(first.to_owned())
    }

    fn load(&self, name: &str, method: &'static str, url: String) -> Load {
        Load {
            authorization: Some(self.authorization.clone()),
            ..Load::of(name, method, url)
        }
    }
}

impl Machine {
    /// Makes an API client that may read, with its credentials.
    fn make(url: &str, realm: &str, authorization: &str, folder: &Path) -> Result<Self> {
        let iam = format!("{url}{FLEET}/fleet-management/iam/ssorealms/{realm}");
        let send = |method, url: &str, body: &Value| {
            exchange(method, url, Some(authorization), Some(body))
        };
        let client = json!({ "clientId": MACHINE, "clientName": "Bench" });
        let made = send("POST", &format!("{iam}/api-clients"), &client)?;
        let role = json!({ "roleName": "vcf_viewer", "roleScope": { "scopeType": "SSO_REALM" } });
        let roles = format!("{iam}/principals/{}/roles", text(&made, "clientUuid")?);
        send("PUT", &roles, &json!({ "vcfRoleAssignments": [role] }))?;
        let mut lines = String::new();
        for turn in 0..TURNS {
            let draft = json!({ "apiClientId": MACHINE, "tokenName": format!("turn-{turn}") });
            let token = send("POST", &format!("{iam}/api-tokens"), &draft)?;
            lines.push_str(text(&token, "token")?);
            lines.push('\n');
        }
        let api_tokens = folder.join("api-tokens");
        secret_file(&api_tokens, &lines)?;
        let secrets = format!("{url}/breakglass/v1/realms/{realm}/clients/{MACHINE}/secrets");
        let secret = send("POST", &secrets, &json!({}))?;
        Ok(Self {
            api_tokens,
            secret: text(&secret, "clientSecret")?.to_owned(),
            tokens: format!("{iam}/api-tokens"),
            query: format!("{iam}/api-tokens/query"),
        })
    }
}

pub(super) fn text<'a>(object: &'a Value, name: &str) -> Result<&'a str> {
    let value = object.get(name).and_then(Value::as_str);
    value.with_context(|| format!("the answer has no {name}"))
}

pub(super) fn secret_file(path: &Path, text: &str) -> Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    Ok(file.write_all(text.as_bytes())?)
}
