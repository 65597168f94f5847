//! One line of the table: what was done, how often, what it cost the server, how long clients waited.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use crate::target::Target;

/// What one workload cost.
pub struct Measure {
    /// What was done.
    pub name: String,
    /// How often.
    pub operations: usize,
    /// CPU of the server and its database for each operation, in ms.
    pub cpu_ms: Option<f64>,
    /// What clients waited, in ms: median and 99th percentile.
    pub latency_ms: Option<(f64, f64)>,
    /// Operations a second of wall time, where the workload is a closed loop.
    pub rate: Option<f64>,
    /// A figure of another kind with its unit: start-up, memory.
    pub other: Option<(f64, &'static str)>,
}

/// The latencies and the number of operations of a workload.
pub struct Done {
    /// How many operations the CPU is divided by.
    pub operations: usize,
    /// What each client waited.
    pub waits: Vec<Duration>,
    /// Whether operations a second mean something.
    pub closed_loop: bool,
}

impl Measure {
    /// A line with one figure that is no operation.
    pub fn other(name: &str, figure: f64, unit: &'static str) -> Self {
        let name = name.to_owned();
        Self { name, operations: 1, cpu_ms: None, latency_ms: None, rate: None, other: Some((figure, unit)) }
    }
}

impl Measure {
    /// A line of what clients waited while the server had something else to do as well.
    pub fn waits(name: &str, waits: Vec<Duration>) -> Self {
        let (name, operations) = (name.to_owned(), waits.len());
        Self { name, operations, cpu_ms: None, latency_ms: percentiles(waits), rate: None, other: None }
    }
}

/// Runs a workload and notes the CPU that the target used meanwhile.
pub async fn measured(
    target: &Target,
    name: &str,
    work: impl Future<Output = Result<Done, String>>,
) -> Result<Measure, String> {
    let cpu_before = target.cpu_ms();
    let begun = Instant::now();
    let done = work.await?;
    let wall = begun.elapsed();
    let cpu_ms = (target.cpu_ms() - cpu_before) / done.operations.max(1) as f64;
    eprintln!("  {name}: {} operations in {:.1} s", done.operations, wall.as_secs_f64());
    Ok(Measure {
        name: name.to_owned(),
        operations: done.operations,
        cpu_ms: Some(cpu_ms),
        latency_ms: percentiles(done.waits),
        rate: done.closed_loop.then(|| done.operations as f64 / wall.as_secs_f64()),
        other: None,
    })
}

/// Runs one operation and notes how long it took.
pub async fn timed<T>(work: impl Future<Output = Result<T, String>>) -> Result<(T, Duration), String> {
    let begun = Instant::now();
    Ok((work.await?, begun.elapsed()))
}

fn percentiles(mut waits: Vec<Duration>) -> Option<(f64, f64)> {
    waits.sort_unstable();
    let at = |share: f64| {
        let index = ((waits.len().checked_sub(1)?) as f64 * share).round() as usize;
        waits.get(index).map(|wait| wait.as_secs_f64() * 1000.0)
    };
    Some((at(0.5)?, at(0.99)?))
}
