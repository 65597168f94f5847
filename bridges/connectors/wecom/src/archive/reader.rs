//! Makes arrivals of entries: places them, names who spoke, keeps their files, leaves out what another way brought before.

use std::sync::Arc;

use bridge_api::{
    Arrival, Content, ConversationId, EventKey, Failure, Happened, Message, MessageId, RichText, Sender,
    digest, limits::ID_BYTES_MAX,
};
use serde_json::Value;

use super::{
    ArchiveSettings, Twins, Way,
    entry::{self, Heard, What, Where},
    limits::FILE_KEPT_MS,
    media,
    rooms::Rooms,
    senders::Senders,
    twins,
};
use crate::{
    ids::{self, Known, Place},
    incoming::{Incoming, own_words},
    received::unaddressed,
};

/// Reads entries.
pub(super) struct Reader {
    pub settings: ArchiveSettings,
    pub incoming: Incoming,
    pub senders: Senders,
    pub rooms: Rooms,
    pub twins: Arc<Twins>,
}

impl Reader {
    /// What an entry is here, in its order; often one arrival, nothing for what concerns no bridge.
    ///
    /// # Errors
    /// When it cannot be understood before something works again; it is read once more then.
    pub(super) async fn read(&self, entry: &Value) -> Result<Vec<Arrival>, Failure> {
        let heard = match entry::read(entry) {
            Ok(heard) => heard,
            Err(why) => {
                tracing::debug!(%why, "leave out");
                return Ok(Vec::new());
            }
        };
        let Some(conversation) = self.conversation(&heard.place) else { return Ok(Vec::new()) };
        let sender = match self.senders.sender(&heard.from).await? {
            Some(Sender::Ourselves) | None => return Ok(Vec::new()),
            Some(sender) => sender,
        };
        let mut arrivals = match &heard.place {
            Where::Room(room) => self.rooms.news(room, &conversation, heard.is_external, heard.at_ms).await,
            Where::Between(..) => {
                self.incoming.groups.seen(&conversation, "").await;
                Vec::new()
            }
        };
        arrivals.extend(self.arrival(heard, conversation, sender).await?);
        Ok(arrivals)
    }

    fn conversation(&self, place: &Where) -> Option<ConversationId> {
        match place {
            Where::Room(room) => self.settings.conversation(room),
            Where::Between(one, other) if self.settings.direct_chats => {
                ConversationId::new(format!("between:{one}|{other}")).ok()
            }
            Where::Between(..) => None,
        }
    }

    async fn arrival(
        &self,
        heard: Heard,
        conversation: ConversationId,
        sender: Sender,
    ) -> Result<Option<Arrival>, Failure> {
        let Heard { id, at_ms, what, .. } = heard;
        let (kind, what) = match what {
            What::Recalled(message) => {
                let by = match sender {
                    Sender::Person { id, .. } | Sender::Bot { id, .. } => Some(id),
                    Sender::Ourselves | Sender::System => None,
                };
                ("recall", Happened::Recalled { message: self.twins.brought(message).await?, by })
            }
            What::Said { parts, files, quote } => {
                let Ok(message) = MessageId::new(id.as_str()) else {
                    tracing::warn!("leave out a message of the archive whose id cannot be kept");
                    return Ok(None);
                };
                for file in &files {
                    self.incoming.shelf.write(&media::key(&file.name()), file, FILE_KEPT_MS).await?;
                }
                let parts = self.unaddressed(&conversation, parts);
                let message = Message { id: message, from: sender, parts, reply_to: None, thread: None };
                if self.is_known(&conversation, &message, at_ms).await? {
                    return Ok(None);
                }
                ("message", Happened::Message(self.answering(&conversation, message, quote).await))
            }
        };
        let Some(key) = self.key(kind, &id) else { return Ok(None) };
        let arrival = Arrival { key, conversation: Some(conversation), at_ms, trace: Some(id), what };
        self.incoming.remember(&arrival).await;
        Ok(Some(arrival))
    }

    /// By what repeats are known; a message of the app's callback has the same one.
    fn key(&self, kind: &str, id: &str) -> Option<EventKey> {
        let key = format!("{}:{kind}:{id}", self.incoming.client.settings().corp_id);
        EventKey::new(if key.len() > ID_BYTES_MAX { digest(key.as_bytes()) } else { key }).ok()
    }

    /// Words without the AI bot's name where it is spoken to, as its own way brings them.
    fn unaddressed(&self, conversation: &ConversationId, mut parts: Vec<Content>) -> Vec<Content> {
        let bot = self.incoming.client.settings().bot.as_ref();
        if let (Some(bot), Some(Place::BotGroup(_))) = (bot, ids::place(conversation))
            && let Some(Content::Text(text)) = parts.first_mut()
        {
            let words = text.to_plain();
            let own = unaddressed(&words, &bot.names);
            if !own.is_empty() && own.len() < words.trim().len() {
                *text = RichText::plain(own);
            }
        }
        parts
    }

    /// Whether another way brought it before, or a robot of ours said it.
    async fn is_known(
        &self,
        conversation: &ConversationId,
        message: &Message,
        at_ms: u64,
    ) -> Result<bool, Failure> {
        let words = own_words(&message.parts);
        let words = words.as_deref().unwrap_or_default();
        match &message.from {
            Sender::Person { id: person, .. } => {
                let said = twins::Words { conversation, person, words, message: &message.id, at_ms };
                Ok(self.twins.earlier(Way::Archive, &said).await?.is_some())
            }
            // One that says what we just said there is one of ours, whether or not somebody told us so.
            Sender::Bot { .. } => {
                let said = self.incoming.memory.said_lately(conversation, words);
                Ok(said.is_some_and(|said| ids::known(&said) != Known::Theirs))
            }
            Sender::Ourselves | Sender::System => Ok(false),
        }
    }

    /// The message with what it answers: the one recent message that says just that, else the words above its own.
    async fn answering(
        &self,
        conversation: &ConversationId,
        mut message: Message,
        quote: Option<String>,
    ) -> Message {
        let Some(quote) = quote else { return message };
        let without_name = quote.split_once('\n').map(|(_, words)| words);
        for words in [Some(quote.as_str()), without_name].into_iter().flatten() {
            message.reply_to = self.incoming.memory.quoted(conversation, words).await;
            if message.reply_to.is_some() {
                return message;
            }
        }
        message.lead_with(&quote);
        message
    }
}
