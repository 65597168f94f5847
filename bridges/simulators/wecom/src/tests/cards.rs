//! Cards of apps: pressed, changed once by their codes, changed for who pressed by the answer.

use serde_json::{Value, json};

use super::client::{APP, World, text, world};
use super::door::{Door, Say, door};

const UPDATE: &str = "/cgi-bin/message/update_template_card";

fn card(task: &str) -> Value {
    json!({
        "card_type": "button_interaction", "task_id": task, "main_title": { "title": "Leave" },
        "button_list": [{ "text": "Approve", "key": "yes" }, { "text": "Reject", "key": "no" }],
    })
}

async fn sent(world: &World, to: &str) -> Value {
    let body =
        json!({ "touser": to, "agentid": APP, "msgtype": "template_card", "template_card": card("leave-1") });
    let sent = world.ask("/cgi-bin/message/send", body).await;
    assert_eq!(sent["errcode"], 0);
    sent
}

async fn the_card(world: &World, person: &str) -> Value {
    let chat = world.with_app(person).await;
    world.shown(&chat, person).await.pop().unwrap()
}

async fn press(world: &World, person: &str, button: &str) -> Value {
    let message = the_card(world, person).await["message_id"].clone();
    world.act(json!({ "do": "press", "person": person, "message": message, "button": button })).await
}

async fn pressed(world: &World, door: &mut Door, button: &str) -> Value {
    assert_eq!(press(world, "lisi", button).await["answered"], true);
    door.next().await.fields()
}

#[tokio::test]
async fn a_press_is_an_event_with_a_fresh_code_that_works_once() {
    let world = world().await;
    let mut door = door(vec![]).await.of_app(&world).await;
    let first = sent(&world, "lisi").await;
    let event = pressed(&world, &mut door, "Approve").await;
    assert_eq!(
        (text(&event, "Event"), text(&event, "EventKey")),
        ("template_card_event".into(), "yes".into())
    );
    assert_eq!((text(&event, "TaskId"), text(&event, "FromUserName")), ("leave-1".into(), "lisi".into()));
    let code = text(&event, "ResponseCode");
    assert_ne!(json!(code), first["response_code"]);
    let update = |code: &str| json!({ "userids": ["LISI", "x"], "agentid": APP, "response_code": code, "button": { "replace_name": "Done" } });
    let answer = world.ask(UPDATE, update(&code)).await;
    assert_eq!((&answer["errcode"], &answer["invaliduser"]), (&json!(0), &json!(["x"])));
    let seen = the_card(&world, "lisi").await;
    assert_eq!((&seen["buttons"], &seen["replaced"]), (&json!([]), &json!("Done")));
    assert_eq!(world.code(UPDATE, update(&code)).await, 40_058, "a code works once");
    assert_eq!(
        world.code(UPDATE, update(&text(&first, "response_code"))).await,
        0,
        "that of the sending works too"
    );
}

#[tokio::test]
async fn a_code_ends_after_three_days() {
    let world = world().await;
    let _door = door(vec![]).await.of_app(&world).await;
    let code = sent(&world, "lisi").await["response_code"].clone();
    world.skip_minutes(72 * 60 + 1);
    let mut world = world;
    world.token = text(&world.token_for("secret").await, "access_token");
    let update = json!({ "agentid": APP, "response_code": code, "button": { "replace_name": "Done" } });
    assert_eq!(world.code(UPDATE, update).await, 40_058);
}

#[tokio::test]
async fn one_call_changes_the_card_of_those_who_are_named() {
    let world = world().await;
    let _door = door(vec![]).await.of_app(&world).await;
    let code = sent(&world, "lisi|zhangsan").await["response_code"].clone();
    let mut other = card("leave-1");
    other["main_title"]["title"] = "Leave, decided".into();
    other["replace_text"] = "Approved by Li Si".into();
    let update =
        json!({ "userids": ["zhangsan"], "agentid": APP, "response_code": code, "template_card": other });
    assert_eq!(world.code(UPDATE, update).await, 0);
    assert_eq!(the_card(&world, "zhangsan").await["text"], "Leave, decided\nApproved by Li Si");
    assert_eq!(the_card(&world, "lisi").await["text"], "Leave");
}

#[tokio::test]
async fn the_answer_to_a_press_changes_the_card_for_who_pressed() {
    let world = world().await;
    let grey = Say::Xml(json!({ "MsgType": "update_button", "Button": { "ReplaceName": "Seen" } }));
    let whole = json!({ "CardType": "text_notice", "MainTitle": { "Title": "Closed" } });
    let card = Say::Xml(json!({ "MsgType": "update_template_card", "TemplateCard": whole }));
    let _door = door(vec![grey, card]).await.of_app(&world).await;
    sent(&world, "lisi|zhangsan").await;
    assert_eq!(press(&world, "lisi", "yes").await["card_changed"], true);
    assert_eq!(the_card(&world, "lisi").await["replaced"], "Seen");
    assert_eq!(press(&world, "zhangsan", "1").await["card_changed"], true);
    assert_eq!(the_card(&world, "zhangsan").await["text"], "Closed");
}

#[tokio::test]
async fn a_press_that_nobody_answers_fails_after_three_tries() {
    let world = world().await;
    let mut door =
        door(vec![Say::Status(500), Say::Status(500), Say::Status(500)]).await.of_app(&world).await;
    sent(&world, "lisi").await;
    let pressed = press(&world, "lisi", "Approve").await;
    assert_eq!((&pressed["answered"], &pressed["card_changed"]), (&json!(false), &json!(false)));
    let ids: Vec<String> = [door.next().await, door.next().await, door.next().await]
        .map(|post| text(&post.fields(), "ResponseCode"))
        .into();
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn choices_and_menus_are_told() {
    let world = world().await;
    let mut door = door(vec![]).await.of_app(&world).await;
    let vote = json!({
        "card_type": "vote_interaction", "task_id": "v", "checkbox": {
            "question_key": "q1", "mode": 1, "option_list": [{ "id": "a", "text": "A" }, { "id": "b", "text": "B" }],
        },
        "submit_button": { "text": "Vote", "key": "go" },
        "action_menu": { "desc": "more", "action_list": [{ "text": "Mute", "key": "mute" }] },
    });
    let body = json!({ "touser": "lisi", "agentid": APP, "msgtype": "template_card", "template_card": vote });
    world.ask("/cgi-bin/message/send", body).await;
    let message = the_card(&world, "lisi").await["message_id"].clone();
    let press = |button: &str| json!({ "do": "press", "person": "lisi", "message": message, "button": button, "selected": { "q1": ["a", "b"] } });
    world.act(press("Vote")).await;
    let item = door.next().await.fields()["SelectedItems"]["SelectedItem"].clone();
    assert_eq!((&item["QuestionKey"], &item["OptionIds"]["OptionId"]), (&json!("q1"), &json!(["a", "b"])));
    world.act(press("Mute")).await;
    assert_eq!(text(&door.next().await.fields(), "Event"), "template_card_menu_event");
}
