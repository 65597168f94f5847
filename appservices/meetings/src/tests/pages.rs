//! The transcripts of the bot's pages are played, line by line.

use kit::double::{Cast, transcripts};

use super::{STAFF, office};
use crate::LOCALPART;

const PAGES: [&str; 2] = [include_str!("../../README.zh-CN.md"), include_str!("../../README.md")];

fn account(name: &str) -> String {
    let (_, localpart, ..) = STAFF.into_iter().find(|row| row.2 == name).unwrap_or_else(|| panic!("{name}"));
    format!("@{localpart}:test")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_transcripts_of_the_pages_are_true() {
    let cast = Cast { bot: LOCALPART, account, taps: "[" };
    for page in PAGES {
        let mut played = 0;
        for transcript in transcripts(page) {
            let (mut stage, _) = office().await;
            stage.plays(&cast, transcript).await;
            played += 1;
        }
        assert_eq!(played, 2);
    }
}
