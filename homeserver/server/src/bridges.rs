//! The bridges: in this process beside the homeserver, or alone. They meet it over HTTP in both cases.

mod alone;
mod beside;
mod dingtalk;
mod doors;
mod feishu;
mod house;
pub(crate) mod login;
pub(crate) mod orders;
mod ports;
mod programs;
mod wecom;

use std::{path::Path, sync::Arc, time::Duration};

use base::{Clock, Rng};
use bridge_api::{Connector, Language, Network};
use bridge_core::{BridgePorts, BridgeSettings, Bridges, BridgesParts};
use config::Config;
use kit::{HttpWire, Namespaces, Tokens};
use ruma::UserId;
use store::{Store, TableInfo};

pub(crate) use self::{alone::run as run_alone, house::open as open_house, ports::ports};
use crate::{
    StartError, backup,
    bots::{self, Bound, Surroundings, Working},
    listener, settings,
};

/// Name of the bridges' folder in the data folder.
pub(crate) const FOLDER_NAME: &str = "bridges";

/// Whether any platform is bridged.
pub(crate) fn any(config: &Config) -> bool {
    Network::ALL.into_iter().any(|network| is_enabled(config, network))
}

/// Whether a platform is bridged.
pub(crate) fn is_enabled(config: &Config, network: Network) -> bool {
    match network {
        Network::Feishu => config.feishu.enabled,
        Network::DingTalk => config.dingtalk.enabled,
        Network::WeCom => config.wecom.enabled,
    }
}

/// The platforms that are bridged and show cards whose buttons people can press; the others say cards in words, if at all.
pub(crate) fn with_cards(config: &Config) -> Vec<&'static str> {
    let shows = |network: &Network| match network {
        Network::Feishu => true,
        Network::DingTalk => config.dingtalk.card_template.is_some(),
        // The app speaks to people; webhooks and the AI bot alone know nobody.
        Network::WeCom => config.wecom.agent_id.is_some(),
    };
    let bridged = Network::ALL.into_iter().filter(|network| is_enabled(config, *network));
    bridged.filter(shows).map(Network::key).collect()
}

/// Makes the connector of a platform, from the configuration.
fn open(
    config: &Config,
    network: Network,
    store: &Store,
    clock: &Clock,
    rng: &Rng,
) -> Result<Arc<dyn Connector>, StartError> {
    let shelf = bridge_core::shelf(store.clone(), clock.clone(), network);
    let (clock, rng) = (clock.clone(), rng.clone());
    match network {
        Network::Feishu => feishu::open(config, shelf, clock, rng),
        Network::DingTalk => dingtalk::open(config, shelf, clock, rng),
        Network::WeCom => wecom::open(config, shelf, clock, rng),
    }
}

/// Takes a port for bridges inside this process.
pub(crate) async fn inside(config: &Config, rng: &Rng) -> Result<Bound, StartError> {
    at(config, bots::INSIDE_ADDRESS, Tokens::generate(rng)).await
}

/// Takes this address.
async fn at(config: &Config, address: &str, tokens: Tokens) -> Result<Bound, StartError> {
    let prefixes: Vec<_> = Network::ALL.iter().map(|network| network.ghost_prefix()).collect();
    let namespaces = Namespaces {
        localparts: &[bridge_core::LOCALPART],
        prefixes: &prefixes,
        server_name: &config.server.name,
    };
    Bound::taken(address, tokens, |url, tokens| {
        kit::registration_of(bridge_core::SERVICE_ID, url, tokens, &namespaces)
    })
    .await
}

/// Opens the bridges' store and lets them work until the shutdown.
pub(crate) async fn start(
    bound: Bound,
    config: &Config,
    around: Surroundings,
    ports: BridgePorts,
) -> Result<Working, StartError> {
    let (receiving, tokens) = bound.into_parts();
    let server_name = settings::server_name(config)?;
    let store = bots::open_store(config, &around.clock, FOLDER_NAME, tables()).await?;
    let copies = backup::offer(&folder(config), store.clone(), around.shutdown.clone());
    let refused = |reason| StartError::Setting { key: "bridges", reason };
    let wire = HttpWire::new(around.outbound, &around.homeserver_url, tokens.as_token).map_err(refused)?;
    let enabled = Network::ALL.into_iter().filter(|network| is_enabled(config, *network));
    let connectors = enabled.map(|network| open(config, network, &store, &around.clock, &around.rng));
    let connectors = connectors.collect::<Result<_, _>>()?;
    let rng = around.rng.clone();
    let parts = BridgesParts {
        store: store.clone(),
        clock: around.clock,
        rng: around.rng,
        wire: Arc::new(wire),
        server_name,
        kit: bots::kit_settings(config)?,
        settings: bridge_settings(config)?,
        connectors,
        ports,
    };
    let bridges = Bridges::new(parts).await.map_err(|error| StartError::Bridges(error.to_string()))?;
    let orders = orders::serve(config, bridges.clone(), around.shutdown.clone());
    let doors = doors::router(&bridges, rng);
    let mut router = bridges.kit().router(&tokens.hs_token);
    match around.neighbours {
        Some(neighbours) => neighbours.open(doors::PATHS, doors),
        None => router = router.merge(doors),
    }
    let listening = listener::serve_plain(receiving, router, around.terms);
    let kit = bridges.kit().clone();
    let working = tokio::spawn(bridges.run(around.shutdown));
    Ok(Working::new(store, kit, [listening, working].into_iter().chain(orders).chain(copies).collect()))
}

/// The tables of the bridges' database.
pub(crate) fn tables() -> Vec<TableInfo> {
    [kit::tables(), bridge_core::tables()].concat()
}

fn bridge_settings(config: &Config) -> Result<BridgeSettings, StartError> {
    let section = &config.bridges;
    let administrators = section.administrators.iter().map(UserId::parse).collect::<Result<_, _>>();
    let administrators = administrators
        .map_err(|error| StartError::Setting { key: "bridges.administrators", reason: error.to_string() })?;
    let language = if section.language == "en" { Language::En } else { Language::Zh };
    let mails_after = section.mail_after_seconds;
    Ok(BridgeSettings {
        administrators,
        language,
        creates_rooms: section.create_rooms,
        outage_told_after: Duration::from_secs(section.outage_told_after_seconds),
        mails_after: (mails_after > 0).then(|| Duration::from_secs(mails_after)),
        public_url: section.public_url.clone().or_else(|| config.server.public_base_url.clone()),
        ffmpeg: programs::found(&section.ffmpeg_path),
    })
}

/// The folder of the bridges.
fn folder(config: &Config) -> std::path::PathBuf {
    Path::new(&config.server.data_directory).join(FOLDER_NAME)
}
