//! Messages that somebody passed on together. An event says only that there are some, so they are asked for before it is handed over.

use std::collections::HashMap;

use bridge_api::{Arrival, Content, Directory as _, Failure, Happened, MessageId, PersonId, RichText};
use serde_json::Value;
use tokio::time::{Duration, Instant, timeout_at};

use super::chats::Listed;
use crate::{
    Feishu,
    client::Call,
    content::{mentions::Mentions, received},
    events::text,
    limits::{MERGED_LINE_CHARACTERS_MAX, MERGED_MAX, MERGED_NAMES_MAX},
};

/// The platform's word for them.
const KIND: &str = "merge_forward";
/// What they are called: the platform names them in one language alone.
const TITLE: &str = "聊天记录 · Chat history";

impl Feishu {
    /// Puts messages that were passed on together into what brings them, `within` a time for all arrivals. Where the platform does not
    /// say them in time, people read that there are some.
    pub(crate) async fn unfold(&self, arrivals: &mut [Arrival], within: Duration) {
        let until = Instant::now() + within;
        let mut names = HashMap::new();
        for arrival in arrivals {
            let Happened::Message(message) = &mut arrival.what else { continue };
            if !matches!(&*message.parts, [Content::Unsupported { kind, .. }] if kind == KIND) {
                continue;
            }
            match timeout_at(until, self.children(&message.id)).await {
                Ok(Ok(children)) if children.is_empty() => {}
                Ok(Ok(children)) => message.parts = vec![self.passed_on(&children, &mut names, until).await],
                Ok(Err(error)) => tracing::warn!(%error, "what was passed on together is not read"),
                Err(_) => tracing::warn!("what was passed on together is not read in time"),
            }
        }
    }

    /// The messages right below one that brings some.
    async fn children(&self, merged: &MessageId) -> Result<Vec<Value>, Failure> {
        let call = Call::get(&["im", "v1", "messages", merged.as_str()])
            .with("user_id_type", "open_id")
            .with("card_msg_content_type", "user_card_content");
        let listed: Listed<Value> = self.client.data(call).await?;
        let is_child = |item: &Value| text(item, "upper_message_id") == merged.as_str();
        Ok(listed.items.into_iter().filter(is_child).take(MERGED_MAX).collect())
    }

    /// What was passed on, with the names of those who said it; whoever is not in `names` yet is looked up and put there.
    async fn passed_on(
        &self,
        children: &[Value],
        names: &mut HashMap<String, String>,
        until: Instant,
    ) -> Content {
        let mut looked_up = 0;
        for sender in children.iter().map(sender) {
            if looked_up < MERGED_NAMES_MAX && !sender.is_empty() && !names.contains_key(sender) {
                names.insert(sender.to_owned(), self.name_by(sender, until).await);
                looked_up += 1;
            }
        }
        let lines = children.iter().map(|child| {
            let name = names.get(sender(child)).filter(|name| !name.is_empty());
            line(child, name.map(String::as_str))
        });
        Content::passed_on(TITLE, lines.flat_map(|line| RichText::plain(&line).blocks).collect())
    }

    /// What somebody is called; nothing where nobody says it in time.
    async fn name_by(&self, sender: &str, until: Instant) -> String {
        let Ok(id) = PersonId::new(sender) else { return String::new() };
        match timeout_at(until, self.person(&id)).await {
            Ok(Ok(Some(person))) => person.name,
            Ok(_) | Err(_) => String::new(),
        }
    }
}

/// Whether an item of history is a message that brings others.
pub(super) fn is_merged(item: &Value) -> bool {
    text(item, "msg_type") == KIND
}

fn sender(child: &Value) -> &str {
    child.get("sender").map(|sender| text(sender, "id")).unwrap_or_default()
}

/// One message: who said it, and what in words, because its files cannot be fetched.
fn line(child: &Value, name: Option<&str>) -> String {
    let content = child.get("body").map(|body| text(body, "content")).unwrap_or_default();
    let parts = received::parts(text(child, "msg_type"), content, &Mentions::read(child.get("mentions")));
    let words = parts.iter().map(Content::to_plain).collect::<Vec<_>>().join(" ");
    let line = match name {
        Some(name) => format!("{name}: {words}"),
        None => words,
    };
    line.chars().take(MERGED_LINE_CHARACTERS_MAX).collect()
}
