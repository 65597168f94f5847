use std::time::Duration;

use bridge_api::{
    Button, Card, Cards as _, FailureKind, IdempotencyKey, Inline, PersonId, Recalls as _, Secret, Speaker,
    Style,
    double::{Rows, Script},
};
use reqwest::Url;

use super::*;
use crate::{
    memory::Session,
    peer::{platform, settings},
    settings::CustomWebhook,
};

mod cards;
mod reactions;

const NOW_MS: u64 = 1_700_000_000_000;
const TOKEN: &str = "x-acs-dingtalk-access-token";
const GROUP: &str = "/v1.0/robot/groupMessages/send";
const SESSION: &str = "/robot/sendBySession";

struct Stage {
    platform: Script,
    base: String,
    rows: Arc<Rows>,
    sending: Sending,
}

async fn stage() -> Stage {
    let platform = platform();
    let base = platform.start().await;
    let rows = Arc::new(Rows::default());
    let sending = sending(&base, &rows);
    Stage { platform, base, rows, sending }
}

fn sending(base: &str, rows: &Arc<Rows>) -> Sending {
    let mut settings = settings(base);
    settings.card_template = Some("t.schema".into());
    settings.webhooks = vec![CustomWebhook {
        name: "ops".into(),
        access_token: Secret::new("tok"),
        secret: Some(Secret::new("SEC000example")),
    }];
    let clock = Clock::fake(NOW_MS);
    let client = Arc::new(Client::new(settings, rows.clone(), clock.clone()).expect("a client"));
    Sending::new(client, Arc::new(Memory::new(rows.clone())), rows.clone(), clock, Rng::seeded(1))
}

fn outgoing(key: &str, conversation: &str, content: Content) -> Outgoing {
    Outgoing {
        key: IdempotencyKey::new(key).expect("a key"),
        conversation: ConversationId::new(conversation).expect("an id"),
        speaker: Speaker { name: "Anna".into(), person: None },
        content,
        reply_to: None,
        thread: None,
    }
}

fn words(text: &str) -> Content {
    Content::Text(RichText::plain(text))
}

fn addressed() -> Content {
    let mention = Inline::Mention { person: Some(PersonId::new("u1").expect("an id")), name: "Li".into() };
    Content::Text(RichText {
        blocks: vec![bridge_api::Block::Paragraph(vec![mention, Inline::text(" look")])],
    })
}

fn ids(sent: &Sent) -> Vec<&str> {
    sent.messages.iter().map(MessageId::as_str).collect()
}

#[tokio::test]
async fn a_group_is_told_once_whatever_is_repeated() {
    let stage = stage().await;
    stage.platform.next(GROUP, 200, json!({"processQueryKey": "pqk="}));
    for _ in 0..2 {
        let sending = sending(&stage.base, &stage.rows);
        let sent = sending.send(&outgoing("k1", "cid1==", words("hi"))).await.expect("sent");
        assert_eq!(ids(&sent), ["key:pqk="]);
    }
    let asked = stage.platform.asked(GROUP);
    assert_eq!(asked.len(), 1);
    let expected = json!({"robotCode": "dingsimapp", "openConversationId": "cid1==", "msgKey": "sampleText",
        "msgParam": "{\"content\":\"Anna: hi\"}"});
    assert_eq!((&asked[0].body, asked[0].header(TOKEN)), (&expected, "t1"));
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let stage = stage().await;
    let refused =
        json!({"code": "InvalidAuthentication", "message": "不合法的access_token", "requestid": "r1"});
    stage.platform.next(GROUP, 400, &refused);
    stage.platform.next(GROUP, 200, json!({"processQueryKey": "a"}));
    stage.sending.send(&outgoing("k1", "cid1==", words("hi"))).await.expect("sent");
    let tokens: Vec<String> =
        stage.platform.asked(GROUP).into_iter().map(|asked| asked.header(TOKEN).to_owned()).collect();
    assert_eq!(tokens, ["t1", "t2"]);
    stage.platform.next(GROUP, 400, &refused);
    stage.platform.next(GROUP, 400, &refused);
    let failure =
        stage.sending.send(&outgoing("k2", "cid1==", words("hi"))).await.expect_err("refused twice");
    assert!(matches!(failure.kind, FailureKind::NotSignedIn(_)), "{failure}");
    assert_eq!((failure.trace.as_deref(), stage.platform.asked(GROUP).len()), (Some("r1"), 4));
}

#[tokio::test]
async fn what_nobody_knows_is_not_said_again() {
    let stage = stage().await;
    stage.platform.next(GROUP, 504, json!({"code": "gateway.timeout", "message": "slow"}));
    let message = outgoing("k1", "cid1==", words("hi"));
    for _ in 0..2 {
        let failure = stage.sending.send(&message).await.expect_err("unknown");
        assert!(matches!(failure.kind, FailureKind::Refused(Refusal::Other(_))), "{failure}");
    }
    assert_eq!(stage.platform.asked(GROUP).len(), 1);
}

#[tokio::test]
async fn limits_and_quotas_are_heeded() {
    let stage = stage().await;
    let limited = json!({"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "message": "slow down"});
    stage.platform.next(GROUP, 403, limited);
    let message = outgoing("k1", "cid1==", words("hi"));
    let failure = stage.sending.send(&message).await.expect_err("limited");
    assert_eq!(failure.kind, FailureKind::Limited { after: Duration::from_secs(1), app: true });
    stage.platform.next(
        GROUP,
        403,
        json!({"code": "Forbidden.AccessDenied.ApiCountLimitForOrg", "message": "gone"}),
    );
    for _ in 0..2 {
        let failure = stage.sending.send(&message).await.expect_err("used up");
        assert_eq!(failure.kind, FailureKind::Refused(Refusal::QuotaUsedUp));
    }
    assert_eq!(stage.platform.asked(GROUP).len(), 2, "the third was not asked");
}

#[tokio::test]
async fn one_person_is_told_unless_the_platform_filters_them() {
    let stage = stage().await;
    let path = "/v1.0/robot/oToMessages/batchSend";
    stage.platform.next(path, 200, json!({"processQueryKey": "p1", "invalidStaffIdList": []}));
    let sent = stage.sending.send(&outgoing("k1", "user:u1", words("hi"))).await.expect("sent");
    assert_eq!(ids(&sent), ["key:p1"]);
    assert_eq!(stage.platform.asked(path)[0].body["userIds"], json!(["u1"]));
    let lists = ["invalidStaffIdList", "filteredStaffIdList", "flowControlledStaffIdList"];
    for (index, list) in lists.into_iter().enumerate() {
        stage.platform.next(path, 200, json!({"processQueryKey": "p", list: ["u1"]}));
        let failure = stage.sending.send(&outgoing(&format!("l{index}"), "user:u1", words("hi"))).await;
        assert_eq!(
            failure.expect_err("not delivered").passes(),
            list == "flowControlledStaffIdList",
            "{list}"
        );
    }
}

#[tokio::test]
async fn people_are_addressed_by_a_living_session_and_else_named() {
    let stage = stage().await;
    let conversation = ConversationId::new("cid1==").expect("an id");
    let url: Url = format!("{}{SESSION}?session=s1", stage.base).parse().expect("an address");
    let session = Session { url, ends_at_ms: NOW_MS + 3_600_000 };
    stage.sending.memory.session_opened(&conversation, session);
    stage.platform.next(SESSION, 200, json!({"errcode": 0, "errmsg": "ok"}));
    let sent = stage.sending.send(&outgoing("k1", "cid1==", addressed())).await.expect("sent");
    assert_eq!(ids(&sent), ["hook:k1"]);
    let body = &stage.platform.asked(SESSION)[0].body;
    assert_eq!(body["at"], json!({"atUserIds": ["u1"], "isAtAll": false}));
    assert_eq!(body["text"]["content"], "Anna: @u1  look");
    stage.platform.next(SESSION, 200, json!({"errcode": 300_001, "errmsg": "session 不存在"}));
    stage.platform.next(GROUP, 200, json!({"processQueryKey": "p2"}));
    let sent = stage.sending.send(&outgoing("k2", "cid1==", addressed())).await.expect("sent");
    assert_eq!(ids(&sent), ["key:p2"]);
    assert_eq!(
        stage.platform.asked(GROUP)[0].body["msgParam"],
        json!({"content": "Anna: @Li  look"}).to_string()
    );
    assert!(stage.sending.memory.session(&conversation, NOW_MS).is_none());
}

#[tokio::test]
async fn a_custom_webhook_is_signed_and_knows_repeats_by_itself() {
    let stage = stage().await;
    stage.platform.next("/robot/send", 200, json!({"errcode": 0, "errmsg": "ok"}));
    let sent = stage.sending.send(&outgoing("k1", "webhook:ops", words("hi"))).await.expect("sent");
    assert_eq!(ids(&sent), ["hook:k1"]);
    let asked = &stage.platform.asked("/robot/send")[0];
    let expected = "/robot/send?access_token=tok&timestamp=1700000000000&sign=xyAXnOeEx8mcnUUlZoyxvRe%2FLa8u0eqZaWsTXunfdkQ%3D";
    assert_eq!((asked.path.as_str(), &asked.body["msgUuid"]), (expected, &json!("k1")));
    let blocked = json!({"errcode": 130_101, "errmsg": "send too fast, exceed 20 times per minute"});
    stage.platform.next("/robot/send", 200, blocked);
    let failure = stage.sending.send(&outgoing("k2", "webhook:ops", words("hi"))).await.expect_err("blocked");
    assert_eq!(failure.kind, FailureKind::Limited { after: Duration::from_secs(600), app: false });
    let nowhere =
        stage.sending.send(&outgoing("k3", "webhook:none", words("hi"))).await.expect_err("nowhere");
    assert_eq!(nowhere.kind, FailureKind::Refused(Refusal::NotInConversation));
}

#[tokio::test]
async fn taking_back_says_when_it_is_too_late() {
    let stage = stage().await;
    let path = "/v1.0/robot/otoMessages/batchRecall";
    let recall = |message: &'static str| {
        let (user, message) =
            (ConversationId::new("user:u1").expect("an id"), MessageId::new(message).expect("an id"));
        let sending = &stage.sending;
        async move { sending.recall(&user, &message).await }
    };
    stage.platform.next(path, 200, json!({"successResult": ["p1"]}));
    recall("key:p1").await.expect("taken back");
    stage.platform.next(
        path,
        200,
        json!({"successResult": [], "failedResult": {"p1": "processQueryKey expired"}}),
    );
    let late = recall("key:p1").await.expect_err("late");
    assert_eq!(late.kind, FailureKind::Refused(Refusal::TooLate));
    stage.platform.next(path, 400, json!({"code": "invalid.processQueryKey", "message": "no such"}));
    recall("key:p1").await.expect("gone is taken back");
    assert_eq!(recall("hook:k").await.expect_err("no id").kind, FailureKind::Refused(Refusal::Impossible));
    assert_eq!(recall("msgX==").await.expect_err("theirs").kind, FailureKind::Refused(Refusal::NotPermitted));
}

#[tokio::test]
async fn formatted_words_go_as_markdown() {
    let stage = stage().await;
    stage.platform.next(GROUP, 200, json!({"processQueryKey": "p"}));
    let bold = Inline::Text { text: "now".into(), style: Style { bold: true, ..Style::default() } };
    let text = RichText { blocks: vec![bridge_api::Block::Paragraph(vec![bold])] };
    stage.sending.send(&outgoing("k1", "cid1==", Content::Text(text))).await.expect("sent");
    let body = &stage.platform.asked(GROUP)[0].body;
    assert_eq!(body["msgKey"], "sampleMarkdown");
    assert_eq!(body["msgParam"], json!({"title": "Anna: now", "text": "**Anna:** **now**"}).to_string());
}
