//! What comes from the platform, by callbacks or over the bot's connection: read, looked up, remembered, handed over. Only what is
//! handed over durably is acknowledged.

use std::sync::Arc;

use bridge_api::{
    Arrival, Block, Clock, Content, ConversationId, Failure, Happened, KnownGroups, Message, RichText,
    Sender, Shelf,
};
use serde_json::Value;
use tokio::time::timeout;

use crate::{
    archive::{self, Twins, Way},
    client::{self, Client},
    hearing::Hearing,
    ids::{self, Place},
    limits::{FILE_ADDRESS_KEPT_MS, LOOKED_UP_WITHIN},
    memory::Memory,
    office::Office,
    people::People,
    presses::is_kept,
    received::{self, BotMessage, FileAddress, Received},
    sending::Responses,
    service::Bell,
    used::Used,
    xml::Element,
};

/// What is needed to read what comes.
#[derive(Clone)]
pub struct Incoming {
    /// The way to the platform.
    pub client: Arc<Client>,
    /// What is remembered of conversations.
    pub memory: Arc<Memory>,
    /// Where the bot was spoken to.
    pub groups: Arc<KnownGroups>,
    /// Who people are.
    pub people: Arc<People>,
    /// Meetings and approvals.
    pub office: Arc<Office>,
    /// How the bot can answer in callback mode.
    pub responses: Arc<Responses>,
    /// What the chat archive brings as well, if there is one.
    pub twins: Option<Arc<Twins>>,
    /// What is rung when something is to be fetched of customer service, if there is one.
    pub bell: Option<Arc<Bell>>,
    /// What the platform says of how much the app is used.
    pub used: Arc<Used>,
    /// Whom the bot hears.
    pub hearing: Arc<Hearing>,
    /// Our durable rows.
    pub shelf: Arc<dyn Shelf>,
    /// The time of day.
    pub clock: Clock,
}

impl Incoming {
    /// A decrypted callback of the app; `proof` is the hash of what the platform vouched for.
    ///
    /// # Errors
    /// When it cannot be understood before something works again; the platform brings it once more.
    pub async fn app(&self, xml: Element<'_, '_>, proof: &str) -> Result<Vec<Arrival>, Failure> {
        let settings = self.client.settings();
        let agent = settings.app.as_ref().map_or(0, |app| app.agent_id);
        match received::read_app(xml, &settings.corp_id, agent) {
            Received::Office { event, at_ms } => Box::pin(self.office.heard(event, at_ms, proof)).await,
            Received::Person { user, former, has_left, key, at_ms } => {
                self.person_changed(&user, former.as_deref(), has_left, key, at_ms).await
            }
            received => Ok(self.understood(received, None, proof).await?.into_iter().collect()),
        }
    }

    /// A message or event of the bot; `handle` is by what it can be answered over the connection.
    ///
    /// # Errors
    /// When it cannot be understood before something works again.
    pub async fn bot(
        &self,
        body: &Value,
        handle: Option<&str>,
        proof: &str,
    ) -> Result<Option<Arrival>, Failure> {
        let Some(bot) = &self.client.settings().bot else { return Ok(None) };
        self.understood(received::read_bot(body, bot, self.clock.now_ms()), handle, proof).await
    }

    async fn understood(
        &self,
        received: Received,
        handle: Option<&str>,
        proof: &str,
    ) -> Result<Option<Arrival>, Failure> {
        match received {
            Received::Arrival(arrival) => {
                self.remember(&arrival).await;
                Ok(Some(*arrival))
            }
            Received::Bot(message) => {
                let arrival = self.bot_message(*message, handle).await?;
                // What the archive brought is remembered by the id that it has there, and by no other.
                if self.is_archived(&arrival).await? {
                    return Ok(None);
                }
                self.remember(&arrival).await;
                Ok(Some(arrival))
            }
            Received::Press(press) => self.press(*press, handle, proof).await,
            Received::CustomerGroup { chat, change, key, at_ms } => {
                Box::pin(self.customer_group_changed((chat.as_str(), change), key, at_ms)).await
            }
            Received::Customer { external, key, at_ms } => {
                Box::pin(self.customer_changed(&external, key, at_ms)).await
            }
            // What is there to be fetched stays there until it was, so the event itself need not be kept.
            Received::Service { account, token } => {
                if let Some(bell) = &self.bell {
                    bell.ring(&account, token.as_deref());
                }
                Ok(None)
            }
            Received::ServiceAccounts => {
                if let Some(bell) = &self.bell {
                    bell.ring_for_all();
                }
                Ok(None)
            }
            Received::Use(usage) => {
                self.used.note(usage).await?;
                Ok(None)
            }
            Received::Nothing(words) => {
                tracing::debug!(%words, "leave out a callback");
                Ok(None)
            }
            other @ (Received::Office { .. } | Received::Person { .. }) => {
                tracing::debug!(?other, "leave out an event that is no bot's");
                Ok(None)
            }
        }
    }

    async fn bot_message(&self, message: BotMessage, handle: Option<&str>) -> Result<Arrival, Failure> {
        let BotMessage { mut arrival, mut files, quote, response_url } = message;
        // What no row takes would keep everything behind it waiting.
        files.retain(|file| is_kept(&file.url, arrival.key.as_str()));
        let response_url = response_url.filter(|url| is_kept(url, arrival.key.as_str()));
        for file in &files {
            let key = format!("file:{}", bridge_api::digest(file.url.as_bytes()));
            self.shelf.write(&key, file, FILE_ADDRESS_KEPT_MS).await?;
        }
        self.name_files(&mut arrival, &files).await;
        self.name_sender(&mut arrival).await?;
        if let Happened::Message(Message { from: Sender::Person { id, .. }, .. }) = &arrival.what {
            self.hearing.heard(id).await;
        }
        let Some(conversation) = arrival.conversation.clone() else { return Ok(arrival) };
        if let (Some(quote), Happened::Message(said)) = (quote, &mut arrival.what) {
            match self.memory.quoted(&conversation, &quote).await {
                Some(quoted) => said.reply_to = Some(quoted),
                None => said.lead_with(&quote),
            }
        }
        if let Some(handle) = handle {
            self.memory.answerable(&conversation, handle);
        }
        if let Some(url) = response_url {
            self.responses.keep(&conversation, url).await?;
        }
        self.groups.seen(&conversation, "").await;
        Ok(arrival)
    }

    /// Whether the chat archive brought what the bot hears before.
    async fn is_archived(&self, arrival: &Arrival) -> Result<bool, Failure> {
        let (Some(twins), Some(conversation)) = (&self.twins, &arrival.conversation) else {
            return Ok(false);
        };
        let Happened::Message(Message { id, from: Sender::Person { id: person, .. }, parts, .. }) =
            &arrival.what
        else {
            return Ok(false);
        };
        let words = own_words(parts).unwrap_or_default();
        let said = archive::Words { conversation, person, words: &words, message: id, at_ms: arrival.at_ms };
        Ok(twins.earlier(Way::Bot, &said).await?.is_some())
    }

    /// A file may come without its name, which then stands with the file itself.
    async fn name_files(&self, arrival: &mut Arrival, files: &[FileAddress]) {
        let Happened::Message(Message { parts, .. }) = &mut arrival.what else { return };
        for address in files {
            let media = format!("bot:{}", bridge_api::digest(address.url.as_bytes()));
            let nameless = parts.iter_mut().find_map(|part| match part {
                Content::File(file) if file.media.as_str() == media && file.name == received::NAMELESS => {
                    Some(file)
                }
                _ => None,
            });
            let Some(file) = nameless else { continue };
            match timeout(LOOKED_UP_WITHIN, self.client.fetch(&address.url)).await {
                Ok(Ok(response)) => {
                    if let Some(name) = client::file_name(response.headers()) {
                        file.name = name;
                    }
                }
                Ok(Err(error)) => tracing::debug!(%error, "a file stays without its name"),
                Err(_) => {
                    tracing::debug!("a file stays without its name, which did not come in time")
                }
            }
        }
    }

    /// The bot is told of some people by encrypted ids; a person is one person, so the app turns them into plain ones.
    async fn name_sender(&self, arrival: &mut Arrival) -> Result<(), Failure> {
        let Happened::Message(Message { from: Sender::Person { id, external, .. }, .. }) = &mut arrival.what
        else {
            return Ok(());
        };
        *id = self.people.plain(id).await?;
        // Whoever has a plain id is a member; of others the platform does not say why theirs is encrypted.
        *external = (!ids::is_open(id.as_str())).then_some(false);
        let direct = arrival
            .conversation
            .as_ref()
            .is_some_and(|place| matches!(ids::place(place), Some(Place::BotDirect(_))));
        if direct {
            arrival.conversation = ConversationId::new(format!("bot:{id}")).ok();
        }
        Ok(())
    }

    /// Remembers what was said, so that it can be quoted.
    pub async fn remember(&self, arrival: &Arrival) {
        let Some(conversation) = &arrival.conversation else { return };
        let Happened::Message(Message { id, from: Sender::Person { id: person, .. }, parts, .. }) =
            &arrival.what
        else {
            return;
        };
        let name = self.memory.name(person).unwrap_or_else(|| person.as_str().to_owned());
        let words = own_words(parts).or_else(|| parts.first().map(Content::to_plain)).unwrap_or_default();
        self.memory.said(conversation, id, &name, &words).await;
    }
}

/// The words of a message; a quote that stands before them is none of theirs.
pub fn own_words(parts: &[Content]) -> Option<String> {
    parts.iter().find_map(|part| match part {
        Content::Text(text) => {
            let own = text.blocks.iter().filter(|block| !matches!(block, Block::Quote(_))).cloned().collect();
            Some(RichText { blocks: own }.to_plain())
        }
        _ => None,
    })
}
