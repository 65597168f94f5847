//! The bots: in this process beside the homeserver, or alone. They meet it over HTTP in both cases.

mod alone;
mod calendars;
mod export;
mod meet;
mod org;
pub(crate) mod organisation;
mod record_keys;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use approvals::{Approvals, mail as letters, web};
use base::{Clock, Rng, Shutdown};
use config::{Config, DatabaseEngine};
use kit::{Bot, Bots, HttpWire, Kit, KitParts, KitSettings, Tokens, texts::Lang};
use lianqiao_http::Neighbours;
use outbound::Outbound;
use people::People;
use ruma::{OwnedServerName, OwnedUserId};
use store::{Engine, Identity, MemoryKv, Store, TableInfo};
use store_rocksdb::{RocksKv, RocksSettings};
use tasks::{Hook, Tasks, TasksParts};
use tokio::{net::TcpListener, task::JoinHandle};

pub(crate) use self::alone::{Registered, run as run_alone};
use crate::{
    StartError,
    backup::{self, marker},
    limits::{BOTS_CACHE_BYTES, BOTS_FILES_MAX, BOTS_WRITE_BUFFER_BYTES},
    listener::{self, Terms},
    settings,
};

/// Name of the bots' folder in the data folder.
pub(crate) const FOLDER_NAME: &str = "bots";

/// Where the bots listen inside the process: any free port of this machine.
pub(crate) const INSIDE_ADDRESS: &str = "127.0.0.1:0";

/// Users of our bots.
const LOCALPARTS: &[&str] =
    &[approvals::LOCALPART, tasks::LOCALPART, meetings::LOCALPART, ::organisation::LOCALPART];

/// Bots or bridges that can be connected to and are not at work yet. The homeserver is told where they are before it starts.
pub(crate) struct Bound {
    listener: TcpListener,
    registration: String,
    tokens: Tokens,
}

/// Bots at work.
pub(crate) struct Working {
    store: Store,
    /// The bots' own, to ask how they are.
    pub kit: Kit,
    /// The organisation, where the bots keep it.
    pub people: Option<People>,
    tasks: Vec<JoinHandle<()>>,
}

/// What bots need of the process they live in.
pub(crate) struct Surroundings {
    /// Where the homeserver is.
    pub homeserver_url: String,
    /// A client that may go there.
    pub outbound: Outbound,
    pub clock: Clock,
    pub rng: Rng,
    pub terms: Terms,
    pub shutdown: Shutdown,
    /// Where calendar programs and browsers are let in beside the homeserver's clients; bots that run alone let them in
    /// themselves.
    pub neighbours: Option<Neighbours>,
}

impl Bound {
    /// Takes a port for bots inside this process. The tokens live as long as the process: nobody else has to know them.
    pub async fn inside(config: &Config, rng: &Rng) -> Result<Self, StartError> {
        Self::at(config, INSIDE_ADDRESS, Tokens::generate(rng)).await
    }

    /// Takes this address.
    async fn at(config: &Config, address: &str, tokens: Tokens) -> Result<Self, StartError> {
        let name = &config.server.name;
        Self::taken(address, tokens, |url, tokens| kit::registration(url, tokens, LOCALPARTS, name)).await
    }

    /// Takes this address, for whoever is registered so.
    pub async fn taken(
        address: &str,
        tokens: Tokens,
        registration: impl FnOnce(&str, &Tokens) -> String,
    ) -> Result<Self, StartError> {
        let failed = |error| StartError::Listen { address: address.to_owned(), error };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let url = format!("http://{}", listener.local_addr().map_err(failed)?);
        let registration = registration(&url, &tokens);
        Ok(Self { listener, registration, tokens })
    }

    /// The listener, and the secrets of the registration.
    pub fn into_parts(self) -> (TcpListener, Tokens) {
        (self.listener, self.tokens)
    }

    /// What the homeserver has to know.
    pub fn registration(&self) -> &str {
        &self.registration
    }

    /// Opens the bots' store and lets them work until the shutdown.
    pub async fn start(self, config: &Config, around: Surroundings) -> Result<Working, StartError> {
        let server_name = settings::server_name(config)?;
        let store = open_store(config, &around.clock, FOLDER_NAME, tables()).await?;
        let refused = |reason| StartError::Setting { key: "bots", reason };
        let wire = HttpWire::new(around.outbound, &around.homeserver_url, self.tokens.as_token);
        let kit = Kit::new(KitParts {
            store: store.clone(),
            clock: around.clock,
            rng: around.rng,
            wire: Arc::new(wire.map_err(refused)?),
            server_name,
            localparts: LOCALPARTS.to_vec(),
            texts: kit::texts::Texts::with(&[
                office::TEXTS,
                approvals::TEXTS,
                tasks::TEXTS,
                meetings::TEXTS,
                ::organisation::TEXTS,
            ]),
            settings: kit_settings(config)?,
        })
        .map_err(refused)?;
        let calendars = calendars::open(config, &kit)?;
        let mailer = calendars::mailer(config, kit.rng().clone())?;
        let cards = crate::bridges::with_cards(config);
        let approvals = Approvals::reaching(kit.clone(), public_url(config), mailer.is_some(), cards);
        let people = approvals.people().await.map_err(|error| StartError::Bots(error.to_string()))?;
        let kept = people.keep_localparts(&kept_localparts()).await;
        kept.map_err(|error| StartError::Bots(error.to_string()))?;
        let workdays = approvals.workdays().await;
        let workdays = workdays.map_err(|error| StartError::Bots(error.to_string()))?;
        let tasks = Tasks::new(
            kit.clone(),
            TasksParts {
                people: Some(people.clone()),
                workdays: Some(workdays.clone()),
                accepts_after_ms: hours(config.bots.tasks_accepted_after_hours),
                ledger: Some(approvals::LOCALPART),
                hook: tasks_hook(config)?,
            },
        );
        let meetings = meet::open(config, &kit, &people, &workdays, &calendars, mailer.is_some())?;
        let base_url = public_url(config).unwrap_or(around.homeserver_url);
        let links = ::organisation::Links { kit: kit.clone(), people: people.clone(), base_url };
        let organisation = org::open(config, &kit, &people, &links);
        let doors = calendars::doors(&calendars, &meetings);
        let forms = web::Forms::new(approvals.clone()).router();
        let decisions = letters::Pages::new(approvals.clone()).router();
        let post = mailer
            .clone()
            .map(|mailer| tokio::spawn(approvals.clone().carry_post(mailer, around.shutdown.clone())));
        let mailbox = calendars::mailbox(config, &calendars, &meetings, &approvals);
        let staff = people.clone();
        let desk = organisation::Office { people, workdays, store: store.clone(), links: Some(links) };
        let orders = organisation::serve(config, desk, around.shutdown.clone());
        let talking = meetings.clone();
        let telling = config.bots.tasks_hook_url.is_some();
        let telling = telling.then(|| tokio::spawn(tasks.clone().carry_hook(around.shutdown.clone())));
        let bots: Vec<Arc<dyn Bot>> =
            vec![Arc::new(approvals), Arc::new(tasks), Arc::new(meetings), Arc::new(organisation)];
        let questions = calendar::questions(calendars.clone());
        let mut router = kit.router_with(&self.tokens.hs_token, questions);
        match around.neighbours {
            Some(neighbours) => {
                neighbours.open(calendar::PATHS, doors);
                neighbours.open(web::PATHS, forms);
                neighbours.open(letters::PATHS, decisions);
            }
            None => router = router.merge(doors).merge(forms).merge(decisions),
        }
        let copies = backup::offer(&folder(config, FOLDER_NAME), store.clone(), around.shutdown.clone());
        let beside = calendars::work(&calendars, talking, mailer, mailbox, &around.shutdown);
        let listening = listener::serve_plain(self.listener, router, around.terms);
        let working = tokio::spawn(kit.clone().run(Bots::new(bots), around.shutdown));
        let tasks = [listening, working].into_iter().chain(orders).chain(copies).chain(post);
        let tasks = tasks.chain(telling).chain(beside).collect();
        Ok(Working { store, kit, people: Some(staff), tasks })
    }
}

impl Working {
    /// What has to end before the store closes.
    pub fn new(store: Store, kit: Kit, tasks: Vec<JoinHandle<()>>) -> Self {
        Self { store, kit, people: None, tasks }
    }

    /// Waits until everything has ended after the shutdown.
    pub async fn stop(self) {
        for task in self.tasks {
            let _ = task.await;
        }
        self.store.close().await;
    }
}

/// Where tasks are told of elsewhere, if anywhere. The guard is that of other addresses: nothing inside is reached by chance.
fn tasks_hook(config: &Config) -> Result<Option<Hook>, StartError> {
    let (Some(url), Some(secret)) = (&config.bots.tasks_hook_url, &config.bots.tasks_hook_secret) else {
        return Ok(None);
    };
    let outbound = Outbound::new(settings::outbound(config)?)?;
    Ok(Some(Hook { url: url.clone(), secret: secret.clone(), outbound }))
}

/// Local parts that no person gets: those of all our bots.
fn kept_localparts() -> Vec<&'static str> {
    [LOCALPARTS, &[bridge_core::LOCALPART]].concat()
}

fn tables() -> Vec<TableInfo> {
    [
        kit::tables(),
        approvals::tables(),
        workdays::tables(),
        tasks::tables(),
        calendar::tables(),
        meetings::tables(),
        ::organisation::tables(),
    ]
    .concat()
}

/// The database of the bots, or of the bridges, is of their own: they may move to another process, and take it along.
pub(crate) fn engine(config: &Config, folder_name: &str) -> Result<Arc<dyn Engine>, StartError> {
    if config.database.engine == DatabaseEngine::Memory {
        return Ok(Arc::new(MemoryKv::new()));
    }
    let folder = folder(config, folder_name);
    let mut rocks = RocksSettings::new(folder.join(crate::engine::FOLDER_NAME));
    rocks.durability = crate::engine::durability(config);
    rocks.cache_bytes = BOTS_CACHE_BYTES;
    rocks.write_buffer_bytes = BOTS_WRITE_BUFFER_BYTES;
    rocks.open_files_max = BOTS_FILES_MAX;
    rocks.free_bytes_min = config.database.free_mebibytes_min.saturating_mul(1024 * 1024);
    create(&folder)?;
    Ok(Arc::new(RocksKv::open(&rocks)?))
}

/// Opens the database of the bots, or of the bridges. After a restore positions go on past the old ones; what the
/// homeserver says again they know by its events, and what they say again it knows by their transaction ids.
pub(crate) async fn open_store(
    config: &Config,
    clock: &Clock,
    folder_name: &str,
    tables: Vec<TableInfo>,
) -> Result<Store, StartError> {
    let home = folder(config, folder_name);
    let identity = Identity::new(&settings::server_name(config)?, clock).restored(marker::read(&home)?);
    let store = Store::open(engine(config, folder_name)?, tables, identity, Vec::new()).await?;
    if store.is_restore_unfinished().await? {
        kit::after_restore(&store).await?;
        store.finish_restore().await?;
        tracing::warn!(folder_name, "a backup of this database was restored");
    }
    marker::consume(&home)?;
    Ok(store)
}

fn folder(config: &Config, folder_name: &str) -> PathBuf {
    Path::new(&config.server.data_directory).join(folder_name)
}

fn create(folder: &Path) -> Result<(), StartError> {
    std::fs::create_dir_all(folder).map_err(|error| StartError::Directory { path: folder.to_owned(), error })
}

/// Where browsers and programs reach this server, without a slash at the end.
fn public_url(config: &Config) -> Option<String> {
    config.server.public_base_url.as_ref().map(|url| url.trim_end_matches('/').to_owned())
}

/// Hours in milliseconds; never for none.
fn hours(hours: u64) -> Option<u64> {
    (hours > 0).then(|| hours.saturating_mul(60 * 60 * 1_000))
}

/// The account of the bridges' bot, where any platform is bridged.
fn bridge(config: &Config) -> Result<Option<OwnedUserId>, StartError> {
    if !crate::bridges::any(config) {
        return Ok(None);
    }
    let account = OwnedUserId::try_from(format!("@{}:{}", bridge_core::LOCALPART, config.server.name));
    account.map(Some).map_err(|error| StartError::Setting { key: "server.name", reason: error.to_string() })
}

pub(crate) fn kit_settings(config: &Config) -> Result<KitSettings, StartError> {
    let partners = config.bots.partners.iter().map(|name| OwnedServerName::try_from(name.as_str()));
    let partners = partners
        .collect::<Result<_, _>>()
        .map_err(|error| StartError::Setting { key: "bots.partners", reason: error.to_string() })?;
    Ok(KitSettings {
        partners,
        language: Lang::named(&config.bots.language).unwrap_or(Lang::Zh),
        takes_over_accounts: config.bots.take_over_accounts,
        encrypts_direct_chats: config.bots.encrypt_direct_chats,
        bridge: bridge(config)?,
    })
}
