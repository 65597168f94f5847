//! The simulator as a process.

use clap::Parser;
use serde_json::json;
use simulator_stage::process;
use simulator_wecom::{Settings, Simulator};

/// WeCom on loopback.
#[derive(Parser)]
struct Line {
    #[command(flatten)]
    arguments: process::Arguments,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let arguments = Line::parse().arguments;
    let mut settings = Settings::new(arguments.seed, process::wall_clock());
    settings.api_port = arguments.api_port;
    settings.control_port = arguments.control_port;
    settings.time_scale = arguments.time_scale;
    let simulator = Simulator::start(settings).await?;
    let addresses = json!({
        "api": simulator.api_url(), "socket": simulator.socket_url(), "control": simulator.control_url(),
    });
    process::run(&arguments, &addresses).await?;
    simulator.stop().await;
    Ok(())
}
