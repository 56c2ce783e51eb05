//! A server with an installation that is worth loading.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::bench::http::exchange;
use crate::bench::load::{Load, TURNS};
use crate::bench::process::{Core, Process, pinned};
use crate::bench::rounds::Subject;
use crate::bench::targets::FULL_LOAD;

/// The administrator's password of the server under load, which listens on the loopback only.
const PASSWORD: &str = "password-of-the-bench";

/// The grant for API tokens.
pub(super) const API_TOKEN_GRANT: &str = "urn:custom:vcf:params:oauth:grant-type:api-token";

/// The media type of forms.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// Beyond so many tokens that are missing they are made in longer runs.
const MANY: u64 = 100_000;

/// Where the operations of the fleet surface are.
const FLEET: &str = "/suite-api/api";

/// A running server with emergency clients.
#[derive(Debug)]
pub(super) struct Stage {
    server: Process,
    folder: PathBuf,
    authorization: String,
    /// Where its emergency clients are.
    pub(super) clients: String,
    /// A file with emergency tokens.
    pub(super) tokens: PathBuf,
    pub(super) machine: Machine,
    /// Where the realm is.
    realm: String,
}

/// What a machine gets access tokens for.
#[derive(Debug)]
pub(super) struct Machine {
    /// A file with API tokens.
    pub(super) api_tokens: PathBuf,
    /// The secret of the API client.
    secret: String,
    /// The API tokens of the realm.
    tokens: String,
    /// The search over them.
    pub(super) query: String,
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
        Self::set_by(pinned(Core::Server, binary), folder, TURNS, more)
    }

    /// The same with the command that starts the server, and with so many clients and tokens of each kind.
    pub(super) fn set_by(
        command: Command,
        folder: &Path,
        turns: u32,
        more: &[&str],
    ) -> Result<Self> {
        secret_file(&folder.join("password"), PASSWORD)?;
        let server = serve(command, folder, "127.0.0.1:0", more)?;
        let url = server.url();
        let authorization = sign_in(url)?;
        let realms = format!("{url}{FLEET}/fleet-management/iam/ssorealms");
        let list = exchange("GET", &realms, Some(&authorization), None)?;
        let realm = list.pointer("/ssoRealms/0").context("there is no realm")?;
        let clients = format!("{realms}/{}/emergency-clients", text(realm, "id")?);

        let mut lines = String::new();
        for turn in 0..turns {
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
        let machine = Machine::make(url, realm, &authorization, folder, turns)?;
        Ok(Self {
            server,
            folder: folder.to_owned(),
            authorization,
            clients,
            tokens,
            machine,
            realm: iam,
        })
    }
}

/// Signs the administrator in, and gives what authorizes the session.
fn sign_in(url: &str) -> Result<String> {
    let login = json!({ "username": "admin", "password": PASSWORD });
    let acquire = format!("{url}{FLEET}/auth/token/acquire");
    let session = exchange("POST", &acquire, None, Some(&login))?;
    Ok(format!("OpsToken {}", text(&session, "token")?))
}

impl Stage {
    /// Signs the administrator in once more, which takes the memory of a hash of a password.
    pub(super) fn sign_in(&self) -> Result<()> {
        sign_in(self.server.url()).map(drop)
    }

    /// Ends the server and waits until it has ended.
    pub(super) fn stop(&mut self) -> Result<()> {
        self.server.end()
    }

    /// Starts the server again where it was.
    pub(super) fn start(&mut self, binary: &Path) -> Result<()> {
        self.start_with(binary, &[])
    }

    /// The same with these words on its command line.
    pub(super) fn start_with(&mut self, binary: &Path, more: &[&str]) -> Result<()> {
        let address = self.url().trim_start_matches("http://").to_owned();
        self.server = serve(pinned(Core::Server, binary), &self.folder, &address, more)?;
        Ok(())
    }

    /// A second server on the same folder, which takes the tokens of the first for its own.
    pub(super) fn second(&self, binary: &Path) -> Result<Process> {
        let command = pinned(Core::Server, binary);
        let more = ["--public-url", self.url()];
        serve(command, &self.folder, "127.0.0.1:0", &more)
    }

    /// Makes emergency clients and API tokens until there are so many of each.
    pub(super) fn fill(&self, count: u64) -> Result<()> {
        let draft = json!({ "apiClientId": MACHINE, "tokenName": "%NEW%" });
        let tokens = Load {
            body: Some(draft.to_string()),
            ..self.load("make API tokens", "POST", self.machine.tokens.clone())
        };
        for make in [tokens, self.create()] {
            let mut made = 0;
            while made < count {
                let time = if count - made > MANY { 10 } else { 1 };
                made += make.warm(FULL_LOAD, Duration::from_secs(time))?.requests;
            }
        }
        Ok(())
    }

    /// Makes so many API tokens more, one after the other.
    pub(super) fn make_api_tokens(&self, count: u64) -> Result<()> {
        for number in 0..count {
            let draft = json!({ "apiClientId": MACHINE, "tokenName": format!("more-{number}") });
            let authorization = Some(self.authorization());
            exchange("POST", &self.machine.tokens, authorization, Some(&draft))?;
        }
        Ok(())
    }

    /// Makes an emergency client, and gives its token.
    pub(super) fn make_client(&self, id: &str) -> Result<String> {
        let draft = json!({ "clientId": id, "clientName": id, "accessTokenTtl": 43200 });
        let made = exchange(
            "POST",
            &self.clients,
            Some(&self.authorization),
            Some(&draft),
        )?;
        Ok(text(&made, "accessToken")?.to_owned())
    }

    /// Recalls the token of an emergency client by giving it another.
    pub(super) fn recall(&self, id: &str) -> Result<()> {
        let url = format!("{}/{id}/regenerate", self.clients);
        exchange("POST", &url, Some(&self.authorization), None).map(drop)
    }

    /// Keeps the tokens of new emergency clients for the introspection, so many of them.
    pub(super) fn keep_tokens(&mut self, count: u64) -> Result<()> {
        let mut lines = String::new();
        for number in 0..count {
            lines.push_str(&self.make_client(&format!("live-{number}"))?);
            lines.push('\n');
        }
        self.tokens = self.folder.join("live-tokens");
        secret_file(&self.tokens, &lines)
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

    /// Where its broker answers.
    pub(super) fn broker(&self) -> String {
        format!("{}/acs/t/CUSTOMER", self.url())
    }

    /// The server itself.
    pub(super) fn server(&self) -> &Process {
        &self.server
    }

    /// A load that goes to this server.
    pub(super) fn subject(&self, load: Load) -> Subject<'_> {
        let server = &self.server;
        Subject { load, server }
    }

    /// What the machine sends for an access token.
    pub(super) fn machine_form(&self) -> String {
        let secret = &self.machine.secret;
        format!("grant_type=client_credentials&client_id={MACHINE}&client_secret={secret}")
    }

    /// A token that nothing gets anew.
    pub(super) fn emergency_token(&self) -> Result<String> {
        let lines = std::fs::read_to_string(&self.tokens)?;
        let first = lines.lines().next().context("there is no token")?;
        Ok(first.to_owned())
    }

    /// A load of the administrator.
    pub(super) fn load(&self, name: &str, method: &'static str, url: String) -> Load {
        Load {
            authorization: Some(self.authorization.clone()),
            ..Load::of(name, method, url)
        }
    }
}

impl Machine {
    /// Makes an API client that may read, with its credentials.
    fn make(
        url: &str,
        realm: &str,
        authorization: &str,
        folder: &Path,
        turns: u32,
    ) -> Result<Self> {
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
        for turn in 0..turns {
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

/// Starts a server on this folder.
fn serve(mut command: Command, folder: &Path, address: &str, more: &[&str]) -> Result<Process> {
    command
        .arg("serve")
        .args(["--listen", address])
        .arg("--data-dir")
        .arg(folder.join("data"))
        .arg("--admin-password-file")
        .arg(folder.join("password"))
        // What a busy server is run with: a line per request is for the machine that is not busy.
        .args(["--log", "warn"])
        .args(more);
    Process::spawn(command)
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
