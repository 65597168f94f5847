//! Somebody who follows the room by sync all the time, through every stop of the server.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use testkit::{User, segment};

use super::story::answer;

/// Pages of history that a follower reads to close a hole in what it was sent.
const PAGES_MAX: usize = 10;
/// Tries of the first sync.
const FIRST_LOOKS_MAX: usize = 10;

/// What one person was told so far.
pub(super) struct Follower {
    user: User,
    room: String,
    since: Option<String>,
    /// By sync, in which nothing may come twice.
    synced: BTreeSet<String>,
    /// By history, where the sync left something out.
    read: BTreeSet<String>,
    /// The history could not be read where the sync left something out.
    has_holes: bool,
}

impl Follower {
    /// Begins now: what the first sync leaves out is older than the story.
    pub(super) async fn begin(user: &User, room: &str) -> Result<Self, String> {
        let mut follower = Self {
            user: user.clone(),
            room: room.to_owned(),
            since: None,
            synced: BTreeSet::new(),
            read: BTreeSet::new(),
            has_holes: false,
        };
        for _ in 0..FIRST_LOOKS_MAX {
            follower.looks().await?;
            if follower.since.is_some() {
                return Ok(follower);
            }
        }
        Err(format!("{} cannot sync", user.id))
    }

    /// Takes one answer, as far as the server gives one.
    ///
    /// # Errors
    /// When the answer holds what was told before: the place of this reader went back.
    pub(super) async fn looks(&mut self) -> Result<(), String> {
        let filter = json!({
            "room": { "rooms": [self.room], "timeline": { "limit": 30 } }, "presence": { "types": [] },
        });
        let mut path = format!("/_matrix/client/v3/sync?timeout=0&filter={}", segment(&filter.to_string()));
        if let Some(since) = &self.since {
            path = format!("{path}&since={}", segment(since));
        }
        let Some(sync) = answer(&self.user, http::Method::GET, &path, None).await else { return Ok(()) };
        let timeline = &sync["rooms"]["join"][&self.room]["timeline"];
        for event in events_of(&timeline["events"]) {
            if !self.synced.insert(event.clone()) {
                return Err(format!("{} is told of {event} a second time", self.user.id));
            }
        }
        if timeline["limited"] == true && self.since.is_some() {
            self.reads_back(timeline["prev_batch"].as_str().unwrap_or_default()).await;
        }
        self.since = sync["next_batch"].as_str().map(ToOwned::to_owned);
        Ok(())
    }

    /// What the sync left out, from here back to what is known.
    async fn reads_back(&mut self, from: &str) {
        let mut from = from.to_owned();
        for _ in 0..PAGES_MAX {
            let path = format!(
                "/_matrix/client/v3/rooms/{}/messages?dir=b&limit=50&from={}",
                segment(&self.room),
                segment(&from)
            );
            let Some(page) = answer(&self.user, http::Method::GET, &path, None).await else {
                self.has_holes = true;
                return;
            };
            let mut is_known = false;
            for event in events_of(&page["chunk"]) {
                is_known |= self.synced.contains(&event) || !self.read.insert(event);
            }
            match page["end"].as_str() {
                Some(end) if !is_known => from = end.to_owned(),
                _ => return,
            }
        }
    }

    /// Whether an event was kept from this reader.
    pub(super) fn lacks(&self, event: &str) -> bool {
        !self.has_holes && !self.synced.contains(event) && !self.read.contains(event)
    }

    /// Whose eyes these are.
    pub(super) fn user(&self) -> &str {
        &self.user.id
    }
}

fn events_of(list: &Value) -> Vec<String> {
    let ids = list.as_array().into_iter().flatten();
    ids.filter_map(|event| event["event_id"].as_str()).map(ToOwned::to_owned).collect()
}
