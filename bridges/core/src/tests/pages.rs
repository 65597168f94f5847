//! The transcripts of the bridges' pages are played, line by line.
//!
//! `Alice: text` is said in the room and `Li: text` on the platform; `→ text` is what the bot says in the room then, `⇒ text` came to
//! the platform, and `⇐ text` into the room.

use kit::double::transcripts;
use serde_json::json;

use super::{ALICE, Stage};

impl Stage {
    async fn plays(&mut self, page: &str) {
        let found = transcripts(page);
        let [transcript] = found[..] else { panic!("{} transcripts", found.len()) };
        for (number, line) in transcript.lines().enumerate() {
            let (who, words) = line.split_once(' ').expect("who, and what");
            match who {
                "Alice:" => drop(self.says(words).await),
                "Li:" => self.speaks(&format!("om_said_{number}"), words).await,
                "→" => self.until(line, |stage| stage.is_told(words)).await,
                "⇒" => {
                    let came = |stage: &Self| stage.platform.words().iter().any(|said| said == words);
                    self.until(line, came).await;
                }
                "⇐" => {
                    let came =
                        |stage: &Self| stage.heard().iter().any(|event| event["content"]["body"] == words);
                    self.until(line, came).await;
                }
                other => panic!("{other} is nobody"),
            }
        }
        assert!(transcript.lines().count() > 15, "a short transcript: {transcript}");
    }
}

/// A room that alice leads.
async fn led() -> Stage {
    let mut stage = Stage::new().await;
    stage.sets_state(ALICE, "m.room.power_levels", json!({ "users": { ALICE: 100 } })).await;
    stage
}

#[tokio::test]
async fn the_transcript_of_the_chinese_page_is_true() {
    led().await.plays(include_str!("../../../README.zh-CN.md")).await;
}

#[tokio::test]
async fn the_transcript_of_the_english_page_is_true() {
    led().await.plays(include_str!("../../../README.md")).await;
}
