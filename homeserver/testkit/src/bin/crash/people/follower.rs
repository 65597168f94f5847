//! Follows the room by sync, and keeps every token it was given.

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use testkit::{User, segment};

use super::Person;
use crate::history::History;

const FILTER: &str = r#"{"room":{"timeline":{"limit":100}}}"#;

pub struct Follower {
    user: User,
    room: String,
    /// Event ids in the order in which they were heard, from `start` on.
    heard: Vec<String>,
    /// Each token, and how many events had been heard when it was given.
    tokens: Vec<(String, usize)>,
    chance: ChaCha8Rng,
}

impl Follower {
    pub fn new(user: User, room: String, chance: ChaCha8Rng) -> Self {
        Self { user, room, heard: Vec::new(), tokens: Vec::new(), chance }
    }

    async fn syncs(&mut self, timeout_ms: u64) -> Result<(), String> {
        let since = self.tokens.last().map(|(token, _)| token.clone());
        let body = self.sync(since.as_deref(), timeout_ms).await?;
        let news = self.news(&body, self.heard.last().cloned()).await?;
        self.heard.extend(news);
        let token = body["next_batch"].as_str().ok_or("no next_batch")?.to_owned();
        self.tokens.push((token, self.heard.len()));
        Ok(())
    }

    async fn sync(&self, since: Option<&str>, timeout_ms: u64) -> Result<Value, String> {
        let since = since.map(|since| format!("&since={}", segment(since))).unwrap_or_default();
        let path = format!("/_matrix/client/v3/sync?timeout={timeout_ms}&filter={}{since}", segment(FILTER));
        let answer = self.user.try_request(http::Method::GET, &path, None).await;
        let mut answer = answer.map_err(|error| error.to_string())?;
        if answer.status() == 200 { Ok(answer.body().clone()) } else { Err(format!("{answer}")) }
    }

    /// The events of an answer, oldest first, with the gap before them filled up to `known`.
    async fn news(&self, body: &Value, known: Option<String>) -> Result<Vec<String>, String> {
        let timeline = &body["rooms"]["join"][&self.room]["timeline"];
        let mut news: Vec<String> = ids(&timeline["events"]);
        let mut from = timeline["prev_batch"].as_str().map(str::to_owned);
        let mut is_open = timeline["limited"] == true;
        while is_open && let Some(token) = from {
            let query = format!("dir=b&limit=100&from={}", segment(&token));
            let mut page = self.user.messages(&self.room, &query).await;
            if page.status() != 200 {
                return Err(format!("{page}"));
            }
            let older = ids(&page.body()["chunk"]);
            let until = older.iter().position(|event| Some(event) == known.as_ref());
            for event in &older[..until.unwrap_or(older.len())] {
                news.insert(0, event.clone());
            }
            is_open = until.is_none();
            from = page.body()["end"].as_str().map(str::to_owned);
        }
        Ok(news)
    }
}

fn ids(events: &Value) -> Vec<String> {
    let events = events.as_array().map(Vec::as_slice).unwrap_or_default();
    events.iter().filter_map(|event| event["event_id"].as_str().map(str::to_owned)).collect()
}

#[async_trait::async_trait]
impl Person for Follower {
    async fn works(&mut self) -> String {
        loop {
            if let Err(reason) = self.syncs(1_000).await {
                return reason;
            }
        }
    }

    async fn settles(&mut self) -> Result<(), String> {
        Ok(())
    }

    /// Hears the rest; everything heard is then the history, and an old token leads to the same events again.
    async fn checks(&mut self, history: &History) -> Result<(), String> {
        while self.heard.last().map(String::as_str) != history.ids().last().copied() {
            let before = self.heard.len();
            self.syncs(0).await?;
            if self.heard.len() == before {
                return Err(format!("sync ends at {:?}, history goes on", self.heard.last()));
            }
        }
        if self.heard != history.ids() {
            let same = self.heard.iter().zip(history.ids()).take_while(|(heard, kept)| heard == kept).count();
            let (heard, kept) = (self.heard.len(), history.len());
            return Err(format!("sync told {heard} events, history has {kept}; they part at {same}"));
        }
        let chosen = self.chance.random_range(0..self.tokens.len());
        let (token, count) = self.tokens[chosen].clone();
        let known = count.checked_sub(1).map(|last| self.heard[last].clone());
        let body = self.sync(Some(&token), 0).await?;
        let again = self.news(&body, known).await?;
        if again == self.heard[count..] {
            Ok(())
        } else {
            Err(format!("an old token gives {} events instead of {}", again.len(), self.heard.len() - count))
        }
    }

    fn acknowledged(&self) -> usize {
        self.tokens.len()
    }
}
