//! Work notices and DING: whom they reach, whom they do not, and how they are taken back.

use serde_json::{Value, json};

use super::client::{APP, World, world, world_with};

const NOTICES: &str = "/topapi/message/corpconversation";

async fn agent(world: &World) -> Value {
    world.act(json!({ "do": "overview" })).await["apps"][0]["agent_id"].clone()
}

/// The messages that a person has in the place of this name.
async fn seen(world: &World, person: &str, name: &str) -> Vec<Value> {
    let chats = world.act(json!({ "do": "overview", "person": person })).await["chats"].clone();
    let chat = chats.as_array().unwrap().iter().find(|chat| chat["name"] == name).unwrap()["chat_id"].clone();
    world.act(json!({ "do": "read", "person": person, "chat": chat })).await;
    let shown = world.act(json!({ "do": "show", "chat": chat })).await;
    shown["messages"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_work_notice_is_taken_and_its_result_says_whom_it_reached() {
    let world = world_with(|settings| settings.token_life_s = 10 * 86_400).await;
    let agent = agent(&world).await;
    let message = json!({ "msgtype": "text", "text": { "content": "Bring your badge" } });
    let send = async || {
        let body = json!({
            "agent_id": agent, "userid_list": "li,nobody", "dept_id_list": "2,9", "msg": message,
        });
        let sent = world.old_api("POST", &format!("{NOTICES}/asyncsend_v2"), body).await;
        assert_eq!(sent["errcode"], 0, "{sent}");
        sent["task_id"].clone()
    };
    let ask = async |what: &str, task: &Value| {
        let body = json!({ "agent_id": agent, "task_id": task });
        world.old_api("POST", &format!("{NOTICES}/{what}"), body).await
    };
    let first = send().await;
    assert_eq!(ask("getsendprogress", &first).await["progress"]["progress_in_percent"], 100);
    let result = ask("getsendresult", &first).await["send_result"].clone();
    assert_eq!(
        (&result["invalid_user_id_list"], &result["invalid_dept_id_list"]),
        (&json!(["nobody"]), &json!([9]))
    );
    assert_eq!(result["unread_user_id_list"], json!(["li", "zhang"]), "zhang is in the department");
    assert_eq!(seen(&world, "li", "工作通知").await[0]["text"], "Bring your badge");
    let result = ask("getsendresult", &first).await["send_result"].clone();
    assert_eq!(
        (&result["read_user_id_list"], &result["unread_user_id_list"]),
        (&json!(["li"]), &json!(["zhang"]))
    );
    let again = send().await;
    let result = ask("getsendresult", &again).await["send_result"].clone();
    assert_eq!(result["forbidden_user_id_list"], json!(["li", "zhang"]), "the same words on the same day");
    world.act(json!({ "do": "skip", "ms": 86_400_000 })).await;
    let recall = |task: &Value| json!({ "agent_id": agent, "msg_task_id": task });
    let path = format!("{NOTICES}/recall");
    assert_eq!(world.old_api("POST", &path, recall(&first)).await["errcode"], 400_002, "it is too old");
    let next_day = send().await;
    assert_eq!(world.old_api("POST", &path, recall(&next_day)).await["errcode"], 0);
    let shown = seen(&world, "zhang", "工作通知").await;
    assert_eq!((&shown[0]["recalled"], &shown[1]["recalled"]), (&json!(false), &json!(true)));
}

#[tokio::test]
async fn a_work_notice_that_is_none_is_refused_before_anybody_sees_it() {
    let world = world().await;
    let agent = agent(&world).await;
    let text = |words: &str| json!({ "msgtype": "text", "text": { "content": words } });
    let crowd = ["li"; 101].join(",");
    for (agent, people, message) in [
        (json!(1), "li", text("x")),
        (agent.clone(), "", text("x")),
        (agent.clone(), crowd.as_str(), text("x")),
        (agent.clone(), "li", text(&"x".repeat(2_048))),
        (agent.clone(), "li", json!({ "msgtype": "text" })),
    ] {
        let body = json!({ "agent_id": agent, "userid_list": people, "msg": message });
        let refused = world.old_api("POST", &format!("{NOTICES}/asyncsend_v2"), body).await;
        assert_eq!(refused["errcode"], 400_002, "{people}");
    }
    let unknown = json!({ "agent_id": agent, "task_id": 5 });
    let refused = world.old_api("POST", &format!("{NOTICES}/getsendresult"), unknown).await;
    assert_eq!(refused["errcode"], 400_002);
    let chats = world.act(json!({ "do": "overview", "person": "li" })).await["chats"].clone();
    assert_eq!(chats.as_array().unwrap().len(), 1, "the group alone");
    let all = json!({ "agent_id": agent.to_string(), "to_all_user": "true", "msg": text("to all") });
    assert_eq!(world.old_api("POST", &format!("{NOTICES}/asyncsend_v2"), all).await["errcode"], 0);
    for person in ["li", "zhang"] {
        assert_eq!(seen(&world, person, "工作通知").await[0]["text"], "to all");
    }
}

#[tokio::test]
async fn a_robot_urges_people_and_takes_it_back() {
    let world = world().await;
    let body = |kind: u64, people: Vec<&str>| {
        json!({
            "robotCode": APP, "remindType": kind, "receiverUserIdList": people, "content": "Now, please",
        })
    };
    let path = "/v1.0/robot/ding/send";
    let (status, sent) = world.new_api("POST", path, body(1, vec!["li", "nobody"])).await;
    assert_eq!((status, sent["failedList"].get("nobody").is_some()), (200, true), "{sent}");
    let shown = seen(&world, "li", "DING").await;
    assert!(shown[0]["text"].as_str().unwrap().contains("Now, please"));
    assert_eq!(world.new_api("POST", path, body(1, vec!["li"; 21])).await.0, 200);
    for (kind, people, code) in [
        (1, vec!["li"; 201], "ding.receivercount.limit"),
        (3, vec!["li"; 21], "ding.receivercount.limit"),
        (4, vec!["li"], "invalidParameter.param.invalid"),
        (1, vec![], "invalidParameter.userIds.empty"),
    ] {
        let refused = world.new_api("POST", path, body(kind, people)).await;
        assert_eq!((refused.0, &refused.1["code"]), (400, &json!(code)));
    }
    let path = "/v1.0/robot/ding/recall";
    let recall = |id: &Value| json!({ "robotCode": APP, "openDingId": id });
    assert_eq!(world.new_api("POST", path, recall(&sent["openDingId"])).await.0, 200);
    assert_eq!(seen(&world, "li", "DING").await[0]["recalled"], true);
    let refused = world.new_api("POST", path, recall(&json!("none"))).await;
    assert_eq!(refused.1["code"], "invalidParameter.param.invalid");
}
