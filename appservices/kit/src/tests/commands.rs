//! What people type, and what the bot makes of it.

use serde_json::json;
use store::Batch;

use super::{ALICE, BOT, clerk, in_a_room};
use crate::{
    CallError, Heard, What,
    double::{Fault, Stage},
    texts::Lang,
};

const NOT_REMOVED: &str = "你的消息里可能有密码或私人地址，我无权删除，请自己删除。";

#[tokio::test]
async fn a_bot_goes_where_welcome_people_ask_it() {
    let mut stage = Stage::new(clerk::play()).await;
    for (person, comes) in [(ALICE, true), ("@paula:partner", true), ("@mallory:evil", false)] {
        let room = stage.room_with(person, BOT, false);
        stage.says(person, &room, "!note before it came");
        stage.settle().await;
        stage.says(person, &room, "!note hello");
        stage.settle().await;
        let expected: &[&str] = if comes { &["noted: before it came", "noted: hello"] } else { &[] };
        assert_eq!(stage.said(&room), expected, "{person}");
        let membership =
            stage.homeserver().events(&room).into_iter().rfind(|event| event["state_key"] == "@clerk:test");
        assert_eq!(membership.unwrap()["content"]["membership"], if comes { "join" } else { "leave" });
    }
}

#[tokio::test]
async fn help_speaks_the_language_of_the_command_until_a_person_chooses() {
    let (mut stage, room) = in_a_room().await;
    for (command, first) in
        [("!help", "Commands of Clerk:"), ("！帮助", "文员 的命令："), ("!HELP", "Commands of Clerk:")]
    {
        stage.says(ALICE, &room, command);
        stage.settle().await;
        let said = stage.said(&room).pop().unwrap();
        assert_eq!(said.lines().next(), Some(first), "{command}");
        assert!(said.lines().count() <= 10, "{said}");
    }
    stage.says(ALICE, &room, "!help 2");
    stage.says(ALICE, &room, "!lang 中文");
    stage.settle().await;
    stage.restart().await;
    stage.says(ALICE, &room, "!help");
    stage.says(ALICE, &room, "!lang klingon");
    stage.settle().await;
    let said = stage.said(&room);
    assert_eq!(
        said[3],
        "Commands of Clerk:\n!panic – writes it down\n!help – shows the commands\n!lang – chooses the language: zh or en; moderators choose the room's: room zh, en or both"
    );
    assert_eq!(said[4], "好的，我用中文。");
    assert!(said[5].starts_with("文员 的命令：\n!记录 – 写下来"), "{}", said[5]);
    assert!(said[5].ends_with("还有 3 个：!帮助 2"), "{}", said[5]);
    assert_eq!(said[6], "可选语言：zh、en；房间还可选 both：!语言 房间 both。");
}

#[tokio::test]
async fn a_command_that_nobody_knows_gets_the_nearest_three() {
    let (mut stage, room) = in_a_room().await;
    stage.says(ALICE, &room, "!nte something");
    stage.says(ALICE, &room, "!记 一下");
    stage.settle().await;
    let said = stage.said(&room);
    assert!(said[0].starts_with("No such command. Did you mean !note, "), "{}", said[0]);
    assert!(said[1].starts_with("没有这个命令。你是想用 !"), "{}", said[1]);
    assert!(said[1].contains("!记录"), "{}", said[1]);
}

#[tokio::test]
async fn an_edited_command_is_not_run_and_says_so() {
    let (mut stage, room) = in_a_room().await;
    let typed = stage.says(ALICE, &room, "!note one");
    stage.edits(ALICE, &room, &typed, "!note two");
    let text = stage.says(ALICE, &room, "a text");
    stage.edits(ALICE, &room, &text, "another text");
    stage.settle().await;
    let e105 = "修改旧消息不会重新执行命令，请重新发送。";
    assert_eq!(stage.said(&room), ["noted: one", e105, "edited to another text"]);
}

#[tokio::test]
async fn an_edit_that_may_hold_a_secret_is_taken_away_where_the_bot_may() {
    let (mut stage, room) = in_a_room().await;
    let typed = stage.says(ALICE, &room, "!note one");
    let taken_away = |stage: &Stage| {
        let events = stage.events_of_bots(&room).into_iter();
        let redactions = events.filter(|event| event["type"] == "m.room.redaction");
        redactions.map(|event| event["redacts"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let e105 = "修改旧消息不会重新执行命令，请重新发送。";
    stage.edits(ALICE, &room, &typed, "!note geheim");
    stage.settle().await;
    assert_eq!(stage.last(&room), format!("{e105}\n{NOT_REMOVED}"));
    assert!(taken_away(&stage).is_empty());
    let powers = json!({ "users": { "@clerk:test": 50, ALICE: 100 } });
    stage.sets_state(ALICE, &room, "m.room.power_levels", "", powers);
    let edit = stage.edits(ALICE, &room, &typed, "!记录 geheim");
    stage.edits(ALICE, &room, &typed, "!tell geheim");
    stage.settle().await;
    let removed = "你的消息里可能有密码或私人地址，已删除。";
    assert_eq!(stage.said(&room)[2..], [format!("{e105}\n{removed}"), e105.to_owned()]);
    assert_eq!(taken_away(&stage), [edit]);
}

#[tokio::test]
async fn whose_secret_cannot_be_taken_away_after_all_is_told() {
    let (mut stage, room) = in_a_room().await;
    let typed = stage.says(ALICE, &room, "geheim");
    stage.settle().await;
    let heard = Heard {
        room: room.as_str().try_into().unwrap(),
        is_direct: false,
        sender: ALICE.try_into().unwrap(),
        event_id: typed.as_str().try_into().unwrap(),
        received_ms: 0,
        thread: None,
        on: None,
        about: None,
        mentions: Vec::new(),
        what: What::Text("geheim".to_owned()),
    };
    let powers = json!({ "users": { "@clerk:test": 50, ALICE: 100 } });
    stage.sets_state(ALICE, &room, "m.room.power_levels", "", powers);
    let mut batch = Batch::new();
    assert_eq!(stage.kit().take_away(BOT, &heard, &mut batch).await.unwrap(), "secret.removed");
    stage.kit().store().commit(batch).await.unwrap();
    let refused = CallError::Refused { status: 403, code: "M_FORBIDDEN".to_owned(), message: String::new() };
    stage.fails_next(Fault::Lost(refused));
    stage.settle().await;
    assert_eq!(stage.last(&stage.chat(BOT, ALICE)), NOT_REMOVED);
}

#[tokio::test]
async fn notices_and_unreadable_messages_start_nothing() {
    let (mut stage, room) = in_a_room().await;
    stage.sends(ALICE, &room, "m.room.message", json!({ "msgtype": "m.notice", "body": "!note from a bot" }));
    stage.sends(ALICE, &room, "m.room.message", json!({ "msgtype": "m.text", "body": 7 }));
    stage.sends(ALICE, &room, "m.room.message", json!({ "m.relates_to": [] }));
    stage.sends(ALICE, &room, "m.reaction", json!({ "m.relates_to": { "key": "👍" } }));
    stage.sends(ALICE, &room, "m.room.redaction", json!({ "redacts": 7 }));
    stage.settle().await;
    stage.sends(ALICE, &room, "m.room.encrypted", json!({ "ciphertext": "…" }));
    stage.sends(ALICE, &room, "m.room.encrypted", json!({ "ciphertext": "…" }));
    stage.settle().await;
    let said = stage.said(&room);
    assert_eq!(said.iter().filter(|said| said.contains("on ")).count(), 1, "{said:?}");
    assert_eq!(
        said.iter().filter(|said| said.starts_with("我没有收到这条消息的密钥")).count(),
        1,
        "{said:?}"
    );
}

#[tokio::test]
async fn answers_stand_where_the_question_was() {
    let (mut stage, room) = in_a_room().await;
    let asked = stage.says(ALICE, &room, "!help");
    let root = stage.says(ALICE, &room, "a thread begins");
    stage.says_in_thread(ALICE, &room, &root, "!help");
    stage.settle().await;
    let answers = stage.events_of_bots(&room);
    assert_eq!(answers[0]["content"]["m.relates_to"]["m.in_reply_to"]["event_id"], asked.as_str());
    assert_eq!(answers[1]["content"]["m.relates_to"]["rel_type"], "m.thread");
    assert_eq!(answers[1]["content"]["m.relates_to"]["event_id"], root.as_str());
}

#[tokio::test]
async fn a_bot_that_panics_or_clashes_goes_on() {
    let (mut stage, room) = in_a_room().await;
    for command in ["!panic", "!clash", "!note still here"] {
        stage.says(ALICE, &room, command);
    }
    stage.settle().await;
    assert_eq!(stage.said(&room), ["after theirs", "noted: still here"]);
}

async fn language(stage: &Stage, room: &str, user: Option<&str>) -> Lang {
    let room = ruma::RoomId::parse(room).unwrap();
    let user = user.map(|user| ruma::UserId::parse(user).unwrap());
    stage.kit().language(Some(&room), user.as_deref()).await.unwrap()
}

#[tokio::test]
async fn moderators_choose_the_language_of_a_room() {
    let (mut stage, room) = in_a_room().await;
    stage.says(ALICE, &room, "!lang room en");
    stage.settle().await;
    assert_eq!(stage.last(&room), "Only moderators of this room choose its language.");
    assert_eq!(language(&stage, &room, None).await, Lang::Zh);
    stage.sets_state(ALICE, &room, "m.room.power_levels", "", json!({ "users": { ALICE: 50 } }));
    for (command, told, chosen) in [
        ("!lang room both", "From now on the cards of this room are in Chinese and English.", Lang::Both),
        ("!语言 房间 英文", "好的，本房间的卡片用英文。", Lang::En),
        ("!lang Room zh", "From now on the cards of this room are in Chinese.", Lang::Zh),
        ("!语言 群 双语", "好的，本房间的卡片用中文和英文。", Lang::Both),
        ("!lang room klingon", "There is zh and en; for a room also both: !lang room both.", Lang::Both),
    ] {
        stage.says(ALICE, &room, command);
        stage.settle().await;
        stage.restart().await;
        assert_eq!(
            (stage.last(&room).as_str(), language(&stage, &room, None).await),
            (told, chosen),
            "{command}"
        );
    }
    // Who chose for themselves reads that; a room that asks for more power gets no word from fewer.
    stage.says(ALICE, &room, "!lang en");
    stage.sets_state(
        ALICE,
        &room,
        "m.room.power_levels",
        "",
        json!({ "users": { ALICE: 50 }, "state_default": 100 }),
    );
    stage.says(ALICE, &room, "!lang room zh");
    stage.settle().await;
    assert_eq!(stage.last(&room), "Only moderators of this room choose its language.");
    assert_eq!(
        (language(&stage, &room, Some(ALICE)).await, language(&stage, &room, None).await),
        (Lang::En, Lang::Both)
    );
}
