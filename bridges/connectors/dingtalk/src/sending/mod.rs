//! How something is said: to groups and people by the API, with people addressed by a session webhook, to custom webhooks by
//! their own address. Once the calls of the month are used up, words go by a session webhook where one lives. Every request is made at most once, because the platform knows no repeat of most of them.

mod cards;
mod files;
mod reactions;
mod recalls;
mod webhooks;

use std::sync::Arc;

use bridge_api::{
    Clock, Content, ConversationId, Failure, FailureKind, Ledger, MessageId, Network, Outgoing, Refusal,
    Repeat, RichText, Rng, Sent, Shelf,
};
use serde_json::{Value, json};
use tokio::sync::Mutex;

pub use self::files::fetched;
use self::webhooks::webhook_body;
use crate::{
    client::{Call, CallError, Client, Meaning},
    content::written::{self, Address, Written},
    ids::{self, Place},
    lenient::{text, texts},
    limits::MINUTE_PAUSE,
    memory::Memory,
};

/// Says what the core wants said.
pub struct Sending {
    client: Arc<Client>,
    memory: Arc<Memory>,
    shelf: Arc<dyn Shelf>,
    ledger: Ledger,
    clock: Clock,
    rng: Rng,
    /// Changes of cards come one after the other, or a late one would win.
    changing: Mutex<()>,
}

impl Sending {
    /// The way out of one app.
    pub fn new(
        client: Arc<Client>,
        memory: Arc<Memory>,
        shelf: Arc<dyn Shelf>,
        clock: Clock,
        rng: Rng,
    ) -> Self {
        let ledger = Ledger::new(Arc::clone(&shelf), Network::DingTalk);
        Self { client, memory, shelf, ledger, clock, rng, changing: Mutex::new(()) }
    }

    /// Says something.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn send(&self, outgoing: &Outgoing) -> Result<Sent, Failure> {
        let place = ids::place(&outgoing.conversation);
        let messages = match &outgoing.content {
            Content::Text(text) => self.text(outgoing, text).await?,
            Content::File(_) if matches!(place, Place::Webhook(_)) => {
                return Err(Failure::refused(Refusal::Impossible));
            }
            Content::File(file) => self.file(outgoing, file).await?,
            Content::Card(card) => match (&self.client.settings().card_template, place) {
                (Some(template), Place::Group(_) | Place::Direct(_)) => {
                    self.card(outgoing, card, template).await?
                }
                (None, _) | (Some(_), Place::Webhook(_)) => {
                    self.text(outgoing, &cards::in_words(card)).await?
                }
            },
            content @ (Content::Location { .. } | Content::Sticker { .. } | Content::Unsupported { .. }) => {
                self.text(outgoing, &RichText::plain(&content.to_plain())).await?
            }
        };
        if let Some(first) = messages.first() {
            let name = &outgoing.speaker.name;
            let words = outgoing.content.to_plain();
            let words = if name.is_empty() { words } else { format!("{name}: {words}") };
            self.memory.said(first, &words).await;
        }
        Ok(Sent { messages, thread: None })
    }

    async fn text(&self, outgoing: &Outgoing, text: &RichText) -> Result<Vec<MessageId>, Failure> {
        let quoted = match &outgoing.reply_to {
            Some(message) => self.memory.excerpt(message).await,
            None => None,
        };
        let write = |address| written::write(&outgoing.speaker.name, quoted.as_deref(), text, address);
        match ids::place(&outgoing.conversation) {
            Place::Webhook(name) => {
                let hook = self.webhook(name)?;
                let written = write(Address::Ids);
                let mut messages = Vec::new();
                for (index, piece) in written.pieces.iter().enumerate() {
                    let key = outgoing.key.part(index);
                    let mut body = webhook_body(&written, piece, index == 0);
                    // By this the platform itself knows a repeat.
                    body["msgUuid"] = json!(key);
                    let sending = self.post_custom(hook, &body);
                    self.ledger
                        .once(&key, Repeat::Harmless, async { sending.await.map(|()| format!("hook:{key}")) })
                        .await
                        .map(|message| messages.push(message))?;
                }
                Ok(messages)
            }
            place @ (Place::Group(_) | Place::Direct(_)) => {
                let addresses = written::addresses(text) && matches!(place, Place::Group(_));
                if addresses && let Some(messages) = self.by_session(outgoing, &write(Address::Ids)).await? {
                    return Ok(messages);
                }
                match self.by_api(outgoing, &write(Address::Names)).await {
                    // A session costs none of the calls that are used up. What it says cannot be taken back, and is said.
                    Err(failure) if failure.kind == FailureKind::Refused(Refusal::QuotaUsedUp) => {
                        self.by_session(outgoing, &write(Address::Ids)).await?.ok_or(failure)
                    }
                    outcome => outcome,
                }
            }
        }
    }

    async fn by_api(&self, outgoing: &Outgoing, written: &Written) -> Result<Vec<MessageId>, Failure> {
        let mut messages = Vec::new();
        for (index, piece) in written.pieces.iter().enumerate() {
            let (kind, parameters) = if written.markdown {
                ("sampleMarkdown", json!({"title": written.title, "text": piece}))
            } else {
                ("sampleText", json!({"content": piece}))
            };
            messages.push(self.one(outgoing, index, kind, &parameters).await?);
        }
        Ok(messages)
    }

    /// Sends one message by the API, as the `index`-th of one sending.
    async fn one(
        &self,
        outgoing: &Outgoing,
        index: usize,
        kind: &str,
        parameters: &Value,
    ) -> Result<MessageId, Failure> {
        let key = outgoing.key.part(index);
        let sending = async {
            let key = self.deliver(&outgoing.conversation, kind, parameters).await?;
            Ok(format!("key:{key}"))
        };
        self.ledger.once(&key, Repeat::Doubles, sending).await
    }

    async fn deliver(
        &self,
        conversation: &ConversationId,
        kind: &str,
        parameters: &Value,
    ) -> Result<String, CallError> {
        let mut body = json!({
            "robotCode": self.client.settings().robot_code,
            "msgKey": kind,
            "msgParam": parameters.to_string(),
        });
        let call = match ids::place(conversation) {
            Place::Group(group) => {
                body["openConversationId"] = json!(group);
                Call::post("/v1.0/robot/groupMessages/send", body)
            }
            Place::Direct(user) => {
                body["userIds"] = json!([user]);
                Call::post("/v1.0/robot/oToMessages/batchSend", body)
            }
            Place::Webhook(_) => {
                return Err(CallError::ours(
                    Meaning::Refused(Refusal::Impossible),
                    "a webhook takes no such message",
                ));
            }
        };
        let answer = self.client.call(&call).await?;
        // Success and yet not delivered.
        let lists = [
            ("invalidStaffIdList", Meaning::Refused(Refusal::Unreachable)),
            ("filteredStaffIdList", Meaning::Refused(Refusal::NotPermitted)),
            ("flowControlledStaffIdList", Meaning::Limited { after: MINUTE_PAUSE, app: false }),
        ];
        for (list, meaning) in lists {
            if !texts(&answer, list).is_empty() {
                return Err(CallError::ours(meaning, format!("not delivered: {list}")));
            }
        }
        text(&answer, "processQueryKey")
            .ok_or_else(|| CallError::ours(Meaning::Unknown, "an answer without processQueryKey"))
    }
}

#[cfg(test)]
mod tests;
