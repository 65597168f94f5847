//! Approvals, calendars and schedules.

use serde_json::{Value, json};

use super::client::{APP, World, text, world};
use super::door::door;

const APPLY: &str = "/cgi-bin/oa/applyevent";

async fn with_template() -> World {
    let world = world().await;
    let controls = json!([{ "property": { "control": "Text", "id": "Text-1" } }]);
    let template = json!({
        "do": "add_template", "template_id": "TPL", "name": "Leave", "controls": controls, "approvers": ["ZhangSan"],
    });
    world.act(template).await;
    world
}

fn request(nodes: Value) -> Value {
    json!({
        "creator_userid": "lisi", "template_id": "TPL", "process": { "node_list": nodes },
        "apply_data": { "contents": [{ "control": "Text", "id": "Text-1", "value": { "text": "trip" } }] },
    })
}

#[tokio::test]
async fn an_approval_runs_from_its_request_to_its_end_and_apps_are_told() {
    let world = with_template().await;
    let mut door = door(vec![]).await.of_app(&world).await;
    let template = world.ask("/cgi-bin/oa/gettemplatedetail", json!({ "template_id": "TPL" })).await;
    assert_eq!(template["template_names"][0]["text"], "Leave");
    let nodes =
        json!([{ "type": 1, "apv_rel": 2, "userid": ["ZhangSan"] }, { "type": 2, "userid": ["lisi"] }]);
    let number = text(&world.ask(APPLY, request(nodes)).await, "sp_no");
    let submitted = door.next().await;
    assert_eq!(text(&submitted.outer(), "AgentID"), "3010040");
    let info = submitted.fields()["ApprovalInfo"].clone();
    assert_eq!((text(&info, "SpNoStr"), text(&info, "StatuChangeEvent")), (number.clone(), "1".into()));
    let decide =
        json!({ "do": "decide", "person": "zhangsan", "sp_no": number, "agrees": true, "speech": "ok" });
    world.act(decide.clone()).await;
    let info = door.next().await.fields()["ApprovalInfo"].clone();
    assert_eq!((text(&info, "SpStatus"), text(&info, "StatuChangeEvent")), ("2".into(), "2".into()));
    let detail = world.ask("/cgi-bin/oa/getapprovaldetail", json!({ "sp_no": number })).await["info"].clone();
    let node = &detail["process_list"]["node_list"][0];
    assert_eq!((&detail["sp_status"], &node["sub_node_list"][0]["speech"]), (&json!(2), &json!("ok")));
    assert!(world.try_to(decide).await.is_err(), "it is decided");
    assert!(world.try_to(json!({ "do": "withdraw", "person": "lisi", "sp_no": number })).await.is_err());
}

#[tokio::test]
async fn approvals_are_listed_page_by_page_and_wrong_ones_refused() {
    let world = with_template().await;
    let mut own_flow = request(Value::Null);
    own_flow["use_template_approver"] = 1.into();
    let mut numbers = Vec::new();
    for _ in 0..3 {
        numbers.push(text(&world.ask(APPLY, own_flow.clone()).await, "sp_no"));
    }
    world.act(json!({ "do": "withdraw", "person": "lisi", "sp_no": numbers[2] })).await;
    let list = |cursor: &str, status: &str| {
        json!({
            "starttime": "1799990000", "endtime": "1800090000", "size": 2, "new_cursor": cursor,
            "filters": [{ "key": "sp_status", "value": status }],
        })
    };
    let path = "/cgi-bin/oa/getapprovalinfo";
    assert_eq!(world.ask(path, list("", "4")).await["sp_no_list"], json!([numbers[2]]));
    let mut every = list("", "1");
    every["filters"] = json!([]);
    let page = world.ask(path, every.clone()).await;
    assert_eq!(page["sp_no_list"], json!(numbers[..2]));
    every["new_cursor"] = page["new_next_cursor"].clone();
    let page = world.ask(path, every).await;
    assert_eq!((&page["sp_no_list"], &page["new_next_cursor"]), (&json!([numbers[2]]), &Value::Null));
    let mut long = list("", "1");
    long["starttime"] = "1".into();
    assert_eq!(world.code(path, long).await, 301_025);
    let mut unknown = request(json!([{ "type": 1, "userid": ["nobody"] }]));
    assert_eq!(world.code(APPLY, unknown.clone()).await, 40_003);
    unknown["template_id"] = "none".into();
    assert_eq!(world.code(APPLY, unknown).await, 301_079);
    let copies_alone = request(json!([{ "type": 2, "userid": ["lisi"] }]));
    assert_eq!(world.code(APPLY, copies_alone).await, 301_025);
    let older = json!({
        "creator_userid": "lisi", "template_id": "TPL", "approver": [{ "attr": 1, "userid": ["ZhangSan"] }],
        "notifyer": ["lisi"], "apply_data": { "contents": [] },
    });
    assert_eq!(world.code(APPLY, older).await, 0);
}

#[tokio::test]
async fn schedules_are_replaced_answered_and_only_their_apps() {
    let world = world().await;
    let mut door = door(vec![]).await.of_app(&world).await;
    let calendar = json!({ "agentid": APP, "calendar": { "summary": "Team", "shares": [] } });
    let calendar = text(&world.ask("/cgi-bin/oa/calendar/add", calendar).await, "cal_id");
    let schedule = |more: Value| {
        let mut schedule = json!({
            "start_time": 1_800_000_000, "end_time": 1_800_003_600, "attendees": [{ "userid": "lisi" }],
            "cal_id": calendar,
        });
        schedule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "agentid": APP, "schedule": schedule })
    };
    let id = text(
        &world.ask("/cgi-bin/oa/schedule/add", schedule(json!({ "summary": "A", "location": "3" }))).await,
        "schedule_id",
    );
    world.act(json!({ "do": "respond", "person": "LISI", "schedule_id": id, "status": 2 })).await;
    let event = door.next().await.fields();
    assert_eq!((text(&event, "Event"), text(&event, "ScheduleId")), ("respond_schedule".into(), id.clone()));
    let update = schedule(json!({ "summary": "B", "schedule_id": id }));
    assert_eq!(world.code("/cgi-bin/oa/schedule/update", update).await, 0);
    let invite = json!({ "schedule_id": id, "attendees": [{ "userid": "ZhangSan" }] });
    assert_eq!(world.code("/cgi-bin/oa/schedule/add_attendees", invite.clone()).await, 0);
    let by_calendar = json!({ "cal_id": calendar });
    let shown =
        world.ask("/cgi-bin/oa/schedule/get_by_calendar", by_calendar).await["schedule_list"][0].clone();
    assert_eq!(
        (&shown["summary"], &shown["location"]),
        (&json!("B"), &Value::Null),
        "what is not said is gone"
    );
    let statuses = json!([
        { "userid": "lisi", "response_status": 2 }, { "userid": "ZhangSan", "response_status": 0 },
    ]);
    assert_eq!(shown["attendees"], statuses);
    assert_eq!(world.code("/cgi-bin/oa/schedule/del_attendees", invite).await, 0);
    assert_eq!(world.code("/cgi-bin/oa/schedule/del", json!({ "schedule_id": id })).await, 0);
    let gone =
        world.ask("/cgi-bin/oa/schedule/get", json!({ "schedule_id_list": [id] })).await["schedule_list"][0]
            .clone();
    assert_eq!((&gone["status"], gone["attendees"].as_array().unwrap().len()), (&json!(1), 1));
    assert_eq!(world.code("/cgi-bin/oa/schedule/del", json!({ "schedule_id": id })).await, 40_058);
    let renamed = json!({ "calendar": { "cal_id": calendar, "summary": "Other" } });
    assert_eq!(world.code("/cgi-bin/oa/calendar/update", renamed).await, 0);
    let list = json!({ "cal_id_list": [calendar] });
    assert_eq!(world.ask("/cgi-bin/oa/calendar/get", list).await["calendar_list"][0]["summary"], "Other");
    assert_eq!(world.code("/cgi-bin/oa/calendar/del", json!({ "cal_id": calendar })).await, 0);
    assert_eq!(world.code("/cgi-bin/oa/calendar/del", json!({ "cal_id": calendar })).await, 40_058);
}
