//! Keeps one connection: opens it, tells the core, replaces it when it is lost, old or asked to go. The old one stays only until
//! the new one is there, because the platform gives messages to any connection that it knows.

use std::time::Duration;

use bridge_api::{Failure, FailureKind, Inbox, Line, Rng, Shutdown};
use tokio::time::{Instant, sleep};

use super::{
    connect::{self, ConnectError},
    session::{self, Ended},
};
use crate::{
    incoming::Incoming,
    limits::{
        CONNECTION_STEADY_AFTER, MISCONFIGURED_PAUSE, RECONNECT_PAUSE_FIRST, RECONNECT_PAUSE_MAX,
        RECONNECT_PAUSE_MIN,
    },
};

/// Keeps the connection until `shutdown` fires.
pub async fn keep(incoming: &Incoming, inbox: &dyn Inbox, rng: &Rng, shutdown: &Shutdown) {
    let (mut attempts, mut leaving) = (0_u32, None);
    loop {
        let opened = tokio::select! {
            () = shutdown.wait() => return,
            opened = Box::pin(connect::open(&incoming.client)) => opened,
        };
        let pause = match opened {
            Ok(socket) => {
                tracing::info!("the stream is up");
                metrics::gauge!("bridge_dingtalk_connections").set(1.0);
                metrics::counter!("bridge_dingtalk_connects_total").increment(1);
                inbox.line(Line::Up);
                let opened_at = Instant::now();
                let (ended, heard) =
                    Box::pin(session::live(socket, leaving.take(), incoming, inbox, shutdown)).await;
                metrics::gauge!("bridge_dingtalk_connections").set(0.0);
                // One that lived long is replaced at once, because what is said meanwhile is lost; short lives add up, or they
                // would be tried at once for ever.
                let steady = heard && opened_at.elapsed() >= CONNECTION_STEADY_AFTER;
                attempts = if steady { 1 } else { attempts.saturating_add(1) };
                match ended {
                    Ended::Stopped => return,
                    Ended::Leaving(socket) => {
                        leaving = Some(socket);
                        if heard { Duration::ZERO } else { pause(attempts, rng) }
                    }
                    Ended::Lost(reason) => {
                        tracing::warn!(%reason, "the stream is lost");
                        inbox.line(Line::Down(Failure::later(reason)));
                        pause(attempts, rng)
                    }
                }
            }
            Err(ConnectError::Passing(reason)) => {
                tracing::warn!(%reason, attempts, "no stream");
                inbox.line(Line::Down(Failure::later(reason)));
                attempts = attempts.saturating_add(1);
                pause(attempts, rng)
            }
            Err(ConnectError::Misconfigured(reason)) => {
                tracing::error!(%reason, "no stream before the app's configuration is mended");
                inbox.line(Line::Down(Failure::new(FailureKind::NotSignedIn(reason))));
                attempts = attempts.saturating_add(1);
                MISCONFIGURED_PAUSE
            }
        };
        tokio::select! {
            () = shutdown.wait() => return,
            () = sleep(pause) => {}
        }
    }
}

/// How long to wait before the next attempt: a moment, then a second, doubling up to a minute, a fifth of it chance.
fn pause(attempts: u32, rng: &Rng) -> Duration {
    let doubled = match attempts {
        0 | 1 => RECONNECT_PAUSE_FIRST,
        _ => RECONNECT_PAUSE_MIN.saturating_mul(2_u32.saturating_pow((attempts - 2).min(16))),
    };
    let most = doubled.min(RECONNECT_PAUSE_MAX);
    let spread_ms = u64::try_from((most / 5).as_millis()).unwrap_or(u64::MAX).max(1);
    most - Duration::from_millis(rng.below(spread_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_become_slower_up_to_a_minute() {
        let rng = Rng::seeded(1);
        for (attempts, most) in
            [(1, 100), (2, 1_000), (3, 2_000), (4, 4_000), (7, 32_000), (8, 60_000), (1000, 60_000)]
        {
            let (pause, most) = (pause(attempts, &rng), Duration::from_millis(most));
            assert!(pause <= most && pause >= most * 4 / 5, "{attempts}: {pause:?}");
        }
    }
}
