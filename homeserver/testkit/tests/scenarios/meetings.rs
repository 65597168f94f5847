//! Meetings through the real server: the transcripts of the bot's pages, and golden ones, message by message.

use std::path::Path;

use crate::transcripts::{Play, transcripts};

/// The bot's pages, which people read in two languages.
const PAGES: [&str; 2] = [
    include_str!("../../../../appservices/meetings/README.zh-CN.md"),
    include_str!("../../../../appservices/meetings/README.md"),
];

/// A golden transcript. It is read when it is played, so that it can be corrected without building anything.
fn golden(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/golden").join(name);
    std::fs::read_to_string(file).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_pages_show_is_what_the_server_does() {
    for page in PAGES {
        for transcript in transcripts(page) {
            Play::new("meet", false).await.plays(transcript).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn golden_a_meeting_is_booked_answered_moved_held_and_its_minutes_become_a_task() {
    let mut play = Play::new("meet", false).await;
    play.plays(&golden("meeting.zh.txt")).await;
    play.has_shown_nothing_else().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn golden_a_meeting_in_english_is_proposed_otherwise_and_taken() {
    let mut play = Play::new("meet", false).await;
    play.plays(&golden("meeting.en.txt")).await;
    play.has_shown_nothing_else().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn golden_a_time_is_found_by_a_poll() {
    let mut play = Play::new("meet", false).await;
    play.plays(&golden("poll.txt")).await;
    play.has_shown_nothing_else().await;
}
