//! Groups of the archive: what they are called, and whether somebody from outside did not agree to be archived.

use std::sync::Arc;

use bridge_api::{
    Arrival, Bounded, Content, ConversationId, EventKey, Happened, KnownGroups, Message, MessageId, RichText,
    Sender, digest, lenient::items, words,
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use super::{
    content::both,
    limits::{LOOKED_UP_WITHIN, REMEMBERED_MAX, ROOM_FRESH_FOR},
};
use crate::{
    client::{CallError, Client},
    lenient::text,
};

words! {
    CONSENT_MISSING = "本群有外部联系人不同意会话存档，其消息不会出现在这里" | "somebody from outside of the company in this group did not agree to its archive: their messages do not appear here";
}

/// Knows groups.
pub(super) struct Rooms {
    /// The way to the archive's interfaces.
    archive: Arc<Client>,
    /// The way to the app's, which know groups with customers; there may be no app.
    app: Arc<Client>,
    groups: Arc<KnownGroups>,
    /// When a group was looked up.
    looked_up: Mutex<Bounded<String, Instant>>,
}

impl Rooms {
    /// Those of one company.
    pub(super) fn new(archive: Arc<Client>, app: Arc<Client>, groups: Arc<KnownGroups>) -> Self {
        Self { archive, app, groups, looked_up: Mutex::new(Bounded::new(REMEMBERED_MAX)) }
    }

    /// What is new about a group in which something happens at `at_ms`: another name, a consent that is missing. It is asked
    /// for from time to time, and never holds a message up for long.
    pub(super) async fn news(
        &self,
        room: &str,
        conversation: &ConversationId,
        is_external: bool,
        at_ms: u64,
    ) -> Vec<Arrival> {
        {
            let mut looked_up = self.looked_up.lock();
            if looked_up.get(room).is_some_and(|at| at.elapsed() < ROOM_FRESH_FOR) {
                return Vec::new();
            }
            looked_up.put(room.to_owned(), Instant::now());
        }
        let looking = async {
            let renamed = self.renamed(room, conversation, at_ms).await;
            let missing = if is_external { self.consent_missing(room).await } else { None };
            [renamed, missing]
        };
        let Ok(found) = timeout(LOOKED_UP_WITHIN, looking).await else {
            tracing::debug!("a group of the archive is not looked up in time");
            self.looked_up.lock().take(room);
            return Vec::new();
        };
        let arrival = |(key, what): (String, Happened)| {
            let key = EventKey::new(format!("{}:{key}", self.archive.settings().corp_id)).ok()?;
            Some(Arrival { key, conversation: Some(conversation.clone()), at_ms, trace: None, what })
        };
        found.into_iter().flatten().filter_map(arrival).collect()
    }

    async fn renamed(
        &self,
        room: &str,
        conversation: &ConversationId,
        at_ms: u64,
    ) -> Option<(String, Happened)> {
        let name = match self.name(room).await {
            Ok(name) => name,
            Err(error) => {
                tracing::debug!(%error, "a group of the archive has no name");
                None
            }
        };
        let before = self.groups.name(conversation).await.ok().flatten();
        let now = name.unwrap_or_default();
        self.groups.seen(conversation, &now).await;
        let changed = before.is_some_and(|before| !before.is_empty() && !now.is_empty() && before != now);
        let key = format!("name:{}", digest(format!("{room}\n{now}\n{at_ms}").as_bytes()));
        changed.then_some((key, Happened::Renamed { name: now, by: None }))
    }

    /// What a group is called: those of members alone the archive knows, those with customers the app.
    async fn name(&self, room: &str) -> Result<Option<String>, CallError> {
        let answer = self.archive.post("msgaudit/groupchat/get", &json!({"roomid": room})).await;
        match answer {
            Ok(answer) => Ok(text(&answer, "roomname")),
            Err(_) if self.app.settings().app.is_some() => {
                let body = json!({"chat_id": room, "need_name": 0});
                let answer = self.app.post("externalcontact/groupchat/get", &body).await?;
                Ok(text(answer.get("group_chat").unwrap_or(&Value::Null), "name"))
            }
            Err(error) => Err(error),
        }
    }

    /// A word to a group in which somebody did not agree. It has the same id each time, so people read it once.
    async fn consent_missing(&self, room: &str) -> Option<(String, Happened)> {
        let answer = self.archive.post("msgaudit/check_room_agree", &json!({"roomid": room})).await;
        let answer = answer
            .inspect_err(|error| tracing::debug!(%error, "nobody says who agreed to the archive of a group"))
            .ok()?;
        let refuses = |one: &Value| text(one, "agree_status").as_deref() == Some("Disagree");
        if !items(&answer, "agreeinfo").iter().any(refuses) {
            return None;
        }
        let key = format!("consent:{}", digest(room.as_bytes()));
        let message = Message {
            id: MessageId::new(key.clone()).ok()?,
            from: Sender::System,
            parts: vec![Content::Text(RichText::plain(&both(&CONSENT_MISSING)))],
            reply_to: None,
            thread: None,
        };
        Some((key, Happened::Message(message)))
    }
}
