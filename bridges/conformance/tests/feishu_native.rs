//! Approvals of Feishu's own: told as they stand, decided here, and revoked there.

use bridge_api::{ApprovalState, Arrival, FailureKind, ForeignApproval, Happened, Refusal};
use conformance::Stage;
use serde_json::json;

async fn fails(stage: &Stage, name: &str) {
    stage.platform.act(json!({ "do": "fail", "name": name, "times": 1 })).await;
}

async fn told(stage: &Stage, state: ApprovalState) -> ForeignApproval {
    let wanted = |arrival: &Arrival| match &arrival.what {
        Happened::ApprovalChanged(told) if told.state == state => Some(told.clone()),
        _ => None,
    };
    stage.inbox.hear("the approval", wanted).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_native_approval_is_decided_here_once() {
    let stage = Stage::on("feishu", false).await;
    stage.platform.start_approval("li", "出差", &["zhang"]).await;
    let began = told(&stage, ApprovalState::Pending).await;
    assert_eq!((began.lines[0].1.as_str(), began.can_be_decided), ("出差", true));
    let (zhang, task) = began.asked[0].clone();
    let decide = async |is_approved| {
        let connector = stage.connector();
        let approvals = connector.approvals().unwrap();
        approvals.decide(&began.id, &task, &zhang, is_approved, Some("好")).await
    };
    // The first answer is lost on its way, and the second try finds it decided.
    let lost = json!({ "do": "fail", "name": "api.answer_lost", "times": 1, "path": "/tasks/approve" });
    stage.platform.act(lost).await;
    assert!(decide(true).await.is_err());
    stage.insist(|| decide(true)).await.unwrap();
    let late = stage.insist(|| decide(false)).await.unwrap_err();
    assert_eq!(late.kind, FailureKind::Refused(Refusal::TooLate));
    let ended = told(&stage, ApprovalState::Approved).await;
    assert_eq!((ended.id, ended.can_be_decided), (began.id.clone(), false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_native_approval_that_is_revoked_after_all_agreed_is_taken_back() {
    for callbacks in [false, true] {
        let stage = Stage::on("feishu", callbacks).await;
        stage.platform.start_approval("li", "用章", &["zhang"]).await;
        let began = told(&stage, ApprovalState::Pending).await;
        let task = stage.platform.approvals("zhang").await[0]["task"].clone();
        let decide = json!({ "do": "decide_approval", "person": "zhang", "task": task, "approve": true });
        stage.platform.act(decide).await;
        told(&stage, ApprovalState::Approved).await;
        let (_, code) = began.id.as_str().split_once('/').unwrap();
        stage.platform.act(json!({ "do": "revert_approval", "approval": code })).await;
        let over = told(&stage, ApprovalState::Canceled).await;
        assert_eq!((over.id, over.can_be_decided), (began.id.clone(), false));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_event_told_of_is_read_in_the_end_whatever_goes_wrong() {
    let stage = Stage::on("feishu", false).await;
    for (fault, path) in [("api.server_error", "/v4/instances/"), ("api.garbage", "/v4/instances/")] {
        stage.platform.act(json!({ "do": "fail", "name": fault, "times": 1, "path": path })).await;
    }
    fails(&stage, "delivery.ack_ignored").await;
    stage.inbox.refuse(1);
    stage.platform.start_approval("li", "采购", &["zhang"]).await;
    told(&stage, ApprovalState::Pending).await;
}
