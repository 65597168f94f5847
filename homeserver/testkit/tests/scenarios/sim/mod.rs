//! The seeded world: three servers of ours and a hostile one, wires between them that fail, disks that stop, clocks that
//! differ.
//!
//! Each seed is a room in which people of all servers talk and moderate while the world breaks and the hostile server
//! forges, forks and floods. Then everything heals, and all servers of ours must hold the same state and every
//! acknowledged message exactly once, and nobody's sync may have gone back. A seed decides what is done and when, and what
//! servers are called and sign with; how the operating system schedules the threads of the stores is not ours to decide,
//! so a seed that failed may need some repetitions. Servers are used for several seeds, each with its own room.
//!
//! `SEED` and `ROUNDS` in the environment choose other seeds than the usual ones, and `LOG` is a filter like `info` by which
//! all servers write what they do; a failure prints its seed and what each server holds.

mod byzantine;
mod follower;
mod found;
mod link;
mod network;
mod report;
mod servers;
mod story;
mod time;
mod verdict;

use std::ops::Range;

use base::Rng;

use servers::Servers;
use story::Story;

/// The first seed of a run, and how many there are, unless the environment says otherwise.
const SEED_FIRST: u64 = 1;
const ROUNDS: u64 = 200;
/// Tests that share them, so that all processors have work; each keeps its servers for all its seeds.
const SHARES: u64 = 10;
const STEPS: u64 = 40;
const DIARY_LINES_SHOWN: usize = 80;

/// The seeds of one of the tests.
fn share(number: u64) -> Range<u64> {
    let asked = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let (first, rounds) = (asked("SEED").unwrap_or(SEED_FIRST), asked("ROUNDS").unwrap_or(ROUNDS));
    first + rounds * number / SHARES..first + rounds * (number + 1) / SHARES
}

/// Lets the same servers live through some seeds. Panics with the seed at the first that fails.
fn live(seeds: Range<u64>) {
    let Some(first) = seeds.clone().next() else { return };
    if let Ok(filter) = std::env::var("LOG") {
        // Another share may have been faster.
        let _ = base::telemetry::start(base::telemetry::LogFormat::Human, &filter);
    }
    time::run(async {
        let mut servers = Servers::start(&Rng::seeded(first)).await;
        for seed in seeds {
            if let Err(error) = live_through(&mut servers, seed).await {
                panic!("seed {seed}: {error}");
            }
        }
    });
}

async fn live_through(servers: &mut Servers, seed: u64) -> Result<(), String> {
    let mut story = Story::begin(servers, &Rng::seeded(seed)).await?;
    for step in 1..=STEPS {
        // Each step has chance of its own: what one of them does not come to shifts nothing after it.
        story.step(servers, &Rng::seeded(seed.wrapping_add(step << 32))).await;
    }
    servers.network.heal();
    servers.eve.comes_clean();
    match verdict::reach(&mut story).await {
        Ok(()) => Ok(()),
        Err(error) => {
            let shown = story.diary.len().saturating_sub(DIARY_LINES_SHOWN);
            let report = report::of(servers, &story.room).await;
            Err(format!("{error}\n  {}\n{report}", story.diary[shown..].join("\n  ")))
        }
    }
}

/// One test for each share of the seeds.
macro_rules! shares {
    ($($name:ident = $number:literal,)*) => {$(
        #[test]
        fn $name() {
            live(share($number));
        }
    )*};
}

shares! {
    all_servers_agree_after_every_seed_of_the_first_share = 0,
    all_servers_agree_after_every_seed_of_the_second_share = 1,
    all_servers_agree_after_every_seed_of_the_third_share = 2,
    all_servers_agree_after_every_seed_of_the_fourth_share = 3,
    all_servers_agree_after_every_seed_of_the_fifth_share = 4,
    all_servers_agree_after_every_seed_of_the_sixth_share = 5,
    all_servers_agree_after_every_seed_of_the_seventh_share = 6,
    all_servers_agree_after_every_seed_of_the_eighth_share = 7,
    all_servers_agree_after_every_seed_of_the_ninth_share = 8,
    all_servers_agree_after_every_seed_of_the_tenth_share = 9,
}
