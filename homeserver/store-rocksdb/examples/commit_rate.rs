//! Measures durable commits per second with 1, 8 and 64 writers, and the memory of the process. Not a test: run it by
//! hand, `cargo run --release -p lianqiao-store-rocksdb --example commit_rate -- [directory] [seconds per step]`.
#![expect(clippy::print_stdout, clippy::expect_used, reason = "a tool for people at a terminal")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base::Clock;
use model::StreamPos;
use ruma::server_name;
use store::{Batch, Identity, Profile, Store, Table};
use store_rocksdb::{RocksKv, RocksSettings};
use tokio::time::Instant;

const EVENTS: Table<StreamPos, bytes::Bytes> = Table::new(100, "events", Profile::Blob, "What was written?");
const HEADS: Table<u64, u64> = Table::new(101, "heads", Profile::Point, "What did a writer write last?");

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().map_or_else(|| PathBuf::from("target/commit-rate"), PathBuf::from);
    let seconds = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(3).clamp(1, 30);
    let engine = RocksKv::open(&RocksSettings::new(&directory)).expect("the directory opens");
    let identity = Identity::new(server_name!("rate.example"), &Clock::system());
    let tables = vec![EVENTS.info(), HEADS.info()];
    let store = Store::open(Arc::new(engine), tables, identity, Vec::new()).await.expect("the store opens");
    println!("idle memory: {} kB", resident_kb());
    println!("writers  commits/s  mean ms  cpu ms per 1000");
    for writers in [1, 8, 64] {
        measure(&store, writers, Duration::from_secs(seconds)).await;
    }
    println!("memory after the run: {} kB", resident_kb());
    store.close().await;
}

/// Closed loop: every writer commits one event-sized row and one small row under a condition, then the next.
async fn measure(store: &Store, writers: u64, span: Duration) {
    let (start, cpu) = (Instant::now(), cpu_ms());
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut head = store.get(&HEADS, &writer).await.expect("get");
                let mut commits = 0_u64;
                while start.elapsed() < span {
                    let mut batch = Batch::new();
                    let position = batch.position();
                    let next = head.unwrap_or(0) + 1;
                    batch.expect_read(&HEADS, &writer, head.as_ref()).put(&HEADS, &writer, &next);
                    batch.put(&EVENTS, &position, &bytes::Bytes::from(vec![b'e'; 700]));
                    store.commit(batch).await.expect("commit");
                    head = Some(next);
                    commits += 1;
                }
                commits
            })
        })
        .collect();
    let mut commits = 0;
    for task in tasks {
        commits += task.await.expect("a writer");
    }
    let (elapsed, cpu) = (start.elapsed().as_secs_f64(), cpu_ms() - cpu);
    let rate = commits as f64 / elapsed;
    let mean = writers as f64 * 1000.0 / rate;
    println!("{writers:>7}  {rate:>9.0}  {mean:>7.2}  {:>15.1}", cpu / (commits as f64 / 1000.0));
}

fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// User and system time of this process; a tick is 10 ms on Linux.
fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(')').next().into_iter().flat_map(str::split_whitespace).skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() * 10.0
}
