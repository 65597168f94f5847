//! `lianqiao bots`

use base::Shutdown;

use super::{
    ConfigFile,
    output::say,
    serve::{Order, Signals, start_logging},
};
use crate::bots::run_alone;

pub(super) async fn run(file: ConfigFile) -> Result<(), String> {
    let mut signals = Signals::listen()?;
    let config = file.read()?;
    start_logging(&config)?;
    let shutdown = Shutdown::new();
    let (working, registration) =
        run_alone(&config, shutdown.clone()).await.map_err(|error| error.to_string())?;
    say(&format!("The bots listen on {} and ask {}.", config.bots.listen, config.bots.server_url));
    say(&format!("The homeserver knows them by `lianqiao appservice add {}`.", registration.display()));
    while signals.next().await != Order::Stop {}
    tracing::info!("stopping");
    shutdown.trigger();
    working.stop().await;
    tracing::info!("stopped");
    Ok(())
}
