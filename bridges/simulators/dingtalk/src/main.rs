//! The simulator as a process: starts it, says where it is in one line of JSON, and runs until it is interrupted or its
//! standard input ends.

#![expect(clippy::print_stdout, reason = "its output is where it is")]

use std::io::Read as _;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use clap::Parser;
use serde_json::json;
use simulator_dingtalk::{Settings, Simulator};
use tokio::sync::oneshot;

/// DingTalk on loopback.
#[derive(Parser)]
struct Arguments {
    /// The port of the new API; any when it is 0.
    #[arg(long, default_value_t = 0)]
    api_port: u16,
    /// The port of the old API; any when it is 0.
    #[arg(long, default_value_t = 0)]
    old_api_port: u16,
    /// The port of the control API and the page; any when it is 0.
    #[arg(long, default_value_t = 0)]
    control_port: u16,
    /// The seed of every random choice.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// By how much the waits between tries of a push are shortened.
    #[arg(long, default_value_t = 1)]
    time_scale: u64,
    /// Goes on when standard input ends.
    #[arg(long)]
    stays: bool,
}

#[expect(clippy::disallowed_methods, reason = "this is the process: here the real clock is read")]
fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let mut settings = Settings::new(arguments.seed, Arc::new(now_ms));
    settings.api_port = arguments.api_port;
    settings.old_api_port = arguments.old_api_port;
    settings.control_port = arguments.control_port;
    settings.time_scale = arguments.time_scale;
    let simulator = Simulator::start(settings).await?;
    let addresses = json!({
        "api": simulator.api_url(), "old_api": simulator.old_api_url(), "control": simulator.control_url(),
    });
    println!("{addresses}");
    let (input_ended, mut ended) = oneshot::channel::<()>();
    // A read of the input cannot be given up: it has a thread of its own, which ends with the process.
    std::thread::spawn(move || {
        let mut unread = [0; 64];
        while !arguments.stays && matches!(std::io::stdin().read(&mut unread), Ok(length) if length > 0) {}
        if arguments.stays {
            std::thread::park();
        }
        drop(input_ended);
    });
    tokio::select! {
        _ = &mut ended => {}
        result = tokio::signal::ctrl_c() => result?,
    }
    simulator.stop().await;
    Ok(())
}
