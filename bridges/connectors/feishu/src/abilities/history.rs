//! What was said before: the chat from a time on, then the topics that were active in that time, which the chat does
//! not show. What was said last is read again by the same calls, the newest page of each.

use std::time::Duration;

use async_trait::async_trait;
use bridge_api::{Arrival, Backfill, ConversationId, Cursor, Failure, FailureKind, Page};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    chat,
    chats::{Listed, paged},
    merged::is_merged,
    topics::Topics,
};
use crate::{
    Feishu,
    client::Call,
    events::{messages, messages::is_taken_back, milliseconds},
    ids::{ChatId, TopicId},
    limits::{
        HISTORY_PAGE_MAX, HISTORY_TOPICS_MAX, MERGED_HISTORY_WITHIN, TOPIC_ACTIVE_MS, TOPIC_NOTED_AGAIN_MS,
        TOPICS_READ_AGAIN_MAX,
    },
};

/// How far the reading is. It is the core's cursor, as JSON.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// The platform's token of the next page of the chat, or of the first topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    page: Option<String>,
    /// Whether the chat is read to its end.
    #[serde(default)]
    chat_read: bool,
    /// Topics to read, the first one first.
    #[serde(default)]
    topics: Vec<String>,
    /// Whether the first topic is read from its beginning, because its newest page did not reach back far enough.
    #[serde(default)]
    whole: bool,
}

impl Place {
    fn read(cursor: Option<&Cursor>) -> Result<Self, Failure> {
        let Some(cursor) = cursor else { return Ok(Self::default()) };
        let senseless = |error: serde_json::Error| Failure::new(FailureKind::Garbled(error.to_string()));
        serde_json::from_str(cursor.as_str()).map_err(senseless)
    }

    fn cursor(&self) -> Option<Cursor> {
        if self.chat_read && self.topics.is_empty() {
            return None;
        }
        serde_json::to_string(self).ok().and_then(|text| Cursor::new(text).ok())
    }

    /// Goes on to the next page, the next topic, or the end.
    fn advance(&mut self, next: Option<&Cursor>) {
        self.page = next.map(|cursor| cursor.as_str().to_owned());
        if self.page.is_some() {
            return;
        }
        self.whole = false;
        if self.chat_read {
            self.topics.drain(..self.topics.len().min(1));
        } else {
            self.chat_read = true;
        }
    }

    /// Notes a topic that has to be read too.
    fn note(&mut self, topic: &str) {
        if self.topics.len() < HISTORY_TOPICS_MAX && !self.topics.iter().any(|known| known == topic) {
            self.topics.push(topic.to_owned());
        }
    }
}

#[async_trait]
impl Backfill for Feishu {
    async fn history(
        &self,
        conversation: &ConversationId,
        since_ms: u64,
        from: Option<&Cursor>,
    ) -> Result<Page<Arrival>, Failure> {
        let chat = chat(conversation)?;
        let mut place = Place::read(from)?;
        if from.is_none() {
            // What somebody says in a topic after a gap may be in one that was silent for long before it.
            let active_ms = since_ms.saturating_sub(TOPIC_ACTIVE_MS);
            for topic in Topics::active(&*self.shelf, &chat, active_ms).await? {
                place.note(&topic);
            }
        }
        let call = if place.chat_read { topic_call(&place)? } else { chat_call(&chat, since_ms) };
        let page = place.page.take().and_then(|token| Cursor::new(token).ok());
        let mut listed: Listed<Value> =
            self.client.data(paged(call, HISTORY_PAGE_MAX, page.as_ref())).await?;
        let mut next = listed.next();
        if place.chat_read && !place.whole {
            if next.is_some() && listed.items.last().is_some_and(|oldest| is_since(oldest, since_ms)) {
                place.whole = true;
                return Ok(Page { items: Vec::new(), next: place.cursor() });
            }
            listed.items.reverse();
            next = None;
        }
        let mut items = self.arrivals(&listed.items, &mut place, &chat, since_ms);
        Box::pin(self.unfold(&mut items, MERGED_HISTORY_WITHIN)).await;
        place.advance(next.as_ref());
        Ok(Page { items, next: place.cursor() })
    }

    fn read_again_every(&self) -> Option<Duration> {
        self.client.settings().read_again_every
    }

    async fn latest(&self, conversation: &ConversationId, since_ms: u64) -> Result<Vec<Arrival>, Failure> {
        let chat = chat(conversation)?;
        let mut place = Place::default();
        let active_ms = since_ms.saturating_sub(TOPIC_NOTED_AGAIN_MS);
        for topic in Topics::active(&*self.shelf, &chat, active_ms).await? {
            place.note(&topic);
        }
        let call = list_call("chat", chat.as_str(), "ByCreateTimeDesc").with("start_time", seconds(since_ms));
        let newest = self.newest(call, since_ms).await?;
        let mut items = self.arrivals(&newest, &mut place, &chat, since_ms);
        place.topics.truncate(TOPICS_READ_AGAIN_MAX);
        place.chat_read = true;
        while !place.topics.is_empty() {
            match self.newest(topic_call(&place)?, since_ms).await {
                Ok(newest) => items.extend(self.arrivals(&newest, &mut place, &chat, since_ms)),
                Err(failure) if failure.passes() => return Err(failure),
                // One that is gone keeps the others from nobody.
                Err(failure) => tracing::debug!(%failure, chat = %chat, "a topic cannot be read again"),
            }
            place.advance(None);
        }
        self.add_readers(&mut items).await?;
        Ok(items)
    }
}

impl Feishu {
    /// The newest page of a list as far as it was said since a time, oldest first.
    async fn newest(&self, call: Call, since_ms: u64) -> Result<Vec<Value>, Failure> {
        let mut listed: Listed<Value> = self.client.data(paged(call, HISTORY_PAGE_MAX, None)).await?;
        // What was passed on together cannot be changed, and each costs a request of its own to be read.
        let is_passed_on = |item: &Value| is_merged(item) && !is_taken_back(item);
        listed.items.retain(|item| is_since(item, since_ms) && !is_passed_on(item));
        listed.items.reverse();
        Ok(listed.items)
    }

    fn arrivals(&self, listed: &[Value], place: &mut Place, chat: &ChatId, since_ms: u64) -> Vec<Arrival> {
        let ours = self.ours();
        let text =
            |item: &Value, key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut items = Vec::new();
        for item in listed {
            // The first message of a topic stands in the chat as well, and what was passed on together in the message that brings it.
            let is_elsewhere = place.chat_read && text(item, "root_id").is_empty();
            if is_elsewhere || !text(item, "upper_message_id").is_empty() {
                continue;
            }
            if let Some(topic) = TopicId::parse(&text(item, "thread_id")).filter(|_| !place.chat_read) {
                place.note(topic.as_str());
            }
            match messages::of_history(item, &ours) {
                Ok(arrivals) => {
                    items.extend(arrivals.into_iter().filter(|arrival| arrival.at_ms >= since_ms))
                }
                Err(error) => tracing::warn!(%error, chat = %chat, "leave out an item of history"),
            }
        }
        items
    }
}

/// Whether an item is of this time or later; one without a time could be.
fn is_since(item: &Value, since_ms: u64) -> bool {
    milliseconds(item.get("create_time")).is_none_or(|at_ms| at_ms >= since_ms)
}

fn chat_call(chat: &ChatId, since_ms: u64) -> Call {
    list_call("chat", chat.as_str(), "ByCreateTimeAsc").with("start_time", seconds(since_ms))
}

/// A time as the platform wants it where it takes messages since then.
fn seconds(since_ms: u64) -> String {
    (since_ms / 1000).to_string()
}

/// Topics take no time. Their newest page mostly reaches back far enough; if not, they are read from their beginning.
fn topic_call(place: &Place) -> Result<Call, Failure> {
    let topic = place.topics.first().and_then(|topic| TopicId::parse(topic));
    let topic =
        topic.ok_or_else(|| Failure::new(FailureKind::Garbled("a cursor without a topic".to_owned())))?;
    Ok(list_call("thread", topic.as_str(), if place.whole { "ByCreateTimeAsc" } else { "ByCreateTimeDesc" }))
}

fn list_call(kind: &str, id: &str, sorted: &str) -> Call {
    Call::get(&["im", "v1", "messages"])
        .with("container_id_type", kind)
        .with("container_id", id)
        .with("sort_type", sorted)
        .with("card_msg_content_type", "user_card_content")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chat_is_read_first_and_then_each_topic() {
        let token = |text: &str| Cursor::new(text).ok();
        let mut place = Place::default();
        place.advance(token("p2").as_ref());
        assert_eq!((place.page.as_deref(), place.chat_read), (Some("p2"), false));
        place.note("omt_1");
        place.note("omt_2");
        place.note("omt_1");
        place.page = None;
        place.advance(None);
        assert_eq!((place.chat_read, place.topics.len()), (true, 2));
        let cursor = place.cursor().expect("more to read");
        let mut place = Place::read(Some(&cursor)).expect("a place");
        place.advance(None);
        assert_eq!(place.topics, ["omt_2"]);
        place.advance(None);
        assert_eq!(place.cursor(), None);
        assert!(Place::read(token("garbage").as_ref()).is_err());
    }

    #[test]
    fn a_chat_without_topics_ends_with_its_last_page() {
        let mut place = Place::default();
        place.advance(None);
        assert_eq!(place.cursor(), None);
        for number in 0..HISTORY_TOPICS_MAX + 10 {
            place.note(&format!("omt_{number}"));
        }
        assert_eq!(place.topics.len(), HISTORY_TOPICS_MAX);
        assert!(place.cursor().is_some());
    }
}
