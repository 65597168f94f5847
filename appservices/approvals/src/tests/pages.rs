//! The transcripts of the bot's pages are played, line by line.

use kit::double::Stage;

use super::{
    STAFF,
    talk::{card, chat, office},
};
use crate::LOCALPART;

const PAGES: [&str; 3] =
    [include_str!("../../README.zh-CN.md"), include_str!("../../README.md"), include_str!("variants.md")];

fn account(name: &str) -> String {
    let (_, localpart, ..) = STAFF.into_iter().find(|row| row.2 == name).unwrap();
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

#[tokio::test]
async fn the_transcripts_of_the_pages_are_true() {
    for page in PAGES {
        let transcripts = page.split("```transcript\n").skip(1).map(|part| part.split("```").next().unwrap());
        for transcript in transcripts {
            plays(transcript).await;
        }
    }
}

async fn plays(transcript: &str) {
    let (mut stage, _) = office().await;
    {
        for line in transcript.lines() {
            if let Some((name, expected)) = line.strip_prefix("→ ").and_then(|line| line.split_once(": ")) {
                let room = chat_of(&mut stage, &account(name)).await;
                let shown = shown(&stage, &room);
                assert!(shown.iter().any(|body| body.starts_with(expected)), "{line}: {shown:#?}");
            } else if let Some((name, text)) = line.split_once(": ") {
                let room = chat_of(&mut stage, &account(name)).await;
                stage.says(&account(name), &room, text);
            } else {
                let (name, key) = line.split_once(' ').unwrap();
                let room = chat_of(&mut stage, &account(name)).await;
                let newest = card(&stage, &room, "[待审批]");
                stage.reacts(&account(name), &room, &newest, key);
            }
            stage.settle().await;
        }
    }
}
