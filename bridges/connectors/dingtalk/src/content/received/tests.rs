use serde_json::json;

use super::*;

fn sample(change: Value) -> Value {
    let mut message = json!({
        "conversationId": "cidAbc==", "conversationType": "2", "conversationTitle": "Team", "msgId": "msgX==",
        "msgtype": "text", "text": {"content": " deploy please"}, "createAt": 1_700_000_000_000_u64,
        "senderId": "$:LWCP_v1:$aa", "senderStaffId": "u1", "senderNick": "Li", "senderCorpId": "dingc",
        "isAdmin": false, "chatbotUserId": "$:LWCP_v1:$bot", "chatbotCorpId": "dingc",
        "robotCode": "dingsimapp", "isInAtList": true,
        "atUsers": [{"dingtalkId": "$:LWCP_v1:$bot"}],
        "sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=s1",
        "sessionWebhookExpiredTime": 1_700_005_400_000_u64
    });
    for (name, value) in change.as_object().expect("an object") {
        message[name] = value.clone();
    }
    message
}

fn said(change: Value) -> Arrival {
    let name = |person: &PersonId| format!("<{person}>");
    match read(&sample(change), "dingsimapp", &name) {
        Received::Said { arrival, .. } => *arrival,
        other => panic!("{other:?}"),
    }
}

fn message(change: Value) -> Message {
    match said(change).what {
        Happened::Message(message) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_message_is_placed_and_its_robot_taken_out() {
    let arrival = said(json!({"createAt": "1700000000000"}));
    assert_eq!(arrival.key.as_str(), "dingsimapp:message:msgX==");
    assert_eq!(arrival.conversation.map(String::from).as_deref(), Some("cidAbc=="));
    assert_eq!(arrival.at_ms, 1_700_000_000_000);
    let message = message(json!({}));
    assert_eq!(message.parts, [Content::Text(RichText::plain("deploy please"))]);
    let id = PersonId::new("u1").expect("an id");
    let sender = Sender::Person { id, name: Some("Li".into()), external: Some(false) };
    assert_eq!((message.from, message.reply_to), (sender, None));
    let direct = said(json!({"conversationType": "1"}));
    assert_eq!(direct.conversation.map(String::from).as_deref(), Some("user:u1"));
    let unpublished = said(json!({"conversationType": "1", "senderStaffId": null}));
    assert_eq!(unpublished.conversation.map(String::from).as_deref(), Some("cidAbc=="));
}

#[test]
fn others_who_are_addressed_stand_behind_the_words() {
    let at = json!([{"dingtalkId": "$:LWCP_v1:$bot"}, {"dingtalkId": "$:b", "staffId": "u2"}, {"dingtalkId": "$:c"}]);
    let message = message(json!({"atUsers": at}));
    let Content::Text(words) = &message.parts[0] else { panic!("{message:?}") };
    assert_eq!(words.to_plain(), "deploy please @<u2>");
    assert_eq!(words.mentions().len(), 1);
}

#[test]
fn every_kind_of_message_becomes_something() {
    let file = |kind, name: &str, mimetype: Option<&str>, duration_ms, code: &str| {
        Content::File(File {
            kind,
            name: name.into(),
            mimetype: mimetype.map(str::to_owned),
            size: None,
            duration_ms,
            dimensions: None,
            media: MediaId::new(code).expect("an id"),
        })
    };
    let words = |text: &str| Content::Text(RichText::plain(text));
    let unsupported =
        |kind: &str, fallback: &str| Content::Unsupported { kind: kind.into(), fallback: fallback.into() };
    let table = [
        (
            "picture",
            json!({"downloadCode": "d1", "pictureDownloadCode": "p1"}),
            vec![file(FileKind::Image, "picture", None, None, "d1")],
        ),
        (
            "picture",
            json!({"pictureDownloadCode": "p1"}),
            vec![file(FileKind::Image, "picture", None, None, "p1")],
        ),
        ("picture", json!({}), vec![unsupported("file", "picture")]),
        (
            "richText",
            json!({"richText": [{"text": "see\nthis"}, {"type": "picture", "downloadCode": "d1"}, {"text": "!"}]}),
            vec![words("see\nthis"), file(FileKind::Image, "picture", None, None, "d1"), words("!")],
        ),
        (
            "audio",
            json!({"downloadCode": "d1", "recognition": "你好", "duration": 4000}),
            vec![file(FileKind::Voice, "voice", None, Some(4000), "d1"), words("“你好”")],
        ),
        (
            "video",
            json!({"downloadCode": "d1", "videoType": "mp4", "duration": "5"}),
            vec![file(FileKind::Video, "video.mp4", Some("video/mp4"), Some(5000), "d1")],
        ),
        (
            "file",
            json!({"downloadCode": "d1", "fileName": "a.pdf"}),
            vec![file(FileKind::File, "a.pdf", None, None, "d1")],
        ),
        (
            "unknownMsgType",
            json!({"unknownMsgType": "暂不支持"}),
            vec![unsupported("unknownMsgType", "暂不支持")],
        ),
        (
            "chatRecord",
            json!({"title": "Team", "chatRecord": "[{\"senderNick\":\"Li\",\"content\":\"lunch?\"}]"}),
            vec![Content::passed_on("Team", RichText::plain("Li: lunch?").blocks)],
        ),
        (
            "chatRecord",
            json!({"title": "Records", "summary": "two"}),
            vec![unsupported("chatRecord", "Records\ntwo")],
        ),
        ("interactiveCard", json!({"biz_custom_action_url": "x"}), vec![unsupported("interactiveCard", "")]),
        ("hologram", json!({}), vec![unsupported("hologram", "")]),
    ];
    for (kind, content, parts) in table {
        let change = json!({"msgtype": kind, "text": null, "content": content});
        assert_eq!(message(change).parts, parts, "{kind}");
    }
}

#[test]
fn answers_are_found_in_every_shape_that_was_seen() {
    let table = [
        (json!({"text": {"content": "x", "isReplyMsg": true, "repliedMsg": {"msgId": "msgO=="}}}), "msgO=="),
        (json!({"originalMsgId": "msgO=="}), "msgO=="),
        (json!({"originalMsgId": "msgO==", "originalProcessQueryKey": "pqk"}), "key:pqk"),
        (json!({"quoteMessage": {"msgId": "msgQ=="}}), "msgQ=="),
    ];
    for (change, expected) in table {
        assert_eq!(message(change.clone()).reply_to.map(String::from).as_deref(), Some(expected), "{change}");
    }
}

#[test]
fn what_the_platform_withholds_is_no_empty_message() {
    let name = |person: &PersonId| person.to_string();
    let withheld =
        json!({"errorCode": 20001, "errorMessage": "quota", "msgId": "msgX==", "senderStaffId": "u1"});
    assert_eq!(read(&withheld, "a", &name), Received::Withheld(None), "it does not say where");
    let change = json!({"errorCode": "20001", "errorMessage": "quota", "text": null});
    let Received::Withheld(Some(arrival)) = read(&sample(change), "a", &name) else { panic!("it is placed") };
    assert_eq!((arrival.key.as_str(), &arrival.what), ("a:withheld:msgX==", &Happened::Withheld));
    assert_eq!(arrival.conversation.map(String::from).as_deref(), Some("cidAbc=="));
    for garbage in [json!({}), json!([]), json!("x"), json!({"msgId": "a"}), json!({"msgId": {"a": 1}})] {
        assert!(matches!(read(&garbage, "a", &name), Received::Unreadable(_)), "{garbage}");
    }
    let bare = message(json!({"text": {"content": " "}}));
    assert_eq!(bare.parts, [Content::Text(RichText::plain("@"))], "the robot alone was addressed");
}
