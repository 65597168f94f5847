//! The kit as a bot holds it: store, outbox, timers, texts, and the homeserver to read from.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use base::{Clock, Rng};
use ruma::{EventId, OwnedEventId, OwnedRoomId, OwnedServerName, OwnedUserId, RoomId, ServerName, UserId};
use serde::Serialize;
use store::{Batch, Scan, Store, StoreError};
use tokio::sync::{Mutex, Notify, watch};

use crate::{
    Verb,
    crypto::{Audiences, Keyring},
    ear::Service,
    intents::Intent,
    letter::Outbox,
    limits::INBOX_ROWS_MAX,
    tables::{INBOX, LANGUAGES, LETTER_OF, LanguageRow, OUTBOX, SENT},
    texts::{Lang, Texts},
    timers::Timers,
    wire::Wire,
};

/// What the binary takes from the configuration.
#[derive(Clone, Debug)]
pub struct KitSettings {
    /// Servers beside the own one whose people may invite the bots.
    pub partners: Vec<OwnedServerName>,
    /// The language of rooms and people that chose none.
    pub language: Lang,
    /// Whether an account that has a bot's name already is taken for the bot's.
    pub takes_over_accounts: bool,
    /// Whether a direct chat that a bot opens is encrypted where the person has a client that can read it.
    pub encrypts_direct_chats: bool,
    /// The account of the bridges' bot, where platforms are bridged.
    pub bridge: Option<OwnedUserId>,
}

/// What [`Kit::new`] is built from.
pub struct KitParts {
    /// The bots' own store, opened with [`crate::tables()`] and the tables of the bots.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub rng: Rng,
    /// The way to the homeserver.
    pub wire: Arc<dyn Wire>,
    /// The server that the bots live on.
    pub server_name: OwnedServerName,
    /// The localparts of all bots.
    pub localparts: Vec<&'static str>,
    /// All texts.
    pub texts: Texts,
    /// From the configuration.
    pub settings: KitSettings,
}

/// What bots share. Cloning it is one reference count.
#[derive(Clone)]
pub struct Kit(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub store: Store,
    pub clock: Clock,
    pub rng: Rng,
    pub wire: Arc<dyn Wire>,
    pub settings: KitSettings,
    pub server_name: OwnedServerName,
    pub sender: OwnedUserId,
    /// Localpart and user of each bot. Few.
    pub users: Vec<(&'static str, OwnedUserId)>,
    pub texts: Texts,
    pub outbox: Outbox,
    pub timers: Timers,
    /// There is something in an inbox.
    pub arrived: Notify,
    /// How often a bot has come into a room.
    pub comings: watch::Sender<u64>,
    /// Held by whoever takes a transaction: how many events are remembered, once counted.
    pub taking: Mutex<Option<usize>>,
    /// The bots whose names are people's.
    pub occupied: parking_lot::Mutex<Vec<&'static str>>,
    /// The commands of each bot that has begun.
    pub verbs: parking_lot::Mutex<HashMap<&'static str, &'static [Verb]>>,
    /// There is a room in which commands are to be described.
    pub undescribed: Arc<Notify>,
    /// How many bots are at work.
    pub ready: AtomicUsize,
    /// The keys of each bot, in the order of `users`.
    pub keyrings: Vec<Keyring>,
    /// Who reads in encrypted rooms.
    pub audiences: Audiences,
    pub service: Service,
    /// Held by whoever has a large file in memory on its way: somebody's that is passed on, or that of a letter of ours.
    pub passing: Mutex<()>,
    /// Held by whoever makes a room under a key: letters of several lanes may be the first to it.
    pub making: Mutex<()>,
}

/// How the bots are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Whether they take work and have their accounts.
    pub is_well: bool,
    /// Events that no bot has worked off, counted to [`INBOX_ROWS_MAX`].
    pub inbox: usize,
    /// Letters that are not sent, counted to the bound of a scan.
    pub outbox: usize,
}

impl Kit {
    /// Puts the parts together. Nothing is read or asked yet.
    ///
    /// # Errors
    /// A localpart that is none, by name.
    pub fn new(parts: KitParts) -> Result<Self, String> {
        Self::serving(parts, Service::bots())
    }

    /// As [`Kit::new`], for another service than the one of the bots.
    ///
    /// # Errors
    /// A localpart that is none, by name.
    pub fn serving(parts: KitParts, service: Service) -> Result<Self, String> {
        let KitParts { store, clock, rng, wire, server_name, localparts, texts, settings } = parts;
        let user = |localpart| match UserId::parse(format!("@{localpart}:{server_name}")) {
            Ok(user) => Ok((localpart, user)),
            Err(error) => Err(format!("a bot cannot be called {localpart:?}: {error}")),
        };
        let (_, sender) = user(service.id)?;
        let users = localparts.into_iter().map(user).collect::<Result<Vec<_>, String>>()?;
        let keyrings = users.iter().map(|(bot, user)| Keyring::new(store.clone(), bot, user)).collect();
        Ok(Self(Arc::new(Inner {
            store,
            clock,
            rng,
            wire,
            settings,
            server_name,
            sender,
            users,
            texts,
            outbox: Outbox::default(),
            timers: Timers::default(),
            arrived: Notify::new(),
            comings: watch::Sender::new(0),
            taking: Mutex::default(),
            occupied: parking_lot::Mutex::default(),
            verbs: parking_lot::Mutex::default(),
            undescribed: Arc::default(),
            ready: AtomicUsize::new(0),
            keyrings,
            audiences: Audiences::default(),
            service,
            passing: Mutex::default(),
            making: Mutex::default(),
        })))
    }

    /// The bots' store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The time.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Chance.
    #[must_use]
    pub fn rng(&self) -> &Rng {
        &self.0.rng
    }

    /// The server that the bots live on.
    #[must_use]
    pub fn server_name(&self) -> &ServerName {
        &self.0.server_name
    }

    /// Where letters are put.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.0.outbox
    }

    /// Where timers are set.
    #[must_use]
    pub fn timers(&self) -> &Timers {
        &self.0.timers
    }

    /// All texts.
    #[must_use]
    pub fn texts(&self) -> &Texts {
        &self.0.texts
    }

    /// The user of a bot; none for a name that is no bot's.
    #[must_use]
    pub fn user(&self, bot: &str) -> Option<&UserId> {
        self.0.users.iter().find(|(localpart, _)| *localpart == bot).map(|(_, user)| &**user)
    }

    /// The user of the registration itself: whoever asks for accounts of the service.
    #[must_use]
    pub fn sender(&self) -> &UserId {
        &self.0.sender
    }

    /// The bridges' bot, where platforms are bridged.
    #[must_use]
    pub fn bridge(&self) -> Option<&UserId> {
        self.0.settings.bridge.as_deref()
    }

    /// Whether a user is one of the bots, or of whoever listens below them.
    #[must_use]
    pub fn is_ours(&self, user: &UserId) -> bool {
        let is_owned = self.0.service.ear.as_ref().is_some_and(|ear| ear.owns(user));
        self.0.users.iter().any(|(_, ours)| ours == user) || self.0.sender == *user || is_owned
    }

    /// Whether a person may have the bots in their rooms: everybody of this server, and of the configured partners.
    #[must_use]
    pub fn is_welcome(&self, user: &UserId) -> bool {
        let server = user.server_name();
        server == self.0.server_name || self.is_partner(server)
    }

    /// Whether a server is one of the configured partners.
    #[must_use]
    pub fn is_partner(&self, server: &ServerName) -> bool {
        self.0.settings.partners.iter().any(|partner| partner == server)
    }

    /// A bot at the homeserver, to read with; none for a name that is no bot's.
    #[must_use]
    pub fn intent(&self, bot: &str) -> Option<Intent> {
        let device = self.keyring(bot).and_then(Keyring::device);
        self.user(bot).map(|user| Intent::new(Arc::clone(&self.0.wire), user.to_owned()).speaking_as(device))
    }

    /// An account of the service that is no bot, at the homeserver; it has to be in the namespaces of the registration.
    #[must_use]
    pub fn puppet(&self, user: OwnedUserId) -> Intent {
        Intent::new(Arc::clone(&self.0.wire), user)
    }

    /// The key of the letter that an event was.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn letter_of(&self, event: &EventId) -> Result<Option<String>, StoreError> {
        self.0.store.get(&LETTER_OF, event).await
    }

    /// The event that a letter became; none while it waits.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn sent(&self, key: &str) -> Result<Option<(OwnedRoomId, OwnedEventId)>, StoreError> {
        Ok(self.0.store.get(&SENT, key).await?.map(|sent| (sent.room, sent.event)))
    }

    /// The language that this person reads; without a choice of theirs the one of the room, and then the configured.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn language(&self, room: Option<&RoomId>, user: Option<&UserId>) -> Result<Lang, StoreError> {
        for subject in [user.map(UserId::as_str), room.map(RoomId::as_str)].into_iter().flatten() {
            if let Some(row) = self.0.store.get(&LANGUAGES, subject).await? {
                return Ok(row.lang);
            }
        }
        Ok(self.0.settings.language)
    }

    /// Notes the choice of a person or for a room, by id.
    pub fn set_language(&self, batch: &mut Batch, subject: &str, lang: Lang) {
        batch.put(&LANGUAGES, subject, &LanguageRow { lang });
    }

    /// The choice of this person, if there is one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn chosen_language(&self, user: &UserId) -> Result<Option<Lang>, StoreError> {
        Ok(self.0.store.get(&LANGUAGES, user.as_str()).await?.map(|row| row.lang))
    }

    /// Whether every bot is at work, or cannot be because its name is somebody's.
    #[must_use]
    pub fn have_begun(&self) -> bool {
        self.0.ready.load(Ordering::Relaxed) + self.0.occupied.lock().len() >= self.0.users.len()
    }

    /// How the bots are.
    pub async fn health(&self) -> Health {
        let store = &self.0.store;
        let inbox = store.count(&INBOX, Scan::all().limit(INBOX_ROWS_MAX)).await;
        let outbox = store.count(&OUTBOX, Scan::all()).await;
        let is_ready = self.0.ready.load(Ordering::Relaxed) == self.0.users.len();
        Health {
            is_well: is_ready
                && store.health() == store::Health::Ok
                && matches!(&inbox, Ok(waiting) if *waiting < INBOX_ROWS_MAX)
                && outbox.is_ok(),
            inbox: inbox.unwrap_or_default(),
            outbox: outbox.unwrap_or_default(),
        }
    }
}
