//! Small rules of the platform, each with its code.

use serde_json::{Value, json};

use super::client::{World, world};
use crate::{Command, Order, Refusal};

async fn code(world: &World, path: &str) -> Value {
    world.ask("GET", path, Value::Null).await.1["code"].clone()
}

#[tokio::test]
async fn a_token_of_another_form_is_told_from_one_that_is_over() {
    let mut world = world().await;
    for (token, refused) in [("t-unknown", 99_991_663), ("eyJunknown", 99_991_663), ("unknown", 99_991_671)] {
        world.token = token.into();
        assert_eq!(code(&world, "/open-apis/bot/v3/info").await, refused, "{token}");
    }
}

#[tokio::test]
async fn pages_of_contacts_have_codes_of_their_own() {
    let world = world().await;
    let people = "/open-apis/contact/v3/users/find_by_department?department_id=0";
    assert_eq!(code(&world, &format!("{people}&page_size=51")).await, 40_011);
    assert_eq!(code(&world, &format!("{people}&page_token=x")).await, 40_012);
    assert_eq!(code(&world, &format!("{people}&page_size=50")).await, 0);
}

#[tokio::test]
async fn a_bot_that_is_not_in_use_says_so() {
    let world = world().await;
    world.fail("bot.status", 1, json!(4)).await;
    let status = async || {
        world.ask("GET", "/open-apis/bot/v3/info", Value::Null).await.1["bot"]["activate_status"].clone()
    };
    assert_eq!((status().await, status().await), (json!(4), json!(2)));
    world.fail("bot.status", 1, Value::Null).await;
    assert_eq!(status().await, 1, "disabled by the company");
}

#[tokio::test]
async fn a_group_is_made_once_for_a_uuid_within_ten_hours() {
    let world = world().await;
    let make = async |uuid: &str| {
        let path = format!("/open-apis/im/v1/chats?uuid={uuid}");
        world.ask("POST", &path, json!({ "name": "New" })).await.1["data"]["chat_id"].clone()
    };
    let first = make("g1").await;
    assert_eq!(make("g1").await, first);
    assert_ne!(make("").await, make("").await);
    world.simulator.order(Order::Skip { ms: 10 * 60 * 60_000 + 1 }).unwrap();
    // The tokens of the app are over by then.
    assert_eq!(make("g1").await, Value::Null);
    let token = world.token_for("secret").await.1["tenant_access_token"].as_str().unwrap().to_owned();
    let world = World { token, ..world };
    let path = "/open-apis/im/v1/chats?uuid=g1";
    let later = world.ask("POST", path, json!({ "name": "New" })).await.1["data"]["chat_id"].clone();
    assert!(later.is_string() && later != first);
}

#[tokio::test]
async fn a_card_is_changed_by_the_token_of_its_own_app_and_while_it_is_there() {
    let world = world().await;
    let button = json!({
        "tag": "button", "name": "ok", "text": { "tag": "plain_text", "content": "OK" },
        "behaviors": [{ "type": "callback", "value": {} }],
    });
    let card = json!({ "schema": "2.0", "body": { "elements": [button] } });
    let body = json!({ "receive_id": world.chat, "msg_type": "interactive", "content": card.to_string() });
    let (_, sent) = world.ask("POST", "/open-apis/im/v1/messages?receive_id_type=chat_id", body).await;
    let message = sent["data"]["message_id"].as_str().unwrap().to_owned();
    let mut line = world.connect().await;
    let press = json!({ "do": "press", "person": "li", "message": message, "button": "ok" });
    let pressing = world.simulator.perform(press);
    let answering = async {
        let (frame, event) = line.event().await;
        line.answer(frame, 200, Some(json!({}))).await;
        event["event"]["token"].clone()
    };
    let (pressed, token) = tokio::join!(pressing, answering);
    assert_eq!(pressed.unwrap()["code"], 0);
    let update = async |world: &World| {
        let body = json!({ "token": token, "card": card });
        world.ask("POST", "/open-apis/interactive/v1/card/update", body).await.1["code"].clone()
    };
    let other = Command::AddApp {
        app_id: "cli_b000000000000002".into(),
        secret: "other".into(),
        name: "Other".into(),
        encrypt_key: None,
    };
    world.simulator.act(other).await.unwrap();
    let asked = json!({ "app_id": "cli_b000000000000002", "app_secret": "other" });
    let path = "/open-apis/auth/v3/tenant_access_token/internal";
    let theirs = world.ask("POST", path, asked).await.1["tenant_access_token"].as_str().unwrap().to_owned();
    assert_eq!(update(&world).await, 0);
    let own = world.token.clone();
    let world = World { token: theirs, ..world };
    assert_eq!(update(&world).await, 200_310);
    let world = World { token: own, ..world };
    assert_eq!(
        world.ask("DELETE", &format!("/open-apis/im/v1/messages/{message}"), Value::Null).await.0,
        200
    );
    assert_eq!(update(&world).await, 200_000);
}

#[test]
fn codes_have_the_status_that_the_pages_give_them() {
    for (code, status) in
        [(5000, 500), (40_003, 500), (40_004, 403), (190_005, 429), (234_002, 401), (234_003, 400)]
    {
        assert_eq!(Refusal::code(code).status, status, "{code}");
    }
    assert_eq!(Refusal::code(123_456).status, 400, "one that no page names");
}
