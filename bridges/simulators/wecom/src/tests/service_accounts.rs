//! Accounts of customer service as apps make and change them.

use serde_json::{Value, json};

use super::client::{World, text, world};
use super::door::door;

const ROOT: &str = "/cgi-bin/kf";

async fn account(world: &World) -> String {
    text(&world.ask(&format!("{ROOT}/account/add"), json!({ "name": "客服" })).await, "open_kfid")
}

async fn accounts(world: &World) -> Vec<Value> {
    let list = world.ask(&format!("{ROOT}/account/list"), json!({})).await["account_list"].clone();
    list.as_array().unwrap().clone()
}

async fn servicers(world: &World, account: &str) -> Vec<String> {
    let path = format!("{ROOT}/servicer/list?open_kfid={account}");
    let list = world.ask(&path, Value::Null).await["servicer_list"].clone();
    list.as_array().unwrap().iter().map(|one| text(one, "userid")).collect()
}

#[tokio::test]
async fn an_app_makes_changes_and_closes_an_account() {
    let world = world().await;
    let mut door = door(vec![]).await.of_app(&world).await;
    let account = account(&world).await;
    let picture = text(&world.upload_media("image", "a.png", b"\x89PNG\r\n\x1a\n1234").await, "media_id");
    let update = json!({ "open_kfid": account, "name": "Desk", "media_id": picture });
    assert_eq!(world.code(&format!("{ROOT}/account/update"), update).await, 0);
    let listed = accounts(&world).await;
    assert_eq!((text(&listed[0], "open_kfid"), text(&listed[0], "name")), (account.clone(), "Desk".into()));
    assert!(text(&listed[0], "avatar").ends_with(&picture));
    let way = json!({ "open_kfid": account, "scene": "site-1" });
    let url = text(&world.ask(&format!("{ROOT}/add_contact_way"), way).await, "url");
    assert!(url.contains(&account) && url.ends_with("enc_scene=site-1"));
    for (path, body, code) in [
        ("account/add", json!({}), 40_063),
        ("account/add", json!({ "name": "x", "media_id": "none" }), 40_007),
        ("account/update", json!({ "open_kfid": "none" }), 95_004),
        ("account/del", json!({ "open_kfid": "none" }), 95_004),
        ("add_contact_way", json!({ "open_kfid": "none" }), 95_004),
        ("add_contact_way", json!({ "open_kfid": account, "scene": "a b" }), 40_058),
        ("account/del", json!({ "open_kfid": account }), 0),
    ] {
        assert_eq!(world.code(&format!("{ROOT}/{path}"), body.clone()).await, code, "{path} {body}");
    }
    assert!(accounts(&world).await.is_empty());
    // What an app does itself it is not told; what an administrator does it is.
    let other = json!({ "do": "add_account", "name": "Other" });
    let other = text(&world.act(other).await, "open_kfid");
    assert_eq!(text(&door.next().await.fields(), "AuthAddOpenKfId"), other);
}

#[tokio::test]
async fn members_come_to_an_account_and_leave_it_each_answered_by_itself() {
    let world = world().await;
    let account = account(&world).await;
    let ask = async |call: &str, ids: Value| {
        let body = json!({ "open_kfid": account, "userid_list": ids });
        let answer = world.ask(&format!("{ROOT}/servicer/{call}"), body).await;
        let results = answer["result_list"].as_array().unwrap().clone();
        results.iter().map(|one| one["errcode"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(ask("add", json!(["LISI", "nobody", "ZhangSan"])).await, [0, 40_003, 0]);
    assert_eq!(servicers(&world, &account).await, ["lisi", "ZhangSan"]);
    assert_eq!(ask("del", json!(["lisi", "lisi"])).await, [0, 95_014]);
    assert_eq!(servicers(&world, &account).await, ["ZhangSan"]);
    let none = json!({ "open_kfid": account, "userid_list": [] });
    assert_eq!(world.code(&format!("{ROOT}/servicer/add"), none).await, 40_058);
    let unknown = json!({ "open_kfid": "none", "userid_list": ["lisi"] });
    assert_eq!(world.code(&format!("{ROOT}/servicer/add"), unknown).await, 95_004);
    world.act(json!({ "do": "change_app", "app": super::client::APP, "granted": [] })).await;
    assert_eq!(world.code(&format!("{ROOT}/account/add"), json!({ "name": "x" })).await, 48_002);
}
