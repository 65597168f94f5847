//! One message to many long polls.

use std::time::Duration;

use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::Instant;

use std::sync::Arc;

use crate::client::{User, text};
use crate::measure::{Done, Measure, measured};
use crate::target::Target;

/// How many messages are sent, one after the other.
const MESSAGES: usize = 10;

/// How long a reader waits for one message, longer than any server should take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Readers stay out of presence: a thousand people who come online at once are news of their own, and not the message
/// whose delivery is measured.
const AWAY: &str = "set_presence=offline";

/// The first sync only fetches a token: `{"room":{"timeline":{"limit":1},"state":{"lazy_load_members":true}}}`.
const LEAN: &str = "%7B%22room%22:%7B%22timeline%22:%7B%22limit%22:1%7D,%22state%22:%7B%22lazy_load_members%22:true%7D%7D%7D";

/// The first user sends, all others hold a long poll. A wait is from the start of the send to the answer.
pub async fn to(target: &Target, users: &[User], room: &str) -> Result<Measure, String> {
    let (sender, readers) = (&users[0], &users[1..]);
    let mut since = Vec::with_capacity(readers.len());
    for reader in readers {
        let first = format!("timeout=0&{AWAY}&filter={LEAN}");
        since.push(text(&reader.sync(&first).await?, "next_batch")?);
    }
    let name = format!("delivery to {} long polls", readers.len());
    let mut waits = Vec::new();
    let mut measure = measured(target, &name, async {
        for index in 0..MESSAGES {
            let (new_since, new_waits) = round(sender, readers, since.clone(), room, index).await?;
            since = new_since;
            waits.extend(new_waits);
        }
        Ok(Done { operations: MESSAGES * readers.len(), waits, closed_loop: false })
    })
    .await?;
    measure.rate = None;
    Ok(measure)
}

async fn round(
    sender: &User,
    readers: &[User],
    since: Vec<String>,
    room: &str,
    index: usize,
) -> Result<(Vec<String>, Vec<Duration>), String> {
    let polling = Arc::new(Barrier::new(readers.len() + 1));
    let mut polls = JoinSet::new();
    for (number, (reader, since)) in readers.iter().cloned().zip(since).enumerate() {
        let (polling, room) = (polling.clone(), room.to_owned());
        polls.spawn(async move {
            polling.wait().await;
            until_message(&reader, since, &room, index).await.map(|(since, at)| (number, since, at))
        });
    }
    polling.wait().await;
    // Every poll must be waiting before the message is sent, or the send would measure the polls' arrival.
    tokio::time::sleep(Duration::from_millis(500 + readers.len() as u64)).await;
    let begun = Instant::now();
    sender.send(room, &marker(index)).await?;
    let mut tokens = vec![String::new(); readers.len()];
    let mut waits = Vec::with_capacity(readers.len());
    while let Some(poll) = polls.join_next().await {
        let (number, since, at) = poll.map_err(|error| error.to_string())??;
        tokens[number] = since;
        waits.push(at.saturating_duration_since(begun));
    }
    Ok((tokens, waits))
}

/// Polls until the message is there. Other news (joins, receipts) may answer a poll first.
async fn until_message(
    reader: &User,
    mut since: String,
    room: &str,
    index: usize,
) -> Result<(String, Instant), String> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let answer = reader.sync(&format!("timeout=30000&{AWAY}&since={since}")).await?;
        let at = Instant::now();
        since = text(&answer, "next_batch")?;
        let events =
            answer["rooms"]["join"][room]["timeline"]["events"].as_array().cloned().unwrap_or_default();
        if events.iter().any(|event| event["content"]["body"] == marker(index)) {
            return Ok((since, at));
        }
    }
    Err("a reader never got the message".to_owned())
}

fn marker(index: usize) -> String {
    format!("to everybody {index}")
}
