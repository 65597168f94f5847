//! The transcripts of the bot's pages are played, line by line.
//!
//! `张三: text` is said in the room, `张三 ✅` taps the newest card there, `李四 > text` answers it in its thread, `+1h` lets
//! time pass; `→ text` is what the room shows then, `→ @李四: text` what the direct chat of 李四 shows.

use kit::double::transcripts;

use super::*;

const PAGES: [&str; 2] = [include_str!("../../README.zh-CN.md"), include_str!("../../README.md")];

fn account(name: &str) -> Option<String> {
    let row = STAFF.into_iter().find(|row| row.2 == name)?;
    Some(format!("@{}:test", row.1))
}

#[tokio::test]
async fn the_transcripts_of_the_pages_are_true() {
    let mut lines = 0;
    for page in PAGES {
        for transcript in transcripts(page) {
            lines += plays(transcript).await;
        }
    }
    assert!(lines > 30, "only {lines} lines were played");
}

async fn plays(transcript: &str) -> usize {
    let (mut stage, hall) = office().await;
    stage.invites(ZHANGSAN, &hall, ANN);
    stage.joins(ANN, &hall);
    for line in transcript.lines() {
        if let Some(expected) = line.strip_prefix("→ ") {
            let alone = expected.strip_prefix('@').and_then(|rest| rest.split_once(": "));
            let alone = alone.and_then(|(name, text)| Some((account(name)?, text)));
            let (room, text) = match alone {
                Some((person, text)) => (chat(&stage, &person), text),
                None => (hall.clone(), expected),
            };
            let shown = stage.shown(&room);
            assert!(shown.iter().any(|body| body.starts_with(text)), "{line}: {shown:#?}");
        } else if let Some(time) = line.strip_prefix('+') {
            passes(&mut stage, workdays::duration_ms(time).unwrap()).await;
        } else if let Some((name, text)) = line.split_once(" > ") {
            let newest = card(&stage, &hall, "] TK-");
            stage.says_in_thread(&account(name).unwrap(), &hall, &newest, text);
        } else if let Some((name, text)) = line.split_once(": ") {
            stage.says(&account(name).unwrap(), &hall, text);
        } else {
            let (name, key) = line.split_once(' ').unwrap();
            let newest = card(&stage, &hall, "] TK-");
            stage.reacts(&account(name).unwrap(), &hall, &newest, key);
        }
        stage.settle().await;
    }
    transcript.lines().count()
}
