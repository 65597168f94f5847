//! The connector: one company, put together of its parts.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bridge_api::{
    Abilities, Approvals, Calendars, Callbacks, Capabilities, CheckStep, Clock, Connector, Directory,
    Failure, Inbox, KnownGroups, Line as LineState, Network, Outgoing, Pace, Rate, Rng, Sent, Shelf,
    Shutdown, Todos, Words,
};

use crate::{
    archive::{Archived, Twins},
    bot::{self, Line},
    callbacks::Hooks,
    capabilities, checking,
    client::{CallError, Client},
    hearing::Hearing,
    incoming::Incoming,
    memory::Memory,
    office::Office,
    people::People,
    sending::{Responses, Sending},
    service::{Bell, Service},
    settings::{BotMode, WeComSettings},
    used::Used,
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
    office: Arc<Office>,
    archive: Option<Archived>,
    service: Option<Arc<Service>>,
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
        let is_deaf = settings.bot.is_none() && settings.archive.is_none();
        if settings.app.is_none() && is_deaf && settings.webhooks.is_empty() {
            return Err("neither an app nor an AI bot nor a webhook nor the archive is configured".to_owned());
        }
        if settings.service.is_some() && settings.app.is_none() {
            return Err("customer service needs a self-built app".to_owned());
        }
        let client = Arc::new(Client::new(settings.clone(), Arc::clone(&shelf), &clock)?);
        let memory = Arc::new(Memory::new(Arc::clone(&shelf)));
        let groups = Arc::new(KnownGroups::new(Arc::clone(&shelf)));
        let responses = Arc::new(Responses::new(Arc::clone(&shelf), clock.clone()));
        let line = Arc::new(Line::default());
        let people = Arc::new(People {
            client: Arc::clone(&client),
            memory: Arc::clone(&memory),
            groups: Arc::clone(&groups),
        });
        let office = Office::new(Arc::clone(&client), Arc::clone(&people), Arc::clone(&shelf), clock.clone());
        let office = Arc::new(office);
        let twins = settings.archive.clone().map(|own| Arc::new(Twins::new(own, Arc::clone(&shelf))));
        let bell = settings.service.is_some().then(Arc::<Bell>::default);
        let incoming = Incoming {
            client: Arc::clone(&client),
            memory: Arc::clone(&memory),
            groups,
            people: Arc::clone(&people),
            office: Arc::clone(&office),
            responses: Arc::clone(&responses),
            twins: twins.clone(),
            bell: bell.clone(),
            used: Arc::new(Used::new(Arc::clone(&shelf))),
            hearing: Arc::new(Hearing::new(Arc::clone(&shelf))),
            shelf: Arc::clone(&shelf),
            clock,
        };
        let archive = match (settings.archive.clone(), twins) {
            (Some(own), Some(twins)) => Some(Archived::open(own, twins, incoming.clone(), rng.clone())?),
            _ => None,
        };
        let service = settings.service.clone().zip(bell);
        let service =
            service.map(|(own, bell)| Arc::new(Service::new(own, bell, incoming.clone(), rng.clone())));
        let media = archive.as_ref().map(Archived::media);
        let hooks = Hooks::new(&settings, incoming.clone())?;
        let sending = Sending::new(
            Arc::clone(&client),
            memory,
            shelf,
            Arc::clone(&line),
            responses,
            media,
            rng.clone(),
        );
        let sending = sending.serving(service.clone());
        let capabilities = capabilities::table(archive.is_some(), service.is_some());
        Ok(Self {
            client,
            capabilities,
            incoming,
            sending,
            people,
            office,
            archive,
            service,
            line,
            hooks,
            rng,
        })
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

    async fn read_archive(&self, inbox: &dyn Inbox, shutdown: &Shutdown) {
        if let Some(archive) = &self.archive {
            archive.keep(inbox, shutdown).await;
        }
    }

    async fn serve_customers(&self, inbox: &dyn Inbox, shutdown: &Shutdown) {
        if let Some(service) = &self.service {
            service.keep(inbox, shutdown).await;
        }
    }

    /// The bot, or the archive, works without the app, so neither waits for its token; what goes by the app says by itself why not.
    async fn app_beside_bot(&self) {
        if let Err(error) = self.app_signed_in().await {
            tracing::error!(%error, "the app is not signed in; what is not the app's works without it");
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
        let recalled = self.incoming.used.recall();
        let office = Box::pin(self.office.keep(inbox.as_ref(), &self.rng, &shutdown));
        let archive = Box::pin(self.read_archive(inbox.as_ref(), &shutdown));
        let service = Box::pin(self.serve_customers(inbox.as_ref(), &shutdown));
        if self.has_connection() {
            let bot = Box::pin(bot::keep(&self.incoming, &self.line, inbox.as_ref(), &self.rng, &shutdown));
            tokio::join!(bot, self.app_beside_bot(), office, archive, service, recalled);
            return Ok(());
        }
        if self.archive.is_some() {
            self.app_beside_bot().await;
        } else {
            self.app_signed_in().await?;
        }
        inbox.line(LineState::Up);
        tokio::join!(office, archive, service, recalled);
        Ok(())
    }

    async fn send(&self, outgoing: &Outgoing) -> Result<Sent, Failure> {
        Box::pin(self.sending.send(outgoing)).await
    }

    async fn check(&self) -> Vec<CheckStep> {
        let mut steps = checking::check(&self.client, &self.office, &self.incoming.hearing).await;
        if let Some(archive) = &self.archive {
            steps.extend(archive.check().await);
        }
        if let Some(service) = &self.service {
            steps.push(service.check().await);
        }
        steps
    }

    fn amiss(&self) -> Vec<Words> {
        let of_app = self.client.failing.told().into_iter().chain(self.incoming.used.amiss());
        let of_archive = self.archive.iter().filter_map(|archive| archive.amiss());
        let of_service = self.service.iter().filter_map(|service| service.amiss());
        of_app.chain(of_archive).chain(of_service).collect()
    }

    fn abilities(&self) -> Abilities<'_> {
        let has_app = self.client.settings().app.is_some();
        Abilities {
            // The AI bot knows nobody.
            directory: has_app.then_some(self.people.as_ref() as &dyn Directory),
            callbacks: self.hooks.as_ref().map(|hooks| hooks as &dyn Callbacks),
            approvals: has_app.then_some(self.office.as_ref() as &dyn Approvals),
            todos: has_app.then_some(self.office.as_ref() as &dyn Todos),
            calendars: has_app.then_some(self.office.as_ref() as &dyn Calendars),
            ..Abilities::of(&self.sending, self.people.as_ref())
        }
    }
}

#[cfg(test)]
mod tests;
