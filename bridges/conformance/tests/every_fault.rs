//! Every fault that a simulator knows is scripted by some case, or stands here with the reason why none can be. The list may only get
//! shorter.

use std::collections::BTreeSet;

use conformance::platforms;
use serde_json::json;

/// The cases that stand by themselves, by the platform whose faults they script.
const CASES: [(&str, &[&str]); 3] = [
    ("feishu", &[include_str!("feishu_office.rs"), include_str!("feishu_faults.rs")]),
    (
        "dingtalk",
        &[
            include_str!("dingtalk_office.rs"),
            include_str!("dingtalk_faults.rs"),
            include_str!("dingtalk_changes.rs"),
        ],
    ),
    (
        "wecom",
        &[
            include_str!("wecom_office.rs"),
            include_str!("wecom_faults.rs"),
            include_str!("wecom_archive.rs"),
            include_str!("wecom_service.rs"),
        ],
    ),
];

/// The platform, the fault, and why no case can script it.
const EXCUSED: &[(&str, &str, &str)] = &[
    ("wecom", "socket.stream_over", "the connector answers in whole messages and begins no stream"),
    ("wecom", "meeting.plain", "the connector makes schedules and no meetings of the platform's own"),
    ("dingtalk", "workflow.answer_late", "the connector begins no approval of the platform's own"),
    ("dingtalk", "conference.system_error", "the connector puts meetings into calendars alone"),
    ("dingtalk", "login.wrong_state", "the connector signs nobody in"),
    ("dingtalk", "login.code_used", "the connector signs nobody in"),
    ("dingtalk", "login.refused", "the connector signs nobody in"),
    ("dingtalk", "login.token_expired", "the connector signs nobody in"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_a_simulator_is_scripted_by_some_case() {
    for start in platforms::all() {
        let platform = start.start(false).await;
        let known = platform.act(json!({ "do": "faults" })).await;
        let known: BTreeSet<&str> =
            known.as_array().unwrap().iter().map(|fault| fault["name"].as_str().unwrap()).collect();
        let (_, texts) = CASES.iter().find(|(name, _)| *name == start.name()).unwrap();
        let listed = platform.faults();
        let is_scripted = |fault: &str| {
            let quoted = format!("\"{fault}\"");
            listed.iter().any(|known| known.name == fault) || texts.iter().any(|text| text.contains(&quoted))
        };
        let excused: BTreeSet<&str> =
            EXCUSED.iter().filter(|(name, ..)| *name == start.name()).map(|(_, fault, _)| *fault).collect();
        let unscripted: BTreeSet<&str> = known.iter().copied().filter(|fault| !is_scripted(fault)).collect();
        assert_eq!(unscripted, excused, "{}: script them, and excuse none that is scripted", start.name());
    }
}
