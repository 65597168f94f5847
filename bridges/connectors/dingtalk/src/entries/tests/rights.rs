use bridge_api::CheckOutcome;

use super::*;

fn lacking(scope: &str) -> Value {
    json!({"code": "Forbidden.AccessDenied.AccessTokenPermissionDenied", "message": "no", "requestid": "r1",
        "accessdenieddetail": {"requiredScopes": [scope]}})
}

#[tokio::test]
async fn a_right_that_is_missing_is_named_and_the_rest_works() {
    let stage = stage().await;
    let todo = "/v1.0/todo/users/lianqiao-check/tasks/lianqiao-check";
    stage.platform.next(
        todo,
        400,
        json!({"code": "todo.taskUpdate.paramError", "message": "task not exist"}),
    );
    stage.platform.next(todo, 403, lacking("Todo.Todo.Read"));
    let event = "/v1.0/calendar/users/lianqiao-check/calendars/primary/events/lianqiao-check";
    stage.platform.next(event, 404, json!({"code": "itemNotFound", "message": "no"}));
    stage.platform.next("/v1.0/workflow/processCentres/schemas", 403, lacking("Workflow.Form.Write"));
    let found: Vec<_> = stage.entries.rights().await.into_iter().map(|step| step.outcome).collect();
    let CheckOutcome::Skipped(words) = &found[0] else { panic!("{found:?}") };
    assert!(words.zh.contains("Todo.Todo.Read") && words.en.contains("权限管理"), "{words:?}");
    assert!(found[1..4].iter().all(|outcome| *outcome == CheckOutcome::Works(String::new())), "{found:?}");
    let CheckOutcome::Fails { reason, advice } = &found[4] else { panic!("{found:?}") };
    assert!(
        reason.contains("AccessTokenPermissionDenied") && advice.en.contains("Workflow.Form.Write"),
        "{reason}"
    );
    let made = stage.platform.asked("/v1.0/workflow/processCentres/schemas");
    assert!(made.iter().all(|asked| asked.body["name"] == ""), "nothing is made");
}
