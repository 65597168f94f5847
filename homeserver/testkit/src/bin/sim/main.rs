//! The seeded world: three servers of ours, wires between them that fail, disks that stop, clocks that differ.
//!
//! Each seed is a room in which people of all three servers talk and moderate while the world breaks. Then
//! everything heals, and all servers must hold the same state and every acknowledged message exactly once.
//! A seed decides what is done and when; how the operating system schedules it is not ours to decide, so a
//! seed that failed may need some repetitions. Servers are used for several seeds, each with its own room.
#![expect(clippy::print_stdout, reason = "a program for people at a terminal")]
#![expect(clippy::expect_used, reason = "test code: a broken expectation stops the run")]

mod link;
mod network;
mod servers;
mod story;
mod verdict;

use std::process::ExitCode;

use base::Rng;
use clap::Parser;

use crate::servers::Servers;
use crate::story::Story;

/// How many seeds the same servers live through.
const SEEDS_PER_WORLD: u64 = 20;
/// Worlds that live side by side; most of their time is waiting.
const WORLDS_AT_ONCE: u64 = 4;
const STEPS: u64 = 40;
const DIARY_LINES_SHOWN: usize = 60;

/// Lets three servers live through bad times, and compares what they hold afterwards.
#[derive(Parser)]
struct Options {
    /// How many seeds are tried.
    #[arg(long, default_value_t = 200)]
    rounds: u64,
    /// The first seed; the others follow it. Printed at the start.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Options { rounds, seed } = Options::parse();
    println!("seeded world: {rounds} seeds from {seed}");
    let seeds: Vec<u64> = (seed..seed + rounds).collect();
    let (mut passed, mut failures) = (0, Vec::new());
    let worlds: Vec<Vec<u64>> =
        seeds.chunks(usize::try_from(SEEDS_PER_WORLD).unwrap_or(1)).map(<[u64]>::to_vec).collect();
    for together in worlds.chunks(usize::try_from(WORLDS_AT_ONCE).unwrap_or(1)) {
        let running: Vec<_> = together.iter().cloned().map(|seeds| tokio::spawn(live(seeds))).collect();
        for world in running {
            match world.await {
                Ok((survived, failure)) => {
                    passed += survived;
                    failures.extend(failure);
                }
                Err(error) => failures.push(format!("a world ended: {error}")),
            }
        }
    }
    for failure in &failures {
        println!("FAILED with {failure}");
    }
    println!("{passed} passed, {} failed", failures.len());
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One world and its seeds; ends at the first that fails. Returns how many passed, and the failure.
async fn live(seeds: Vec<u64>) -> (u64, Option<String>) {
    let Some(first) = seeds.first() else { return (0, None) };
    let mut servers = Servers::start(&Rng::seeded(*first)).await;
    let all = seeds.len() as u64;
    for (passed, seed) in (0..).zip(seeds) {
        if let Err(error) = live_through(&mut servers, seed).await {
            return (passed, Some(format!("seed {seed}: {error}")));
        }
    }
    (all, None)
}

async fn live_through(servers: &mut Servers, seed: u64) -> Result<(), String> {
    let rng = Rng::seeded(seed);
    let mut story = Story::begin(servers, &rng, seed).await?;
    for _ in 0..STEPS {
        story.step(servers, &rng).await;
    }
    servers.network.heal();
    verdict::reach(&story).await.map_err(|error| {
        let shown = story.diary.len().saturating_sub(DIARY_LINES_SHOWN);
        format!("{error}\n  {}", story.diary[shown..].join("\n  "))
    })
}
