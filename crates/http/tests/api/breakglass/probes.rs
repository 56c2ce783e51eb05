//! `/healthz` and `/readyz`.

use crate::support::{Ask, Harness};

#[tokio::test]
async fn a_server_with_its_store_is_healthy_and_ready() {
    let harness = Harness::start().await;
    for (path, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let told = harness.send(Ask::get(path)).await;
        assert_eq!((told.status, told.text.as_str()), (200, text));
        assert_eq!(told.header("content-type"), "text/plain; charset=utf-8");
    }
}

#[tokio::test]
async fn a_server_without_its_store_is_healthy_and_not_ready() {
    use breakglass_ports::Store;
    let harness = Harness::start().await;
    harness.test.store.close().await;
    assert_eq!(harness.send(Ask::get("/healthz")).await.status, 200);
    let told = harness.send(Ask::get("/readyz")).await;
    assert_eq!(told.status, 503);
    assert_eq!(told.header("retry-after"), "1");
    assert_eq!(told.json()["code"], "UNAVAILABLE");
    let metrics = harness.send(Ask::get("/metrics")).await;
    assert_eq!(metrics.status, 200);
    assert!(
        metrics.text.contains("breakglass_store_ready 0\n"),
        "{}",
        metrics.text
    );
}
