//! Sizes at which cost must not follow size: thousands of rooms, thousands of members, thousands of idle polls. For
//! Lianqiao alone, because another server would need an hour to be filled.

use std::{ops::Range, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{accounts, rooms};
use crate::client::{Client, User, text};
use crate::measure::{Done, Measure, measured, timed};
use crate::target::Target;

/// Rooms of somebody who is in few, all of which the list shows.
const ROOMS_FEW: usize = 20;

/// Rooms of somebody who is in many.
const ROOMS_MANY: usize = 5_000;

/// Members of the large room.
const MEMBERS: usize = 10_000;

/// How many times a list of rooms is opened, the very first time included.
const OPENINGS: usize = 201;

/// Long polls that wait at the same time.
const POLLS: usize = 1_000;

/// How long the server is left alone before its memory is read, so that it has given back what it does not hold.
const REST: Duration = Duration::from_secs(30);

const SLIDING_SYNC: &str = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync?timeout=0";

/// Fills a fresh server and measures it.
pub async fn all(target: &mut Target) -> Result<Vec<Measure>, String> {
    target.start().await?;
    let client = Client::new(target.url())?;
    let (_, users) = accounts::register(target, &client, MEMBERS - 1).await?;
    let mut measures = vec![idle_polls(target, &users[..POLLS]).await?];
    for (user, count) in users.iter().zip([ROOMS_FEW, ROOMS_MANY]) {
        rooms::create(target, std::slice::from_ref(user), count).await?;
        let first = format!("the very first list of somebody in {count} rooms");
        measures.push(openings(target, user, count, &first, 0..1).await?);
        let later = format!("opening a list of {ROOMS_FEW} among {count} rooms");
        measures.push(openings(target, user, count, &later, 1..OPENINGS).await?);
    }
    let (join, room) = rooms::join(target, &users).await?;
    measures.push(Measure { name: format!("local join, up to {MEMBERS} members"), ..join });
    measures.push(rooms::members(target, &users, &room).await?);
    Ok(measures)
}

/// The first answer of sliding sync: the 20 most recent rooms, on a connection of its own each time. The very first one
/// puts all rooms of the user in order, which is once for as long as the server remembers it.
async fn openings(
    target: &Target,
    user: &User,
    rooms: usize,
    name: &str,
    numbers: Range<usize>,
) -> Result<Measure, String> {
    measured(target, name, async {
        let mut waits = Vec::with_capacity(numbers.len());
        for opening in numbers.clone() {
            let body = json!({"conn_id": format!("opening {opening}"), "lists": {"all": {
                "ranges": [[0, ROOMS_FEW - 1]], "timeline_limit": 1,
                "required_state": [["m.room.create", ""], ["m.room.name", ""], ["m.room.encryption", ""]],
            }}});
            let (answer, wait) = timed(user.call(Method::POST, SLIDING_SYNC, Some(&body))).await?;
            let shown = answer["rooms"].as_object().map_or(0, |rooms| rooms.len());
            if (shown, &answer["lists"]["all"]["count"]) != (ROOMS_FEW, &json!(rooms)) {
                return Err(format!("{shown} rooms are shown: {}", answer["lists"]));
            }
            waits.push(wait);
        }
        Ok(Done { operations: numbers.len(), waits, closed_loop: true })
    })
    .await
}

/// What the server holds for a long poll that waits, its connection included.
async fn idle_polls(target: &Target, users: &[User]) -> Result<Measure, String> {
    // Other connections than those of the registration, which lie idle.
    let fresh = Client::new(target.url())?;
    let users: Vec<User> = users.iter().map(|user| user.over(&fresh)).collect();
    let mut since = Vec::with_capacity(users.len());
    for user in &users {
        since.push(text(&user.sync("timeout=0&set_presence=offline").await?, "next_batch")?);
    }
    tokio::time::sleep(REST).await;
    let before_mb = target.resident_mb();
    let mut polls: JoinSet<Result<Value, String>> = JoinSet::new();
    for (user, since) in users.into_iter().zip(since) {
        polls.spawn(async move {
            user.sync(&format!("timeout={}&set_presence=offline&since={since}", 4 * REST.as_millis())).await
        });
    }
    tokio::time::sleep(REST).await;
    let held_kb = (target.resident_mb() - before_mb) * 1000.0 / POLLS as f64;
    let waiting = polls.len();
    polls.abort_all();
    match waiting {
        POLLS => Ok(Measure::other("memory of an idle long poll", held_kb, "kB")),
        _ => Err("polls ended before their time".to_owned()),
    }
}
