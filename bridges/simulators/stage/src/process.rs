//! A simulator as a process: it says where it is in one line of JSON, and runs until it is interrupted or its standard input
//! ends.

use std::io::Read as _;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use serde_json::Value;
use tokio::sync::oneshot;

use crate::stage::Now;

/// What every simulator can be told on the command line.
#[derive(Clone, Debug, clap::Args)]
// No group of its own: the programs that take these call their arguments by the same name.
#[group(skip)]
pub struct Arguments {
    /// The port of the API; any when it is 0.
    #[arg(long, default_value_t = 0)]
    pub api_port: u16,
    /// The port of the control API and the page; any when it is 0.
    #[arg(long, default_value_t = 0)]
    pub control_port: u16,
    /// The seed of every random choice.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// By how much the waits between tries of an event are shortened.
    #[arg(long, default_value_t = 1)]
    pub time_scale: u64,
    /// Goes on when standard input ends.
    #[arg(long)]
    pub stays: bool,
}

/// The clock of this machine.
pub fn wall_clock() -> Now {
    Arc::new(now_ms)
}

#[expect(clippy::disallowed_methods, reason = "this is for processes: here the real clock is read")]
fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Says where the simulator is, and returns when it shall end.
///
/// # Errors
/// When interrupts cannot be heard.
#[expect(clippy::print_stdout, reason = "the output of a simulator is where it is")]
pub async fn run(arguments: &Arguments, addresses: &Value) -> std::io::Result<()> {
    println!("{addresses}");
    let (input_ended, ended) = oneshot::channel::<()>();
    let kept = if arguments.stays {
        Some(input_ended)
    } else {
        // A read of the input cannot be given up: it has a thread of its own, which ends with the process.
        std::thread::spawn(move || {
            let mut unread = [0; 64];
            while matches!(std::io::stdin().read(&mut unread), Ok(length) if length > 0) {}
            drop(input_ended);
        });
        None
    };
    let told = tokio::select! {
        _ = ended => Ok(()),
        result = tokio::signal::ctrl_c() => result,
    };
    drop(kept);
    told
}
