//! What is counted of requests, and the gauges that are read off when somebody asks.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use breakglass_api_types::{OPERATIONS, Operation};
use breakglass_app::{RealmStatus, ServerStatus};
use breakglass_domain::Timestamp;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::observe::UNROUTED;

/// The upper ends of the latency buckets, in seconds: from a lookup in memory to the request timeout.
const BUCKETS: [f64; 12] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0,
];

type Requests = Family<[(&'static str, String); 2], Counter>;
type Latencies = Family<[(&'static str, &'static str); 1], Histogram>;
type RealmGauge = Family<[(&'static str, String); 1], Gauge>;

/// How closely the realms are told of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Detail {
    /// All together, and each by its tenant.
    EachRealm,
    /// All together.
    Together,
}

/// What this process has counted.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Requests,
    latencies: Latencies,
    /// What is counted of each operation, in the order of their table.
    operations: Vec<Counted>,
    /// And of requests that lead to none.
    unrouted: Counted,
}

/// What is counted of an operation, once it was asked for: found here without a look through all that is counted.
#[derive(Default)]
struct Counted {
    /// Answers of its own status of success.
    succeeded: OnceLock<Counter>,
    latency: OnceLock<Histogram>,
}

impl Metrics {
    /// Begins to count.
    pub(crate) fn new() -> Self {
        let requests = Requests::default();
        let latencies = Latencies::new_with_constructor(|| Histogram::new(BUCKETS));
        let mut registry = Registry::default();
        registry.register(
            "breakglass_http_requests",
            "Requests that were answered, by operation and status",
            requests.clone(),
        );
        registry.register(
            "breakglass_http_request_duration_seconds",
            "From the head of a request to its answer, in seconds, by operation",
            latencies.clone(),
        );
        Self {
            registry,
            requests,
            latencies,
            operations: OPERATIONS.iter().map(|_| Counted::default()).collect(),
            unrouted: Counted::default(),
        }
    }

    /// Counts an answer: by its operation, and never by its path, of which there is no end.
    pub(crate) fn observe(&self, operation: Option<Operation>, status: u16, latency: Duration) {
        let counted = operation.and_then(|operation| self.operations.get(operation as usize));
        let counted = counted.unwrap_or(&self.unrouted);
        let name = operation.map_or(UNROUTED, Operation::name);
        if operation.is_some_and(|operation| operation.spec().success == status) {
            let succeeded = || self.answers(name, status);
            counted.succeeded.get_or_init(succeeded).inc();
        } else {
            self.answers(name, status).inc();
        }
        let labels = [("operation", name)];
        let latencies = || self.latencies.get_or_create_owned(&labels);
        let histogram = counted.latency.get_or_init(latencies);
        histogram.observe(latency.as_secs_f64());
    }

    fn answers(&self, operation: &'static str, status: u16) -> Counter {
        let labels = [
            ("operation", operation.to_owned()),
            ("status", status.to_string()),
        ];
        self.requests.get_or_create_owned(&labels)
    }

    /// Everything in the text format of `OpenMetrics`, with how the installation stands when that could be found out.
    ///
    /// # Errors
    /// When a label cannot be written, which texts always can.
    pub(crate) fn encode(
        &self,
        status: Option<&ServerStatus>,
        detail: Detail,
    ) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        encode_registry(&mut text, &gauges(status, detail))?;
        encode_eof(&mut text)?;
        Ok(text)
    }
}

/// How the installation stands. The registry is made anew each time, so that a realm that is gone shows no more.
fn gauges(status: Option<&ServerStatus>, detail: Detail) -> Registry {
    let mut registry = Registry::default();
    let ready = "Whether the store answers: 1 or 0";
    let answers = i64::from(status.is_some());
    gauge(&mut registry, "breakglass_store_ready", ready, answers);
    let Some(status) = status else {
        return registry;
    };
    together(&mut registry, status);
    if detail == Detail::EachRealm {
        each_realm(&mut registry, status);
    }
    let sequence = status.audit.head.map_or(0, |head| whole(head.sequence));
    gauge(
        &mut registry,
        "breakglass_audit_head_sequence",
        "The sequence number of the last audit record",
        sequence,
    );
    registry
}

/// What alerts are made of: sums, and the realm that is worst off.
fn together(registry: &mut Registry, status: &ServerStatus) {
    let clients = || status.realms.iter().map(|realm| &realm.emergency);
    gauge(
        registry,
        "breakglass_emergency_clients_live",
        "Emergency clients whose token is alive",
        clients().map(|clients| whole(clients.live)).sum(),
    );
    gauge(
        registry,
        "breakglass_emergency_clients",
        "Emergency clients, alive or not",
        clients().map(|clients| whole(clients.total)).sum(),
    );
    if let Some(fewest) = clients().map(|clients| clients.live).min() {
        gauge(
            registry,
            "breakglass_emergency_clients_live_fewest",
            "Emergency clients whose token is alive, in the realm that has the fewest",
            whole(fewest),
        );
    }
    if let Some(at) = clients().filter_map(|clients| clients.nearest_expiry).min() {
        gauge(
            registry,
            "breakglass_emergency_nearest_expiry_seconds",
            "Seconds until the first of the live emergency tokens ends",
            seconds(status.now, at),
        );
    }
    if let Some(at) = clients().filter_map(|clients| clients.last_used_at).max() {
        gauge(
            registry,
            "breakglass_emergency_seconds_since_last_use",
            "Seconds since an emergency token was last used; absent when none ever was",
            seconds(at, status.now),
        );
    }
}

/// The same of each realm. A realm is labelled by the tenant of its issuer, which is how people know it.
fn each_realm(registry: &mut Registry, status: &ServerStatus) {
    let live = RealmGauge::default();
    let total = RealmGauge::default();
    let nearest_expiry = RealmGauge::default();
    let since_last_use = RealmGauge::default();
    for realm in &status.realms {
        let emergency = &realm.emergency;
        set(&live, realm, whole(emergency.live));
        set(&total, realm, whole(emergency.total));
        if let Some(at) = emergency.nearest_expiry {
            set(&nearest_expiry, realm, seconds(status.now, at));
        }
        if let Some(at) = emergency.last_used_at {
            set(&since_last_use, realm, seconds(at, status.now));
        }
    }
    registry.register(
        "breakglass_realm_emergency_clients_live",
        "Emergency clients of the realm whose token is alive",
        live,
    );
    registry.register(
        "breakglass_realm_emergency_clients",
        "Emergency clients of the realm, alive or not",
        total,
    );
    registry.register(
        "breakglass_realm_emergency_nearest_expiry_seconds",
        "Seconds until the first of the live emergency tokens of the realm ends",
        nearest_expiry,
    );
    registry.register(
        "breakglass_realm_emergency_seconds_since_last_use",
        "Seconds since an emergency token of the realm was last used; absent when none ever was",
        since_last_use,
    );
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: i64) {
    let gauge = Gauge::<i64>::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

fn set(gauge: &RealmGauge, realm: &RealmStatus, value: i64) {
    let tenant = realm.broker.broker.tenant.as_str();
    gauge
        .get_or_create(&[("realm", tenant.to_owned())])
        .set(value);
}

/// Whole seconds from one instant to another.
fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.millis_since(from) / 1000
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_operation_and_status() {
        let metrics = Metrics::new();
        for (operation, status) in [
            (Some(Operation::GetJwks), 200),
            (Some(Operation::GetJwks), 200),
            (Some(Operation::GetJwks), 404),
            (None, 404),
        ] {
            metrics.observe(operation, status, Duration::from_millis(2));
        }
        let text = metrics.encode(None, Detail::Together).unwrap();
        for line in [
            "# TYPE breakglass_http_requests counter",
            "# HELP breakglass_http_requests Requests that were answered, by operation and status.",
            "breakglass_http_requests_total{operation=\"getJwks\",status=\"200\"} 2",
            "breakglass_http_requests_total{operation=\"getJwks\",status=\"404\"} 1",
            "breakglass_http_requests_total{operation=\"unrouted\",status=\"404\"} 1",
            "# TYPE breakglass_http_request_duration_seconds histogram",
            "breakglass_http_request_duration_seconds_bucket{le=\"0.0025\",operation=\"getJwks\"} 3",
            "breakglass_store_ready 0",
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
