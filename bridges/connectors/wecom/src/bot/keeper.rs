//! Keeps the bot's one connection: opens it, tells the core, opens another when it is lost. One that somebody else took over is left
//! to them for long, because the platform allows one and two would push each other out for ever.

use std::time::Duration;

use bridge_api::{Failure, FailureKind, Inbox, Line as LineState, Rng, Shutdown};
use tokio::time::{Instant, sleep};

use super::{
    Line,
    connect::{self, ConnectError},
    session::{Ended, Session},
};
use crate::{
    incoming::Incoming,
    limits::{
        CONNECTION_STEADY_AFTER, MISCONFIGURED_PAUSE, RECONNECT_PAUSE_MAX, RECONNECT_PAUSE_MIN,
        TAKEN_OVER_PAUSE,
    },
};

/// Keeps the connection until `shutdown` fires.
pub async fn keep(incoming: &Incoming, line: &Line, inbox: &dyn Inbox, rng: &Rng, shutdown: &Shutdown) {
    let mut attempts = 0_u32;
    // What a lost connection brought and the inbox has not taken yet.
    let mut session = Session::new(incoming, inbox);
    loop {
        let request = format!("aibot_subscribe_{}", rng.string(12));
        let opened = tokio::select! {
            () = shutdown.wait() => return,
            opened = Box::pin(connect::open(&incoming.client, &request)) => opened,
        };
        let pause = match opened {
            Ok((socket, early)) => {
                tracing::info!("the bot is connected");
                metrics::gauge!("bridge_wecom_connections").set(1.0);
                metrics::counter!("bridge_wecom_connects_total").increment(1);
                let (opened_at, asked) = (Instant::now(), line.open());
                inbox.line(LineState::Up);
                let ended = Box::pin(session.live(socket, early, asked, shutdown)).await;
                line.close();
                incoming.memory.disconnected();
                metrics::gauge!("bridge_wecom_connections").set(0.0);
                let steady = opened_at.elapsed() >= CONNECTION_STEADY_AFTER;
                attempts = if steady { 0 } else { attempts.saturating_add(1) };
                match ended {
                    Ended::Stopped => return,
                    Ended::TakenOver => {
                        let reason = "another program has connected as this bot: stop one of the two";
                        tracing::error!(reason, "the bot's connection was taken over");
                        inbox
                            .line(LineState::Down(Failure::new(FailureKind::NotSignedIn(reason.to_owned()))));
                        TAKEN_OVER_PAUSE
                    }
                    Ended::Lost(reason) => {
                        tracing::warn!(%reason, "the bot's connection is lost");
                        inbox.line(LineState::Down(Failure::later(reason)));
                        pause(attempts, rng)
                    }
                }
            }
            Err(error) => {
                let (failure, pause) = match error {
                    ConnectError::Passing(reason) => {
                        tracing::warn!(%reason, attempts, "the bot is not connected");
                        (FailureKind::Later(reason), pause(attempts, rng))
                    }
                    ConnectError::Misconfigured(reason) => {
                        tracing::error!(%reason, "the bot is not connected before its configuration is mended");
                        (FailureKind::NotSignedIn(reason), MISCONFIGURED_PAUSE)
                    }
                };
                inbox.line(LineState::Down(Failure::new(failure)));
                attempts = attempts.saturating_add(1);
                pause
            }
        };
        tokio::select! {
            () = shutdown.wait() => return,
            () = sleep(pause) => {}
        }
    }
}

/// How long to wait before the next attempt: a second, doubling up to half a minute, a fifth of it chance.
fn pause(attempts: u32, rng: &Rng) -> Duration {
    let doubled = RECONNECT_PAUSE_MIN.saturating_mul(2_u32.saturating_pow(attempts.min(16)));
    let most = doubled.min(RECONNECT_PAUSE_MAX);
    let spread_ms = u64::try_from((most / 5).as_millis()).unwrap_or(u64::MAX).max(1);
    most - Duration::from_millis(rng.below(spread_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_become_slower_up_to_half_a_minute() {
        let rng = Rng::seeded(1);
        for (attempts, most) in [(0, 1_000), (1, 2_000), (3, 8_000), (5, 30_000), (1000, 30_000)] {
            let (pause, most) = (pause(attempts, &rng), Duration::from_millis(most));
            assert!(pause <= most && pause >= most * 4 / 5, "{attempts}: {pause:?}");
        }
    }
}
