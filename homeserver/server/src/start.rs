//! The start of a server: parts, work before the first request, listeners, bots, workers.

use std::{path::Path, sync::Arc};

use base::{Clock, Rng};
use config::Config;
use lianqiao_http::App;

use crate::{
    RunningServer, StartError, administration,
    bots::{Bound, Surroundings},
    bridges,
    limits::BOTS_CONNECTIONS_MAX,
    listener::Terms,
    listening::Listening,
    metrics_endpoint::{self, BotsHere},
    parts::{self, Options, Parts},
    tls::Certificate,
    workers,
};

/// How to start a server in this process.
pub struct Server;

impl Server {
    /// Opens the store, starts every listener, and returns when all of them accept.
    ///
    /// # Errors
    /// See [`StartError`]; nothing keeps running then.
    pub async fn start(config: Config, options: Options) -> Result<RunningServer, StartError> {
        let certificate = file_certificate(&config)?;
        Box::pin(Self::start_with_certificate(config, options, certificate)).await
    }

    pub(crate) async fn start_with_certificate(
        config: Config,
        mut options: Options,
        certificate: Option<Arc<Certificate>>,
    ) -> Result<RunningServer, StartError> {
        let recorder = if config.metrics.enabled { metrics_endpoint::install() } else { None };
        let clock = options.clock.clone().unwrap_or_else(Clock::system);
        let rng = options.rng.clone().unwrap_or_else(Rng::system);
        let bots = match config.bots.enabled {
            true => Some(Bound::inside(&config, &rng).await?),
            false => None,
        };
        let bridges = match config.bridges.enabled && bridges::any(&config) {
            true => Some(bridges::inside(&config, &rng).await?),
            false => None,
        };
        let inside = [bots.as_ref(), bridges.as_ref()].into_iter().flatten();
        options.registrations.extend(inside.map(|bound| bound.registration().to_owned()));
        let Parts { store, app, shutdown, notifier, outbound_to_services } =
            parts::build(&config, options).await?;
        prepare(&config, &app).await?;

        let mut running = RunningServer {
            listening: Listening::default(),
            administration: None,
            bots: None,
            bridges: None,
            bots_here: BotsHere::default(),
            store,
            app,
            notifier,
            shutdown,
            certificate,
            config,
        };
        let started = async {
            // Addresses are taken first and served last: whoever is answered finds everything else there, the order
            // sockets too.
            running.bind(recorder).await?;
            let directory = Path::new(&running.config.server.data_directory);
            running.administration =
                administration::serve(directory, running.app.clone(), running.shutdown.clone());
            let around = |running: &RunningServer| Surroundings {
                homeserver_url: running.listening.loopback_url().unwrap_or_default(),
                outbound: outbound_to_services.clone(),
                clock: clock.clone(),
                rng: rng.clone(),
                terms: Terms { connections_max: BOTS_CONNECTIONS_MAX, ..running.terms() },
                shutdown: running.shutdown.clone(),
                neighbours: Some(running.app.neighbours.clone()),
            };
            if let Some(bots) = bots {
                let working = bots.start(&running.config, around(&running)).await?;
                let _ = running.bots_here.set(working.kit.clone());
                running.bots = Some(working);
            }
            match bridges {
                Some(bridges) => {
                    let around = around(&running);
                    let ports = bridges::ports(&running)?;
                    let starting = bridges::start(bridges, &running.config, around, ports);
                    running.bridges = Some(Box::pin(starting).await?);
                }
                None => bridges::open_house(&running)?,
            }
            running.listening.serve(&running.terms());
            Ok(())
        };
        let started: Result<(), StartError> = Box::pin(started).await;
        match started {
            Ok(()) => {
                workers::start(&running.app, &running.shutdown);
                Ok(running)
            }
            Err(error) => {
                running.stop().await;
                Err(error)
            }
        }
    }
}

/// Work between opening the store and the first request.
async fn prepare(config: &Config, app: &App) -> Result<(), StartError> {
    if let Some(token) = &config.registration.token {
        let tokens = app.accounts.registration_tokens().await?;
        if tokens.iter().all(|known| known.token != *token) {
            app.accounts.create_registration_token(Some(token.clone()), None, None).await?;
        }
    }
    for (user, rate) in app.administration.rate_overrides().await? {
        app.limits.set_own(&user, Some(rate.into()));
    }
    app.flows.resume().await.map_err(|error| StartError::Resume(error.to_string()))
}

fn file_certificate(config: &Config) -> Result<Option<Arc<Certificate>>, StartError> {
    match (&config.tls.certificate_file, &config.tls.private_key_file) {
        (Some(chain), Some(key)) => {
            Certificate::from_files(Path::new(chain), Path::new(key)).map(|found| Some(Arc::new(found)))
        }
        (Some(_) | None, _) => Ok(None),
    }
}
