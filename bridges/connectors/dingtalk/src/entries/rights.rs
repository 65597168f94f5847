//! Whether the app has the rights for what is kept in the platform's own apps. Each is tried by a call about something that does not
//! exist: what is refused because of that was let in. They are some of the calls of the month.

use bridge_api::{CheckStep, Failure, PUTS_APPROVALS, let_in, words};
use serde_json::json;

use super::{
    Entries, centre, foreign, meetings,
    times::{written, zone},
    todos,
};
use crate::{client::Call, limits::CHECKED_TIME_MS};

words! {
    NO_TODOS = "缺少权限 Todo.Todo.Write 或 Todo.Todo.Read：在开放平台应用的「权限管理」中申请；在此之前任务不会出现在钉钉待办中" | "the right Todo.Todo.Write or Todo.Todo.Read is missing: ask for it in the console (权限管理); until then tasks do not come to DingTalk's to-dos";
    NO_MEETINGS = "缺少权限 Calendar.Event.Write 或 Calendar.Event.Read：在开放平台应用的「权限管理」中申请；在此之前会议不会出现在钉钉日历中" | "the right Calendar.Event.Write or Calendar.Event.Read is missing: ask for it in the console (权限管理); until then meetings do not come to DingTalk's calendars";
    NO_BUSY = "缺少权限 Calendar.EventSchedule.Read：在开放平台应用的「权限管理」中申请；在此之前找会议时间时不考虑钉钉日历" | "the right Calendar.EventSchedule.Read is missing: ask for it in the console (权限管理); until then DingTalk's calendars do not count where a time is looked for";
    NATIVE = "读取并代为处理钉钉自带的审批" | "read DingTalk's own approvals and decide them for people";
    NO_NATIVE = "缺少权限 Workflow.Instance.Read 或 Workflow.Instance.Write，因此不显示钉钉自带的审批；需要时在开放平台应用的「权限管理」中申请" | "the right Workflow.Instance.Read or Workflow.Instance.Write is missing, so DingTalk's own approvals are not shown; ask for it in the console (权限管理) if they shall be";
    CENTRE_ADVICE = "在开放平台应用的「权限管理」中申请 Workflow.Form.Read、Workflow.Form.Write、Workflow.Instance.Read 与 Workflow.Instance.Write，或把 approval_centre 设为 false" | "ask for Workflow.Form.Read, Workflow.Form.Write, Workflow.Instance.Read and Workflow.Instance.Write in the console (权限管理), or set approval_centre to false";
}

/// The code by which the platform tells that a right is missing.
const LACKING: &[&str] = &["Forbidden.AccessDenied.AccessTokenPermissionDenied"];
/// What nobody and nothing is called.
const NONE: &str = "lianqiao-check";

impl Entries {
    /// Tries what the bots need, and what the settings name.
    pub async fn rights(&self) -> Vec<CheckStep> {
        let todos = [
            Call::put(todos::TASK, json!({"subject": "-"})).about([NONE, NONE]).with("operatorId", NONE),
            Call::get(todos::TASK).about([NONE, NONE]),
        ];
        let meetings = [
            Call::put(meetings::EVENT, json!({"id": NONE, "summary": "-"})).about([NONE, NONE]),
            Call::get(meetings::EVENT).about([NONE, NONE]),
        ];
        let (now_ms, home) = (self.clock.now_ms(), zone(""));
        let span = json!({
            "userIds": [NONE], "startTime": written(now_ms, &home),
            "endTime": written(now_ms.saturating_add(CHECKED_TIME_MS), &home),
        });
        let busy = [Call::post("/v1.0/calendar/users/*/querySchedule", span).about([NONE])];
        let decision =
            json!({"processInstanceId": NONE, "taskId": 0, "actionerUserId": NONE, "result": "refuse"});
        let read = Call::get(foreign::INSTANCES).with("processInstanceId", NONE);
        let native = [read.clone(), Call::post("/v1.0/workflow/processInstances/execute", decision)];
        let todos = (NO_TODOS, Box::pin(self.let_in(&todos)));
        let meetings = (NO_MEETINGS, Box::pin(self.let_in(&meetings)));
        let busy = (NO_BUSY, Box::pin(self.let_in(&busy)));
        let mut steps = CheckStep::trying_entries(LACKING, todos, meetings, busy).await;
        steps.push(CheckStep::trying_right(NATIVE, NO_NATIVE, LACKING, self.let_in(&native)).await);
        if self.client.settings().approval_centre {
            let end = json!({"processInstanceId": NONE, "status": "TERMINATED", "result": "refuse"});
            let centre = [
                Call::get(centre::TEMPLATE_CODE).with("name", NONE),
                // Without a name nothing is made.
                Call::post(centre::TEMPLATES, json!({"name": "", "formComponents": []})),
                read,
                Call::put(centre::INSTANCES, end),
            ];
            let trying = async { self.let_in(&centre).await.map(|()| String::new()) };
            steps.push(CheckStep::trying(PUTS_APPROVALS, CENTRE_ADVICE, trying).await);
        }
        steps
    }

    async fn let_in(&self, calls: &[Call]) -> Result<(), Failure> {
        for call in calls {
            let_in(self.client.call(call).await.map(drop).map_err(Failure::from), LACKING)?;
        }
        Ok(())
    }
}
