use bridge_api::{
    Block, Button, ButtonStyle, Card, Clock, Connector as _, FailureKind, IdempotencyKey, Inline, PersonId,
    RichText, Speaker, Style, double::Rows,
};

use super::*;
use crate::{
    WeCom,
    limits::MEMBER_MINUTE_MAX,
    peer::{Platform, settings},
};

mod recalls;

/// Something that Ada says.
pub fn outgoing(conversation: &str, key: &str, words: &str) -> Outgoing {
    Outgoing {
        key: IdempotencyKey::new(key).expect("a key"),
        conversation: ConversationId::new(conversation).expect("an id"),
        speaker: Speaker { name: "Ada".into(), person: None },
        content: Content::Text(RichText::plain(words)),
        reply_to: None,
        thread: None,
    }
}

async fn stand() -> (Platform, WeCom, Arc<Rows>) {
    let (platform, rows) = (Platform::default(), Arc::new(Rows::default()));
    let settings = settings(&platform.start().await);
    let connector = WeCom::new(settings, rows.clone(), Clock::fake(1_700_000_000_000), Rng::seeded(1));
    (platform, connector.expect("settings"), rows)
}

#[tokio::test]
async fn each_place_is_spoken_to_in_its_own_way() {
    let (platform, connector, _) = stand().await;
    let sent = connector.send(&outgoing("user:lisi", "a", "hello")).await.expect("sent");
    assert_eq!(sent.messages[0].as_str(), "msg:M1");
    let asked = &platform.asked("message/send")[0];
    assert_eq!(asked.path, "/cgi-bin/message/send?access_token=t1");
    assert_eq!(
        asked.body,
        json!({"touser": "lisi", "agentid": 1_000_002, "msgtype": "text", "text": {"content": "Ada: hello"}})
    );
    let li = Inline::Mention { person: PersonId::new("lisi").ok(), name: "Li Si".into() };
    let bold = Inline::Text { text: "now".into(), style: Style { bold: true, ..Style::default() } };
    let mut words = outgoing("chat:sale42", "b", "");
    words.content = Content::Text(RichText {
        blocks: vec![Block::Paragraph(vec![li, Inline::text(" "), bold, Inline::Everybody])],
    });
    connector.send(&words).await.expect("sent");
    let asked = &platform.asked("appchat/send")[0].body;
    assert_eq!((asked["chatid"].as_str(), asked["msgtype"].as_str()), (Some("sale42"), Some("text")));
    assert_eq!(asked["text"]["mentioned_list"], json!(["lisi", "@all"]));
    connector.send(&outgoing("webhook:ops", "c", "hello")).await.expect("sent");
    assert_eq!(platform.asked("webhook/send")[0].path, "/cgi-bin/webhook/send?key=KEY");
    for nowhere in ["webhook:other", "oc_1:x", "group:wr1"] {
        let failure = connector.send(&outgoing(nowhere, "d", "x")).await.expect_err("nowhere");
        assert!(!failure.passes(), "{nowhere}: {failure}");
    }
}

#[tokio::test]
async fn a_stale_token_is_renewed_once_and_a_busy_platform_is_asked_again() {
    let (platform, connector, _) = stand().await;
    platform.next("message/send", 200, json!({"errcode": 42001, "errmsg": "expired"}));
    platform.next("message/send", 200, json!({"errcode": -1, "errmsg": "busy"}));
    connector.send(&outgoing("user:lisi", "a", "hello")).await.expect("sent");
    let tokens: Vec<_> = platform.asked("message/send").into_iter().map(|asked| asked.path).collect();
    assert_eq!(tokens.iter().map(|path| &path[path.len() - 2..]).collect::<Vec<_>>(), ["t1", "t2", "t2"]);
    platform.next("message/send", 200, json!({"errcode": 40014}));
    platform.next("message/send", 200, json!({"errcode": 40014}));
    let failure = connector.send(&outgoing("user:lisi", "b", "hello")).await.expect_err("twice stale");
    assert!(matches!(failure.kind, FailureKind::NotSignedIn(_)), "{failure}");
}

#[tokio::test]
async fn a_wrong_secret_is_left_alone_after_two_tries() {
    let (platform, connector, _) = stand().await;
    for _ in 0..9 {
        platform.next(
            "gettoken",
            200,
            json!({"errcode": 40001, "errmsg": "invalid credential, hint: [17], from ip: 1.2.3.4"}),
        );
    }
    for round in 0..4 {
        let failure = connector.send(&outgoing("user:lisi", "a", "hello")).await.expect_err("no token");
        assert!(matches!(failure.kind, FailureKind::NotSignedIn(_)), "{round} {failure}");
        assert_eq!(failure.trace.as_deref(), Some("17"));
        tokio::time::sleep(std::time::Duration::from_millis(if round == 0 { 2_100 } else { 1 })).await;
    }
    assert_eq!(platform.asked("gettoken").len(), 2);
}

#[tokio::test]
async fn what_nobody_knows_is_not_said_twice() {
    let (platform, connector, rows) = stand().await;
    platform.next("message/send", 200, "{\"errcode\":0,\"msg");
    let failure = connector.send(&outgoing("user:lisi", "a", "hello")).await.expect_err("unknown");
    assert!(!failure.passes(), "{failure}");
    assert!(connector.send(&outgoing("user:lisi", "a", "hello")).await.is_err());
    assert_eq!(platform.asked("message/send").len(), 1);
    // A repeat after a restart answers what the first one did.
    let first = connector.send(&outgoing("user:lisi", "b", "hello")).await.expect("sent");
    let settings = connector_settings(&connector);
    let again = WeCom::new(settings, rows, Clock::fake(1), Rng::seeded(2)).expect("settings");
    assert_eq!(again.send(&outgoing("user:lisi", "b", "hello")).await, Ok(first));
    assert_eq!(platform.asked("message/send").len(), 2);
}

fn connector_settings(connector: &WeCom) -> crate::WeComSettings {
    connector.settings().clone()
}

#[tokio::test]
async fn nobody_is_sent_what_the_platform_would_drop_in_silence() {
    let (platform, connector, _) = stand().await;
    for number in 0..MEMBER_MINUTE_MAX {
        connector.send(&outgoing("user:lisi", &format!("k{number}"), "x")).await.expect("sent");
    }
    let failure = connector.send(&outgoing("user:lisi", "more", "x")).await.expect_err("too many");
    assert!(matches!(failure.kind, FailureKind::Limited { app: false, .. }), "{failure}");
    assert_eq!(platform.asked("message/send").len(), MEMBER_MINUTE_MAX);
    connector.send(&outgoing("user:wang", "other", "x")).await.expect("others are not held up");
}

#[tokio::test]
async fn success_that_reached_nobody_is_no_success() {
    let (platform, connector, _) = stand().await;
    for (answer, expected) in [
        (json!({"errcode": 0, "invaliduser": "lisi", "msgid": "M"}), Refusal::Unreachable),
        (json!({"errcode": 0, "unlicenseduser": "lisi", "msgid": "M"}), Refusal::NotPermitted),
        (json!({"errcode": 81013, "errmsg": "all invalid"}), Refusal::Unreachable),
    ] {
        platform.next("message/send", 200, answer);
        let failure = connector.send(&outgoing("user:lisi", "a", "x")).await.expect_err("nobody");
        assert_eq!(failure.kind, FailureKind::Refused(expected));
    }
}

#[tokio::test]
async fn a_code_changes_a_card_once_and_an_older_card_changes_nothing() {
    let (platform, connector, _) = stand().await;
    let button = |action: &str, label: &str| Button {
        action: action.into(),
        label: label.into(),
        style: ButtonStyle::Primary,
        values: [("request".to_owned(), "r".to_owned())].into(),
    };
    let card = Card {
        title: "Leave".into(),
        body: RichText::plain("2 days"),
        buttons: vec![button("approve", "同意"), button("reject", "拒绝")],
        revision: 2,
        ..Card::default()
    };
    platform.next("message/send", 200, json!({"errcode": 0, "msgid": "M1", "response_code": "CODE"}));
    let said = Outgoing { content: Content::Card(card.clone()), ..outgoing("user:lisi", "card", "") };
    let sent = connector.send(&said).await.expect("sent");
    let shown = platform.asked("message/send")[0].body["template_card"].clone();
    assert_eq!(shown["button_list"][1], json!({"text": "拒绝", "style": 1, "key": "1"}));
    let cards = connector.cards().expect("cards");
    let older = Card { revision: 1, ..card.clone() };
    cards.update(&said.conversation, &sent.messages[0], &older).await.expect("nothing to do");
    assert!(platform.asked("message/update_template_card").is_empty());
    let newer = Card { revision: 3, buttons: Vec::new(), ..card };
    cards.update(&said.conversation, &sent.messages[0], &newer).await.expect("changed");
    let asked = &platform.asked("message/update_template_card")[0].body;
    assert_eq!((asked["response_code"].as_str(), &asked["userids"]), (Some("CODE"), &json!(["lisi"])));
    assert_eq!(asked["template_card"]["replace_text"], "已处理 · done");
    let failure = cards.update(&said.conversation, &sent.messages[0], &Card { revision: 4, ..newer }).await;
    assert_eq!(failure.expect_err("no code is left").kind, FailureKind::Refused(Refusal::TooLate));
}

#[tokio::test]
async fn a_bot_in_callback_mode_answers_each_message_once() {
    let (platform, connector, _) = stand().await;
    let url = format!("{}cgi-bin/aibot/response?response_code=c", connector.settings().api_url);
    let body = json!({"msgid": "m1", "from": {"userid": "lisi"}, "chatid": "wr1", "chattype": "group",
        "msgtype": "text", "text": {"content": "hi"}, "response_url": url});
    connector.incoming().bot(&body, None, "").await.expect("read").expect("an arrival");
    connector.send(&outgoing("group:wr1", "a", "one")).await.expect("the one answer");
    assert_eq!(platform.asked("aibot/response")[0].body["markdown"]["content"], "**Ada:** one");
    let failure = connector.send(&outgoing("group:wr1", "b", "two")).await.expect_err("no second one");
    assert!(!failure.passes(), "{failure}");
}

#[tokio::test]
async fn a_limit_of_the_bot_in_one_group_holds_up_nobody_else() {
    let (platform, connector, _) = stand().await;
    let url = format!("{}cgi-bin/aibot/response?response_code=c", connector.settings().api_url);
    for group in ["wr1", "wr2"] {
        let body = json!({"msgid": group, "from": {"userid": "lisi"}, "chatid": group, "chattype": "group",
            "msgtype": "text", "text": {"content": "hi"}, "response_url": url});
        connector.incoming().bot(&body, None, "").await.expect("read").expect("an arrival");
    }
    platform.next("aibot/response", 200, json!({"errcode": 45009, "errmsg": "too many messages"}));
    for tries in ["the platform says so", "and is not asked again"] {
        let failure = connector.send(&outgoing("group:wr1", "a", "one")).await.expect_err(tries);
        assert!(matches!(failure.kind, FailureKind::Limited { app: false, .. }), "{tries}: {failure}");
    }
    assert_eq!(platform.asked("aibot/response").len(), 1);
    connector.send(&outgoing("group:wr2", "b", "two")).await.expect("another group");
    connector.send(&outgoing("user:lisi", "c", "three")).await.expect("the app");
}
