//! Reading a room backwards in pages.

use reqwest::Method;

use crate::client::{User, text};
use crate::measure::{Done, Measure, measured, timed};
use crate::target::Target;

/// Messages in the room.
const MESSAGES: usize = 1000;

/// Messages on a page.
const PAGE: usize = 100;

/// How many times the whole room is read.
const ROUNDS: usize = 10;

/// Pages of 100 messages, from the newest to the oldest.
pub async fn pages(target: &Target, users: &[User]) -> Result<Measure, String> {
    let room = users[0].create_room("history").await?;
    for index in 0..MESSAGES {
        users[0].send(&room, &format!("message {index}")).await?;
    }
    measured(target, "page of 100 messages", async {
        let mut waits = Vec::new();
        for _ in 0..ROUNDS {
            let mut from = None;
            for _ in 0..MESSAGES / PAGE {
                let at = from.map(|from: String| format!("&from={from}")).unwrap_or_default();
                let path = format!("/_matrix/client/v3/rooms/{room}/messages?dir=b&limit={PAGE}{at}");
                let (page, wait) = timed(users[0].call(Method::GET, &path, None)).await?;
                if page["chunk"].as_array().map(Vec::len) != Some(PAGE) {
                    return Err(format!("a page is short: {page}"));
                }
                from = Some(text(&page, "end")?);
                waits.push(wait);
            }
        }
        Ok(Done { operations: ROUNDS * MESSAGES / PAGE, waits, closed_loop: true })
    })
    .await
}
