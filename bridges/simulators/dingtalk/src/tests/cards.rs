//! Cards: made once, put into chats, changed, pressed.

use serde_json::{Value, json};

use super::client::{APP, World, data, world};

fn card(world: &World, id: &str) -> Value {
    let buttons = json!([{ "id": "ok", "text": "同意", "params": { "action": "agree" } }]).to_string();
    json!({
        "cardTemplateId": "t.schema", "outTrackId": id, "callbackType": "STREAM",
        "cardData": { "cardParamMap": { "title": "Leave", "text": "three days", "buttons": buttons } },
        "openSpaceId": format!("dtv1.card//IM_GROUP.{}", world.chat),
        "imGroupOpenSpaceModel": { "supportForward": true },
        "imGroupOpenDeliverModel": { "robotCode": APP },
    })
}

const DELIVER: &str = "/v1.0/card/instances/createAndDeliver";

#[tokio::test]
async fn a_card_is_pressed_and_changed_by_the_answer() {
    let world = world().await;
    let mut line = world.connect().await;
    let (status, made) = world.new_api("POST", DELIVER, card(&world, "c1")).await;
    assert_eq!((status, &made["result"]["deliverResults"][0]["success"]), (200, &json!(true)));
    let again = world.new_api("POST", DELIVER, card(&world, "c1")).await.1;
    assert_eq!(again, made, "an id that is used again makes no new card");
    let shown = world.shown().await;
    assert_eq!((shown.len(), &shown[0]["text"]), (1, &json!("Leave\nthree days")));
    assert_eq!(shown[0]["query_key"], made["result"]["deliverResults"][0]["carrierId"]);
    let message = shown[0]["message_id"].clone();
    let press = json!({ "do": "press", "person": "li", "message": message, "button": "同意" });
    let app = async {
        let frame = line.frame("CALLBACK").await;
        assert_eq!(frame["headers"]["topic"], "/v1.0/card/instances/callback");
        let pressed = data(&frame);
        assert_eq!((&pressed["outTrackId"], &pressed["userId"]), (&json!("c1"), &json!("li")));
        let content: Value = serde_json::from_str(pressed["content"].as_str().unwrap()).unwrap();
        let expected = json!({ "actionIds": ["ok"], "params": { "action": "agree" } });
        assert_eq!(content["cardPrivateData"], expected);
        let response = json!({
            "cardData": { "cardParamMap": { "text": "agreed" } },
            "cardUpdateOptions": { "updateCardDataByKey": true },
            "userPrivateData": { "cardParamMap": { "title": "Yours" } },
        });
        line.answer(&frame, 200, json!({ "response": response })).await;
    };
    let (seen, ()) = tokio::join!(world.act(press), app);
    assert_eq!(seen, json!({ "answered": true, "card_changed": true }));
    assert_eq!(world.shown().await[0]["text"], "Leave\nagreed");
    let own = world.act(json!({ "do": "show", "chat": world.chat, "person": "li" })).await;
    assert_eq!(own["messages"][0]["text"], "Yours\nagreed");
}

#[tokio::test]
async fn an_update_overwrites_everything_unless_it_says_otherwise() {
    let world = world().await;
    world.new_api("POST", DELIVER, card(&world, "c2")).await;
    let update = |by_key: bool, text: &str| {
        json!({
            "outTrackId": "c2", "cardData": { "cardParamMap": { "text": text } },
            "cardUpdateOptions": { "updateCardDataByKey": by_key },
        })
    };
    let path = "/v1.0/card/instances";
    assert_eq!(world.new_api("PUT", path, update(true, "one")).await.1["result"], true);
    assert_eq!(world.shown().await[0]["text"], "Leave\none");
    world.new_api("PUT", path, update(false, "two")).await;
    assert_eq!(world.shown().await[0]["text"], "two");
    let none = json!({ "outTrackId": "none", "cardData": { "cardParamMap": {} } });
    assert_eq!(world.new_api("PUT", path, none).await.1["code"], "param.cardNotExist");
    let numbers = json!({ "outTrackId": "c2", "cardData": { "cardParamMap": { "text": 5 } } });
    assert_eq!(world.new_api("PUT", path, numbers).await.1["code"], "param.invalid");
    assert_eq!(world.shown().await[0]["text"], "two");
    let piece = json!({ "outTrackId": "c2", "guid": "g", "key": "text", "content": "!", "isFull": false });
    for _ in 0..2 {
        world.new_api("PUT", "/v1.0/card/streaming", piece.clone()).await;
    }
    assert_eq!(world.shown().await[0]["text"], "two!", "a repeat adds nothing");
    let mut other = piece;
    other["guid"] = json!("h");
    world.fail("api.qps", 1, Value::Null).await;
    let (status, refused) = world.new_api("PUT", "/v1.0/card/streaming", other.clone()).await;
    assert_eq!((status, &refused["code"]), (403, &json!("Forbidden.AccessDenied.QpsLimitForAppkeyAndApi")));
    world.new_api("PUT", "/v1.0/card/streaming", other).await;
    assert_eq!(world.shown().await[0]["text"], "two!!");
}

#[tokio::test]
async fn cards_are_refused_as_the_platform_does() {
    let world = world().await;
    world.act(json!({ "do": "add_template", "template": "draft.schema", "published": false })).await;
    let cases = [
        ("cardTemplateId", json!("draft.schema"), "param.templateUnpublished"),
        ("cardTemplateId", json!("none"), "param.templateNotExist"),
        ("outTrackId", json!(""), "param.outTrackIdEmpty"),
        ("openSpaceId", json!(""), "param.openSpaceIdEmpty"),
        ("openSpaceId", json!("somewhere"), "param.openSpaceIdInvalid"),
        ("imGroupOpenDeliverModel", json!({ "robotCode": "another" }), "param.openDeliverModelError"),
        ("cardData", json!({ "cardParamMap": { "text": true } }), "param.invalid"),
        ("cardData", json!({ "cardParamMap": { "text": "http://unsafe.example" } }), "param.contentUnsafe"),
    ];
    for (name, value, code) in cases {
        let mut body = card(&world, "c3");
        body[name] = value;
        let (status, refused) = world.new_api("POST", DELIVER, body).await;
        assert_eq!((status, refused["code"].as_str()), (400, Some(code)));
    }
    world.fail("card.space_failed", 1, Value::Null).await;
    let failed = world.new_api("POST", DELIVER, card(&world, "c4")).await.1;
    assert_eq!(
        (&failed["success"], &failed["result"]["deliverResults"][0]["success"]),
        (&json!(true), &json!(false))
    );
    assert!(world.shown().await.is_empty());
}

#[tokio::test]
async fn nobody_answers_a_press_and_strangers_cannot_press() {
    let world = world().await;
    world.new_api("POST", DELIVER, card(&world, "c5")).await;
    let message = world.shown().await[0]["message_id"].clone();
    let press = json!({ "do": "press", "person": "zhang", "message": message, "button": "0" });
    let seen = world.act(press).await;
    assert_eq!((&seen["answered"], &seen["card_changed"]), (&json!(false), &json!(false)));
    world.act(json!({ "do": "add_person", "user_id": "wang", "name": "Wang" })).await;
    let press = json!({ "do": "press", "person": "wang", "message": message, "button": "0" });
    assert!(world.try_to(press).await.is_err());
}
