//! What the tests share: the real binary as a process, and people who use the SDK as Element X does.

mod person;
mod ports;
mod server;

use std::time::Duration;

pub use person::{Person, body, event};
pub use server::Server;

/// How long anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(25);

/// Looks again and again until there is something to see.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "it never came to pass that {what}");
        tokio::time::sleep(GLANCE).await;
    }
}
