//! Searching messages by words.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::time::Instant;

use crate::client::User;
use crate::measure::{Done, Measure, measured, timed};
use crate::target::Target;

/// Searches.
const SEARCHES: usize = 50;

/// How long the messages may take to become findable.
const PATIENCE: Duration = Duration::from_secs(60);

const PATH: &str = "/_matrix/client/v3/search";

/// Searches of the first user over all messages sent before, for a word that stands in many of them.
pub async fn messages(target: &Target, users: &[User]) -> Result<Measure, String> {
    let user = &users[0];
    let body = json!({"search_categories": {"room_events": {
        "search_term": "message", "order_by": "recent", "filter": {"limit": 20},
    }}});
    let begun = Instant::now();
    while hits(&user.call(Method::POST, PATH, Some(&body)).await?) == 0 {
        if begun.elapsed() > PATIENCE {
            return Err("no message is found".to_owned());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    measured(target, "search by a word, 20 of thousands", async {
        let mut waits = Vec::with_capacity(SEARCHES);
        for _ in 0..SEARCHES {
            let (answer, wait) = timed(user.call(Method::POST, PATH, Some(&body))).await?;
            if hits(&answer) == 0 {
                return Err(format!("nothing is found: {answer}"));
            }
            waits.push(wait);
        }
        Ok(Done { operations: SEARCHES, waits, closed_loop: true })
    })
    .await
}

fn hits(answer: &serde_json::Value) -> usize {
    answer["search_categories"]["room_events"]["results"].as_array().map_or(0, Vec::len)
}
