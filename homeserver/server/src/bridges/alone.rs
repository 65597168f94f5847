//! `lianqiao bridges`: the bridges as a process of their own.

use std::{path::PathBuf, time::Duration};

use base::{Clock, Rng, Shutdown};
use bridge_core::BridgePorts;
use config::Config;
use outbound::Outbound;

use crate::{
    StartError,
    bots::{Registered, Surroundings, Working},
    limits::BOTS_CONNECTIONS_MAX,
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
    let around = Surroundings {
        homeserver_url: config.bridges.server_url.clone(),
        outbound: Outbound::new(settings::outbound_to_services(config)?)?,
        clock: Clock::system(),
        rng,
        terms: Terms {
            connections_max: BOTS_CONNECTIONS_MAX,
            header_timeout: Duration::from_secs(config.listeners.header_timeout_seconds),
            shutdown_timeout: Duration::from_secs(config.listeners.shutdown_timeout_seconds),
            shutdown: shutdown.clone(),
        },
        shutdown,
        neighbours: None,
    };
    Ok((super::start(bound, config, around, BridgePorts::default()).await?, registered.file))
}
