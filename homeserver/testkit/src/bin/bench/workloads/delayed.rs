//! Delayed events: how long after its time one is with a reader.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::time::Instant;

use crate::client::{User, text};
use crate::measure::{Done, Measure, measured};
use crate::target::Target;

/// Events that wait at the same time; servers allow some dozens to each user.
const EVENTS: usize = 50;

/// The shortest delay; all are scheduled before the first is due.
const DELAY_MS_MIN: usize = 3_000;

/// Time between two events.
const STEP_MS: usize = 40;

/// How long the last one may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The wait of each event is from the moment it was due, counted from the start of the request that scheduled it, to
/// the answer of the long poll that brings it.
pub async fn lateness(target: &Target, users: &[User]) -> Result<Measure, String> {
    let user = &users[0];
    let room = user.create_room("later").await?;
    let mut since = text(&user.sync("timeout=0&set_presence=offline").await?, "next_batch")?;
    measured(target, "a delayed event, from its time to its reader", async {
        let mut due = Vec::with_capacity(EVENTS);
        for event in 0..EVENTS {
            let delay_ms = DELAY_MS_MIN + event * STEP_MS;
            let path = format!(
                "/_matrix/client/v3/rooms/{room}/send/m.room.message/later{event}?org.matrix.msc4140.delay={delay_ms}"
            );
            due.push(Instant::now() + Duration::from_millis(delay_ms as u64));
            let body = json!({"msgtype": "m.text", "body": event.to_string()});
            user.call(Method::PUT, &path, Some(&body)).await?;
        }
        let mut waits = Vec::with_capacity(EVENTS);
        let deadline = Instant::now() + PATIENCE;
        while waits.len() < EVENTS {
            if Instant::now() > deadline {
                return Err(format!("{} of {EVENTS} delayed events came", waits.len()));
            }
            let answer = user.sync(&format!("timeout=5000&set_presence=offline&since={since}")).await?;
            let now = Instant::now();
            since = text(&answer, "next_batch")?;
            let events = answer["rooms"]["join"][&room]["timeline"]["events"].as_array();
            for event in events.into_iter().flatten() {
                let number = event["content"]["body"].as_str().and_then(|body| body.parse::<usize>().ok());
                if let Some(due) = number.and_then(|number| due.get(number)) {
                    waits.push(now.saturating_duration_since(*due));
                }
            }
        }
        Ok(Done { operations: EVENTS, waits, closed_loop: false })
    })
    .await
}
