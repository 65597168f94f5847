//! How something is said: to people and groups by the app, where the bot is over its connection or as the one answer of a callback,
//! to webhooks by their keys. Every request is made at most once, because the platform knows no repeat. `manner.rs` says in which form
//! words go where, `delivering.rs` brings one message there.

mod cards;
mod delivering;
mod downloads;
mod files;
mod manner;
mod recalls;
mod responses;

use std::{collections::VecDeque, sync::Arc};

use bridge_api::{
    Content, ConversationId, Failure, Ledger, MessageId, Network, Outgoing, Refusal, Repeat, RichText, Rng,
    Sent, Shelf,
};
use bytes::Bytes;
use parking_lot::Mutex as Lock;
use serde_json::{Value, json};
use tokio::sync::Mutex;

pub use self::{
    cards::{CardRow, code_key},
    downloads::fetched,
    responses::Responses,
};
use crate::{
    archive::Media,
    bot::Line,
    client::Client,
    ids::{self, Place},
    memory::Memory,
    service::Service,
    written,
};

/// Says what the core wants said.
pub struct Sending {
    client: Arc<Client>,
    memory: Arc<Memory>,
    shelf: Arc<dyn Shelf>,
    ledger: Ledger,
    line: Arc<Line>,
    responses: Arc<Responses>,
    /// Files of the chat archive, if there is one.
    archive: Option<Arc<Media>>,
    /// Customer service, if there is one.
    service: Option<Arc<Service>>,
    rng: Rng,
    /// Pictures on their way to a webhook, which takes them within the message itself.
    images: Lock<VecDeque<(String, Bytes)>>,
    /// Changes of cards come one after the other, or a late one would win.
    changing: Mutex<()>,
}

/// A message of one kind, as the platform takes it.
struct Said {
    kind: &'static str,
    body: Value,
}

impl Sending {
    /// The way out of one company.
    pub fn new(
        client: Arc<Client>,
        memory: Arc<Memory>,
        shelf: Arc<dyn Shelf>,
        line: Arc<Line>,
        responses: Arc<Responses>,
        archive: Option<Arc<Media>>,
        rng: Rng,
    ) -> Self {
        let (ledger, images) = (Ledger::new(Arc::clone(&shelf), Network::WeCom), Lock::default());
        let (changing, service) = (Mutex::new(()), None);
        Self { client, memory, shelf, ledger, line, responses, archive, service, rng, images, changing }
    }

    /// The same with customer service.
    #[must_use]
    pub fn serving(self, service: Option<Arc<Service>>) -> Self {
        Self { service, ..self }
    }

    /// Says something.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn send(&self, outgoing: &Outgoing) -> Result<Sent, Failure> {
        let place = place(&outgoing.conversation)?;
        let messages = match &outgoing.content {
            Content::Text(text) => self.text(outgoing, text).await?,
            Content::File(file) => self.file(outgoing, file).await?,
            Content::Card(card) => match place {
                Place::Direct(_) | Place::BotGroup(_) | Place::BotDirect(_) if !card.buttons.is_empty() => {
                    self.card(outgoing, card).await?
                }
                _ => self.text(outgoing, &cards::in_words(card)).await?,
            },
            content @ (Content::Location { .. } | Content::Sticker { .. } | Content::Unsupported { .. }) => {
                self.text(outgoing, &RichText::plain(&content.to_plain())).await?
            }
        };
        if let Some(first) = messages.first() {
            let words = outgoing.content.to_plain();
            self.memory.said(&outgoing.conversation, first, &outgoing.speaker.name, &words).await;
        }
        Ok(Sent { messages, thread: None })
    }

    async fn text(&self, outgoing: &Outgoing, text: &RichText) -> Result<Vec<MessageId>, Failure> {
        let quoted = match &outgoing.reply_to {
            Some(message) => self.memory.excerpt(message).await,
            None => None,
        };
        let addressed = written::addressed(text);
        let (kind, manner) = manner::manner(place(&outgoing.conversation)?, text, &addressed);
        let mut messages = Vec::new();
        let pieces = written::write(&outgoing.speaker.name, quoted.as_deref(), text, manner);
        for (index, piece) in pieces.iter().enumerate() {
            let mut body = json!({"content": piece});
            // Only the first piece addresses people.
            if kind == "text" && index == 0 && !addressed.is_empty() {
                body["mentioned_list"] = json!(addressed);
            }
            messages.push(self.one(outgoing, index, Said { kind, body }).await?);
        }
        Ok(messages)
    }

    /// Sends one message, as the `index`-th of one sending.
    async fn one(&self, outgoing: &Outgoing, index: usize, said: Said) -> Result<MessageId, Failure> {
        let key = outgoing.key.part(index);
        let repeat = match place(&outgoing.conversation)? {
            Place::Service { .. } => Repeat::Harmless,
            _ => Repeat::Doubles,
        };
        self.ledger.once(&key, repeat, self.deliver(&outgoing.conversation, &key, &said)).await
    }
}

/// Where a conversation is.
fn place(conversation: &ConversationId) -> Result<Place<'_>, Failure> {
    ids::place(conversation).ok_or_else(|| Failure::refused(Refusal::NotInConversation))
}

#[cfg(test)]
pub mod tests;
