//! What comes from the platform, by the stream or by HTTP: read, remembered, handed over. Only what is handed over durably is
//! acknowledged.

use std::sync::Arc;

use bridge_api::{Arrival, Clock, Directory as _, Failure, Happened, KnownGroups, Message, Person};
use serde_json::Value;
use tokio::time::timeout;

use crate::{
    client::{Client, Counted},
    content::received::{self, Received},
    entries::{Entries, Told, is_about_entries},
    events::{self, Event},
    lenient::{number, text},
    limits::{ENTRY_READ_WITHIN, LOOKED_UP_MAX, LOOKED_UP_WITHIN},
    memory::{Memory, Session},
    people::People,
};

/// What is needed to read what comes.
#[derive(Clone)]
pub struct Incoming {
    /// The way to the platform.
    pub client: Arc<Client>,
    /// What is remembered of conversations.
    pub memory: Arc<Memory>,
    /// Which groups are known.
    pub groups: Arc<KnownGroups>,
    /// Who people are.
    pub people: Arc<People>,
    /// What stands in the platform's own apps.
    pub entries: Arc<Entries>,
    /// The time of day.
    pub clock: Clock,
}

impl Incoming {
    /// A robot's message. How it begins is written down by [`Memory::keep`], for which nothing else has to wait.
    pub async fn message(&self, message: &Value) -> Option<Arrival> {
        self.client.counter.count(Counted::Push).await;
        let name = |person: &_| self.memory.name(person);
        match received::read(message, &self.client.settings().client_id, &name) {
            Received::Said { mut arrival, quote } => {
                self.remember(message, &arrival).await;
                self.quote(&mut arrival, quote).await;
                Some(*arrival)
            }
            Received::Withheld(arrival) => {
                tracing::error!("DingTalk withholds what is said: the pushes of this month are used up");
                self.client.counter.pushes_used_up();
                arrival.map(|arrival| *arrival)
            }
            Received::Unreadable(reason) => {
                tracing::warn!(reason, "leave out a robot's message");
                None
            }
        }
    }

    /// An event that says what it is about by itself.
    pub async fn event(&self, event: Event<'_>) -> Vec<Arrival> {
        if self.is_withheld(event).await { Vec::new() } else { self.read(event).await }
    }

    /// What an event means, with the names that it leaves out.
    pub(crate) async fn read(&self, event: Event<'_>) -> Vec<Arrival> {
        let mut arrivals = events::read(event, &self.client.settings().client_id);
        // Of many people the first are looked up alone, and these stand in the first piece.
        match arrivals.first_mut() {
            Some(Arrival { what: Happened::Joined { people }, .. }) => {
                if timeout(LOOKED_UP_WITHIN, self.look_up(people)).await.is_err() {
                    tracing::debug!("names of people who joined are not known in time");
                }
            }
            Some(Arrival { what: Happened::Renamed { name, .. }, conversation: Some(group), .. }) => {
                self.groups.seen(group, name).await;
            }
            Some(Arrival { what: Happened::PersonChanged(person), .. }) => {
                self.memory.called(&person.id, &person.name);
            }
            Some(_) => {}
            None => tracing::debug!(kind = event.kind, "leave out an event"),
        }
        arrivals
    }

    /// An event whose meaning has to be asked for. It is read for as long as the platform waits.
    ///
    /// # Errors
    /// [`Failure`] when the platform has to bring it again.
    pub async fn asked_for(&self, event: Event<'_>) -> Result<Told, Failure> {
        if self.is_withheld(event).await {
            return Ok(Told::nothing());
        }
        let reading = async {
            if is_about_entries(event.kind) {
                self.entries.changed(event).await
            } else {
                self.changed(event).await.map(Told::at_once)
            }
        };
        let late = || Err(Failure::later("what an event is about was not read in time"));
        let told = timeout(ENTRY_READ_WITHIN, reading).await.unwrap_or_else(|_| late());
        told.inspect_err(|error| tracing::info!(%error, kind = event.kind, "an event has to come again"))
    }

    /// Counts an event, and says whether the platform keeps back what it says.
    async fn is_withheld(&self, event: Event<'_>) -> bool {
        if events::is_counted(event.kind) {
            self.client.counter.count(Counted::Push).await;
        }
        let is_withheld = number(event.data, "errCode") == Some(20_001);
        if is_withheld {
            tracing::error!("DingTalk withholds events: the pushes of this month are used up");
            self.client.counter.pushes_used_up();
        }
        is_withheld
    }

    /// A pressed button.
    pub fn card(&self, callback: &Value, delivery: &str, raw: &[u8]) -> Option<Arrival> {
        let arrival =
            events::pressed(callback, delivery, raw, &self.client.settings().client_id, self.clock.now_ms());
        if arrival.is_none() {
            tracing::warn!("leave out a card's callback without sense");
        }
        arrival
    }

    /// Events name people by their ids alone.
    async fn look_up(&self, people: &mut [Person]) {
        for person in people.iter_mut().take(LOOKED_UP_MAX) {
            match self.people.person(&person.id).await {
                Ok(Some(known)) => *person = known,
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "the name of somebody who joined is not known"),
            }
        }
    }

    /// What was never heard here stands above the words that answer it: a robot hears in groups what addresses it alone.
    async fn quote(&self, arrival: &mut Arrival, quote: Option<String>) {
        let (Happened::Message(said), Some(quote)) = (&mut arrival.what, quote) else { return };
        let is_known = match &said.reply_to {
            Some(answered) => self.memory.excerpt(answered).await.is_some(),
            None => false,
        };
        if !is_known {
            said.lead_with(&quote);
        }
    }

    async fn remember(&self, message: &Value, arrival: &Arrival) {
        let Some(conversation) = &arrival.conversation else { return };
        let Happened::Message(Message { id, from, parts, .. }) = &arrival.what else { return };
        if let bridge_api::Sender::Person { id: person, name, .. } = from {
            if text(message, "senderStaffId").is_none() {
                tracing::warn!(
                    "a message names no userId: publish a version of the app, or the sender is of another company"
                );
            }
            let name = name.clone().unwrap_or_default();
            self.memory.called(person, &name);
            let words = parts.first().map(bridge_api::Content::to_plain).unwrap_or_default();
            self.memory.heard(id, &format!("{name}: {words}"));
        }
        let ends_at_ms = number(message, "sessionWebhookExpiredTime").unwrap_or_default();
        if let Some(address) = text(message, "sessionWebhook") {
            match self.client.trusted(&address) {
                Ok(url) => self.memory.session_opened(conversation, Session { url, ends_at_ms }),
                Err(_) => tracing::warn!("a session webhook leads away from the platform and is not used"),
            }
        }
        if text(message, "conversationType").as_deref() == Some("2") {
            let title = text(message, "conversationTitle").unwrap_or_default();
            self.groups.seen(conversation, &title).await;
        }
    }
}
