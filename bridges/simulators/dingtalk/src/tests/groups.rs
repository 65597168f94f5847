//! Groups that apps make, and what may be read of others.

use serde_json::{Value, json};

use super::client::{APP, Line, world};

async fn next_chat_event(line: &mut Line) -> (String, Value) {
    loop {
        let (name, event) = line.event().await;
        if name.starts_with("chat_") {
            return (name, event);
        }
    }
}

#[tokio::test]
async fn changes_to_an_apps_own_group_are_told() {
    let world = world().await;
    let mut line = world.connect().await;
    let create = json!({ "name": "Project", "owner": "zhang", "useridlist": ["zhang"] });
    let made = world.new_api("POST", "/v1.0/im/group/create", create).await.1;
    let (chat, chat_id) = (made["openConversationId"].clone(), made["chatid"].clone());
    let got =
        world.old_api("GET", &format!("/chat/get?chatid={}", chat_id.as_str().unwrap()), Value::Null).await;
    assert_eq!(got["chat_info"]["useridlist"], json!(["zhang"]));
    world.act(json!({ "do": "join", "person": "li", "chat": chat })).await;
    let (name, event) = next_chat_event(&mut line).await;
    assert_eq!(
        (name.as_str(), &event["userId"], &event["chatId"]),
        ("chat_add_member", &json!(["li"]), &chat_id)
    );
    world.act(json!({ "do": "rename", "person": "li", "chat": chat, "name": "Plan" })).await;
    let (name, event) = next_chat_event(&mut line).await;
    assert_eq!((name.as_str(), &event["title"]), ("chat_update_title", &json!("Plan")));
    world.act(json!({ "do": "leave", "person": "li", "chat": chat })).await;
    let (name, event) = next_chat_event(&mut line).await;
    assert_eq!((name.as_str(), &event["operator"]), ("chat_quit", &json!("li")));
    world.act(json!({ "do": "dissolve", "person": "zhang", "chat": chat })).await;
    assert_eq!(next_chat_event(&mut line).await.0, "chat_disband");
    // Of a group that people made nothing is told.
    world.act(json!({ "do": "rename", "person": "li", "chat": world.chat, "name": "Other" })).await;
    let again = json!({ "name": "Second", "owner": "li", "useridlist": ["li"] });
    let made = world.new_api("POST", "/v1.0/im/group/create", again).await.1;
    let update = json!({ "chatid": made["chatid"], "add_useridlist": ["zhang"] });
    world.new_api("POST", "/v1.0/im/group/update", update).await;
    let (name, event) = next_chat_event(&mut line).await;
    assert_eq!((name.as_str(), &event["chatId"]), ("chat_add_member", &made["chatid"]));
}

#[tokio::test]
async fn a_group_with_the_apps_plug_in_can_be_read() {
    let world = world().await;
    let app = json!({ "do": "add_app", "app_id": "second", "secret": "s", "name": "Second" });
    let foreign = world.act(app).await["cool_app"].clone();
    let ask = |code: Value| json!({ "openConversationId": world.chat, "coolAppCode": code, "maxResults": 1 });
    let path = "/v1.0/im/sceneGroups/members/batchQuery";
    let refused = world.new_api("POST", path, ask(Value::Null)).await.1;
    assert_eq!(refused["code"], "groupPermissionDenied");
    assert_eq!(world.new_api("POST", path, ask(foreign)).await.1["code"], "coolAppUninstalled");
    let mut line = world.connect().await;
    world.act(json!({ "do": "remove_bot", "person": "li", "chat": world.chat, "app": APP })).await;
    world.act(json!({ "do": "add_bot", "person": "li", "chat": world.chat, "app": APP })).await;
    let (mut name, mut event) = line.event().await;
    while name != "im_cool_app_uninstall" {
        (name, event) = line.event().await;
    }
    assert_eq!(event["openConversationId"], world.chat);
    let code = event["coolAppCode"].clone();
    let page = world.new_api("POST", path, ask(code.clone())).await.1;
    assert_eq!((&page["memberUserIds"], &page["hasMore"]), (&json!(["li"]), &json!(true)));
    let group = world.new_api("POST", "/v1.0/im/sceneGroups/query", ask(code)).await.1;
    assert_eq!((&group["title"], &group["status"]), (&json!("Sales"), &json!(1)));
}

#[tokio::test]
async fn a_scene_group_is_made_once_for_one_uuid_and_has_the_robot() {
    let world = world().await;
    let create = json!({
        "title": "Scene", "template_id": "t", "owner_user_id": "zhang", "user_ids": ["li"], "uuid": "u",
    });
    let path = "/v1.0/im/sceneGroup/create";
    let made = world.new_api("POST", path, create.clone()).await.1;
    assert_eq!(world.new_api("POST", path, create).await.1, made);
    let id = made["open_conversation_id"].clone();
    let body = json!({
        "robotCode": APP, "openConversationId": id, "msgKey": "sampleText", "msgParam": "{\"content\":\"x\"}",
    });
    assert_eq!(world.new_api("POST", "/v1.0/robot/groupMessages/send", body.clone()).await.0, 200);
    let remove = json!({ "open_conversation_id": id, "user_ids": ["nobody"] });
    let refused = world.new_api("POST", "/v1.0/im/sceneGroup/member/delete", remove).await.1;
    assert_eq!(refused["code"], "member.notFound");
    let disband = json!({ "openConversationId": id });
    assert_eq!(world.new_api("POST", "/v1.0/im/chat/scenegroup/disband", disband).await.1["success"], true);
    let refused = world.new_api("POST", "/v1.0/robot/groupMessages/send", body).await.1;
    assert_eq!(refused["code"], "group.disbanded");
}
