//! After everything healed: do all servers hold the same, and all that was promised?

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use testkit::User;
use tokio::time::Instant;

use super::servers::SERVERS;
use super::story::Story;

/// How long servers get to find each other again and to agree.
const AGREEMENT_TIME_MAX: Duration = Duration::from_secs(180);
/// Pauses between two looks, which read everything on all servers: the first one, and the longest.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(250);
const LOOK_AGAIN_AFTER_MAX: Duration = Duration::from_secs(2);
/// After so long somebody says something, which makes the others ask for what they missed.
const BETWEEN_WORDS: Duration = Duration::from_secs(4);
/// Answers after which a follower has certainly seen the end.
const LAST_LOOKS: usize = 3;

/// (type, state key) → event id.
type State = BTreeMap<(String, String), String>;

/// Waits until all servers agree.
///
/// # Errors
/// Says on what they do not, when the time is up; or what was lost, doubled or put into another order.
pub(super) async fn reach(story: &mut Story) -> Result<(), String> {
    let started = Instant::now();
    let (mut pause, mut next_word) = (LOOK_AGAIN_AFTER, started);
    loop {
        if Instant::now() >= next_word {
            (pause, next_word) = (LOOK_AGAIN_AFTER, Instant::now() + BETWEEN_WORDS);
            for resident in &story.cast.residents {
                let path = format!(
                    "/_matrix/client/v3/rooms/{}/send/m.room.message/{}",
                    testkit::segment(&story.room),
                    resident.new_txn_id()
                );
                let word = json!({"msgtype": "m.text", "body": "is everybody there?"});
                // Where it is not acknowledged, the next word may be.
                resident.put(&path, word).await.status();
            }
        }
        // A word takes its time.
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LOOK_AGAIN_AFTER_MAX);
        let disagreement = match disagreement(story).await {
            None => return follow_to_the_end(story).await,
            Some(disagreement) => disagreement,
        };
        if started.elapsed() > AGREEMENT_TIME_MAX {
            return Err(disagreement);
        }
    }
}

/// Whether everybody was told by sync of all that was acknowledged on their own server, and of nothing twice.
async fn follow_to_the_end(story: &mut Story) -> Result<(), String> {
    for (follower, acknowledged) in story.followers.iter_mut().zip(&story.acknowledged) {
        for _ in 0..LAST_LOOKS {
            follower.looks().await?;
        }
        if let Some(event) = acknowledged.iter().find(|event| follower.lacks(event)) {
            return Err(format!("{} was never told of {event}", follower.user()));
        }
    }
    story.wrong.take().map_or(Ok(()), Err)
}

async fn disagreement(story: &Story) -> Option<String> {
    let mut states: Vec<State> = Vec::new();
    let mut spoken: Vec<BTreeSet<String>> = Vec::new();
    for (server, resident) in story.cast.residents.iter().enumerate() {
        let Some(timeline) = history(resident, &story.room).await else {
            return Some(format!("server {server} does not tell the history"));
        };
        if let Some(wrong) = missing_or_doubled(story, server, &timeline) {
            return Some(format!("server {server}: {wrong}"));
        }
        let mut state = resident.reads_room(&story.room, "state").await;
        if state.status() != 200 {
            return Some(format!("server {server} does not tell the state: {}", state.body()));
        }
        states.push(state_of(state.body()));
        spoken.push(
            timeline.into_iter().filter(|event| story.is_of_a_resident(&event.1)).map(|(id, _)| id).collect(),
        );
    }
    if let Some(server) = (1..SERVERS).find(|server| spoken[*server] != spoken[0]) {
        let (here, there) = (&spoken[0], &spoken[server]);
        let (missing, more) =
            (here.difference(there).collect::<Vec<_>>(), there.difference(here).collect::<Vec<_>>());
        return Some(format!(
            "of what residents did, server {server} lacks {missing:?}, and has {more:?} that server 0 lacks"
        ));
    }
    let first = &states[0];
    (1..SERVERS).find(|server| states[*server] != *first).map(|server| {
        let differing: Vec<String> = first
            .keys()
            .chain(states[server].keys())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .filter(|key| first.get(*key) != states[server].get(*key))
            .map(|key| format!("{key:?}: {:?} and {:?}", first.get(key), states[server].get(key)))
            .collect();
        format!("servers 0 and {server} hold other states: {}", differing.join("; "))
    })
}

/// The events of the room, oldest first; nothing when the server refuses a page, as it may while it is busy.
async fn history(user: &User, room: &str) -> Option<Vec<(String, String)>> {
    let (mut events, mut query) = (Vec::new(), "dir=b&limit=100".to_owned());
    loop {
        let mut page = user.messages(room, &query).await;
        if page.status() != 200 {
            return None;
        }
        events.extend(
            page.body()["chunk"]
                .as_array()?
                .iter()
                .map(|event| (text(event, "event_id"), text(event, "sender"))),
        );
        let Some(end) = page.body()["end"].as_str() else { break };
        query = format!("dir=b&limit=100&from={}", testkit::segment(end));
    }
    events.reverse();
    Some(events)
}

/// Every acknowledged message once, and those of one person in the order of their sending.
fn missing_or_doubled(story: &Story, server: usize, timeline: &[(String, String)]) -> Option<String> {
    let timeline: Vec<&String> = timeline.iter().map(|(id, _)| id).collect();
    let distinct: BTreeSet<&String> = timeline.iter().copied().collect();
    if distinct.len() != timeline.len() {
        return Some("an event is in the timeline twice".to_owned());
    }
    if let Some(event) = story.acknowledged_to_guests[server].iter().find(|event| !distinct.contains(event)) {
        return Some(format!("the message {event}, which it acknowledged to its guest, is missing"));
    }
    for (sender, sent) in story.acknowledged.iter().enumerate() {
        let missing = sent.iter().find(|event| !distinct.contains(event));
        if let Some(event) = missing {
            return Some(format!("the acknowledged message {event} of resident {sender} is missing"));
        }
        let mine: BTreeSet<&String> = sent.iter().collect();
        let shown: Vec<&String> = timeline.iter().copied().filter(|event| mine.contains(event)).collect();
        if shown != sent.iter().collect::<Vec<_>>() {
            return Some(format!("the messages of resident {sender} are in another order"));
        }
    }
    None
}

fn state_of(events: &Value) -> State {
    let events = events.as_array().map(Vec::as_slice).unwrap_or_default();
    let key = |event: &Value| (text(event, "type"), text(event, "state_key"));
    events.iter().map(|event| (key(event), text(event, "event_id"))).collect()
}

fn text(event: &Value, key: &str) -> String {
    event[key].as_str().unwrap_or_default().to_owned()
}
