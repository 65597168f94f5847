//! Plugging the crates together, lowest first.

mod opening;

use std::{path::Path, sync::Arc};

use accounts::{Accounts, AccountsParts};
use administration::{Administration, AdministrationParts};
use appservice::{Appservices, AppservicesParts};
use base::{Background, Clock, Rng, Shutdown};
use config::{Config, DatabaseEngine};
use delivery::{
    appservices::{ServiceNames, Services, ServicesParts},
    delayed_events::{DelayedEvents, DelayedEventsParts},
    push::{Push, PushParts},
};
use federation::{Federation, FederationParts, OwnKeys};
use flows::{Flows, FlowsParts, Post, devices::DeviceConsequences, single_sign_on::SingleSignOn};
use keys::{Keys, KeysParts};
use lianqiao_http::{App, AppParts, Neighbours, RateLimits, rendezvous::Rendezvous};
use mail::Mailer;
use media::{Media, MediaParts};
use outbound::{Lookup, Outbound, OutboundSettings, SystemLookup};
use rooms::{Rooms, RoomsParts};
use search::{Place, Search, SearchParts};
use store::{Engine, Store};
use streams::{Notifier, Numbers};
use sync::{Sync, SyncParts, SyncSettings};

use self::opening::{Opened, Opening};
use crate::{StartError, settings};

/// Name of the folder of the search index in the data folder. It can be deleted: it is made anew.
pub(crate) const SEARCH_FOLDER_NAME: &str = "search";

/// Name of the folder of registrations in the data folder.
const APPSERVICES_FOLDER_NAME: &str = "appservices";

/// What a test may bring along; the default is the real thing.
#[derive(Default)]
pub struct Options {
    /// The time; the system's by default.
    pub clock: Option<Clock>,
    /// Randomness; the system's by default.
    pub rng: Option<Rng>,
    /// An engine that is already open, instead of the one the configuration names. A test keeps it to
    /// break it on purpose, or to start a second server on the same data.
    pub engine: Option<Arc<dyn Engine>>,
    /// Who knows the addresses of names that the server connects to; the system by default.
    pub lookup: Option<Arc<dyn Lookup>>,
    /// The keys that sign; those in the data folder by default.
    pub own_keys: Option<OwnKeys>,
    /// Registrations of application services that are in no file.
    pub registrations: Vec<String>,
    /// Where the work of application services of others is done; where it comes up by default.
    pub background: Background,
}

/// The parts of a server that does not listen yet.
pub(crate) struct Parts {
    pub store: Store,
    pub app: App,
    pub shutdown: Shutdown,
    pub notifier: Notifier,
    /// The client that goes wherever the operator says.
    pub outbound_to_services: Outbound,
}

/// Opens the store and builds everything over it.
pub(crate) async fn build(config: &Config, options: Options) -> Result<Parts, StartError> {
    let clock = options.clock.unwrap_or_else(Clock::system);
    let rng = options.rng.unwrap_or_else(Rng::system);
    let shutdown = Shutdown::new();
    let directory = Path::new(&config.server.data_directory);
    let server_name = settings::server_name(config)?;
    let opening = Opening { engine: options.engine, own_keys: options.own_keys };
    let Opened { store, own_keys, policy_server, keeps_nothing } =
        opening.open(config, &server_name, &clock, &rng).await?;

    let lookup = options.lookup.unwrap_or_else(|| Arc::new(SystemLookup));
    let lookup_of_services = Arc::clone(&lookup);
    let outbound = Outbound::with_lookup(settings::outbound(config)?, Arc::clone(&lookup))?;
    // Of its own, so that peers and everything else do not wait for each other.
    let outbound_to_peers =
        Outbound::with_lookup(OutboundSettings { http1_only: true, ..settings::outbound(config)? }, lookup)?;

    let notifier = Notifier::new();
    store.listen(Arc::new(notifier.clone()));
    let accounts = Accounts::new(AccountsParts {
        store: store.clone(),
        clock: clock.clone(),
        rng: rng.clone(),
        server_name: server_name.clone(),
        settings: settings::accounts(config),
    });
    let keys = Keys::open(KeysParts { store: store.clone(), clock: clock.clone() }).await?;
    let media = Media::open(MediaParts {
        store: store.clone(),
        clock: clock.clone(),
        rng: rng.clone(),
        outbound: outbound.clone(),
        server_name: server_name.clone(),
        settings: settings::media(config, keeps_nothing),
    })
    .await?;
    let rooms = Rooms::new(RoomsParts {
        store: store.clone(),
        notifier: notifier.clone(),
        numbers: Numbers::new(store.clone()),
        clock: clock.clone(),
        rng: rng.clone(),
        accounts: accounts.clone(),
        server_name: server_name.clone(),
        signing_key: Arc::clone(own_keys.current()),
        settings: settings::rooms(config)?,
    });
    let federation = Federation::open(FederationParts {
        store: store.clone(),
        clock: clock.clone(),
        rng: rng.clone(),
        server_name,
        own_keys,
        outbound: outbound_to_peers,
        rooms: rooms.clone(),
        accounts: accounts.clone(),
        keys: keys.clone(),
        media: media.clone(),
        settings: settings::federation(config)?,
        policy_server,
    })
    .await?;
    media.plug(Arc::new(federation.clone()));
    rooms.plug_policy_servers(Arc::new(federation.clone()));
    let search = Search::open(SearchParts {
        store: store.clone(),
        rooms: rooms.clone(),
        accounts: accounts.clone(),
        place: match config.database.engine {
            DatabaseEngine::Memory => Place::Memory,
            DatabaseEngine::Rocksdb => Place::Folder(directory.join(SEARCH_FOLDER_NAME)),
        },
        settings: settings::search(config),
    })?;
    let mailer = settings::mail(config).map(|mail| Mailer::new(mail, rng.clone())).transpose();
    let mailer = mailer
        .map_err(|error| StartError::Setting { key: "mail.host or mail.from", reason: error.to_string() })?;
    let push = Push::open(PushParts {
        store: store.clone(),
        clock: clock.clone(),
        rng: rng.clone(),
        accounts: accounts.clone(),
        rooms: rooms.clone(),
        outbound: outbound.clone(),
        mailer: mailer.clone(),
        settings: settings::push(config),
    })
    .await?;
    let consequences = DeviceConsequences { keys: keys.clone(), rooms: rooms.clone(), push: push.clone() };
    accounts.observe_devices(Arc::new(consequences));
    let outbound_to_services =
        Outbound::with_lookup(settings::outbound_to_services(config)?, lookup_of_services)?;
    let appservices = Appservices::open(AppservicesParts {
        server_name: accounts.server_name().to_owned(),
        built_in: options.registrations,
        places: config.appservices.registrations.iter().map(Into::into).collect(),
        folder: directory.join(APPSERVICES_FOLDER_NAME),
        outbound: outbound_to_services.clone(),
    })
    .await;
    accounts.reserve_names(Arc::new(ServiceNames(appservices.clone())));
    let services = Services::open(ServicesParts {
        store: store.clone(),
        clock: clock.clone(),
        rng: rng.clone(),
        appservices,
        accounts: accounts.clone(),
        rooms: rooms.clone(),
        keys: keys.clone(),
        asks_for_keys: config.appservices.asks_for_keys,
        queue_rows_max: config.appservices.queue_rows_max,
        background: options.background.clone(),
    })
    .await?;
    let sync = Sync::new(SyncParts {
        store: store.clone(),
        notifier: notifier.clone(),
        rooms: rooms.clone(),
        accounts: accounts.clone(),
        keys: keys.clone(),
        shutdown: shutdown.clone(),
        settings: SyncSettings::default(),
    });
    let administration = Administration::new(AdministrationParts {
        store: store.clone(),
        clock: clock.clone(),
        rng: rng.clone(),
    });
    let flows = Flows::new(FlowsParts {
        accounts: accounts.clone(),
        rooms: rooms.clone(),
        federation: federation.clone(),
        administration: administration.clone(),
        notices: settings::notices(config),
        post: mailer.map(|mailer| {
            let base = config.server.public_base_url.as_deref().unwrap_or_default();
            Post::new(mailer, base, accounts.server_name().as_str())
        }),
        keys: keys.clone(),
        services: services.clone(),
        push: push.clone(),
        single_sign_on: SingleSignOn::new(
            settings::single_sign_on(config),
            &outbound,
            clock.clone(),
            rng.clone(),
        ),
        store: store.clone(),
    });
    let delayed_events = DelayedEvents::open(DelayedEventsParts {
        store: store.clone(),
        accounts: accounts.clone(),
        rooms: rooms.clone(),
        clock: clock.clone(),
        rng: rng.clone(),
        settings: settings::delayed_events(config),
    })
    .await?;
    let mut http = settings::http(config)?;
    http.policy_server_key = federation.policy_server_key().or(http.policy_server_key);
    let app = App::new(AppParts {
        store: store.clone(),
        accounts,
        rooms,
        search,
        federation,
        keys,
        media,
        sync,
        administration,
        turn: settings::turn(config),
        delayed_events,
        rendezvous: Rendezvous::new(clock.clone(), rng.clone()),
        services,
        push,
        flows,
        background: options.background,
        limits: RateLimits::new(http.rate_limits.as_ref()),
        neighbours: Neighbours::default(),
        settings: http,
        clock,
        rng,
        shutdown: shutdown.clone(),
    });
    Ok(Parts { store, app, shutdown, notifier, outbound_to_services })
}
