//! The simulator as a process.

use clap::Parser;
use serde_json::json;
use simulator_dingtalk::{Settings, Simulator};
use simulator_stage::process;

/// DingTalk on loopback. Its API is the new one.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    every: process::Arguments,
    /// The port of the old API; any when it is 0.
    #[arg(long, default_value_t = 0)]
    old_api_port: u16,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let Arguments { every, old_api_port } = Arguments::parse();
    let mut settings = Settings::new(every.seed, process::wall_clock());
    settings.api_port = every.api_port;
    settings.old_api_port = old_api_port;
    settings.control_port = every.control_port;
    settings.time_scale = every.time_scale;
    let simulator = Simulator::start(settings).await?;
    let addresses = json!({
        "api": simulator.api_url(), "old_api": simulator.old_api_url(), "control": simulator.control_url(),
    });
    process::run(&every, &addresses).await?;
    simulator.stop().await;
    Ok(())
}
