//! What each kind of message in the archive becomes.

use bridge_api::{Block, Content, File, FileKind, Inline, RichText};
use serde_json::{Value, json};

use crate::archive::{
    content,
    entry::{self, What},
};

fn parts(kind: &str, member: &str, body: Value) -> Vec<Content> {
    let entry = super::entry("m1", json!({"msgtype": kind, member: body}));
    match entry::read(&entry).expect("something").what {
        What::Said { parts, .. } => parts,
        other @ What::Recalled(_) => panic!("{other:?}"),
    }
}

fn one(kind: &str, body: Value) -> Content {
    let mut parts = parts(kind, kind, body);
    assert_eq!(parts.len(), 1, "{parts:?}");
    parts.remove(0)
}

fn file(content: &Content) -> &File {
    let Content::File(file) = content else { panic!("{content:?}") };
    file
}

#[test]
fn files_of_every_kind_are_files_by_an_id_of_ours() {
    let sdk = "x".repeat(700);
    let picture = one("image", json!({"md5sum": "", "filesize": 9, "sdkfileid": sdk}));
    assert_eq!((file(&picture).kind, file(&picture).size), (FileKind::Image, Some(9)));
    assert!(
        file(&picture).media.as_str().starts_with(content::MEDIA)
            && file(&picture).media.as_str().len() < 100
    );
    let voice = one("voice", json!({"voice_size": 5, "play_length": 7, "sdkfileid": sdk}));
    assert_eq!((file(&voice).kind, file(&voice).duration_ms), (FileKind::Voice, Some(7_000)));
    assert_eq!(file(&voice).mimetype.as_deref(), Some("audio/amr"));
    let video = one("video", json!({"filesize": 5, "play_length": 2, "sdkfileid": sdk}));
    assert_eq!((file(&video).kind, file(&video).name.as_str()), (FileKind::Video, "video.mp4"));
    let document =
        one("file", json!({"filename": "报告.pdf", "fileext": "pdf", "filesize": 5, "sdkfileid": sdk}));
    assert_eq!((file(&document).kind, file(&document).name.as_str()), (FileKind::File, "报告.pdf"));
    let shared = one("voip_doc_share", json!({"filename": "plan.doc", "filesize": 1, "sdkfileid": sdk}));
    assert_eq!(file(&shared).name, "plan.doc");
    let talk = one("meeting_voice_call", json!({"endtime": 1, "sdkfileid": sdk}));
    assert_eq!(file(&talk).kind, FileKind::File);
    let sticker = one("emotion", json!({"type": 1, "width": 9, "height": 9, "sdkfileid": sdk}));
    assert!(matches!(sticker, Content::Sticker { media: Some(_), .. }));
    // What the archive gives no file for is said nevertheless.
    assert!(matches!(one("image", json!({})), Content::Unsupported { kind, .. } if kind == "image"));
}

#[test]
fn places_and_links_keep_their_form() {
    let place = one(
        "location",
        json!({"longitude": 116.3, "latitude": "39.9", "address": "北京", "title": "门口", "zoom": 15}),
    );
    assert_eq!(place, Content::Location { name: "门口".into(), latitude: 39.9, longitude: 116.3 });
    let expected = |address: &str, label: &str| {
        Block::Paragraph(vec![Inline::Link { address: address.into(), label: label.into() }])
    };
    let link = one(
        "link",
        json!({"title": "t", "description": "d", "link_url": "https://a.example", "image_url": ""}),
    );
    let Content::Text(text) = &link else { panic!("{link:?}") };
    assert_eq!(text.blocks[0], expected("https://a.example", "t"));
    assert!(link.to_plain().contains('d'));
    let document = parts(
        "docmsg",
        "doc",
        json!({"title": "表", "doc_creator": "lisi", "link_url": "https://doc.example"}),
    );
    assert_eq!(document, [Content::Text(RichText { blocks: vec![expected("https://doc.example", "表")] })]);
    let news = parts(
        "news",
        "info",
        json!({"item": [{"title": "a", "url": "https://a"}, {"title": "b", "url": "https://b"}]}),
    );
    let Content::Text(news) = &news[0] else { panic!("{news:?}") };
    assert_eq!(news.blocks, [expected("https://a", "a"), expected("https://b", "b")]);
    let words = parts("markdown", "info", json!({"content": "**a**"}));
    assert_eq!(words, [Content::Text(RichText::plain("**a**"))]);
}

#[test]
fn words_and_pictures_in_one_are_one_part_each() {
    let item = |kind: &str, content: Value| json!({"type": kind, "content": content.to_string()});
    let items =
        [item("text", json!({"content": "看"})), item("image", json!({"filesize": 3, "sdkfileid": "f"}))];
    let parts = parts("mixed", "mixed", json!({"item": items}));
    assert_eq!(parts[0], Content::Text(RichText::plain("看")));
    assert_eq!(file(&parts[1]).kind, FileKind::Image);
}

#[test]
fn a_chat_that_was_passed_on_is_a_quotation_with_its_files_behind_it() {
    let item = |kind: &str, content: Value| json!({"type": kind, "msgtime": 1, "content": content.to_string(), "from_chatroom": false});
    let within =
        item("ChatRecordMixed", json!({"item": [{"type": "text", "content": "{\"content\":\"inner\"}"}]}));
    let items = [
        item("ChatRecordText", json!({"content": "first"})),
        item("ChatRecordImage", json!({"filesize": 3, "sdkfileid": "f"})),
        item("ChatRecordLocation", json!({"title": "门口", "latitude": 1, "longitude": 2})),
        within,
        json!({"type": "ChatRecordText", "content": "no JSON"}),
    ];
    let parts = parts("chatrecord", "chatrecord", json!({"title": "群聊的聊天记录", "item": items}));
    let words = parts[0].to_plain();
    for expected in ["群聊的聊天记录", "first", "[picture.jpg]", "门口", "inner"] {
        assert!(words.contains(expected), "{expected} is missing: {words}");
    }
    assert_eq!(file(&parts[1]).kind, FileKind::Image);
    assert_eq!(parts.len(), 2);
    // One within one within one ends.
    let mut nested = json!({"title": "0", "item": [item("ChatRecordText", json!({"content": "deep"}))]});
    for level in 1..6 {
        nested = json!({"title": level.to_string(), "item": [item("chatrecord", nested)]});
    }
    assert!(!one("chatrecord", nested).to_plain().is_empty());
}

#[test]
fn what_has_no_form_is_said_in_words() {
    let table = [
        ("card", json!({"corpname": "微信联系人", "userid": "wmX"}), "微信联系人"),
        (
            "weapp",
            json!({"title": "点餐", "description": "d", "username": "u", "displayname": "食堂"}),
            "食堂",
        ),
        ("todo", json!({"title": "来自某的待办", "content": "写报告"}), "写报告"),
        ("vote", json!({"votetitle": "午饭", "voteitem": ["面", "饭"], "votetype": 101}), "• 面"),
        (
            "collect",
            json!({"room_name": "销售", "title": "日报", "details": [{"id": 1, "ques": "做了什么", "type": "Text"}]}),
            "• 做了什么",
        ),
        ("redpacket", json!({"type": 1, "wish": "恭喜发财", "totalcnt": 2, "totalamount": 20}), "恭喜发财"),
        ("meeting", json!({"topic": "周会", "address": "三楼", "remarks": "", "status": 1}), "周会"),
        ("calendar", json!({"title": "评审", "creatorname": "lisi", "place": "三楼"}), "三楼"),
        ("sphfeed", json!({"feed_type": 4, "sph_name": "号", "feed_desc": "看"}), "号"),
        ("agree", json!({"userid": "wmX", "agree_time": 1}), "agreed"),
        ("disagree", json!({"userid": "wmX", "disagree_time": 1}), "did not agree"),
        ("something_new", json!({"title": "新"}), "新"),
        ("something_newer", json!(7), ""),
    ];
    for (kind, body, expected) in table {
        let content = one(kind, body);
        let Content::Unsupported { kind: known, fallback } = &content else { panic!("{content:?}") };
        assert!(known == kind && fallback.contains(expected), "{kind}: {fallback}");
    }
    let packet = parts("external_redpacket", "redpacket", json!({"wish": "恭喜"}));
    assert!(matches!(&packet[0], Content::Unsupported { fallback, .. } if fallback == "恭喜"));
}
