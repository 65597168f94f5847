//! The bridges of one process, put together.

use std::{collections::HashSet, path::PathBuf, sync::Arc, time::Duration};

use base::{Clock, Rng};
use bridge_api::{Connector, Failure, Language, Network};
use kit::{Kit, KitParts, KitSettings, Service, Wire, texts::Texts};
use ruma::{OwnedServerName, OwnedUserId, UserId};
use store::Store;
use tokio::sync::{Notify, Semaphore, watch};

use crate::{
    BridgeError, LOCALPART, Post, SERVICE_ID, Staff, TEXTS,
    catching_up::CatchingUp,
    conversion::Workshop,
    entries::Questions,
    limits::{FILES_AT_ONCE, LINKS_AT_ONCE, LOGINS_AT_ONCE},
    line::LineNow,
    links::LinkKey,
    member_names::MemberNames,
    namesakes::Namesakes,
    overhear::Switchboard,
    pace::Buckets,
    people_texts,
    portals::Portals,
    quotas::Quotas,
    reach::Reach,
    standing_texts,
    tables::{INBOX, OUTBOX},
    way::Way,
};

/// What the binary takes from the configuration.
#[derive(Clone, Debug)]
pub struct BridgeSettings {
    /// Who may bind any conversation to any room that they are in.
    pub administrators: Vec<OwnedUserId>,
    /// The language of names and notices in rooms that chose none.
    pub language: Language,
    /// Whether a room is made for each group that the app is in and nobody bound.
    pub creates_rooms: bool,
    /// How long a platform is down, or takes nothing, before its rooms are told.
    pub outage_told_after: Duration,
    /// How long a platform is down before key messages go by e-mail; none for never.
    pub mails_after: Option<Duration>,
    /// Where people of the platforms reach the bridges for files that a platform does not take, like `https://chat.example.org`; none
    /// for no links.
    pub public_url: Option<String>,
    /// The ffmpeg that converts spoken words and the pictures of phones; none for those that stay in the form they come in.
    pub ffmpeg: Option<PathBuf>,
}

/// What of the homeserver's house is there for the bridges; each may be missing, and then its ability is.
#[derive(Clone, Default)]
pub struct BridgePorts {
    /// The staff list of the organisation.
    pub staff: Option<Arc<dyn Staff>>,
    /// The way to the mailboxes of colleagues.
    pub post: Option<Arc<dyn Post>>,
}

/// What [`Bridges::new`] is built from.
pub struct BridgesParts {
    /// The bridges' own store, opened with [`crate::tables()`] and the tables of the kit.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub rng: Rng,
    /// The way to the homeserver.
    pub wire: Arc<dyn Wire>,
    /// The server that the ghosts live on.
    pub server_name: OwnedServerName,
    /// Of the kit.
    pub kit: KitSettings,
    /// Of the bridges.
    pub settings: BridgeSettings,
    /// One for each platform, at most.
    pub connectors: Vec<Arc<dyn Connector>>,
    /// What is there beside.
    pub ports: BridgePorts,
}

/// The bridges of one process. Cloning it is one reference count.
#[derive(Clone)]
pub struct Bridges(pub(crate) Arc<Inner>);

/// One platform.
pub(crate) struct Seat {
    pub connector: Arc<dyn Connector>,
    pub network: Network,
    pub buckets: Buckets,
    /// What the connector says of its line.
    pub line: watch::Sender<LineNow>,
    /// What becomes of what is sent.
    pub reach: Reach,
    pub catching_up: CatchingUp,
    /// What is left of what the platform counts.
    pub quotas: Quotas,
}

impl Seat {
    /// Notes what the platform answered to something that was sent, and hands it on.
    pub fn heard<T>(&self, outcome: Result<T, Failure>) -> Result<T, Failure> {
        self.reach.heard(outcome)
    }

    /// How the line stands: by its connector, and by what becomes of what is sent.
    pub fn now(&self) -> LineNow {
        let line = self.line.borrow().clone();
        match (line, self.reach.away()) {
            (LineNow::Up(_) | LineNow::Unknown, Some(away)) => LineNow::Unreached(away),
            (line, _) => line,
        }
    }
}

pub(crate) struct Inner {
    pub store: Store,
    pub clock: Clock,
    pub rng: Rng,
    pub kit: Kit,
    pub settings: BridgeSettings,
    pub ports: BridgePorts,
    /// Something is to be done for colleagues.
    pub people_news: Arc<Notify>,
    /// A room is to be made.
    pub rooms_news: Arc<Notify>,
    /// Somebody wants to have what was said before.
    pub reading_news: Arc<Notify>,
    pub server_name: OwnedServerName,
    pub switchboard: Arc<Switchboard>,
    pub seats: Vec<Seat>,
    pub inbound: Way,
    /// Files in memory.
    pub files: Semaphore,
    /// Where files are given other forms.
    pub workshop: Workshop,
    pub link_key: LinkKey,
    /// Links that are open.
    pub links_open: Arc<Semaphore>,
    pub namesakes: Namesakes,
    /// What bots want to know of people's calendars.
    pub questions: Questions,
    /// Places of those who try credentials.
    pub logins: Arc<Semaphore>,
}

impl Bridges {
    /// Puts the parts together and reads which conversations are bound to which rooms.
    ///
    /// # Errors
    /// When the store cannot be read, or the bot cannot have its name on this server.
    pub async fn new(parts: BridgesParts) -> Result<Self, BridgeError> {
        let BridgesParts { store, clock, rng, wire, server_name, kit, settings, connectors, ports } = parts;
        let bot = UserId::parse(format!("@{LOCALPART}:{server_name}"))
            .map_err(|error| BridgeError::Invalid(error.to_string()))?;
        let portals = Portals::load(&store).await?;
        let link_key = LinkKey::load(&store, &rng).await?;
        let connected: HashSet<_> = connectors.iter().map(|connector| connector.network()).collect();
        let (inbound, outbound) = (Way::default(), Way::default());
        inbound.load(&store, &INBOX, &connected).await?;
        outbound.load(&store, &OUTBOX, &connected).await?;
        let known: Vec<_> = portals.all().into_iter().map(|(lane, _)| lane).collect();
        outbound.load_more(&store, &known).await?;
        let switchboard = Arc::new(Switchboard {
            clock: clock.clone(),
            server_name: server_name.clone(),
            bot,
            portals,
            member_names: MemberNames::default(),
            outbound,
            connected,
        });
        let kit_parts = KitParts {
            store: store.clone(),
            clock: clock.clone(),
            rng: rng.clone(),
            wire,
            server_name: server_name.clone(),
            localparts: vec![LOCALPART],
            texts: Texts::with(&[TEXTS, people_texts::TEXTS, standing_texts::TEXTS]),
            settings: kit,
        };
        let service = Service { id: SERVICE_ID, ear: Some(switchboard.clone()) };
        let kit = Kit::serving(kit_parts, service).map_err(BridgeError::Invalid)?;
        let seats = connectors.into_iter().map(|connector| {
            let (network, catching_up) = (connector.network(), CatchingUp::default());
            if connector.backfill().is_some() {
                // What waited for its history when the process ended waits for it again: that is not read yet.
                let bound = switchboard.portals.bound(network);
                catching_up.begin(bound.into_iter().map(|((_, conversation), _)| conversation));
            }
            let buckets = Buckets::new(connector.pace());
            let line = watch::Sender::new(LineNow::Unknown);
            let reach = Reach::new(settings.outage_told_after);
            Seat { network, buckets, line, reach, catching_up, quotas: Quotas::default(), connector }
        });
        // Before the switchboard is handed on.
        let seats: Vec<Seat> = seats.collect();
        let workshop = Workshop::new(settings.ffmpeg.clone());
        Ok(Self(Arc::new(Inner {
            store,
            clock,
            rng,
            kit,
            settings,
            ports,
            people_news: Arc::default(),
            rooms_news: Arc::default(),
            reading_news: Arc::default(),
            server_name,
            switchboard,
            seats,
            inbound,
            files: Semaphore::new(FILES_AT_ONCE),
            workshop,
            link_key,
            links_open: Arc::new(Semaphore::new(LINKS_AT_ONCE)),
            namesakes: Namesakes::default(),
            questions: Questions::default(),
            logins: Arc::new(Semaphore::new(LOGINS_AT_ONCE)),
        })))
    }

    /// The kit under the bridge's bot, for the routes that the homeserver asks.
    #[must_use]
    pub fn kit(&self) -> &Kit {
        &self.0.kit
    }

    /// The connector of a platform, for what it is called by HTTP; none when none runs.
    #[must_use]
    pub fn connector(&self, network: Network) -> Option<&Arc<dyn Connector>> {
        self.0.seats.iter().find(|seat| seat.network == network).map(|seat| &seat.connector)
    }

    pub(crate) fn seat(&self, network: Network) -> Option<&Seat> {
        self.0.seats.iter().find(|seat| seat.network == network)
    }

    pub(crate) fn portals(&self) -> &Portals {
        &self.0.switchboard.portals
    }

    pub(crate) fn outbound(&self) -> &Way {
        &self.0.switchboard.outbound
    }
}
