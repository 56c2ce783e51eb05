//! The life of one thing: writes in an order, what each answer told, and what has to be there after each of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use breakglass_api_types::Operation;
use breakglass_e2e::{Answer, Broken, Client};
use serde_json::Value;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Who {
    /// The API client that administers the realm.
    Driver,
    /// Whoever holds this credential of the life itself.
    Holder(&'static str),
    /// Nobody known.
    Nobody,
}

/// What a request carries.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Form(Vec<(&'static str, String)>),
    Json(Value),
    Nothing,
}

/// What a credential is shown as.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Form {
    /// The text of an API token, at the token endpoint.
    ApiToken,
    /// A JWT, at the introspection endpoint.
    Jwt,
    /// A session of the fleet surface.
    OpsToken,
    /// The secret of the client whose id this fact is, at the token endpoint.
    Secret(&'static str),
}

/// One write.
pub(crate) struct Step {
    pub(crate) operation: Operation,
    pub(crate) who: Who,
    body: fn(&Life) -> Body,
    /// What it leaves in the audit, in order.
    pub(crate) records: &'static [&'static str],
    learns: Vec<(&'static str, &'static str)>,
    gives: Option<(&'static str, Form, &'static str)>,
    kills: Vec<&'static str>,
}

impl Step {
    pub(crate) fn new(
        operation: Operation,
        who: Who,
        body: fn(&Life) -> Body,
        records: &'static [&'static str],
    ) -> Self {
        Self {
            operation,
            who,
            body,
            records,
            learns: Vec::new(),
            gives: None,
            kills: Vec::new(),
        }
    }

    /// A fact that stands in the answer at this pointer.
    pub(crate) fn learns(mut self, fact: &'static str, pointer: &'static str) -> Self {
        self.learns.push((fact, pointer));
        self
    }

    /// A credential that stands in the answer at this pointer.
    pub(crate) fn gives(mut self, name: &'static str, form: Form, pointer: &'static str) -> Self {
        self.gives = Some((name, form, pointer));
        self
    }

    /// The credentials that are dead from now on.
    pub(crate) fn kills(mut self, names: &[&'static str]) -> Self {
        self.kills.extend(names);
        self
    }
}

/// What has to be told by a read.
#[derive(Debug)]
pub(crate) enum Look {
    /// The answer holds this text.
    Holds(String, String),
    /// There is nothing at this path.
    Gone(String),
    /// The list does not hold this text.
    Lacks(String, String),
}

/// A kind of life.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) steps: Vec<Step>,
    /// What has to be there once so many steps are done.
    pub(crate) looks: fn(&Life, usize) -> Vec<Look>,
    /// Whether every life of the kind changes the same thing, so that only the last can be looked at.
    pub(crate) is_single: bool,
}

/// A credential that was given.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    pub(crate) text: String,
    pub(crate) form: Form,
    /// The step that gave it, and the one that kills it.
    born: usize,
    dies: Option<usize>,
}

impl Credential {
    /// Whether it is alive once so many steps are done.
    pub(crate) fn is_alive(&self, done: usize) -> bool {
        self.born < done && self.dies.is_none_or(|dies| dies >= done)
    }
}

/// The life of one thing, as far as whoever wrote it knows.
pub(crate) struct Life {
    pub(crate) kind: Arc<Kind>,
    /// A name that nothing else has.
    pub(crate) name: String,
    /// Counts the lives of a run.
    pub(crate) number: usize,
    pub(crate) facts: BTreeMap<&'static str, String>,
    pub(crate) credentials: BTreeMap<&'static str, Credential>,
    /// How many steps were acknowledged.
    pub(crate) acknowledged: usize,
    /// Whether one more was asked for and never answered.
    pub(crate) has_unanswered: bool,
}

impl Life {
    pub(crate) fn new(kind: &Arc<Kind>, name: String, number: usize, realm: &str) -> Self {
        let mut facts = BTreeMap::new();
        facts.insert("realm", realm.to_owned());
        facts.insert("clientId", name.clone());
        facts.insert("tenant", "CUSTOMER".to_owned());
        Self {
            kind: Arc::clone(kind),
            name,
            number,
            facts,
            credentials: BTreeMap::new(),
            acknowledged: 0,
            has_unanswered: false,
        }
    }

    /// What was learned, or an empty text.
    pub(crate) fn fact(&self, name: &str) -> &str {
        self.facts.get(name).map_or("", String::as_str)
    }

    /// The text of a credential.
    pub(crate) fn text(&self, name: &str) -> String {
        self.credentials[name].text.clone()
    }

    /// The id of the request of a step, by which its audit records are found.
    pub(crate) fn request_id(&self, step: usize) -> String {
        format!("{}-{step}", self.name)
    }

    /// The path of an operation on this thing.
    pub(crate) fn path(&self, operation: Operation) -> String {
        let values = [
            ("apiTokenId", self.fact("api_token")),
            ("clientId", self.name.as_str()),
            ("issuerAlias", self.name.as_str()),
            ("name", self.name.as_str()),
            ("oauthAppId", self.fact("app")),
            ("principalId", self.fact("principal")),
            ("profile", self.fact("profile")),
            ("realmId", self.fact("realm")),
            ("secretId", self.fact("secret")),
            ("ssoRealmId", self.fact("realm")),
            ("tenant", self.fact("tenant")),
            ("username", "admin"),
        ];
        operation.path(&values).unwrap()
    }

    /// Takes one step after the other until all are done or the server is gone, and tells of each that was acknowledged.
    pub(crate) fn live(&mut self, client: &Client, driver: &str, acknowledged: &mut dyn FnMut()) {
        let kind = Arc::clone(&self.kind);
        for (place, step) in kind.steps.iter().enumerate() {
            self.has_unanswered = true;
            let Ok(answer) = self.ask(client, driver, place, step) else {
                return;
            };
            let answer = answer.expect(step.operation.spec().success);
            self.learn(place, step, &answer);
            self.has_unanswered = false;
            self.acknowledged += 1;
            acknowledged();
        }
    }

    fn ask(
        &self,
        client: &Client,
        driver: &str,
        place: usize,
        step: &Step,
    ) -> Result<Answer, Broken> {
        let request_id = self.request_id(place);
        let mut headers = vec![("x-request-id", request_id.as_str())];
        // The hosts' APIs do not name the realm in their paths.
        headers.push(("x-breakglass-realm", self.fact("realm")));
        let credential = match step.who {
            Who::Driver => format!("Bearer {driver}"),
            Who::Holder(name) => match self.credentials[name].form {
                Form::OpsToken => format!("OpsToken {}", self.text(name)),
                _ => format!("Bearer {}", self.text(name)),
            },
            Who::Nobody => String::new(),
        };
        if !credential.is_empty() {
            headers.push(("authorization", &credential));
        }
        if let Some(session) = self.facts.get("session") {
            headers.push(("vmware-api-session-id", session));
        }
        let body = match (step.body)(self) {
            Body::Nothing => None,
            Body::Json(value) => Some(("application/json", value.to_string())),
            Body::Form(fields) => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(fields);
                Some(("application/x-www-form-urlencoded", form.finish()))
            }
        };
        let method = step.operation.spec().method.as_str().parse().unwrap();
        client.try_send_with(&method, &self.path(step.operation), &headers, body)
    }

    fn learn(&mut self, place: usize, step: &Step, answer: &Answer) {
        let at = |pointer: &str| {
            let body = answer.json();
            let found = body.pointer(pointer).and_then(Value::as_str);
            found
                .unwrap_or_else(|| panic!("{}: no {pointer} in {body}", self.name))
                .to_owned()
        };
        let facts: Vec<_> = step
            .learns
            .iter()
            .map(|(fact, pointer)| (*fact, at(pointer)))
            .collect();
        let given = step.gives.map(|(name, form, pointer)| {
            let later = self.kind.steps.iter().enumerate().skip(place + 1);
            let mut later = later.filter(|(_, later)| later.kills.contains(&name));
            let credential = Credential {
                text: at(pointer),
                form,
                born: place,
                dies: later.next().map(|(dies, _)| dies),
            };
            (name, credential)
        });
        self.facts.extend(facts);
        self.credentials.extend(given);
    }
}
