//! One app as the core sees it.

mod checking;
mod hearing;
mod introduction;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bridge_api::{
    Abilities, CallbackAnswer, CallbackRequest, Callbacks, Capabilities, CheckStep, Clock, Connector,
    Failure, Inbox, Network, Outgoing, Pace, Rate, Rng, Sent, Shelf, Shutdown,
};
use parking_lot::RwLock;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::{
    abilities::{
        send,
        topics::{Noting, Topics},
    },
    capabilities,
    client::Client,
    events::Ourselves,
    limits::UPLOADS_AT_ONCE_MAX,
    office::{Office, quick, tend},
    settings::{FeishuSettings, Mode},
    socket::keeper,
    webhook::{self, Secrets},
};

/// Rates of messages into one chat.
const CONVERSATION: &[Rate] = &[Rate { requests: 4, per: Duration::from_secs(1) }];
/// Rates of the whole app.
const APP: &[Rate] = &[
    Rate { requests: 40, per: Duration::from_secs(1) },
    Rate { requests: 900, per: Duration::from_secs(60) },
];
/// Chats that are spoken to at once.
const AT_ONCE: usize = 32;

/// One self-built app at Feishu or Lark.
pub struct Feishu {
    pub(crate) client: Client,
    pub(crate) shelf: Arc<dyn Shelf>,
    pub(crate) uploads: Semaphore,
    /// Held while a card is changed.
    pub(crate) changing: tokio::sync::Mutex<()>,
    pub(crate) topics: Topics,
    /// What is kept in the platform's own apps.
    pub(crate) office: Office,
    pub(crate) clock: Clock,
    rng: Rng,
    ours: RwLock<Ourselves>,
    /// Held by the one who holds the connection: a second one would steal a part of the events.
    holder: tokio::sync::Mutex<()>,
    /// Whether it hears all that people say in groups, as far as that is known.
    hears_all: AtomicBool,
    capabilities: Capabilities,
    /// The same where it does not hear all.
    capabilities_of_addressed: Capabilities,
}

impl Feishu {
    /// Makes a connector. Nothing is asked of the platform yet. `shelf` keeps what it has to remember.
    ///
    /// # Errors
    /// What is wrong with the settings.
    pub fn new(
        settings: FeishuSettings,
        shelf: Arc<dyn Shelf>,
        clock: Clock,
        rng: Rng,
    ) -> Result<Self, String> {
        let office = Office::new(&shelf);
        let app_id = settings.app_id.clone();
        let ours = RwLock::new(Ourselves { app_id, open_id: None, tenant: Arc::default() });
        Ok(Self {
            client: Client::new(settings)?,
            shelf,
            uploads: Semaphore::new(UPLOADS_AT_ONCE_MAX),
            changing: tokio::sync::Mutex::new(()),
            topics: Topics::default(),
            office,
            clock,
            rng,
            ours,
            holder: tokio::sync::Mutex::new(()),
            hears_all: AtomicBool::new(true),
            capabilities: capabilities::table(),
            capabilities_of_addressed: capabilities::of_addressed(),
        })
    }

    /// Who we are, as far as the platform has told.
    pub(crate) fn ours(&self) -> Ourselves {
        self.ours.read().clone()
    }

    fn noting<'a>(&'a self, inbox: &'a dyn Inbox) -> Noting<'a> {
        Noting { inbox, feishu: self }
    }
}

#[async_trait]
impl Connector for Feishu {
    fn network(&self) -> Network {
        Network::Feishu
    }

    fn capabilities(&self) -> &Capabilities {
        let hears_all = self.hears_all.load(Ordering::Relaxed);
        if hears_all { &self.capabilities } else { &self.capabilities_of_addressed }
    }

    fn pace(&self) -> Pace {
        Pace { conversation: CONVERSATION, app: APP, at_once: AT_ONCE }
    }

    async fn run(&self, inbox: Arc<dyn Inbox>, shutdown: Shutdown) -> Result<(), Failure> {
        let Ok(_holder) = self.holder.try_lock() else {
            return Err(Failure::later("the connection is held by somebody else of this process"));
        };
        let hearing = async {
            match &self.client.settings().mode {
                Mode::LongConnection => {
                    let noting = self.noting(&*inbox);
                    keeper::keep(&self.client, &noting, &self.rng, &shutdown, || self.introduce()).await
                }
                Mode::Webhook { .. } => {
                    self.wait_for_webhooks(&*inbox, &shutdown).await;
                    Ok(())
                }
            }
        };
        tokio::select! {
            outcome = Box::pin(hearing) => outcome,
            never = Box::pin(tend(self, &*inbox)) => match never {},
        }
    }

    async fn send(&self, outgoing: &Outgoing) -> Result<Sent, Failure> {
        Box::pin(send::send(self, outgoing)).await
    }

    async fn check(&self) -> Vec<CheckStep> {
        self.checked().await
    }

    fn abilities(&self) -> Abilities<'_> {
        let settings = self.client.settings();
        let is_called = matches!(settings.mode, Mode::Webhook { .. }) || settings.office.approvals.is_some();
        Abilities {
            edits: Some(self),
            reactions: Some(self),
            backfill: Some(self),
            callbacks: is_called.then_some(self as &dyn Callbacks),
            approvals: Some(self),
            todos: Some(self),
            calendars: Some(self),
            ..Abilities::of(self, self)
        }
    }
}

#[async_trait]
impl Callbacks for Feishu {
    async fn call(&self, request: CallbackRequest, inbox: &dyn Inbox) -> CallbackAnswer {
        if let Some(centre) =
            self.client.settings().office.approvals.as_ref().filter(|_| quick::is_meant(&request))
        {
            return Box::pin(quick::call(self, centre, &request, inbox)).await;
        }
        let Mode::Webhook { verification_token, encrypt_key } = &self.client.settings().mode else {
            let body = Value::Null.to_string().into();
            return CallbackAnswer { status: 404, content_type: "application/json", body };
        };
        let secrets = Secrets { verification_token, encrypt_key: encrypt_key.as_ref() };
        webhook::call(&request, secrets, &self.ours(), &self.noting(inbox), self.clock.now_ms()).await
    }
}
