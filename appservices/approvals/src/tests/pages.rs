//! The transcripts of the bot's pages are played, line by line.

use kit::double::{Cast, transcripts};

use super::{STAFF, talk::office};
use crate::LOCALPART;

const PAGES: [&str; 3] =
    [include_str!("../../README.zh-CN.md"), include_str!("../../README.md"), include_str!("variants.md")];

fn account(name: &str) -> String {
    let (_, localpart, ..) = STAFF.into_iter().find(|row| row.2 == name).unwrap();
    format!("@{localpart}:test")
}

#[tokio::test]
async fn the_transcripts_of_the_pages_are_true() {
    let cast = Cast { bot: LOCALPART, account, taps: "[待审批]" };
    for page in PAGES {
        for transcript in transcripts(page) {
            let (mut stage, _) = office().await;
            stage.plays(&cast, transcript).await;
        }
    }
}
