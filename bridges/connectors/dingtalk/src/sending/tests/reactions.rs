//! Reactions, by the two calls that the platform's library has.

use bridge_api::{Reaction, Reactions as _};

use super::*;

fn reaction(conversation: &str, message: &str, added: bool) -> Reaction {
    let conversation = ConversationId::new(conversation).expect("an id");
    let message = MessageId::new(message).expect("an id");
    Reaction { conversation, message, emoji: "👍".into(), added }
}

#[tokio::test]
async fn a_reaction_comes_and_goes_on_what_people_said_in_a_group() {
    let stage = stage().await;
    let (comes, goes) = ("/v1.0/robot/emotion/reply", "/v1.0/robot/emotion/recall");
    stage.platform.next(goes, 400, json!({"code": "itemNotFound", "message": "gone"}));
    stage.sending.react(&reaction("cid1==", "msgX==", true)).await.expect("it comes");
    stage.sending.react(&reaction("cid1==", "msgX==", false)).await.expect("what is gone has gone");
    let body = &stage.platform.asked(comes)[0].body;
    assert_eq!((&body["openMsgId"], &body["openConversationId"]), (&json!("msgX=="), &json!("cid1==")));
    assert_eq!((&body["robotCode"], &body["textEmotion"]["text"]), (&json!("dingsimapp"), &json!("👍")));
    assert_eq!(stage.platform.asked(goes)[0].body["emotionName"], "👍");
    for (conversation, message) in [("user:u1", "msgX=="), ("cid1==", "key:p1"), ("webhook:ops", "hook:k")] {
        let refused = stage.sending.react(&reaction(conversation, message, true)).await.expect_err("no way");
        assert_eq!(refused.kind, FailureKind::Refused(Refusal::Impossible), "{conversation} {message}");
    }
    assert_eq!(stage.platform.asked(comes).len(), 1);
}

#[tokio::test]
async fn a_reaction_is_an_emoji_and_no_words() {
    let stage = stage().await;
    let long = "👍".repeat(17);
    for (emoji, is_put) in [
        ("1\u{fe0f}\u{20e3}", true),
        ("👩\u{200d}👩\u{200d}👧\u{200d}👦", true),
        ("🇨🇳", true),
        ("", false),
        ("13800000000", false),
        ("mxc://example.org/a", false),
        ("工资已发", false),
        (&long, false),
    ] {
        let reaction = Reaction { emoji: emoji.into(), ..reaction("cid1==", "msgX==", true) };
        let refusal = stage.sending.react(&reaction).await.err().map(|failure| failure.kind);
        let expected = (!is_put).then_some(FailureKind::Refused(Refusal::Impossible));
        assert_eq!(refusal, expected, "{emoji}");
    }
    assert_eq!(stage.platform.asked("/v1.0/robot/emotion/reply").len(), 3);
}
