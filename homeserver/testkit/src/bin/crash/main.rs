//! The crash suite: kill the server at random moments, start it again, compare what it has with what it
//! promised.
//!
//! Each round several people write at once (messages, accounts, account data, receipts, memberships,
//! rooms, delayed events, deletions of rooms), one reads by sync and one is told by a push gateway. The server dies in the middle, by SIGKILL or because its disk begins to
//! fail. After the next start every acknowledged write must be there exactly once and in order, a write
//! whose answer was lost must be there once or not at all until it is asked for again, and an old sync
//! token must lead to what came after it. The seed decides what is done and when; it is printed first.
#![expect(clippy::print_stdout, reason = "a program for people at a terminal")]
#![expect(clippy::expect_used, reason = "test code: a broken expectation stops the run")]

mod attempt;
mod disk;
mod history;
mod people;
mod rounds;

use std::process::ExitCode;

use clap::Parser;
use testkit::lianqiao_binary;

/// Kills the server at random moments and compares what it has with what it acknowledged.
#[derive(Parser)]
struct Options {
    /// How many times the server is killed.
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    /// How many times its disk fails or fills up instead, after the kills.
    #[arg(long, default_value_t = 6)]
    faults: u32,
    /// What decides; printed at the start. Drawn from the process id when it is not given.
    #[arg(long)]
    seed: Option<u64>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let seed = options.seed.unwrap_or_else(|| u64::from(std::process::id()) << 16);
    println!("crash suite: {} kills, {} disk faults, seed {seed}", options.rounds, options.faults);
    println!("binary: {}", lianqiao_binary().display());
    match rounds::run(options.rounds, options.faults, seed).await {
        Ok(summary) => {
            println!("{summary}");
            println!("{} passed, 0 failed", options.rounds + options.faults);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            println!("FAILED with seed {seed}: {failure}");
            println!("0 passed, 1 failed");
            ExitCode::FAILURE
        }
    }
}
