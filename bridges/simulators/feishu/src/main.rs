//! The simulator as a process.

use clap::Parser;
use serde_json::json;
use simulator_feishu::{Settings, Simulator};
use simulator_stage::process;

/// Feishu on loopback.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    every: process::Arguments,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse().every;
    let mut settings = Settings::new(arguments.seed, process::wall_clock());
    settings.api_port = arguments.api_port;
    settings.control_port = arguments.control_port;
    settings.time_scale = arguments.time_scale;
    let simulator = Simulator::start(settings).await?;
    let addresses = json!({ "api": simulator.api_url(), "control": simulator.control_url() });
    process::run(&arguments, &addresses).await?;
    simulator.stop().await;
    Ok(())
}
