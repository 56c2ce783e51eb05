//! The fleet IAM surface, and what stands beside it, as an administrator sees it.

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::client::{Answer, Broken, Client, json as json_body};
use crate::{PASSWORD, eventually};

/// The base path of the fleet surface.
const FLEET: &str = "/suite-api/api";

/// A caller with the privileges of an administrator, at home in one realm.
#[derive(Debug)]
pub struct Fleet {
    /// The realm that is worked in: the first that the server names.
    pub realm: String,
    /// The session token.
    pub ops_token: String,
    url: String,
    client: Client,
}

/// An emergency client with the token that its making or renewal gave.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The token.
    pub token: String,
    /// The answer.
    pub body: Value,
}

impl Issued {
    fn of(answer: &Answer) -> Self {
        let body = answer.json();
        let token = body["accessToken"]
            .as_str()
            .expect("the answer holds the token");
        Self {
            token: token.to_owned(),
            body,
        }
    }

    /// What stands in the token, unverified.
    pub fn claims(&self) -> Value {
        use base64::Engine;
        let payload = self
            .token
            .split('.')
            .nth(1)
            .expect("a token has three parts");
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload);
        serde_json::from_slice(&bytes.expect("base64url")).expect("JSON")
    }
}

impl Fleet {
    /// Signs in as the administrator, with a connection of its own.
    pub fn sign_in(url: &str) -> Self {
        Self::try_sign_in(url, PASSWORD).expect("the password is right")
    }

    /// The same with another password; nothing when it is wrong.
    pub fn try_sign_in(url: &str, password: &str) -> Option<Self> {
        let login = json!({ "username": "admin", "password": password });
        let path = format!("{FLEET}/auth/token/acquire");
        let answer = Client::new(url).post(&path, &login);
        if answer.status == 401 {
            return None;
        }
        let answer = answer.expect(200).json();
        let ops_token = answer["token"]
            .as_str()
            .expect("a session token")
            .to_owned();
        let client = Client::new(url).authorized(format!("OpsToken {ops_token}"));
        let realms = client
            .get(&format!("{}/ssorealms", iam()))
            .expect(200)
            .json();
        let realm = realms["ssoRealms"][0]["id"].as_str().expect("a realm");
        Some(Self {
            realm: realm.to_owned(),
            ops_token,
            url: url.to_owned(),
            client,
        })
    }

    /// The same session, on a connection of its own.
    #[must_use]
    pub fn another(&self, url: &str) -> Self {
        Self {
            realm: self.realm.clone(),
            ops_token: self.ops_token.clone(),
            url: url.to_owned(),
            client: Client::new(url).authorized(format!("OpsToken {}", self.ops_token)),
        }
    }

    /// The client that is signed in.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The path of the realm's emergency clients.
    pub fn clients_path(&self) -> String {
        format!("{}/ssorealms/{}/emergency-clients", iam(), self.realm)
    }

    /// The path of one emergency client.
    pub fn client_path(&self, id: &str) -> String {
        format!("{}/{}", self.clients_path(), encoded(id))
    }

    /// Makes an emergency client that lives an hour.
    ///
    /// # Errors
    /// When the server is gone before it has answered.
    pub fn try_create(&self, id: &str) -> Result<Issued, Broken> {
        let draft = json!({ "clientId": id, "clientName": id, "accessTokenTtl": 60 });
        let body = Some(json_body(&draft));
        let answer = self
            .client
            .try_send(&Method::POST, &self.clients_path(), body)?;
        Ok(Issued::of(&answer.expect(201)))
    }

    /// Gives an emergency client a new token.
    ///
    /// # Errors
    /// When the server is gone before it has answered.
    pub fn try_regenerate(&self, id: &str) -> Result<Issued, Broken> {
        let path = format!("{}/regenerate", self.client_path(id));
        let answer = self.client.try_send(&Method::POST, &path, None)?;
        Ok(Issued::of(&answer.expect(200)))
    }

    /// Deletes an emergency client.
    ///
    /// # Errors
    /// When the server is gone before it has answered.
    pub fn try_delete(&self, id: &str) -> Result<(), Broken> {
        let answer = self
            .client
            .try_send(&Method::DELETE, &self.client_path(id), None)?;
        answer.expect(202);
        Ok(())
    }

    /// Makes an emergency client that lives an hour.
    pub fn create(&self, id: &str) -> Issued {
        self.try_create(id).expect("the server answers")
    }

    /// Gives an emergency client a new token.
    pub fn regenerate(&self, id: &str) -> Issued {
        self.try_regenerate(id).expect("the server answers")
    }

    /// Deletes an emergency client.
    pub fn delete(&self, id: &str) {
        self.try_delete(id).expect("the server answers");
    }

    /// Makes roles of these names, unless they are there, and an API client that holds them all over the whole realm; gives the
    /// text of an API token of it.
    pub fn api_token_of(&self, client_id: &str, roles: &[String]) -> String {
        let meaning = json!([{"componentType": "VCENTER", "roles": ["ReadOnly"]}]);
        for name in roles {
            let role = json!({"roleName": name, "componentRoles": meaning});
            let answer = self.client.post(&format!("{}/roles", iam()), &role);
            assert!(matches!(answer.status, 201 | 409), "{}", answer.text());
        }
        let realm = format!("{}/ssorealms/{}", iam(), self.realm);
        let draft = json!({"clientId": client_id, "clientName": client_id});
        let made = self.client.post(&format!("{realm}/api-clients"), &draft);
        let made = made.expect(201).json();
        let principal = made["clientUuid"].as_str().expect("a principal");
        let held: Vec<Value> = roles
            .iter()
            .map(|name| json!({"roleName": name, "roleScope": {"scopeType": "SSO_REALM"}}))
            .collect();
        let held = json!({ "vcfRoleAssignments": held });
        let path = format!("{realm}/principals/{principal}/roles");
        self.client.put(&path, &held).expect(200);
        let draft = json!({"apiClientId": client_id, "tokenName": "nightly"});
        let issued = self.client.post(&format!("{realm}/api-tokens"), &draft);
        let issued = issued.expect(201).json();
        let text = issued["token"].as_str().expect("the text of the token");
        text.to_owned()
    }

    /// The ids of the realm's emergency clients, in order.
    pub fn ids(&self) -> Vec<String> {
        let list = self.client.get(&self.clients_path()).expect(200).json();
        let clients = list["emergencyClients"].as_array().expect("a list");
        let mut ids: Vec<String> = clients
            .iter()
            .map(|client| client["clientId"].as_str().expect("an id").to_owned())
            .collect();
        ids.sort();
        ids
    }

    /// An emergency client on Breakglass's own surface, or nothing when there is none.
    pub fn record_of(&self, id: &str) -> Option<Value> {
        let path = format!(
            "/breakglass/v1/realms/{}/emergency-clients/{}",
            self.realm,
            encoded(id)
        );
        let answer = self.client.get(&path);
        (answer.status != 404).then(|| answer.expect(200).json())
    }

    /// The answer of the token endpoint of the first broker to a form.
    pub fn token(&self, fields: &[(&str, &str)]) -> Answer {
        // A grant brings its own credentials.
        Client::new(&self.url).form("/acs/t/CUSTOMER/token", fields)
    }

    /// The answer of introspection (RFC 7662) at the first broker.
    pub fn introspect(&self, token: &str) -> Value {
        let answer = self
            .client
            .form("/acs/t/CUSTOMER/introspect", &[("token", token)]);
        answer.expect(200).json()
    }

    /// Whether introspection says that the token is alive.
    pub fn is_alive(&self, token: &str) -> bool {
        let answer = self.introspect(token);
        let active = answer["active"].as_bool().expect("a truth value");
        assert!(active || answer == json!({ "active": false }), "{answer}");
        active
    }

    /// Every record of the audit, the oldest first.
    pub fn audit(&self) -> Vec<Value> {
        self.audit_after(0)
    }

    /// The records of the audit beyond this sequence, the oldest first.
    pub fn audit_after(&self, sequence: u64) -> Vec<Value> {
        let mut records = Vec::new();
        let mut after = Some(sequence);
        while let Some(sequence) = after {
            let path =
                format!("/breakglass/v1/audit/records?order=ASCENDING&limit=1000&after={sequence}");
            let page = self.client.get(&path).expect(200).json();
            records.extend(page["records"].as_array().expect("a list").iter().cloned());
            after = page["next"].as_u64();
        }
        records
    }

    /// Waits for a task to end, and gives it as it ended.
    pub fn finished(&self, task: &str) -> Value {
        eventually("the task ends", || {
            let answer = self
                .client
                .get(&format!("{}/tasks/{task}", iam()))
                .expect(200)
                .json();
            let going_on = ["QUEUED", "IN_PROGRESS"]
                .iter()
                .any(|status| answer["taskStatus"] == *status);
            (!going_on).then_some(answer)
        })
    }
}

/// The path of the identity and access operations.
fn iam() -> String {
    format!("{FLEET}/fleet-management/iam")
}

fn encoded(segment: &str) -> String {
    utf8_percent_encode(segment, NON_ALPHANUMERIC).to_string()
}
