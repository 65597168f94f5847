//! The connector: one app, put together of its parts.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bridge_api::{
    Abilities, Callbacks, Capabilities, CheckStep, Clock, Connector, Failure, Inbox, KnownGroups, Line,
    Network, Outgoing, Pace, Rate, Rng, Sent, Shelf, Shutdown,
};

use crate::{
    callbacks::Hooks,
    capabilities, checking,
    client::Client,
    entries::Entries,
    incoming::Incoming,
    memory::Memory,
    people::People,
    sending::Sending,
    settings::{DingTalkSettings, Mode},
    stream,
};

/// Below the platform's 20 a second of one API.
const APP: &[Rate] = &[Rate { requests: 15, per: Duration::from_secs(1) }];
const CONVERSATION: &[Rate] = &[Rate { requests: 5, per: Duration::from_secs(1) }];

/// One internal app with a robot at DingTalk.
pub struct DingTalk {
    client: Arc<Client>,
    capabilities: Capabilities,
    incoming: Incoming,
    sending: Sending,
    people: Arc<People>,
    entries: Arc<Entries>,
    hooks: Option<Hooks>,
    rng: Rng,
}

impl DingTalk {
    /// A connector of one app. Nothing is asked yet.
    ///
    /// # Errors
    /// The reason why none can be made of these settings.
    pub fn new(
        settings: DingTalkSettings,
        shelf: Arc<dyn Shelf>,
        clock: Clock,
        rng: Rng,
    ) -> Result<Self, String> {
        let mode = settings.mode.clone();
        let client = Arc::new(Client::new(settings, Arc::clone(&shelf), clock.clone())?);
        let memory = Arc::new(Memory::new(Arc::clone(&shelf)));
        let groups = Arc::new(KnownGroups::new(Arc::clone(&shelf)));
        let people = Arc::new(People {
            client: Arc::clone(&client),
            memory: Arc::clone(&memory),
            groups: Arc::clone(&groups),
        });
        let entries = Arc::new(Entries::new(Arc::clone(&client), Arc::clone(&shelf), clock.clone()));
        let incoming = Incoming {
            client: Arc::clone(&client),
            memory: Arc::clone(&memory),
            groups,
            people: Arc::clone(&people),
            entries: Arc::clone(&entries),
            clock: clock.clone(),
        };
        let hooks = match mode {
            Mode::Stream => None,
            Mode::Webhook { token, aes_key, card_secret } => {
                Some(Hooks::new(&aes_key, token, card_secret, incoming.clone(), rng.clone())?)
            }
        };
        let sending = Sending::new(Arc::clone(&client), memory, shelf, clock, rng.clone());
        let capabilities = capabilities::table();
        Ok(Self { client, capabilities, incoming, sending, people, entries, hooks, rng })
    }
}

#[async_trait]
impl Connector for DingTalk {
    fn network(&self) -> Network {
        Network::DingTalk
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn pace(&self) -> Pace {
        Pace { conversation: CONVERSATION, app: APP, at_once: 8 }
    }

    async fn run(&self, inbox: Arc<dyn Inbox>, shutdown: Shutdown) -> Result<(), Failure> {
        self.client.counter.tell(Arc::clone(&inbox));
        self.client.counter.report().await;
        if self.hooks.is_none() {
            Box::pin(stream::keep(&self.incoming, inbox.as_ref(), &self.rng, &shutdown)).await;
            return Ok(());
        }
        self.client.signed_in().await?;
        inbox.line(Line::Up);
        shutdown.wait().await;
        Ok(())
    }

    async fn send(&self, outgoing: &Outgoing) -> Result<Sent, Failure> {
        Box::pin(self.sending.send(outgoing)).await
    }

    async fn check(&self) -> Vec<CheckStep> {
        checking::check(&self.client, &self.people, &self.entries).await
    }

    fn abilities(&self) -> Abilities<'_> {
        let callbacks = self.hooks.as_ref().map(|hooks| hooks as &dyn Callbacks);
        Abilities {
            callbacks,
            reactions: Some(&self.sending),
            approvals: Some(&*self.entries),
            todos: Some(&*self.entries),
            calendars: Some(&*self.entries),
            ..Abilities::of(&self.sending, &*self.people)
        }
    }
}

#[cfg(test)]
mod tests;
