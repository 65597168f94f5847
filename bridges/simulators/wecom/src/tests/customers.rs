//! Customers, the groups that they are in, and their greeting.

use serde_json::{Value, json};

use super::client::{text, world};
use super::door::door;

const ROOT: &str = "/cgi-bin/externalcontact";

#[tokio::test]
async fn customers_come_and_go() {
    let world = world().await;
    let mut door = door(vec![]).await.of_app(&world).await;
    let follow = json!({ "do": "follow", "external_userid": "wmA", "user_id": "LISI", "name": "客户", "corp_name": "ACME" });
    world.act(follow).await;
    let event = door.next().await.fields();
    assert_eq!(text(&event, "ChangeType"), "add_external_contact");
    assert_eq!((text(&event, "UserID"), text(&event, "ExternalUserID")), ("lisi".into(), "wmA".into()));
    let own = world.ask(&format!("{ROOT}/list?userid=lisi"), Value::Null).await;
    assert_eq!(own["external_userid"], json!(["wmA"]));
    let got = world.ask(&format!("{ROOT}/get?external_userid=wmA"), Value::Null).await;
    assert_eq!(
        (&got["external_contact"]["corp_name"], &got["follow_user"][0]["userid"]),
        (&json!("ACME"), &json!("lisi"))
    );
    let followers = world.ask(&format!("{ROOT}/get_follow_user_list"), Value::Null).await;
    assert_eq!(followers["follow_user"], json!(["lisi"]));
    world
        .act(json!({ "do": "unfollow", "external_userid": "wmA", "user_id": "lisi", "by_customer": true }))
        .await;
    assert_eq!(text(&door.next().await.fields(), "ChangeType"), "del_follow_user");
    assert_eq!(world.code(&format!("{ROOT}/list?userid=lisi"), Value::Null).await, 84_061);
    assert_eq!(world.code(&format!("{ROOT}/get?external_userid=none"), Value::Null).await, 40_096);
}

#[tokio::test]
async fn a_new_customer_is_greeted_once_and_at_once() {
    let world = world().await;
    let mut door = door(vec![]).await.of_app(&world).await;
    let path = format!("{ROOT}/send_welcome_msg");
    let greet = |code: &str| json!({ "welcome_code": code, "text": { "content": "hello" } });
    world.act(json!({ "do": "follow", "external_userid": "wmA", "user_id": "lisi", "name": "A" })).await;
    let code = text(&door.next().await.fields(), "WelcomeCode");
    assert_eq!(world.code(&path, json!({ "welcome_code": code })).await, 44_004);
    assert_eq!(world.code(&path, greet(&code)).await, 0);
    assert_eq!(world.code(&path, greet(&code)).await, 41_096);
    world.act(json!({ "do": "follow", "external_userid": "wmB", "user_id": "lisi", "name": "B" })).await;
    let code = text(&door.next().await.fields(), "WelcomeCode");
    world.skip_minutes(1);
    assert_eq!(world.code(&path, greet(&code)).await, 41_050);
    let by_user = |cursor: &Value| json!({ "userid_list": ["LISI"], "cursor": cursor, "limit": 1 });
    let path = format!("{ROOT}/batch/get_by_user");
    let page = world.ask(&path, by_user(&json!(""))).await;
    assert_eq!(page["external_contact_list"][0]["external_contact"]["name"], "A");
    let page = world.ask(&path, by_user(&page["next_cursor"])).await;
    assert_eq!(page["external_contact_list"][0]["follow_info"]["userid"], "lisi");
    assert_eq!(
        (page["external_contact_list"].as_array().unwrap().len(), &page["next_cursor"]),
        (1, &json!(""))
    );
}

#[tokio::test]
async fn of_groups_with_customers_apps_are_told_every_change() {
    let world = world().await;
    let mut door = door(vec![]).await.of_app(&world).await;
    world.act(json!({ "do": "follow", "external_userid": "wmA", "user_id": "lisi", "name": "客户" })).await;
    door.next().await;
    let group = json!({ "do": "add_customer_group", "name": "VIP", "inside": ["lisi", "wmA"] });
    let id = text(&world.act(group).await, "chat_id");
    let made = door.next().await.fields();
    assert_eq!(
        (text(&made, "Event"), text(&made, "ChangeType")),
        ("change_external_chat".into(), "create".into())
    );
    let change = json!({
        "do": "change_customer_group", "chat": id, "name": "VIPs", "add": ["ZhangSan"], "remove": ["wmA"],
    });
    world.act(change).await;
    for detail in ["change_name", "add_member", "del_member"] {
        let told = door.next().await.fields();
        assert_eq!((text(&told, "ChatId"), text(&told, "UpdateDetail")), (id.clone(), detail.to_owned()));
    }
    let list = world
        .ask(&format!("{ROOT}/groupchat/list"), json!({ "owner_filter": { "userid_list": ["lisi"] } }))
        .await;
    assert_eq!(list["group_chat_list"], json!([{ "chat_id": id, "status": 0 }]));
    let got = world.ask(&format!("{ROOT}/groupchat/get"), json!({ "chat_id": id, "need_name": 1 })).await["group_chat"].clone();
    assert_eq!((&got["name"], &got["owner"]), (&json!("VIPs"), &json!("lisi")));
    let names: Vec<String> =
        got["member_list"].as_array().unwrap().iter().map(|one| text(one, "name")).collect();
    assert_eq!(names, ["Li Si", "张三"]);
    world.act(json!({ "do": "dismiss_customer_group", "chat": id })).await;
    assert_eq!(text(&door.next().await.fields(), "ChangeType"), "dismiss");
    assert_eq!(world.code(&format!("{ROOT}/groupchat/get"), json!({ "chat_id": id })).await, 40_050);
}
