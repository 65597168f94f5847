//! What a check of the settings says of the rights for the platform's own apps.

use bridge_api::CheckOutcome;
use serde_json::json;

use crate::{
    ApprovalCentre, OfficeSettings, Secret,
    office::rights,
    tests::peer::{Peer, bad, good},
};

const LACKING: i64 = 99_991_672;

fn settings() -> OfficeSettings {
    let centre = ApprovalCentre {
        callback_url: "https://chat.example.org/_lianqiao/bridge/feishu".parse().expect("an address"),
        token: Secret::new("v"),
        key: None,
        code: "ours".into(),
    };
    let native_codes = vec!["A-1".into(), "A-2".into()];
    OfficeSettings { approvals: Some(centre), native_codes, ..OfficeSettings::default() }
}

#[tokio::test]
async fn a_right_that_is_missing_is_named_and_the_rest_works() {
    let (peer, feishu) = Peer::with(settings()).await;
    let nothing = "00000000-0000-0000-0000-000000000000";
    let own = json!({ "calendars": [{ "calendar": { "calendar_id": "own" } }] });
    peer.answers(&format!("/open-apis/task/v2/tasks/{nothing}"), vec![bad(400, LACKING)]);
    peer.answers("/open-apis/calendar/v4/calendars/primary", vec![good(own)]);
    peer.answers(
        &format!("/open-apis/calendar/v4/calendars/own/events/{nothing}_0"),
        vec![bad(404, 193_001), bad(400, LACKING)],
    );
    peer.answers("/open-apis/calendar/v4/freebusy/batch", vec![bad(400, 195_100)]);
    peer.answers("/open-apis/approval/v4/external_instances/check", vec![bad(400, LACKING)]);
    peer.answers("/open-apis/approval/v4/approvals/A-1", vec![good(json!({ "approval_name": "Leave" }))]);
    peer.answers("/open-apis/approval/v4/approvals/A-2", vec![bad(400, 1_390_002)]);
    let outcomes = async || -> Vec<CheckOutcome> {
        rights(&feishu).await.into_iter().map(|step| step.outcome).collect()
    };
    let found = outcomes().await;
    let CheckOutcome::Skipped(todos) = &found[0] else { panic!("{found:?}") };
    assert!(todos.zh.contains("task:task:write") && todos.en.contains("权限管理"), "{todos:?}");
    let works = |found: &str| CheckOutcome::Works(found.to_owned());
    assert_eq!(found[1..3], [works(""), works("")], "nobody has the event and the person");
    let CheckOutcome::Fails { reason, advice } = &found[3] else { panic!("{found:?}") };
    assert!(reason.contains("99991672") && advice.en.contains("approval:approval"), "{reason}");
    assert_eq!(found[4], works("Leave"));
    assert!(
        matches!(&found[5], CheckOutcome::Fails { reason, .. } if reason.contains("1390002")),
        "{found:?}"
    );
    let found = outcomes().await;
    assert!(matches!(&found[1], CheckOutcome::Skipped(words) if words.en.contains("calendar:calendar")));
}

#[tokio::test]
async fn what_the_settings_do_not_name_is_not_tried() {
    let (peer, feishu) = Peer::start().await;
    assert_eq!(rights(&feishu).await.len(), 3);
    assert!(peer.asked("/open-apis/approval/v4/external_instances/check").is_empty());
}
