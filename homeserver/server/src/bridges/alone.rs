//! `lianqiao bridges`: the bridges as a process of their own.

use std::{path::PathBuf, sync::Arc, time::Duration};

use base::{Clock, Rng, Shutdown};
use config::Config;
use outbound::Outbound;

use super::beside::Beside;
use crate::{
    StartError,
    bots::{Registered, Surroundings, Working},
    limits::BRIDGES_CONNECTIONS_MAX,
    listener::Terms,
    settings,
};

/// Starts the bridges. The registration that the homeserver needs is written at the first start; returns where it is.
pub(crate) async fn run(config: &Config, shutdown: Shutdown) -> Result<(Working, PathBuf), StartError> {
    if !super::any(config) {
        return Err(StartError::Bridges(
            "no platform is enabled, for example [feishu] enabled = true".to_owned(),
        ));
    }
    let rng = Rng::system();
    let registered = Registered::in_folder(super::folder(config), &rng)?;
    let bound = super::at(config, &config.bridges.listen, registered.tokens.clone()).await?;
    registered.write(bound.registration())?;
    let outbound = Outbound::new(settings::outbound_to_services(config)?)?;
    let token = registered.tokens.as_token.clone();
    let house = Beside::new(outbound.clone(), &config.bridges.server_url, token);
    // Who is seen before the list is there is not known by it; a homeserver that is away shows nobody.
    let _ = house.look().await;
    let around = Surroundings {
        homeserver_url: config.bridges.server_url.clone(),
        outbound,
        clock: Clock::system(),
        rng,
        terms: Terms {
            connections_max: BRIDGES_CONNECTIONS_MAX,
            header_timeout: Duration::from_secs(config.listeners.header_timeout_seconds),
            shutdown_timeout: Duration::from_secs(config.listeners.shutdown_timeout_seconds),
            shutdown: shutdown.clone(),
        },
        shutdown,
        neighbours: None,
    };
    let keeping = Arc::clone(&house).keep(around.shutdown.clone());
    let working = super::start(bound, config, around, house.ports()).await?;
    tokio::spawn(keeping);
    Ok((working, registered.file))
}
