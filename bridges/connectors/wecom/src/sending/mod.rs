//! How something is said: to people and groups by the app, where the bot is over its connection or as the one answer of a callback,
//! to webhooks by their keys. Every request is made at most once, because the platform knows no repeat.

mod cards;
mod downloads;
mod files;
mod recalls;
mod responses;

use std::{collections::VecDeque, sync::Arc};

use bridge_api::{
    Content, ConversationId, Failure, Ledger, MessageId, Network, Outgoing, Refusal, Repeat, RichText, Rng,
    Secret, Sent, Shelf,
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
    client::{Bucket, CallError, Client, Meaning},
    ids::{self, Place},
    lenient::{names, text},
    limits::{APP_TEXT_BYTES_MAX, BOT_MARKDOWN_BYTES_MAX, LIMITED_PAUSE, WEBHOOK_MARKDOWN_BYTES_MAX},
    memory::Memory,
    service::Service,
    settings::BotMode,
    written::{self, Form, Manner},
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
        let (kind, manner) = manner(place(&outgoing.conversation)?, text, &addressed);
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

    async fn deliver(
        &self,
        conversation: &ConversationId,
        key: &str,
        said: &Said,
    ) -> Result<String, CallError> {
        let nowhere =
            || CallError::ours(Meaning::Refused(Refusal::NotInConversation), "no conversation of WeCom's");
        match ids::place(conversation).ok_or_else(nowhere)? {
            Place::Direct(user) => self.to_person(user, said).await.map(|(id, _)| format!("msg:{id}")),
            Place::Chat(chat) => {
                self.client.turns.wait(&Bucket::Chat(chat.to_owned())).await?;
                let body = json!({"chatid": chat, "msgtype": said.kind, said.kind: said.body});
                self.client.app()?;
                self.client.post("appchat/send", &body).await?;
                Ok(format!("said:{key}"))
            }
            Place::Webhook(name) => {
                let hook = self.webhook(name)?;
                let bucket = Bucket::Webhook(name.to_owned());
                self.client.turns.wait(&bucket).await?;
                let body = json!({"msgtype": said.kind, said.kind: said.body});
                let outcome = self.client.post_webhook(hook.expose(), &body).await;
                self.of_one_place(&bucket, outcome).await?;
                Ok(format!("said:{key}"))
            }
            Place::BotGroup(chat) => self.by_bot(conversation, chat, 2, key, said).await,
            Place::BotDirect(user) => self.by_bot(conversation, user, 1, key, said).await,
            Place::Service { account, customer } => {
                let off = || {
                    let meaning = Meaning::Refused(Refusal::NotInConversation);
                    CallError::ours(meaning, "customer service is not switched on")
                };
                let service = self.service.as_ref().ok_or_else(off)?;
                let content = (said.kind, &said.body);
                Box::pin(service.say(conversation, (account, customer), key, content)).await
            }
            Place::Archived(_) => Err(CallError::ours(
                Meaning::Refused(Refusal::Impossible),
                "the archive hears and says nothing; pair the group with one of a bot in wecom.archive_rooms",
            )),
        }
    }

    /// Sends to one person by the app. Answers its id, and by what a card can be changed.
    async fn to_person(&self, user: &str, said: &Said) -> Result<(String, Option<String>), CallError> {
        self.client.turns.wait(&Bucket::Member(user.to_owned())).await?;
        let agent = self.client.app()?.agent_id;
        let body = json!({"touser": user, "agentid": agent, "msgtype": said.kind, said.kind: said.body});
        let answer = self.client.post("message/send", &body).await?;
        // Success and yet not delivered.
        let lists = [("invaliduser", Refusal::Unreachable), ("unlicenseduser", Refusal::NotPermitted)];
        for (list, refusal) in lists {
            if !names(&answer, list).is_empty() {
                return Err(CallError::ours(Meaning::Refused(refusal), format!("not delivered: {list}")));
            }
        }
        let id = text(&answer, "msgid")
            .ok_or_else(|| CallError::ours(Meaning::Unknown, "an answer without msgid"))?;
        Ok((id, text(&answer, "response_code")))
    }

    async fn by_bot(
        &self,
        conversation: &ConversationId,
        chat: &str,
        kind: u8,
        key: &str,
        said: &Said,
    ) -> Result<String, CallError> {
        let refused = |words: &str| CallError::ours(Meaning::Refused(Refusal::NotInConversation), words);
        let bot = self.client.settings().bot.as_ref().ok_or_else(|| refused("no AI bot is configured"))?;
        let bucket = Bucket::Member(conversation.as_str().to_owned());
        self.client.turns.wait(&bucket).await?;
        let body = json!({"msgtype": said.kind, said.kind: said.body});
        let outcome = match bot.mode {
            BotMode::Callback(_) => self.as_response(conversation, key, said, &body).await,
            BotMode::Socket { .. } => self.over_line(conversation, (chat, kind), key, body).await,
        };
        self.of_one_place(&bucket, outcome).await
    }

    /// A limit that the platform names here is of this place alone, not of the app, and holds up no other.
    async fn of_one_place<T>(&self, bucket: &Bucket, outcome: Result<T, CallError>) -> Result<T, CallError> {
        match outcome {
            Err(error) if matches!(error.meaning, Meaning::Limited { .. }) => {
                self.client.turns.pause(bucket, LIMITED_PAUSE).await;
                Err(CallError { meaning: Meaning::Limited { after: LIMITED_PAUSE, app: false }, ..error })
            }
            other => other,
        }
    }

    async fn over_line(
        &self,
        conversation: &ConversationId,
        (chat, kind): (&str, u8),
        key: &str,
        body: Value,
    ) -> Result<String, CallError> {
        let mut pushed = body.clone();
        pushed["chatid"] = json!(chat);
        pushed["chat_type"] = json!(kind);
        let request = format!("aibot_send_msg_{key}");
        match self.line.ask("aibot_send_msg", &request, pushed).await {
            Ok(_) => Ok(format!("bot:{request}")),
            // The right to speak up goes when nobody spoke to the bot for long; what was said last can still be answered.
            Err(error) if matches!(error.meaning, Meaning::Silenced(_)) => {
                let Some(handle) = self.memory.answer(conversation) else { return Err(error) };
                let answered = self.line.ask("aibot_respond_msg", &handle, body).await;
                // Why it could not be pushed tells people more than why it could not be answered.
                answered.map_err(|late| if late.meaning == Meaning::Unknown { late } else { error })?;
                Ok(format!("said:{key}"))
            }
            Err(error) => Err(error),
        }
    }

    /// In callback mode each message can be answered once, within an hour.
    async fn as_response(
        &self,
        conversation: &ConversationId,
        key: &str,
        said: &Said,
        body: &Value,
    ) -> Result<String, CallError> {
        if !matches!(said.kind, "markdown" | "template_card") {
            let meaning = Meaning::Refused(Refusal::Impossible);
            return Err(CallError::ours(meaning, "a bot called by HTTP sends no files"));
        }
        let Some(address) = self.responses.take(conversation).await? else {
            let words = "企业微信的回调模式机器人只能在被 @ 后一小时内回复一次 · in callback mode the bot answers each message once, within an hour";
            let refusal = Refusal::Other(words.to_owned());
            return Err(CallError::ours(Meaning::Refused(refusal), "nothing is there to be answered"));
        };
        match self.client.post_response(&address, body).await {
            Ok(_) => Ok(format!("said:{key}")),
            Err(error) => {
                if matches!(error.meaning, Meaning::Busy | Meaning::Unreachable | Meaning::Limited { .. })
                    && let Err(error) = self.responses.keep(conversation, address).await
                {
                    tracing::warn!(%error, "an address to answer at is lost");
                }
                Err(error)
            }
        }
    }

    fn webhook(&self, name: &str) -> Result<&Secret, CallError> {
        let hook = self.client.settings().webhooks.iter().find(|hook| hook.name == name);
        let gone =
            || CallError::ours(Meaning::Refused(Refusal::NotInConversation), "no such webhook is configured");
        hook.map(|hook| &hook.key).ok_or_else(gone)
    }
}

/// Where a conversation is.
fn place(conversation: &ConversationId) -> Result<Place<'_>, Failure> {
    ids::place(conversation).ok_or_else(|| Failure::refused(Refusal::NotInConversation))
}

/// As which kind of message a text goes, and how it is written there. Whoever addresses people wants them to be told, so that
/// counts more than formatting where a place cannot do both.
fn manner(place: Place<'_>, text: &RichText, addressed: &[String]) -> (&'static str, Manner) {
    let of = |form, addresses, bytes_max| Manner { form, addresses, bytes_max };
    let plain = text.is_unformatted();
    match place {
        Place::BotGroup(_) | Place::BotDirect(_) => {
            ("markdown", of(Form::Full, false, BOT_MARKDOWN_BYTES_MAX))
        }
        Place::Direct(_) | Place::Chat(_) if plain => ("text", of(Form::Words, false, APP_TEXT_BYTES_MAX)),
        Place::Chat(_) if !addressed.is_empty() => ("text", of(Form::Words, false, APP_TEXT_BYTES_MAX)),
        Place::Direct(_) | Place::Chat(_) => ("markdown", of(Form::Small, false, APP_TEXT_BYTES_MAX)),
        Place::Webhook(_) if plain || addressed.iter().any(|user| user == "@all") => {
            ("text", of(Form::Words, false, APP_TEXT_BYTES_MAX))
        }
        Place::Webhook(_) if !addressed.is_empty() => {
            ("markdown", of(Form::Small, true, WEBHOOK_MARKDOWN_BYTES_MAX))
        }
        Place::Webhook(_) => ("markdown_v2", of(Form::Full, false, WEBHOOK_MARKDOWN_BYTES_MAX)),
        // Customers see words alone; in the archive nothing is said, whatever its form.
        Place::Service { .. } | Place::Archived(_) => ("text", of(Form::Words, false, APP_TEXT_BYTES_MAX)),
    }
}

#[cfg(test)]
pub mod tests;
