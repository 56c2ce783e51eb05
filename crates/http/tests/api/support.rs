//! A whole application with its API, and the requests that tests send it.

use std::net::{IpAddr, Ipv4Addr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use breakglass_app::Options;
use breakglass_domain::audit::{AuditAction, AuditRecord};
use breakglass_domain::{
    ClientQuery, PageRequest, Principal, Secret, ServiceDraft, TokenOrder, TokenQuery,
};
use breakglass_http::{Api, ApiOptions};
use breakglass_ports::store::{AuditFilter, AuditOrder, RoleFilter, RoleOrder};
use breakglass_test_support::TestApp;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::Value;

/// Where the requests of tests come from.
pub(crate) const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));

/// The one service that tokens can be asked for.
pub(crate) const SERVICE: &str = "sample-service";

/// The fleet's paths begin so.
pub(crate) const IAM: &str = "/suite-api/api/fleet-management/iam";

/// An application with its API, and a session of its administrator.
pub(crate) struct Harness {
    pub(crate) test: TestApp,
    pub(crate) api: Api,
    /// The `Authorization` of the administrator.
    pub(crate) admin: String,
}

/// A request to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Harness {
    /// An application after its first start.
    pub(crate) async fn start() -> Self {
        let service = ServiceDraft {
            key: Some(SERVICE.to_owned()),
            ..ServiceDraft::default()
        };
        let options = Options {
            services: vec![service.accept().unwrap()],
            ..Options::default()
        };
        Self::start_with(options, ApiOptions::default()).await
    }

    /// An application with these options after its first start.
    pub(crate) async fn start_with(options: Options, api: ApiOptions) -> Self {
        let test = TestApp::start_with(options).await;
        let api = Api::new(test.app.clone(), api);
        let admin = ops(&test.ops_token().await);
        Self { test, api, admin }
    }

    /// Sends a request from the network.
    pub(crate) async fn send(&self, ask: Ask) -> Told {
        told(self.api.call(PEER, ask.request()).await).await
    }

    /// Sends a request of the administrator.
    pub(crate) async fn send_as_admin(&self, ask: Ask) -> Told {
        self.send(ask.authorization(&self.admin)).await
    }

    /// Sends a request of somebody with access to the data folder.
    pub(crate) async fn send_as_operator(&self, ask: Ask) -> Told {
        let principal = Principal::LocalOperator {
            user: "root".to_owned(),
        };
        told(self.api.call_as(principal, ask.request()).await).await
    }

    /// The realm of the first start.
    pub(crate) fn realm(&self) -> String {
        self.test.made.realm.id.to_string()
    }

    /// The path of the emergency clients of the first realm.
    pub(crate) fn clients(&self) -> String {
        format!("{IAM}/ssorealms/{}/emergency-clients", self.realm())
    }

    /// The path of the API clients of the first realm.
    pub(crate) fn api_clients(&self) -> String {
        format!("{IAM}/ssorealms/{}/api-clients", self.realm())
    }

    /// The path of the API tokens of the first realm.
    pub(crate) fn api_tokens(&self) -> String {
        format!("{IAM}/ssorealms/{}/api-tokens", self.realm())
    }

    /// Makes an API client in the first realm and gives its `clientUuid`.
    pub(crate) async fn add_api_client(&self, client_id: &str) -> String {
        let body = serde_json::json!({"clientId": client_id, "clientName": "A client"});
        let ask = Ask::post(self.api_clients()).json(&body);
        let told = self.send_as_admin(ask).await.expect(StatusCode::CREATED);
        told.json()["clientUuid"].as_str().unwrap().to_owned()
    }

    /// The path of the roles of a principal of the first realm.
    pub(crate) fn roles_of(&self, principal: &str) -> String {
        format!(
            "{IAM}/ssorealms/{}/principals/{principal}/roles",
            self.realm()
        )
    }

    /// Makes an emergency client in the first realm and gives its token.
    pub(crate) async fn add_client(&self, client_id: &str) -> Secret {
        let realm = self.test.made.realm.clone();
        self.test.add_emergency_client(&realm, client_id).await
    }

    /// Every record of the audit, the oldest first.
    pub(crate) async fn records(&self) -> Vec<AuditRecord> {
        let filter = AuditFilter {
            after: None,
            limit: 1000,
            order: AuditOrder::Ascending,
            realm_id: None,
            action: None,
        };
        let page = self
            .test
            .app
            .list_audit_records(&self.test.admin(), filter)
            .await;
        page.unwrap().records
    }

    /// The actions of the records beyond the first `known`.
    pub(crate) async fn actions_since(&self, known: usize) -> Vec<AuditAction> {
        let records = self.records().await;
        records[known..]
            .iter()
            .map(|record| record.event.action)
            .collect()
    }

    /// Everything that can be changed, as text.
    pub(crate) async fn state(&self) -> String {
        let (app, admin) = (&self.test.app, self.test.admin());
        let mut state = vec![format!("{:?}", app.get_settings(&admin).await.unwrap())];
        let brokers = app
            .list_brokers(&admin, breakglass_app::BrokerFilter::default())
            .await;
        state.push(format!("{:?}", brokers.unwrap()));
        for (realm, _) in app.list_realms(&admin).await.unwrap() {
            let clients = app.list_emergency_clients(&admin, realm.id).await;
            state.push(format!("{realm:?} {:?}", clients.unwrap()));
            let page = PageRequest::new(0, 1000).unwrap();
            let clients = app
                .query_api_clients(&admin, realm.id, &ClientQuery::default(), page)
                .await;
            let clients = clients.unwrap();
            state.push(format!("{clients:?}"));
            for found in &clients.entries {
                let client_id = found.client.client_id.as_str();
                let secrets = app.list_client_secrets(&admin, realm.id, client_id).await;
                state.push(format!("{:?}", secrets.unwrap()));
            }
            let all = TokenQuery::default();
            let tokens = app
                .query_api_tokens(&admin, realm.id, &all, TokenOrder::default(), false, page)
                .await;
            state.push(format!("{:?}", tokens.unwrap()));
            let apps = app.list_oauth_apps(&admin, realm.id).await;
            state.push(format!("{:?}", apps.unwrap()));
        }
        let roles = RoleFilter {
            kind: None,
            order: RoleOrder::Name,
            descending: false,
            page: PageRequest::new(0, 1000).unwrap(),
        };
        let roles = app.list_roles(&admin, roles).await.unwrap();
        state.push(format!("{roles:?}"));
        let checkpoints = app.list_audit_checkpoints(&admin).await.unwrap();
        state.push(format!("{checkpoints:?}"));
        state.join("\n")
    }
}

impl Ask {
    pub(crate) fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: impl Into<String>) -> Self {
        Self::new("POST", path)
    }

    pub(crate) fn put(path: impl Into<String>) -> Self {
        Self::new("PUT", path)
    }

    pub(crate) fn patch(path: impl Into<String>) -> Self {
        Self::new("PATCH", path)
    }

    pub(crate) fn delete(path: impl Into<String>) -> Self {
        Self::new("DELETE", path)
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn authorization(self, value: &str) -> Self {
        self.header(AUTHORIZATION.as_str(), value)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.bytes("application/json", body.to_string())
    }

    pub(crate) fn form(self, body: &str) -> Self {
        self.bytes("application/x-www-form-urlencoded", body)
    }

    pub(crate) fn bytes(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header(CONTENT_TYPE.as_str(), content_type)
    }

    pub(crate) fn request(self) -> Request<Full<Bytes>> {
        let mut request = Request::builder().method(self.method).uri(&self.path);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request.body(Full::new(Bytes::from(self.body))).unwrap()
    }
}

impl Told {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// The only value of a header; empty when there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().map_or("", |value| value.to_str().unwrap());
        assert_eq!(values.next(), None, "{name} stands there twice");
        value
    }

    /// Every value of `WWW-Authenticate`.
    pub(crate) fn challenges(&self) -> Vec<&str> {
        let values = self.headers.get_all(http::header::WWW_AUTHENTICATE).iter();
        values.map(|value| value.to_str().unwrap()).collect()
    }

    /// The same, when it is of this status.
    pub(crate) fn expect(self, status: StatusCode) -> Self {
        assert_eq!(self.status, status.as_u16(), "{}", self.text);
        self
    }

    /// The code that the fleet's envelope names.
    pub(crate) fn code(&self) -> String {
        let body = self.json();
        body["moreInformation"][0]["value"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The paths of the fields that the fleet's envelope names.
    pub(crate) fn faulty_fields(&self) -> Vec<String> {
        let body = self.json();
        let failures = body["validationFailures"].as_array().cloned();
        let failures = failures.unwrap_or_default();
        failures
            .iter()
            .map(|failure| failure["violationPath"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// The `Authorization` of a session token.
pub(crate) fn ops(token: &Secret) -> String {
    format!("OpsToken {}", token.expose())
}

/// The `Authorization` of an account's name and password.
pub(crate) fn basic(username: &str) -> String {
    let password = breakglass_test_support::ADMIN_PASSWORD;
    format!(
        "Basic {}",
        STANDARD.encode(format!("{username}:{password}"))
    )
}

/// The `Authorization` of an access token.
pub(crate) fn bearer(token: &Secret) -> String {
    format!("Bearer {}", token.expose())
}

/// Stands for a value in a snapshot once its shape is right.
pub(crate) fn shaped(
    name: &'static str,
    is_right: fn(&str) -> bool,
) -> impl Fn(insta::internals::Content, insta::internals::ContentPath<'_>) -> String + Send + Sync {
    move |value, path| {
        let text = match &value {
            insta::internals::Content::I64(number) => number.to_string(),
            insta::internals::Content::U64(number) => number.to_string(),
            other => other.as_str().unwrap_or_default().to_owned(),
        };
        assert!(is_right(&text), "{path} is no {name}: {text}");
        format!("[{name}]")
    }
}

/// Whether this is a UUID in its hyphenated form.
pub(crate) fn is_uuid(text: &str) -> bool {
    let groups = text.split('-').map(str::len);
    groups.eq([8, 4, 4, 4, 12]) && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

/// Whether this is a JWS in compact form.
pub(crate) fn is_jwt(text: &str) -> bool {
    let word = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    };
    text.starts_with("eyJ") && text.split('.').count() == 3 && text.split('.').all(word)
}

/// Whether this is an instant of our century in milliseconds.
pub(crate) fn is_millis(text: &str) -> bool {
    text.len() == 13 && text.parse::<u64>().is_ok()
}

/// Whether this is an instant of our century in seconds.
pub(crate) fn is_seconds(text: &str) -> bool {
    text.len() == 10 && text.parse::<u64>().is_ok()
}

async fn told(response: http::Response<breakglass_http::Body>) -> Told {
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Told {
        status: parts.status.as_u16(),
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}
