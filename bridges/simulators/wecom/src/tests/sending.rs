//! Messages of apps to people.

use serde_json::{Value, json};

use super::client::{APP, text, world};

fn body(to: Value, words: &str) -> Value {
    let mut body = json!({ "agentid": APP, "msgtype": "text", "text": { "content": words } });
    body.as_object_mut().unwrap().extend(to.as_object().unwrap().clone());
    body
}

const SEND: &str = "/cgi-bin/message/send";

#[tokio::test]
async fn people_get_what_is_sent_to_them_and_wrong_ids_come_back_in_lower_case() {
    let world = world().await;
    let sent = world.send("LISI|WangWu|zhangsan", "hello").await;
    assert_eq!((&sent["errcode"], &sent["invaliduser"]), (&json!(0), &json!("wangwu")));
    for person in ["lisi", "ZhangSan"] {
        let chat = world.with_app(person).await;
        let shown = world.shown(&chat, person).await;
        assert_eq!((&shown[0]["text"], &shown[0]["msgid"]), (&json!("hello"), &sent["msgid"]));
        assert_eq!((&shown[0]["via"], &shown[0]["by"]), (&json!("app"), &json!(APP.to_string())));
    }
    assert_eq!(world.send("WangWu|nobody", "hello").await["errcode"], 81_013);
}

#[tokio::test]
async fn everybody_departments_and_tags_can_be_meant() {
    let world = world().await;
    world.act(json!({ "do": "add_tag", "tag_id": 9, "name": "Desk" })).await;
    world.act(json!({ "do": "change_tag", "tag_id": 9, "add": ["lisi"] })).await;
    let (li, zhang) = (world.with_app("lisi").await, world.with_app("ZhangSan").await);
    assert_eq!(world.ask(SEND, body(json!({ "touser": "@all" }), "all")).await["errcode"], 0);
    let sent = world.ask(SEND, body(json!({ "toparty": "2|77", "totag": "8" }), "party")).await;
    assert_eq!((&sent["invalidparty"], &sent["invalidtag"]), (&json!("77"), &json!("8")));
    assert_eq!(world.ask(SEND, body(json!({ "totag": "9" }), "tag")).await["errcode"], 0);
    assert_eq!(world.words(&li).await, ["all", "party", "tag"]);
    assert_eq!(world.words(&zhang).await, ["all", "party"]);
}

#[tokio::test]
async fn requests_that_are_wrong_are_refused_with_their_codes() {
    let world = world().await;
    let one = |msgtype: &str, content: Value| json!({ "touser": "lisi", "agentid": APP, "msgtype": msgtype, msgtype: content });
    let mut other_agent = body(json!({ "touser": "lisi" }), "x");
    other_agent["agentid"] = 7.into();
    let mut no_agent = body(json!({ "touser": "lisi" }), "x");
    no_agent.as_object_mut().unwrap().remove("agentid");
    let article = json!({ "title": "t", "url": "https://example.org" });
    let cases = [
        (other_agent, 301_002),
        (no_agent, 41_011),
        (body(json!({}), "x"), 82_001),
        (body(json!({ "touser": vec!["x"; 1_001].join("|") }), "x"), 40_032),
        (body(json!({ "toparty": vec!["1"; 101].join("|") }), "x"), 82_002),
        (body(json!({ "totag": vec!["1"; 101].join("|") }), "x"), 82_003),
        (body(json!({ "touser": "lisi" }), ""), 44_004),
        (one("markdown_v2", json!({ "content": "x" })), 40_008),
        (one("markdown", json!({ "content": "长".repeat(683) })), 45_002),
        (one("image", json!({ "media_id": "none" })), 40_007),
        (one("image", json!({})), 41_006),
        (one("news", json!({ "articles": vec![article.clone(); 9] })), 45_008),
        (one("news", json!({ "articles": [{ "title": "t" }] })), 40_063),
        (one("news", json!({ "articles": [article] })), 0),
        (one("textcard", json!({ "title": "t", "description": "d", "url": "https://example.org" })), 0),
        (one("textcard", json!({ "title": "t" })), 40_063),
        (one("mpnews", json!({ "articles": [{ "title": "t", "thumb_media_id": "m", "content": "c" }] })), 0),
        (one("miniprogram_notice", json!({ "appid": "wx", "title": "t" })), 0),
        (one("template_card", json!({ "card_type": "text_notice" })), 40_057),
    ];
    for (body, code) in cases {
        assert_eq!(world.code(SEND, body.clone()).await, code, "{body}");
    }
}

#[tokio::test]
async fn long_texts_are_cut_where_a_letter_ends() {
    let world = world().await;
    let chat = world.with_app("lisi").await;
    world.send("lisi", &"长".repeat(1_000)).await;
    // 2048 bytes are 682 letters of three bytes and a rest.
    assert_eq!(world.words(&chat).await, ["长".repeat(682)]);
}

#[tokio::test]
async fn what_is_too_much_for_somebody_is_swallowed_with_a_good_answer() {
    let world = world().await;
    let chat = world.with_app("lisi").await;
    for number in 0..35 {
        assert_eq!(world.send("lisi", &number.to_string()).await["errcode"], 0);
    }
    assert_eq!(world.words(&chat).await.len(), 30);
    world.skip_minutes(2);
    world.send("lisi", "later").await;
    assert_eq!(world.words(&chat).await.len(), 31);
}

#[tokio::test]
async fn repeated_words_are_dropped_where_that_is_asked_for() {
    let world = world().await;
    let chat = world.with_app("lisi").await;
    let mut checked = body(json!({ "touser": "lisi" }), "ok");
    checked["enable_duplicate_check"] = 1.into();
    checked["duplicate_check_interval"] = 60.into();
    for _ in 0..2 {
        assert_eq!(world.code(SEND, checked.clone()).await, 0);
    }
    assert_eq!(world.words(&chat).await, ["ok"]);
    world.skip_minutes(2);
    world.ask(SEND, checked).await;
    assert_eq!(world.words(&chat).await, ["ok", "ok"]);
}

#[tokio::test]
async fn who_is_out_of_scope_is_invalid() {
    let world = world().await;
    world.act(json!({ "do": "change_app", "app": APP, "departments": [], "people": ["lisi"] })).await;
    let sent = world.send("lisi|zhangsan", "hello").await;
    assert_eq!(sent["invaliduser"], "zhangsan");
    assert!(world.try_to(json!({ "do": "enter", "person": "ZhangSan", "app": APP })).await.is_err());
}

#[tokio::test]
async fn faults_of_sending_drop_or_refuse_one() {
    let world = world().await;
    let chat = world.with_app("lisi").await;
    world.fail("send.silent_drop", Value::Null);
    assert_eq!(world.send("lisi", "dropped").await["errcode"], 0);
    world.fail("send.invalid", Value::Null);
    assert_eq!(world.send("lisi|zhangsan", "half").await["invaliduser"], "lisi");
    assert!(world.words(&chat).await.is_empty());
}

#[tokio::test]
async fn messages_are_recalled_within_a_day_by_their_app() {
    let world = world().await;
    let chat = world.with_app("lisi").await;
    let sent = world.send("lisi|zhangsan", "wrong").await;
    let recall = json!({ "msgid": sent["msgid"] });
    assert_eq!(world.code("/cgi-bin/message/recall", recall).await, 0);
    assert_eq!(world.shown(&chat, "lisi").await[0]["recalled"], true);
    assert_eq!(world.code("/cgi-bin/message/recall", json!({ "msgid": "none" })).await, 40_058);
    let late = json!({ "msgid": world.send("lisi", "old").await["msgid"] });
    world.skip_minutes(24 * 60 + 1);
    let mut world = world;
    world.token = text(&world.token_for("secret").await, "access_token");
    assert_eq!(world.code("/cgi-bin/message/recall", late).await, 40_058);
}
