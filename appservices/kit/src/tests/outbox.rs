//! Letters: once each, in order, related to each other, whatever breaks.

use std::time::Duration;

use base::Shutdown;
use store::Batch;

use super::{ALICE, BOT, clerk, in_a_room};
use crate::{
    Attachment, Bots, CallError, Letter, To,
    double::{Absence, Fault},
    limits::{CONTENT_BYTES_MAX, LANES_AT_ONCE},
    notice,
};

#[tokio::test]
async fn a_letter_whose_answer_was_lost_becomes_one_event() {
    let (mut stage, room) = in_a_room().await;
    stage.says(ALICE, &room, "!note once");
    stage.fails_next(Fault::AnswerLost);
    stage.settle().await;
    assert_eq!(stage.letters_waiting().await, 1, "nobody told the bots that it arrived");
    stage.restart().await;
    stage.settle().await;
    assert_eq!(stage.said(&room), ["noted: once"]);
    assert_eq!(stage.letters_waiting().await, 0);
}

#[tokio::test]
async fn a_letter_waits_while_the_homeserver_is_away_or_asks_for_a_pause() {
    let (mut stage, room) = in_a_room().await;
    for fault in [
        CallError::Unreachable("down".to_owned()),
        CallError::Limited(Some(Duration::from_secs(1))),
        CallError::Limited(None),
    ] {
        stage.says(ALICE, &room, "!note one");
        stage.says(ALICE, &room, "!note two");
        stage.fails_next(Fault::Lost(fault));
        stage.settle().await;
        assert_eq!(stage.letters_waiting().await, 2, "the second does not overtake the first");
        stage.settle().await;
    }
    assert_eq!(stage.said(&room), ["noted: one", "noted: two"].repeat(3));
}

#[tokio::test]
async fn a_letter_that_is_refused_is_given_back_and_holds_up_nobody() {
    let (mut stage, room) = in_a_room().await;
    stage.says(ALICE, &room, "!note refused");
    let kept = stage.says(ALICE, &room, "!note fine");
    let code = "M_FORBIDDEN".to_owned();
    stage.fails_next(Fault::Lost(CallError::Refused { status: 403, code, message: "no".to_owned() }));
    stage.settle().await;
    assert_eq!(stage.said(&room), ["noted: fine"]);
    let letter = stage
        .kit()
        .letter_of(
            &ruma::EventId::parse(stage.events_of_bots(&room)[0]["event_id"].as_str().unwrap()).unwrap(),
        )
        .await;
    assert_eq!(letter.unwrap(), Some(format!("note:{kept}")));
    let notes = stage.kit().store().scan(&clerk::NOTES, store::Scan::all()).await.unwrap();
    assert_eq!(notes.len(), 1);
    assert!(notes[0].1.contains("M_FORBIDDEN"), "{notes:?}");
}

#[tokio::test]
async fn people_whose_servers_never_answer_hold_up_nobody() {
    let (stage, room) = in_a_room().await;
    let kit = stage.kit().clone();
    let to = To::Room(ruma::RoomId::parse(&room).unwrap());
    let mut batch = Batch::new();
    for number in 0..2 * LANES_AT_ONCE {
        let server = format!("silent{number}");
        stage.homeserver().loses(&server, Some(Absence::Silent));
        let content = serde_json::json!({ "membership": "invite" });
        let letter = Letter::message(format!("asked/{number}"), BOT, to.clone(), content);
        let member = Some(format!("@eve:{server}"));
        let letter = Letter { kind: "m.room.member".to_owned(), state_key: member, ..letter };
        kit.outbox().put(&mut batch, letter);
    }
    kit.outbox().put(&mut batch, Letter::message("aloud", BOT, to, notice("aloud")));
    kit.store().commit(batch).await.unwrap();
    let shutdown = Shutdown::new();
    let (carrier, stop) = (kit.clone(), shutdown.clone());
    let carrying = tokio::spawn(async move { carrier.carry(&Bots::new(Vec::new()), &stop).await });
    while stage.said(&room) != ["aloud"] {
        tokio::task::yield_now().await;
    }
    shutdown.trigger();
    carrying.await.unwrap();
}

#[tokio::test]
async fn a_room_of_the_bots_waits_for_no_server_of_those_who_are_asked_into_it() {
    let (stage, _) = in_a_room().await;
    let (kit, key) = (stage.kit().clone(), "case/1");
    let to = To::Place(key.to_owned());
    let mut batch = Batch::new();
    kit.order_place(&mut batch, BOT, key, serde_json::json!({ "topic": "case" })).await.unwrap();
    stage.homeserver().loses("silent", Some(Absence::Silent));
    for whom in ["@eve:silent", "@pan:partner"] {
        let content = serde_json::json!({ "membership": "invite" });
        let letter = Letter::message(format!("asked/{whom}"), BOT, to.clone(), content);
        let letter = Letter { kind: "m.room.member".to_owned(), state_key: Some(whom.to_owned()), ..letter };
        kit.outbox().put(&mut batch, letter);
    }
    kit.outbox().put(&mut batch, Letter::message("aloud", BOT, to, notice("aloud")));
    kit.store().commit(batch).await.unwrap();
    let shutdown = Shutdown::new();
    let (carrier, stop) = (kit.clone(), shutdown.clone());
    let carrying = tokio::spawn(async move { carrier.carry(&Bots::new(Vec::new()), &stop).await });
    // What asks Eve in is all that stays.
    while stage.letters_waiting().await > 1 {
        tokio::task::yield_now().await;
    }
    shutdown.trigger();
    carrying.await.unwrap();
    let home = stage.homeserver();
    let rooms = home.rooms_with("m.room.topic", |state| state["topic"] == "case");
    assert_eq!(rooms.len(), 1, "letters of several lanes go to one room");
    assert_eq!(stage.said(&rooms[0]), ["aloud"]);
    assert_eq!(home.state(&rooms[0], "m.room.member", "@pan:partner")["membership"], "invite");
}

#[tokio::test]
async fn a_file_that_rings_at_nobodys_is_the_new_version_of_a_notice() {
    let (mut stage, room) = in_a_room().await;
    let to = To::Room(ruma::RoomId::parse(&room).unwrap());
    for (version, bytes) in [("one", b"a"), ("two", b"b")] {
        let mut batch = Batch::new();
        let content = serde_json::json!({ "msgtype": "m.file", "body": "list.csv", "m.mentions": {} });
        let (name, mimetype) = ("list.csv".to_owned(), "text/csv".to_owned());
        let file = Attachment { name, mimetype, bytes: bytes.to_vec() };
        let letter = Letter::message(version, BOT, to.clone(), content);
        let letter = Letter { attachment: Some(file), ..letter };
        stage.kit().outbox().put_quietly(&mut batch, letter, "list");
        stage.kit().store().commit(batch).await.unwrap();
        stage.settle().await;
    }
    let sent = stage.events_of_bots(&room);
    let [announced, first, second] = sent.as_slice() else { panic!("{sent:#?}") };
    assert_eq!(announced["content"], notice("list.csv"));
    let home = stage.homeserver();
    for (version, bytes) in [(first, b"a"), (second, b"b")] {
        let content = &version["content"];
        assert_eq!(content["m.relates_to"]["rel_type"], "m.replace");
        assert_eq!(content["m.relates_to"]["event_id"], announced["event_id"]);
        assert_eq!(content["m.mentions"], serde_json::json!({}));
        let new = &content["m.new_content"];
        assert_eq!((&new["msgtype"], &new["body"]), (&"m.file".into(), &"list.csv".into()));
        assert_eq!(home.file(new["url"].as_str().unwrap()), bytes);
    }
}

#[tokio::test]
async fn letters_find_each_other_by_their_keys() {
    let (mut stage, room) = in_a_room().await;
    stage.says(ALICE, &room, "!card");
    stage.says(ALICE, &room, "!close");
    stage.settle().await;
    let sent = stage.events_of_bots(&room);
    let (card, seed, thread, edit) =
        (&sent[0], &sent[1]["content"], &sent[2]["content"], &sent[3]["content"]);
    assert_eq!(seed["m.relates_to"]["event_id"], card["event_id"]);
    assert_eq!((&seed["m.relates_to"]["key"], &sent[1]["type"]), (&"✅".into(), &"m.reaction".into()));
    assert_eq!(thread["m.relates_to"]["event_id"], card["event_id"]);
    assert_eq!(edit["m.relates_to"]["event_id"], card["event_id"]);
    assert_eq!((&edit["m.new_content"]["body"], &edit["body"]), (&"[closed]".into(), &"* [closed]".into()));
    assert_eq!(edit["m.mentions"], serde_json::json!({}));
    // The same key again is the same letter.
    stage.says(ALICE, &room, "!card");
    stage.settle().await;
    assert_eq!(stage.events_of_bots(&room).len(), 4);
}

#[tokio::test]
async fn what_people_do_to_a_letter_names_its_key() {
    let (mut stage, room) = in_a_room().await;
    stage.says(ALICE, &room, "!card");
    stage.settle().await;
    let card = stage.events_of_bots(&room)[0]["event_id"].as_str().unwrap().to_owned();
    let reaction = stage.reacts(ALICE, &room, &card, "👍🏽\u{fe0f}");
    stage.settle().await;
    stage.restart().await;
    stage.redacts(ALICE, &room, &reaction);
    stage.redacts(ALICE, &room, &card);
    // Whoever may not do that only says so.
    stage.sends(
        ALICE,
        &room,
        "m.room.redaction",
        serde_json::json!({ "redacts": reaction.replace('$', "$x") }),
    );
    stage.replies(ALICE, &room, &card, "> <@clerk:test> [open]\n\nabout this");
    stage.says_in_thread(ALICE, &room, &card, "about the thread");
    stage.uploads(ALICE, &room, "scan.pdf", b"pdf", None);
    stage.settle().await;
    assert_eq!(
        stage.said(&room)[2..],
        [
            "👍 on card",
            "no 👍 on card",
            "something was redacted",
            "about this on card, direct false",
            "about the thread on card, direct false",
            "scan.pdf says pdf"
        ]
    );
}

#[tokio::test]
async fn a_file_travels_with_its_letter_and_one_that_is_too_large_stays() {
    let (mut stage, room) = in_a_room().await;
    stage.says(ALICE, &room, "!file");
    stage.settle().await;
    let content = stage.events_of_bots(&room)[0]["content"].clone();
    assert_eq!((&content["msgtype"], &content["body"]), (&"m.file".into(), &"list.csv".into()));
    assert_eq!(content["info"], serde_json::json!({ "mimetype": "text/csv", "size": 3 }));
    let file = stage.kit().intent("clerk").unwrap().download(content["url"].as_str().unwrap()).await;
    assert_eq!(file.unwrap(), b"a,b".as_slice());
    let mut batch = Batch::new();
    let to = To::Room(ruma::RoomId::parse(&room).unwrap());
    let mut letter = Letter::message("large", "clerk", to, notice("large"));
    letter.content["body"] = "x".repeat(CONTENT_BYTES_MAX).into();
    stage.kit().outbox().put(&mut batch, letter);
    assert!(batch.is_empty());
}
