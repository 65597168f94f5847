//! Whether the app has the rights for what is kept in the platform's own apps. Each is tried by a call about something that does not
//! exist: what is refused because of that was let in.

use bridge_api::{CheckStep, Failure, PUTS_APPROVALS, PersonId, let_in, words};
use serde::Deserialize;
use serde_json::json;

use super::{busy::busy, calendar};
use crate::{
    Feishu,
    abilities::id_of,
    client::Call,
    limits::{CHECKED_TIME_MS, NATIVE_CODES_CHECKED_MAX},
    settings::ApprovalCentre,
};

words! {
    NO_TODOS = "缺少权限 task:task:write：在开发者后台「权限管理」中申请（另加 task:task.event_update_tenant:readonly）并发布版本；在此之前任务不会出现在飞书待办中" | "the right task:task:write is missing: ask for it in the console (权限管理), with task:task.event_update_tenant:readonly, and publish a version; until then tasks do not come to Feishu's to-dos";
    NO_MEETINGS = "缺少权限 calendar:calendar：在开发者后台「权限管理」中申请并发布版本；在此之前会议不会出现在飞书日历中" | "the right calendar:calendar is missing: ask for it in the console (权限管理) and publish a version; until then meetings do not come to Feishu's calendars";
    NO_BUSY = "缺少权限 calendar:calendar.free_busy:read：在开发者后台「权限管理」中申请并发布版本；在此之前找会议时间时不考虑飞书日历" | "the right calendar:calendar.free_busy:read is missing: ask for it in the console (权限管理) and publish a version; until then Feishu's calendars do not count where a time is looked for";
    CENTRE_ADVICE = "在开发者后台「权限管理」中申请 approval:approval 与 contact:user.employee_id:readonly，发布版本并由管理员审核" | "ask for approval:approval and contact:user.employee_id:readonly in the console (权限管理), publish a version and have it approved";
    NATIVE = "读取 native_approvals 中的审批定义" | "read a definition that native_approvals names";
    NATIVE_ADVICE = "错误码 99991672 时在开发者后台「权限管理」中申请 approval:approval 并发布版本；错误码 1390002 时核对 native_approvals 中的代码" | "for code 99991672 ask for approval:approval in the console (权限管理) and publish a version; for code 1390002 compare the codes in native_approvals with the approval administration";
}

/// The code by which the platform tells that a right is missing.
const LACKING: &[&str] = &["99991672"];
/// A task, an event and a person that nobody has.
const NO_TASK: &str = "00000000-0000-0000-0000-000000000000";
const NO_EVENT: &str = "00000000-0000-0000-0000-000000000000_0";
const NOBODY: &str = "ou_00000000000000000000000000000000";

#[derive(Deserialize)]
struct Definition {
    #[serde(default)]
    approval_name: String,
}

/// Tries what the bots need, and what the settings name.
pub async fn rights(feishu: &Feishu) -> Vec<CheckStep> {
    let todos = (NO_TODOS, Box::pin(changes_task(feishu)));
    let meetings = (NO_MEETINGS, Box::pin(changes_event(feishu)));
    let busy = (NO_BUSY, Box::pin(asks_busy(feishu)));
    let mut steps = CheckStep::trying_entries(LACKING, todos, meetings, busy).await;
    let settings = &feishu.client.settings().office;
    if let Some(centre) = &settings.approvals {
        let trying = async {
            let_in(compares(feishu, centre).await, LACKING)?;
            Ok(centre.callback_url.to_string())
        };
        steps.push(CheckStep::trying(PUTS_APPROVALS, CENTRE_ADVICE, trying).await);
    }
    for code in settings.native_codes.iter().take(NATIVE_CODES_CHECKED_MAX) {
        steps.push(CheckStep::trying(NATIVE, NATIVE_ADVICE, definition(feishu, code)).await);
    }
    steps
}

async fn changes_task(feishu: &Feishu) -> Result<(), Failure> {
    let body = json!({ "task": { "summary": "-" }, "update_fields": ["summary"] });
    Ok(feishu.client.done(Call::patch(&["task", "v2", "tasks", NO_TASK], &body)).await?)
}

async fn changes_event(feishu: &Feishu) -> Result<(), Failure> {
    let own = calendar::own(feishu).await?;
    let call = Call::patch(&calendar::events(&own, &[NO_EVENT]), &json!({ "summary": "-" }));
    Ok(feishu.client.done(call).await?)
}

async fn asks_busy(feishu: &Feishu) -> Result<(), Failure> {
    let nobody = [id_of(PersonId::new(NOBODY))?];
    let now_ms = feishu.clock.now_ms();
    busy(feishu, &nobody, now_ms, now_ms.saturating_add(CHECKED_TIME_MS)).await.map(drop)
}

/// Asks which of some approvals of ours stand otherwise there.
async fn compares(feishu: &Feishu, centre: &ApprovalCentre) -> Result<(), Failure> {
    let none =
        json!({ "approval_code": centre.code, "instance_id": "none", "update_time": "0", "tasks": [] });
    let path = ["approval", "v4", "external_instances", "check"];
    Ok(feishu.client.done(Call::post(&path, &json!({ "instances": [none] }))).await?)
}

async fn definition(feishu: &Feishu, code: &str) -> Result<String, Failure> {
    let found: Definition = feishu.client.data(Call::get(&["approval", "v4", "approvals", code])).await?;
    Ok(found.approval_name)
}
