//! Topics that were active lately, by chat. The chat's own history shows a topic's first message alone, so replies to an
//! old one that come while the line is down would be found by nobody who does not know the topic.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use bridge_api::{Arrival, Failure, Happened, Inbox, InboxRefused, Line, Quota, Shelf};
use tokio::sync::Mutex;

use super::remembered::Remembered;
use crate::{
    Feishu,
    ids::{ChatId, TopicId},
    incoming::Desk,
    limits::{ACTIVE_TOPICS_MAX, MERGED_READ_WITHIN, NOTED_TOPICS_MAX, TOPIC_NOTED_AGAIN_MS},
    office::looks::Look,
};

/// What is known of active topics. The rows are on the shelf; here is only what need not be written again yet.
#[derive(Default)]
pub struct Topics(Mutex<HashMap<(ChatId, TopicId), u64>>);

impl Topics {
    /// Notes that something was said in a topic at a time. Costs a row once an hour for each topic.
    ///
    /// # Errors
    /// [`Failure`] when the shelf refuses.
    pub async fn note(
        &self,
        shelf: &dyn Shelf,
        chat: ChatId,
        topic: TopicId,
        at_ms: u64,
    ) -> Result<(), Failure> {
        // Held over the row on purpose: two notes at once would lose one.
        let mut noted = self.0.lock().await;
        let place = (chat, topic);
        if noted.get(&place).is_some_and(|before| at_ms < before.saturating_add(TOPIC_NOTED_AGAIN_MS)) {
            return Ok(());
        }
        let remembered = Remembered::ActiveTopics(place.0.as_str());
        let row = with(read(remembered.get(shelf).await?), place.1.as_str(), at_ms);
        let text = serde_json::to_string(&row).map_err(|error| Failure::later(error.to_string()))?;
        remembered.put(shelf, &text).await?;
        if noted.len() >= NOTED_TOPICS_MAX {
            noted.clear();
        }
        noted.insert(place, at_ms);
        Ok(())
    }

    /// The topics of a chat in which something was said since a time, the newest first. What they were noted for may be
    /// [`TOPIC_NOTED_AGAIN_MS`] old.
    ///
    /// # Errors
    /// [`Failure`] when the shelf refuses.
    pub async fn active(shelf: &dyn Shelf, chat: &ChatId, since_ms: u64) -> Result<Vec<String>, Failure> {
        let row = read(Remembered::ActiveTopics(chat.as_str()).get(shelf).await?);
        let mut topics: Vec<_> = row.into_iter().filter(|(_, at_ms)| *at_ms >= since_ms).collect();
        topics.sort_by_key(|(_, at_ms)| std::cmp::Reverse(*at_ms));
        Ok(topics.into_iter().map(|(topic, _)| topic).collect())
    }
}

fn read(row: Option<String>) -> BTreeMap<String, u64> {
    row.and_then(|row| serde_json::from_str(&row).ok()).unwrap_or_default()
}

/// The row with one topic more; the one that was silent longest goes when there are too many.
fn with(mut row: BTreeMap<String, u64>, topic: &str, at_ms: u64) -> BTreeMap<String, u64> {
    let known = row.entry(topic.to_owned()).or_default();
    *known = at_ms.max(*known);
    while row.len() > ACTIVE_TOPICS_MAX {
        let Some(oldest) = row.iter().min_by_key(|(_, at_ms)| **at_ms).map(|(topic, _)| topic.clone()) else {
            break;
        };
        row.remove(&oldest);
    }
    row
}

/// An inbox that notes topics before it hands on what was said in them, and brings what was passed on together.
pub struct Noting<'a> {
    /// Where arrivals go.
    pub inbox: &'a dyn Inbox,
    /// Who notes topics, and reads what was passed on.
    pub feishu: &'a Feishu,
}

#[async_trait]
impl Desk for Noting<'_> {
    async fn look(&self, looks: Vec<Look>) -> Result<(), Failure> {
        self.feishu.office.looks.add(looks).await
    }
}

#[async_trait]
impl Inbox for Noting<'_> {
    async fn take(&self, mut arrivals: Vec<Arrival>) -> Result<(), InboxRefused> {
        Box::pin(self.feishu.unfold(&mut arrivals, MERGED_READ_WITHIN)).await;
        for (chat, topic, at_ms) in arrivals.iter().filter_map(said_in_topic) {
            if let Err(error) = self.feishu.topics.note(&*self.feishu.shelf, chat, topic, at_ms).await {
                tracing::warn!(%error, "cannot note a topic; its replies may be missed when the line is down");
            }
        }
        self.inbox.take(arrivals).await
    }

    fn line(&self, line: Line) {
        self.inbox.line(line);
    }

    fn quota(&self, quota: Quota) {
        self.inbox.quota(quota);
    }
}

fn said_in_topic(arrival: &Arrival) -> Option<(ChatId, TopicId, u64)> {
    let Happened::Message(message) = &arrival.what else { return None };
    let (topic, _) = message.thread.as_ref()?;
    let chat = ChatId::parse(arrival.conversation.as_ref()?.as_str())?;
    Some((chat, TopicId::parse(topic.as_str())?, arrival.at_ms))
}

#[cfg(test)]
mod tests {
    use bridge_api::double::Rows;

    use super::*;

    #[tokio::test]
    async fn topics_are_known_by_when_they_were_spoken_in_and_the_silent_ones_make_place() {
        let (topics, shelf) = (Topics::default(), Rows::default());
        let chat = ChatId::parse("oc_1").expect("a chat");
        let topic = |number: usize| TopicId::parse(&format!("omt_{number}")).expect("a topic");
        let now = 1_700_000_000_000_u64;
        for number in 0..ACTIVE_TOPICS_MAX + 5 {
            topics.note(&shelf, chat.clone(), topic(number), now + number as u64).await.expect("noted");
        }
        let active = Topics::active(&shelf, &chat, now).await.expect("read");
        assert_eq!(active.len(), ACTIVE_TOPICS_MAX);
        assert_eq!(active[0], format!("omt_{}", ACTIVE_TOPICS_MAX + 4));
        assert!(!active.contains(&"omt_0".to_owned()));
        let last = now + ACTIVE_TOPICS_MAX as u64 + 4;
        let later = Topics::active(&shelf, &chat, last).await.expect("read");
        assert_eq!(later, [format!("omt_{}", ACTIVE_TOPICS_MAX + 4)]);
    }
}
