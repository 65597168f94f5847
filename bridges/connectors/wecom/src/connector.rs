//! The connector: one company, put together of its parts.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bridge_api::{
    Abilities, Callbacks, Capabilities, CheckStep, Clock, Connector, Directory, Failure, Inbox, KnownGroups,
    Line as LineState, Network, Outgoing, Pace, Rate, Rng, Sent, Shelf, Shutdown,
};

use crate::{
    bot::{self, Line},
    callbacks::Hooks,
    capabilities, checking,
    client::{CallError, Client},
    incoming::Incoming,
    memory::Memory,
    people::People,
    sending::{Responses, Sending},
    settings::{BotMode, WeComSettings},
};

/// Far below the platform's 10,000 a minute.
const APP: &[Rate] = &[Rate { requests: 50, per: Duration::from_secs(1) }];
/// Below what the platform lets through to one person or from one bot; beyond it the connector says when to come again.
const CONVERSATION: &[Rate] = &[Rate { requests: 25, per: Duration::from_secs(60) }];

/// One company at WeCom.
pub struct WeCom {
    client: Arc<Client>,
    capabilities: Capabilities,
    incoming: Incoming,
    sending: Sending,
    people: Arc<People>,
    line: Arc<Line>,
    hooks: Option<Hooks>,
    rng: Rng,
}

impl WeCom {
    /// A connector of one company. Nothing is asked yet.
    ///
    /// # Errors
    /// The reason why none can be made of these settings.
    pub fn new(
        settings: WeComSettings,
        shelf: Arc<dyn Shelf>,
        clock: Clock,
        rng: Rng,
    ) -> Result<Self, String> {
        if settings.app.is_none() && settings.bot.is_none() && settings.webhooks.is_empty() {
            return Err("neither an app nor an AI bot nor a webhook is configured".to_owned());
        }
        let client = Arc::new(Client::new(settings.clone(), Arc::clone(&shelf), &clock)?);
        let (memory, groups) = (Arc::new(Memory::default()), Arc::new(KnownGroups::new(Arc::clone(&shelf))));
        let responses = Arc::new(Responses::new(Arc::clone(&shelf), clock.clone()));
        let line = Arc::new(Line::default());
        let people = Arc::new(People {
            client: Arc::clone(&client),
            memory: Arc::clone(&memory),
            groups: Arc::clone(&groups),
        });
        let incoming = Incoming {
            client: Arc::clone(&client),
            memory: Arc::clone(&memory),
            groups,
            people: Arc::clone(&people),
            responses: Arc::clone(&responses),
            shelf: Arc::clone(&shelf),
            clock,
        };
        let hooks = Hooks::new(&settings, incoming.clone())?;
        let sending =
            Sending::new(Arc::clone(&client), memory, shelf, Arc::clone(&line), responses, rng.clone());
        let capabilities = capabilities::table();
        Ok(Self { client, capabilities, incoming, sending, people, line, hooks, rng })
    }

    /// What it was made of.
    #[cfg(test)]
    pub fn settings(&self) -> &WeComSettings {
        self.client.settings()
    }

    /// How what comes is read.
    #[cfg(test)]
    pub const fn incoming(&self) -> &Incoming {
        &self.incoming
    }

    /// The app's credentials count, if there is an app.
    async fn app_signed_in(&self) -> Result<(), CallError> {
        if self.client.settings().app.is_some() { self.client.signed_in().await } else { Ok(()) }
    }

    /// The bot hears and speaks without the app, so its connection waits for no token; what goes by the app says by itself why not.
    async fn app_beside_bot(&self) {
        if let Err(error) = self.app_signed_in().await {
            tracing::error!(%error, "the app is not signed in; the bot works without it");
        }
    }

    fn has_connection(&self) -> bool {
        let bot = self.client.settings().bot.as_ref();
        bot.is_some_and(|bot| matches!(bot.mode, BotMode::Socket { .. }))
    }
}

#[async_trait]
impl Connector for WeCom {
    fn network(&self) -> Network {
        Network::WeCom
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn pace(&self) -> Pace {
        Pace { conversation: CONVERSATION, app: APP, at_once: 8 }
    }

    async fn run(&self, inbox: Arc<dyn Inbox>, shutdown: Shutdown) -> Result<(), Failure> {
        if self.has_connection() {
            let bot = Box::pin(bot::keep(&self.incoming, &self.line, inbox.as_ref(), &self.rng, &shutdown));
            tokio::join!(bot, self.app_beside_bot());
            return Ok(());
        }
        self.app_signed_in().await?;
        inbox.line(LineState::Up);
        shutdown.wait().await;
        Ok(())
    }

    async fn send(&self, outgoing: &Outgoing) -> Result<Sent, Failure> {
        Box::pin(self.sending.send(outgoing)).await
    }

    async fn check(&self) -> Vec<CheckStep> {
        checking::check(&self.client).await
    }

    fn abilities(&self) -> Abilities<'_> {
        let has_app = self.client.settings().app.is_some();
        Abilities {
            // The AI bot knows nobody.
            directory: has_app.then_some(self.people.as_ref() as &dyn Directory),
            callbacks: self.hooks.as_ref().map(|hooks| hooks as &dyn Callbacks),
            ..Abilities::of(&self.sending, self.people.as_ref())
        }
    }
}

#[cfg(test)]
mod tests;
