//! What a server says after its restart, held against what was acknowledged before.

use std::collections::{BTreeMap, BTreeSet};

use breakglass_api_types::Operation;
use breakglass_e2e::{Client, Fleet, eventually};
use serde_json::Value;

use crate::life::{Credential, Form, Life, Look};

/// What an audit record says that a life learns from when no answer did.
const FACTS: [(&str, &str); 5] = [
    ("api_token.created", "api_token"),
    ("broker.created", "broker"),
    ("client_profile.created", "profile"),
    ("oauth_app.created", "app client"),
    ("realm.created", "realm"),
];

/// The records of the audit, by the request that they belong to.
pub(crate) struct Audit {
    by_request: BTreeMap<String, Vec<Value>>,
    /// The last record, which every later audit has to hold as it is.
    pub(crate) last: Value,
}

impl Audit {
    /// Reads what was added beyond a record, which has to be there unchanged, and finds no gap.
    pub(crate) fn read(fleet: &Fleet, beyond: &Value) -> Self {
        let known = beyond["sequence"].as_u64().unwrap_or(0);
        let mut records = fleet.audit_after(known.saturating_sub(1));
        if known > 0 {
            assert_eq!(&records[0], beyond, "the audit was rewritten, or went back");
            records.remove(0);
        }
        let mut expected = known;
        let mut by_request: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let last = records.last().unwrap_or(beyond).clone();
        for record in records {
            expected += 1;
            assert_eq!(record["sequence"], expected, "the audit has a gap");
            if let Some(id) = record["requestId"].as_str() {
                by_request.entry(id.to_owned()).or_default().push(record);
            }
        }
        Self { by_request, last }
    }

    fn of(&self, request_id: &str) -> &[Value] {
        self.by_request.get(request_id).map_or(&[], Vec::as_slice)
    }
}

/// Holds the records of a life against what was acknowledged of it, and gives how many steps are done: those that were
/// acknowledged, and the one that was not answered if it is there, wholly.
pub(crate) fn steps_done(life: &mut Life, audit: &Audit) -> usize {
    let kind = std::sync::Arc::clone(&life.kind);
    let mut done = 0;
    for (place, step) in kind.steps.iter().enumerate() {
        let records = audit.of(&life.request_id(place));
        let actions: Vec<&str> = records
            .iter()
            .filter_map(|one| one["action"].as_str())
            .collect();
        let is_unanswered = life.has_unanswered && place == life.acknowledged;
        let is_done = place < life.acknowledged || (is_unanswered && !actions.is_empty());
        let due: &[&str] = if is_done { step.records } else { &[] };
        assert_eq!(actions, due, "{} {}, step {place}", kind.name, life.name);
        done += usize::from(is_done);
        for record in records.iter().filter(|_| is_unanswered) {
            for (action, fact) in FACTS {
                if record["action"] == action {
                    let id = record["target"]["id"].as_str().unwrap();
                    life.facts.insert(fact, id.to_owned());
                }
            }
        }
    }
    done
}

/// The answers to reads, each asked for once.
pub(crate) struct Reads<'a> {
    fleet: &'a Fleet,
    answers: BTreeMap<(String, String), (u16, String)>,
}

impl<'a> Reads<'a> {
    pub(crate) fn new(fleet: &'a Fleet) -> Self {
        Self {
            fleet,
            answers: BTreeMap::new(),
        }
    }

    fn get(&mut self, realm: &str, path: &str) -> &(u16, String) {
        let key = (realm.to_owned(), path.to_owned());
        let fleet = self.fleet;
        self.answers
            .entry(key)
            .or_insert_with(|| ask(fleet, realm, path))
    }

    /// Holds everything that the server tells of a life against what has to be there.
    pub(crate) fn check(&mut self, life: &Life, done: usize) {
        let realm = life.fact("realm");
        let whose = format!("{} {} after {done} steps", life.kind.name, life.name);
        for look in (life.kind.looks)(life, done) {
            match look {
                Look::Holds(path, text) => {
                    let (status, body) = self.get(realm, &path);
                    assert!(
                        *status == 200 && body.contains(&text),
                        "{whose}: {path}: {text}: {status} {body}"
                    );
                }
                Look::Lacks(path, text) => {
                    let (status, body) = self.get(realm, &path);
                    assert!(
                        *status == 200 && !body.contains(&text),
                        "{whose}: {path}: {text}: {status} {body}"
                    );
                }
                // A realm goes by a task, which a restart takes up again.
                Look::Gone(path) => eventually(&format!("{whose}: {path} is gone"), || {
                    (ask(self.fleet, realm, &path).0 == 404).then_some(())
                }),
            }
        }
    }
}

fn ask(fleet: &Fleet, realm: &str, path: &str) -> (u16, String) {
    let headers = [("x-breakglass-realm", realm)];
    let answer = fleet
        .client()
        .try_send_with(&http::Method::GET, path, &headers, None)
        .unwrap();
    (answer.status, answer.text())
}

/// Tries credentials, each from an address of its own, so that those that are refused do not count against the others.
pub(crate) struct Tries<'a> {
    fleet: &'a Fleet,
    client: Client,
    tried: u32,
}

impl<'a> Tries<'a> {
    /// Tries at a server that takes this machine's word about addresses.
    pub(crate) fn new(fleet: &'a Fleet, url: &str) -> Self {
        Self {
            fleet,
            client: Client::new(url),
            tried: 0,
        }
    }

    /// Whether a credential opens anything.
    pub(crate) fn opens(&mut self, life: &Life, credential: &Credential) -> bool {
        let text = credential.text.as_str();
        match credential.form {
            Form::Jwt => {
                // At the broker of its realm: no other one knows it.
                let path = life.path(Operation::IntrospectToken);
                let answer = self.fleet.client().form(&path, &[("token", text)]);
                answer.expect(200).json()["active"].as_bool().unwrap()
            }
            Form::OpsToken => {
                let path = life.path(Operation::GetSsoRealmList);
                self.is_taken(&http::Method::GET, &path, &format!("OpsToken {text}"), None)
            }
            Form::ApiToken => {
                let grant = "urn:custom:vcf:params:oauth:grant-type:api-token";
                self.is_granted(&[("grant_type", grant), ("api_token", text)])
            }
            Form::Secret(id) => self.is_granted(&[
                ("grant_type", "client_credentials"),
                ("client_id", life.fact(id)),
                ("client_secret", text),
            ]),
        }
    }

    fn is_granted(&mut self, fields: &[(&str, &str)]) -> bool {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let body = ("application/x-www-form-urlencoded", form.finish());
        let path = "/acs/t/CUSTOMER/token";
        self.is_taken(&http::Method::POST, path, "", Some(body))
    }

    fn is_taken(
        &mut self,
        method: &http::Method,
        path: &str,
        authorization: &str,
        body: Option<(&str, String)>,
    ) -> bool {
        self.tried += 1;
        let address = std::net::Ipv4Addr::from_bits(0x0a00_0000 | self.tried).to_string();
        let mut headers = vec![("x-forwarded-for", address.as_str())];
        if !authorization.is_empty() {
            headers.push(("authorization", authorization));
        }
        let answer = self.client.try_send_with(method, path, &headers, body);
        let answer = answer.unwrap();
        assert!([200, 400, 401].contains(&answer.status), "{answer:?}");
        answer.status == 200
    }
}

/// The places in status lists that tokens were given: none is given to two credentials.
#[derive(Default)]
pub(crate) struct Places {
    taken: BTreeMap<(String, u64), String>,
    highest: BTreeMap<String, u64>,
}

impl Places {
    /// Notes the places of what a life was given since the last restart; all of them lie beyond those of before.
    pub(crate) fn note(&mut self, lives: &[&Life]) {
        let before = self.highest.clone();
        for life in lives {
            for (name, credential) in &life.credentials {
                if credential.form != Form::Jwt {
                    continue;
                }
                let claims = claims(&credential.text);
                let status = &claims["status"]["status_list"];
                let (uri, index) = (
                    status["uri"].as_str().unwrap(),
                    status["idx"].as_u64().unwrap(),
                );
                // What is narrowed or issued by a credential shares its place.
                let holder = format!("{}/{name}", life.name);
                let is_own = *name == "paper" || ["first", "second", "third"].contains(name);
                if !is_own {
                    continue;
                }
                let other = self.taken.insert((uri.to_owned(), index), holder.clone());
                assert_eq!(other, None, "{holder} has the place {index} of another");
                assert!(
                    before.get(uri).is_none_or(|highest| index > *highest),
                    "{holder}: the places in {uri} went back to {index}"
                );
                let highest = self.highest.entry(uri.to_owned()).or_default();
                *highest = index.max(*highest);
            }
        }
    }
}

fn claims(token: &str) -> Value {
    use base64::Engine;
    let payload = token.split('.').nth(1).unwrap();
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    serde_json::from_slice(&engine.decode(payload).unwrap()).unwrap()
}

/// The operations that were acknowledged, and those that were cut off, by name.
#[derive(Default)]
pub(crate) struct Met {
    pub(crate) acknowledged: BTreeSet<&'static str>,
    pub(crate) cut_off: BTreeSet<&'static str>,
}

impl Met {
    pub(crate) fn note(&mut self, life: &Life) {
        for (place, step) in life.kind.steps.iter().enumerate() {
            if place < life.acknowledged {
                self.acknowledged.insert(step.operation.name());
            } else if place == life.acknowledged && life.has_unanswered {
                self.cut_off.insert(step.operation.name());
            }
        }
    }
}
