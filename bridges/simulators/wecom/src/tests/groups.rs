//! Groups of apps, and webhooks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::client::{APP, World, text, world};
use crate::crypto;

const CREATE: &str = "/cgi-bin/appchat/create";
const UPDATE: &str = "/cgi-bin/appchat/update";
const SEND: &str = "/cgi-bin/appchat/send";

async fn get(world: &World, chat: &str) -> Value {
    world.ask(&format!("/cgi-bin/appchat/get?chatid={chat}"), Value::Null).await
}

#[tokio::test]
async fn a_group_is_made_read_changed_and_written_to() {
    let world = world().await;
    let group =
        json!({ "name": "Desk", "owner": "lisi", "userlist": ["lisi", "zhangsan"], "chatid": "desk1" });
    assert_eq!(world.ask(CREATE, group.clone()).await["chatid"], "desk1");
    assert_eq!(world.code(CREATE, group).await, 86_215);
    let info = get(&world, "desk1").await["chat_info"].clone();
    assert_eq!(info["userlist"], json!(["lisi", "ZhangSan"]));
    assert_eq!((&info["owner"], &info["name"]), (&json!("lisi"), &json!("Desk")));
    world.act(json!({ "do": "add_person", "user_id": "wang", "name": "Wang" })).await;
    let without_owner = json!({ "chatid": "desk1", "del_user_list": ["lisi"], "add_user_list": ["wang"] });
    assert_eq!(world.code(UPDATE, without_owner.clone()).await, 86_207);
    let mut with_owner = without_owner;
    with_owner["owner"] = "wang".into();
    with_owner["name"] = "Counter".into();
    assert_eq!(world.code(UPDATE, with_owner).await, 0);
    assert_eq!(get(&world, "desk1").await["chat_info"]["userlist"], json!(["wang", "ZhangSan"]));
    let text = json!({ "content": "hi <@WANG>", "mentioned_list": ["@all"] });
    let sent = world.ask(SEND, json!({ "chatid": "desk1", "msgtype": "text", "text": text })).await;
    assert_eq!((&sent["errcode"], &sent["msgid"]), (&json!(0), &Value::Null));
    let shown = world.shown("desk1", "wang").await;
    assert_eq!(shown[0]["mentions"], json!(["all", "wang"]));
}

#[tokio::test]
async fn what_is_wrong_with_groups_has_codes() {
    let world = world().await;
    world.act(json!({ "do": "add_app", "app": 7, "secret": "other", "name": "Other" })).await;
    let foreign =
        json!({ "do": "add_chat", "name": "F", "people": ["lisi"], "made_by": 7, "appchat_id": "f1" });
    world.act(foreign).await;
    let send = |chat: &str, kind: &str| json!({ "chatid": chat, "msgtype": kind, kind: { "content": "x" } });
    assert_eq!(world.code(SEND, send("f1", "text")).await, 86_008);
    assert_eq!(world.code(SEND, send("none", "text")).await, 40_050);
    let mine =
        json!({ "do": "add_chat", "name": "M", "people": ["lisi"], "made_by": APP, "appchat_id": "m1" });
    world.act(mine).await;
    assert_eq!(world.code(SEND, send("m1", "template_card")).await, 40_008);
    assert_eq!(world.code(SEND, send("m1", "text")).await, 0);
    world.act(json!({ "do": "dissolve", "person": "lisi", "chat": "m1" })).await;
    assert_eq!(world.code(SEND, send("m1", "text")).await, 40_050);
    let create = |people: Value, id: &str| json!({ "name": "x", "userlist": people, "chatid": id });
    assert_eq!(world.code(CREATE, create(json!(["lisi"]), "")).await, 86_006);
    assert_eq!(world.code(CREATE, create(json!(["lisi", "nobody"]), "")).await, 40_031);
    let mut stranger = create(json!(["lisi", "zhangsan"]), "");
    stranger["owner"] = "wang".into();
    assert_eq!(world.code(CREATE, stranger).await, 86_207);
    assert_eq!(world.code(CREATE, create(json!(["lisi", "zhangsan"]), "a-b")).await, 86_001);
    world.act(json!({ "do": "change_app", "app": APP, "departments": [2] })).await;
    assert_eq!(world.code(CREATE, create(json!(["lisi", "zhangsan"]), "")).await, 60_011);
}

#[tokio::test]
async fn people_leave_and_rename_and_nobody_is_told() {
    let world = world().await;
    let mine = json!({
        "do": "add_chat", "name": "M", "people": ["lisi", "ZhangSan"], "made_by": APP, "appchat_id": "m1",
    });
    world.act(mine).await;
    world.act(json!({ "do": "rename", "person": "lisi", "chat": "m1", "name": "N" })).await;
    world.act(json!({ "do": "leave", "person": "ZhangSan", "chat": "m1" })).await;
    let info = get(&world, "m1").await["chat_info"].clone();
    assert_eq!((&info["name"], &info["userlist"]), (&json!("N"), &json!(["lisi"])));
    assert_eq!(world.order(json!({ "do": "deliveries" })), json!([]));
}

#[tokio::test]
async fn people_come_in_and_take_back_what_is_theirs() {
    let world = world().await;
    world.act(json!({ "do": "add_person", "user_id": "wang", "name": "Wang" })).await;
    let speak = json!({ "do": "speak", "person": "wang", "chat": world.chat, "text": "hello" });
    assert!(world.try_to(speak.clone()).await.is_err());
    world.act(json!({ "do": "join", "person": "WANG", "chat": world.chat })).await;
    let said = world.act(speak).await["message_id"].clone();
    assert_eq!(world.act(json!({ "do": "find", "message": said })).await["chat_id"], world.chat);
    assert!(world.try_to(json!({ "do": "recall", "person": "lisi", "message": said })).await.is_err());
    world.act(json!({ "do": "recall", "person": "wang", "message": said })).await;
    let shown = world.shown(&world.chat, "lisi").await;
    assert_eq!((&shown[0]["recalled"], &shown[0]["text"]), (&json!(true), &json!("")));
}

struct Hook {
    world: World,
    key: String,
}

async fn hook() -> Hook {
    let world = world().await;
    let made = world.act(json!({ "do": "add_webhook", "chat": world.chat, "name": "Alarm" })).await;
    Hook { key: text(&made, "key"), world }
}

impl Hook {
    async fn code(&self, msgtype: &str, content: Value) -> i64 {
        let path = format!("/cgi-bin/webhook/send?key={}", self.key);
        self.world.code(&path, json!({ "msgtype": msgtype, msgtype: content })).await
    }
}

#[tokio::test]
async fn webhooks_write_what_they_may() {
    let hook = hook().await;
    let png = b"\x89PNG and more";
    let image = json!({ "base64": STANDARD.encode(png), "md5": crypto::md5(png) });
    let mut wrong = image.clone();
    wrong["md5"] = "0".into();
    let notice =
        json!({ "card_type": "text_notice", "main_title": { "title": "t" }, "card_action": { "type": 1 } });
    let cases = [
        ("text", json!({ "content": "hi", "mentioned_list": ["lisi", "@all"] }), 0),
        ("text", json!({ "content": "x".repeat(2_049) }), 45_002),
        ("markdown", json!({ "content": "ask <@ZhangSan>" }), 0),
        ("markdown_v2", json!({ "content": "x".repeat(4_097) }), 45_002),
        ("markdown_v2", json!({ "content": "- a\n- b" }), 0),
        ("image", image, 0),
        ("image", wrong, 40_058),
        ("news", json!({ "articles": [{ "title": "t", "url": "https://example.org" }] }), 0),
        ("template_card", notice, 0),
        ("template_card", json!({ "card_type": "button_interaction" }), 40_008),
        ("video", json!({ "media_id": "x" }), 40_008),
    ];
    for (msgtype, content, code) in cases {
        assert_eq!(hook.code(msgtype, content.clone()).await, code, "{msgtype} {content}");
    }
    let shown = hook.world.shown(&hook.world.chat, "lisi").await;
    assert_eq!(shown[0]["mentions"], json!(["lisi", "all"]));
    assert_eq!((&shown[1]["mentions"], &shown[1]["via"]), (&json!(["ZhangSan"]), &json!("webhook")));
    let image = shown.iter().find(|message| message["kind"] == "image").unwrap();
    let opened = hook.world.act(json!({ "do": "open", "key": image["media"] })).await;
    assert_eq!(text(&opened, "base64"), STANDARD.encode(png));
}

#[tokio::test]
async fn a_webhook_writes_twenty_times_a_minute_until_it_is_removed() {
    let hook = hook().await;
    let text = json!({ "content": "hi" });
    for _ in 0..20 {
        assert_eq!(hook.code("text", text.clone()).await, 0);
    }
    assert_eq!(hook.code("text", text.clone()).await, 45_009);
    hook.world.skip_minutes(2);
    assert_eq!(hook.code("text", text.clone()).await, 0);
    hook.world.act(json!({ "do": "remove_webhook", "key": hook.key })).await;
    assert_eq!(hook.code("text", text).await, 93_000);
}

#[tokio::test]
async fn a_webhooks_media_are_its_own() {
    let hook = hook().await;
    let upload = async |kind: &str, bytes: &[u8]| {
        let path = format!("/cgi-bin/webhook/upload_media?key={}&type={kind}", hook.key);
        hook.world.upload(&path, "report.pdf", bytes).await
    };
    assert_eq!(upload("file", b"").await["errcode"], 44_001);
    assert_eq!(upload("image", b"123456").await["errcode"], 40_004);
    let uploaded = upload("file", b"%PDF-1.7").await;
    assert!(uploaded["created_at"].is_string());
    assert_eq!(hook.code("file", json!({ "media_id": uploaded["media_id"] })).await, 0);
    let mine = hook.world.upload_media("file", "a.txt", b"123456").await;
    assert_eq!(hook.code("file", json!({ "media_id": mine["media_id"] })).await, 40_007);
}
