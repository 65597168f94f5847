//! The bot's long connection: one owner, answers and messages of its own, uploads, and everything that goes wrong.

use aes::Aes256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockDecryptMut as _, KeyIvInit as _};
use serde_json::{Value, json};

use super::client::{APP, BOT, Line, World, text, world, world_with};
use crate::crypto;

fn markdown(words: &str) -> Value {
    json!({ "msgtype": "markdown", "markdown": { "content": words } })
}

fn stream(id: &str, words: &str, finish: bool) -> Value {
    json!({ "msgtype": "stream", "stream": { "id": id, "finish": finish, "content": words } })
}

#[tokio::test]
async fn a_bot_says_who_it_is_or_is_refused() {
    let world = world().await;
    let mut line = world.connect().await.unwrap();
    assert_eq!(line.tell("aibot_send_msg", markdown("x")).await["errcode"], 846_609);
    assert_eq!(line.subscribe("wrong").await, 853_000);
    let other = line.tell("aibot_subscribe", json!({ "bot_id": "aibOther", "secret": "bot secret" })).await;
    assert_eq!(other["errcode"], 93_019);
    world.fail("subscribe.refused", json!(93_019));
    assert_eq!(line.subscribe("bot secret").await, 93_019);
    assert_eq!(line.subscribe("bot secret").await, 0);
    assert_eq!(line.ping().await, 0);
    world.fail("socket.refused", Value::Null);
    assert!(world.connect().await.is_none());
}

#[tokio::test]
async fn a_second_connection_ends_the_first() {
    let world = world().await;
    let mut first = world.subscribed().await;
    let mut second = world.subscribed().await;
    let told = first.callback().await;
    assert_eq!(told["body"]["event"]["eventtype"], "disconnected_event");
    assert!(first.next().await.is_none());
    world.speak("lisi", &world.chat, "hello").await;
    assert_eq!(second.callback().await["cmd"], "aibot_msg_callback");
    assert_eq!(world.act(json!({ "do": "take_over", "bot": BOT })).await["taken_over"], 1);
    assert_eq!(second.callback().await["body"]["event"]["eventtype"], "disconnected_event");
}

#[tokio::test]
async fn in_a_group_a_bot_hears_what_mentions_it_alone() {
    let world = world().await;
    let mut line = world.subscribed().await;
    let unheard =
        json!({ "do": "speak", "person": "lisi", "chat": world.chat, "text": "psst", "at": ["all"] });
    world.act(unheard).await;
    let said = world.speak("ZhangSan", &world.chat, "hello").await;
    let body = line.callback().await["body"].clone();
    assert_eq!((&body["msgid"], &body["text"]["content"]), (&json!(said), &json!("@Robot hello")));
    assert_eq!((&body["chatid"], &body["chattype"]), (&json!(world.chat), &json!("group")));
    assert_eq!((&body["from"]["userid"], &body["aibotid"]), (&json!("ZhangSan"), &json!(BOT)));
    let chat = world.with_bot("lisi").await;
    world.speak("lisi", &chat, "alone").await;
    let body = line.callback().await["body"].clone();
    assert_eq!((&body["chattype"], &body["chatid"]), (&json!("single"), &Value::Null));
    assert_eq!(body["text"]["content"], "alone");
}

#[tokio::test]
async fn an_answer_quotes_without_an_id_and_mixed_words_have_pictures() {
    let world = world().await;
    let mut line = world.subscribed().await;
    let said = world.speak("lisi", &world.chat, "first").await;
    line.callback().await;
    let upload =
        json!({ "do": "upload", "kind": "image", "name": "a.png", "base64": STANDARD.encode("PNG") });
    let key = world.act(upload).await["key"].clone();
    let mixed = json!({
        "do": "say", "person": "lisi", "chat": world.chat, "kind": "mixed", "at": [BOT], "reply_to": said,
        "content": { "items": [{ "text": "look" }, { "key": key }] },
    });
    world.act(mixed).await;
    let body = line.callback().await["body"].clone();
    assert_eq!(body["quote"], json!({ "msgtype": "text", "text": { "content": "@Robot first" } }));
    let items = &body["mixed"]["msg_item"];
    assert_eq!(items[0]["text"]["content"], "@Robot look");
    assert!(items[1]["image"]["aeskey"].is_string());
}

#[tokio::test]
async fn a_message_is_answered_by_its_handle_and_streams_are_replaced() {
    let world = world().await;
    let mut line = world.subscribed().await;
    world.speak("lisi", &world.chat, "work").await;
    let asked = line.callback().await;
    assert_eq!(line.reply(&asked, "aibot_respond_msg", stream("s1", "work", false)).await, 0);
    assert_eq!(line.reply(&asked, "aibot_respond_msg", stream("s1", "working: done", true)).await, 0);
    assert_eq!(line.reply(&asked, "aibot_respond_msg", stream("s1", "more", true)).await, 846_608);
    assert_eq!(line.reply(&asked, "aibot_respond_msg", markdown("and **this**")).await, 0);
    let text_alone = json!({ "msgtype": "text", "text": { "content": "x" } });
    assert_eq!(line.reply(&asked, "aibot_respond_msg", text_alone).await, 40_008);
    assert_eq!(line.reply(&asked, "aibot_respond_welcome_msg", markdown("x")).await, 846_605);
    assert_eq!(world.words(&world.chat).await, ["@Robot work", "working: done", "and **this**"]);
    let shown = world.shown(&world.chat, "lisi").await;
    assert_eq!((&shown[1]["finished"], &shown[1]["edits"]), (&json!(true), &json!(1)));
    assert_eq!(shown[1]["req_id"], asked["headers"]["req_id"]);
    let both = json!({
        "msgtype": "stream_with_template_card", "stream": { "id": "s2", "finish": true, "content": "see" },
        "template_card": { "card_type": "text_notice", "main_title": { "title": "Card" } },
    });
    assert_eq!(line.reply(&asked, "aibot_respond_msg", both).await, 0);
    assert_eq!(world.words(&world.chat).await[3], "see\nCard");
}

#[tokio::test]
async fn a_stream_ends_after_six_minutes() {
    let world = world().await;
    let mut line = world.subscribed().await;
    world.speak("lisi", &world.chat, "work").await;
    let asked = line.callback().await;
    assert_eq!(line.reply(&asked, "aibot_respond_msg", stream("s", "a", false)).await, 0);
    world.skip_minutes(7);
    assert_eq!(line.reply(&asked, "aibot_respond_msg", stream("s", "b", true)).await, 846_608);
    assert_eq!(
        line.reply(&asked, "aibot_respond_msg", markdown("b")).await,
        0,
        "the message may be answered still"
    );
    world.skip_minutes(24 * 60);
    assert_eq!(line.reply(&asked, "aibot_respond_msg", markdown("c")).await, 846_605);
}

#[tokio::test]
async fn three_interactions_of_a_person_may_go_on() {
    let world = world().await;
    let mut line = world.subscribed().await;
    for number in 0..3 {
        world.speak("lisi", &world.chat, "work").await;
        let asked = line.callback().await;
        line.reply(&asked, "aibot_respond_msg", stream(&format!("s{number}"), "…", false)).await;
    }
    world.speak("lisi", &world.chat, "too much").await;
    world.fared("not pushed: too many interactions", 1).await;
    world.speak("ZhangSan", &world.chat, "mine").await;
    assert_eq!(line.callback().await["body"]["from"]["userid"], "ZhangSan");
}

#[tokio::test]
async fn a_bot_writes_by_itself_where_it_was_addressed() {
    let world = world().await;
    let mut line = world.subscribed().await;
    assert_eq!(line.push(&world.chat, 2, "too soon").await, 93_006);
    world.speak("lisi", &world.chat, "hello").await;
    let chat = world.with_bot("lisi").await;
    world.speak("lisi", &chat, "hello").await;
    (line.callback().await, line.callback().await);
    assert_eq!(line.push(&format!("group:{}", world.chat), 0, "x").await, 93_006);
    assert_eq!(line.push(&world.chat, 0, "to the group").await, 0);
    assert_eq!(line.push("LISI", 1, "to her").await, 0);
    assert_eq!(line.push(&world.chat, 1, "x").await, 93_006);
    assert_eq!(world.words(&chat).await, ["hello", "to her"]);
    let shown = world.shown(&world.chat, "lisi").await;
    assert!(text(&shown[1], "req_id").starts_with("aibot_send_msg_"));
    world
        .act(json!({ "do": "set_bot", "person": "lisi", "chat": world.chat, "bot": BOT, "there": false }))
        .await;
    assert_eq!(line.push(&world.chat, 2, "x").await, 93_006);
}

#[tokio::test]
async fn a_conversation_takes_thirty_a_minute() {
    let world = world_with(|settings| settings.bot_per_minute = 3).await;
    let mut line = world.subscribed().await;
    world.speak("lisi", &world.chat, "hello").await;
    let asked = line.callback().await;
    assert_eq!(line.reply(&asked, "aibot_respond_msg", markdown("1")).await, 0);
    assert_eq!(line.push(&world.chat, 0, "2").await, 0);
    assert_eq!(line.push(&world.chat, 0, "3").await, 0);
    assert_eq!(line.push(&world.chat, 0, "4").await, 45_009);
    world.skip_minutes(2);
    world.fail("socket.frequency", Value::Null);
    assert_eq!(line.push(&world.chat, 0, "5").await, 45_009);
    assert_eq!(line.push(&world.chat, 0, "6").await, 0);
}

#[tokio::test]
async fn who_opens_the_chat_is_welcomed_within_seconds() {
    let world = world().await;
    let mut line = world.subscribed().await;
    world.act(json!({ "do": "enter", "person": "lisi", "bot": BOT })).await;
    let entered = line.callback().await;
    assert_eq!(entered["body"]["event"]["eventtype"], "enter_chat");
    let welcome = json!({ "msgtype": "text", "text": { "content": "welcome" } });
    assert_eq!(line.reply(&entered, "aibot_respond_welcome_msg", welcome.clone()).await, 0);
    assert_eq!(line.reply(&entered, "aibot_respond_welcome_msg", welcome.clone()).await, 846_605);
    world.act(json!({ "do": "enter", "person": "lisi", "bot": BOT })).await;
    let entered = line.callback().await;
    world.skip_minutes(1);
    assert_eq!(line.reply(&entered, "aibot_respond_welcome_msg", welcome).await, 846_605);
    world.act(json!({ "do": "feedback", "person": "lisi", "bot": BOT, "id": "f1", "kind": 2 })).await;
    let feedback = line.callback().await;
    assert_eq!(feedback["body"]["event"]["feedback_event"], json!({ "id": "f1", "type": 2 }));
    assert_eq!(line.reply(&feedback, "aibot_respond_msg", markdown("x")).await, 846_605);
}

#[tokio::test]
async fn a_pressed_card_is_changed_over_the_socket() {
    let world = world().await;
    let mut line = world.subscribed().await;
    world.speak("lisi", &world.chat, "leave").await;
    let asked = line.callback().await;
    let card = |title: &str| {
        json!({
            "card_type": "button_interaction", "task_id": "t1", "main_title": { "title": title },
            "button_list": [{ "text": "Yes", "key": "y" }],
        })
    };
    let first = json!({ "msgtype": "template_card", "template_card": card("Leave") });
    assert_eq!(line.reply(&asked, "aibot_respond_msg", first).await, 0);
    let message = world.shown(&world.chat, "lisi").await[1]["message_id"].clone();
    let press = world.act(json!({ "do": "press", "person": "lisi", "message": message, "button": "Yes" }));
    let bot = async {
        let pressed = line.callback().await;
        let event = &pressed["body"]["event"]["template_card_event"];
        assert_eq!((&event["event_key"], &event["task_id"]), (&json!("y"), &json!("t1")));
        let update = json!({ "response_type": "update_template_card", "template_card": card("Decided") });
        assert_eq!(line.reply(&pressed, "aibot_respond_update_msg", update).await, 0);
    };
    let (pressed, ()) = tokio::join!(press, bot);
    assert_eq!((&pressed["answered"], &pressed["card_changed"]), (&json!(true), &json!(true)));
    assert_eq!(world.words(&world.chat).await[1], "Decided");
}

async fn upload(line: &mut Line, bytes: &[u8], from: u64, md5: &str) -> Value {
    let chunks: Vec<&[u8]> = bytes.chunks(8).collect();
    let begin = json!({
        "type": "file", "filename": "a.txt", "total_size": bytes.len(), "total_chunks": chunks.len(), "md5": md5,
    });
    let id = line.tell("aibot_upload_media_init", begin).await["body"]["upload_id"].clone();
    // In any order.
    for (place, chunk) in chunks.iter().enumerate().rev() {
        let chunk = json!({
            "upload_id": id, "chunk_index": from + place as u64, "base64_data": STANDARD.encode(chunk),
        });
        assert_eq!(line.tell("aibot_upload_media_chunk", chunk).await["errcode"], 0);
    }
    line.tell("aibot_upload_media_finish", json!({ "upload_id": id })).await
}

#[tokio::test]
async fn files_are_uploaded_in_pieces_counted_from_either_number() {
    let world = world().await;
    let mut line = world.subscribed().await;
    world.speak("lisi", &world.chat, "hello").await;
    line.callback().await;
    for from in [0, 1] {
        let done = upload(&mut line, b"0123456789abcdefg", from, &crypto::md5(b"0123456789abcdefg")).await;
        assert!(done["body"]["created_at"].is_string());
        let file = json!({
            "chatid": world.chat, "chat_type": 2, "msgtype": "file", "file": { "media_id": done["body"]["media_id"] },
        });
        assert_eq!(line.tell("aibot_send_msg", file).await["errcode"], 0);
    }
    assert_eq!(world.shown(&world.chat, "lisi").await[1]["attachments"][0]["name"], "a.txt");
    assert_ne!(upload(&mut line, b"0123456789abcdefg", 0, "0").await["errcode"], 0);
    let large = json!({ "type": "image", "filename": "a.png", "total_size": 11 << 20, "total_chunks": 30 });
    assert_eq!(line.tell("aibot_upload_media_init", large).await["errcode"], 45_001);
    world.fail("socket.chunk_busy", Value::Null);
    let chunk = json!({ "upload_id": "u", "chunk_index": 0, "base64_data": "AAAA" });
    assert_eq!(line.tell("aibot_upload_media_chunk", chunk).await["errmsg"], "system error");
}

/// A file that the bot is told of: its address and its key.
async fn told_of_file(world: &World, line: &mut Line) -> (String, Vec<u8>) {
    let chat = world.with_bot("lisi").await;
    let upload = json!({ "do": "upload", "kind": "file", "name": "报告.txt", "base64": STANDARD.encode("hello wecom") });
    let key = world.act(upload).await["key"].clone();
    let file =
        json!({ "do": "say", "person": "lisi", "chat": chat, "kind": "file", "content": { "key": key } });
    world.act(file).await;
    let file = line.callback().await["body"]["file"].clone();
    (text(&file, "url"), STANDARD.decode(format!("{}=", text(&file, "aeskey"))).unwrap())
}

fn decrypted(key: &[u8], bytes: &Bytes) -> Option<Vec<u8>> {
    let mut bytes = bytes.to_vec();
    let cipher = cbc::Decryptor::<Aes256>::new_from_slices(key, &key[..16]).unwrap();
    let plain = cipher.decrypt_padded_mut::<NoPadding>(&mut bytes).ok()?;
    let padding = usize::from(*plain.last()?);
    let content = plain.len().checked_sub(padding)?;
    let right =
        (1..=32).contains(&padding) && plain[content..].iter().all(|byte| usize::from(*byte) == padding);
    right.then(|| plain[..content].to_vec())
}

#[tokio::test]
async fn files_are_fetched_encrypted_for_five_minutes() {
    let world = world().await;
    let mut line = world.subscribed().await;
    let (url, key) = told_of_file(&world, &mut line).await;
    let fetch = async |url: &str| world.raw("GET", url, "", Bytes::new(), None).await;
    let (status, headers, bytes) = fetch(&url).await.unwrap();
    assert_eq!((status, decrypted(&key, &bytes)), (200, Some(b"hello wecom".to_vec())));
    assert!(headers["content-disposition"].to_str().unwrap().contains("filename*=UTF-8''%E6%8A%A5"));
    for name in ["file.corrupt", "file.padding"] {
        world.fail(name, Value::Null);
        assert_eq!(decrypted(&key, &fetch(&url).await.unwrap().2), None, "{name}");
    }
    world.fail("file.gone", Value::Null);
    assert_eq!(fetch(&url).await.unwrap().0, 403);
    world.fail("media.truncated", Value::Null);
    assert!(fetch(&url).await.is_err());
    world.skip_minutes(6);
    assert_eq!(fetch(&url).await.unwrap().0, 403);
}

#[tokio::test]
async fn people_are_hidden_from_a_bot_that_may_not_know_them() {
    let world = world().await;
    let mut line = world.subscribed().await;
    world.act(json!({ "do": "change_bot", "bot": BOT, "encrypts_userids": true })).await;
    let chat = world.with_bot("lisi").await;
    world.speak("lisi", &chat, "hello").await;
    let hidden = line.callback().await["body"]["from"]["userid"].clone();
    assert!(hidden.as_str().unwrap().starts_with("wo"));
    let path = "/cgi-bin/batch/openuserid_to_userid";
    let known = world.ask(path, json!({ "open_userid_list": [hidden, "lisi"] })).await;
    assert_eq!(known["userid_list"], json!([{ "open_userid": hidden, "userid": "lisi" }]));
    assert_eq!(known["invalid_open_userid_list"], json!(["lisi"]));
    assert_eq!(line.push(hidden.as_str().unwrap(), 1, "for you").await, 0);
    world.act(json!({ "do": "change_bot", "bot": BOT, "creator_only": "ZhangSan" })).await;
    world.speak("lisi", &chat, "unheard").await;
    world.fared("not pushed: of the creator alone", 1).await;
}

#[tokio::test]
async fn what_is_said_while_nobody_is_connected_is_lost() {
    let world = world().await;
    world.speak("lisi", &world.chat, "lost").await;
    world.fared("lost: nobody is connected", 1).await;
    let mut line = world.subscribed().await;
    world.fail("socket.closed", Value::Null);
    world.speak("lisi", &world.chat, "lost too").await;
    assert!(line.next().await.is_none());
    let mut line = world.subscribed().await;
    world.fail("socket.deaf", Value::Null);
    world.speak("lisi", &world.chat, "lost as well").await;
    world.fared("lost: the platform forgot", 1).await;
    assert_eq!(line.ping().await, 0);
    world.speak("lisi", &world.chat, "heard").await;
    assert_eq!(line.callback().await["body"]["text"]["content"], "@Robot heard");
    assert_eq!(world.act(json!({ "do": "close_connections", "bot": BOT })).await["closed"], 1);
    assert!(line.next().await.is_none());
}

#[tokio::test]
async fn handles_die_with_their_connection() {
    let world = world().await;
    let mut line = world.subscribed().await;
    world.speak("lisi", &world.chat, "hello").await;
    let asked = line.callback().await;
    world.fail("socket.request_dead", Value::Null);
    assert_eq!(line.reply(&asked, "aibot_respond_msg", markdown("x")).await, 846_605);
    let mut again = world.subscribed().await;
    assert_eq!(again.reply(&asked, "aibot_respond_msg", markdown("x")).await, 846_605);
    assert_eq!(again.push(&world.chat, 0, "of its own").await, 0);
    world.speak("lisi", &world.chat, "more").await;
    let asked = again.callback().await;
    world.fail("socket.stream_over", Value::Null);
    assert_eq!(again.reply(&asked, "aibot_respond_msg", stream("s", "x", true)).await, 846_608);
}

#[tokio::test]
async fn a_subscription_can_be_gone_while_pings_are_answered() {
    let world = world().await;
    for way in ["fault", "command"] {
        let mut line = world.subscribed().await;
        world.speak("lisi", &world.chat, "hello").await;
        line.callback().await;
        if way == "fault" {
            world.fail("socket.unsubscribed", Value::Null);
        } else {
            world.act(json!({ "do": "unsubscribe", "bot": BOT })).await;
            line.ping().await;
        }
        assert_eq!(line.push(&world.chat, 0, "x").await, 846_609, "{way}");
        assert_eq!((line.ping().await, line.push(&world.chat, 0, "x").await), (0, 846_609), "{way}");
    }
    let mut line = world.subscribed().await;
    assert_eq!(line.push(&world.chat, 0, "back").await, 0);
}

#[tokio::test]
async fn a_connection_can_stand_and_say_nothing() {
    let world = world().await;
    let mut line = world.subscribed().await;
    world.fail("socket.no_pong", Value::Null);
    line.put("ping", "lost", Value::Null).await;
    assert_eq!(line.ping().await, 0);
    world.fail("socket.ack_lost", Value::Null);
    world.speak("lisi", &world.chat, "hello").await;
    let asked = line.callback().await;
    line.put("aibot_respond_msg", &text(&asked["headers"], "req_id"), markdown("done")).await;
    line.ping().await;
    assert_eq!(world.words(&world.chat).await[1], "done");
    world.fail("socket.ack_delayed", json!(1));
    assert_eq!(line.push(&world.chat, 0, "late").await, 0);
    world.act(json!({ "do": "freeze_connections", "bot": BOT })).await;
    world.speak("lisi", &world.chat, "into nothing").await;
    line.put("ping", "unheard", Value::Null).await;
    let waited = tokio::time::timeout(std::time::Duration::from_millis(100), line.next()).await;
    assert!(waited.is_err());
    let mut next = world.subscribed().await;
    world.fail("socket.silent", Value::Null);
    world.speak("lisi", &world.chat, "into nothing").await;
    let waited = tokio::time::timeout(std::time::Duration::from_millis(100), next.next()).await;
    assert!(waited.is_err());
}

#[tokio::test]
async fn what_nobody_knows_comes_before_a_message_and_messages_come_twice() {
    let world = world().await;
    let mut line = world.subscribed().await;
    for name in ["socket.garbage", "socket.binary", "socket.unknown"] {
        world.fail(name, Value::Null);
    }
    world.fail("delivery.duplicate", Value::Null);
    let said = world.speak("lisi", &world.chat, "hello").await;
    assert_eq!((line.next().await, line.next().await), (Some(Value::Null), Some(Value::Null)));
    assert_eq!(line.next().await.unwrap()["cmd"], "aibot_nobody_knows");
    let (first, second) = (line.callback().await, line.callback().await);
    assert_eq!((&first["body"]["msgid"], &second["body"]["msgid"]), (&json!(said), &json!(said)));
    assert_ne!(first["headers"]["req_id"], second["headers"]["req_id"]);
}

#[tokio::test]
async fn a_frame_that_is_none_is_refused_and_the_app_has_nothing_to_do_with_it() {
    let world = world().await;
    let mut line = world.subscribed().await;
    assert_eq!(line.tell("aibot_no_such", json!({})).await["errcode"], 40_058);
    assert_eq!(world.send("lisi", "from the app").await["errcode"], 0);
    let overview = world.act(json!({ "do": "overview" })).await;
    let apps = overview["apps"].as_array().unwrap();
    assert_eq!((&apps[0]["app_id"], &apps[1]["connections"]), (&json!(APP.to_string()), &json!(1)));
}
