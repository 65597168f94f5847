//! The transcripts of the bot's pages are played, line by line.

use kit::double::Stage;

use super::{STAFF, card, chat, office};
use crate::LOCALPART;

const PAGES: [&str; 2] = [include_str!("../../README.zh-CN.md"), include_str!("../../README.md")];

fn account(name: &str) -> String {
    let (_, localpart, ..) = STAFF.into_iter().find(|row| row.2 == name).unwrap_or_else(|| panic!("{name}"));
    format!("@{localpart}:test")
}

/// The chat of somebody with the bot, made if there is none.
async fn chat_of(stage: &mut Stage, person: &str) -> String {
    match stage.direct(LOCALPART, person) {
        Some(_) => chat(stage, person),
        None => {
            let room = stage.room_with(person, LOCALPART, true);
            stage.settle().await;
            room
        }
    }
}

/// Everything the bot ever showed somebody, edits included.
fn shown(stage: &Stage, room: &str) -> Vec<String> {
    let events = stage.events_of_bots(room);
    let bodies = events.iter().flat_map(|event| {
        let content = &event["content"];
        [content["body"].clone(), content["m.new_content"]["body"].clone()]
    });
    bodies.filter_map(|body| body.as_str().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_transcripts_of_the_pages_are_true() {
    for page in PAGES {
        let transcripts = page.split("```transcript\n").skip(1).map(|part| part.split("```").next().unwrap());
        let mut played = 0;
        for transcript in transcripts {
            plays(transcript).await;
            played += 1;
        }
        assert_eq!(played, 1);
    }
}

/// `张三: text` is said, `→ 张三: text` is what the bot showed them, `李四 ✅ text` is a tap on the message that begins so,
/// `⏱ 60` lets minutes pass.
async fn plays(transcript: &str) {
    let (mut stage, _) = office().await;
    for line in transcript.lines() {
        if let Some((name, expected)) = line.strip_prefix("→ ").and_then(|line| line.split_once(": ")) {
            let room = chat_of(&mut stage, &account(name)).await;
            let shown = shown(&stage, &room);
            let expected = expected.replace("\\n", "\n");
            assert!(shown.iter().any(|body| body.starts_with(&expected)), "{line}: {shown:#?}");
        } else if let Some(minutes) = line.strip_prefix("⏱ ") {
            stage.advance_ms(minutes.parse::<u64>().unwrap() * super::MINUTE);
        } else if let Some((name, text)) = line.split_once(": ") {
            let room = chat_of(&mut stage, &account(name)).await;
            stage.says(&account(name), &room, text);
        } else {
            let (name, rest) = line.split_once(' ').unwrap();
            let (key, begins) = rest.split_once(' ').unwrap();
            let room = chat_of(&mut stage, &account(name)).await;
            let newest = card(&stage, &room, begins);
            stage.reacts(&account(name), &room, &newest, key);
        }
        stage.settle().await;
    }
}
