//! `…/iam/tasks/{taskId}`.

use http::StatusCode;

use crate::support::{Ask, Harness, IAM};

#[tokio::test]
async fn an_unknown_task_and_what_is_no_id_are_not_found() {
    let harness = Harness::start().await;
    for id in ["00000000-0000-4000-8000-000000000000", "1"] {
        let told = harness
            .send_as_admin(Ask::get(format!("{IAM}/tasks/{id}")))
            .await
            .expect(StatusCode::NOT_FOUND);
        assert_eq!(told.json()["apiErrorCode"], 4045);
    }
}
