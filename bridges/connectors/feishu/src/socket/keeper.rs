//! Keeps one connection at a time: opens it, tells the core, replaces it when it is lost or old.

use std::time::Duration;

use bridge_api::{ConnectError, Failure, FailureKind, Line, Rng, Shutdown, Socket};
use tokio::time::sleep;

use super::{
    connect,
    discovery::{self, Pace},
    session::{Ended, Session},
};
use crate::{
    client::Client,
    events::Ourselves,
    incoming::Desk,
    limits::{MISCONFIGURED_PAUSE, RECONNECT_PAUSES},
};

/// Keeps the connection until `shutdown` fires. `introduce` says who we are; it is asked before each connection.
///
/// # Errors
/// When the platform wants no more attempts than it got.
pub async fn keep<F>(
    client: &Client,
    inbox: &dyn Desk,
    rng: &Rng,
    shutdown: &Shutdown,
    introduce: impl Fn() -> F,
) -> Result<(), Failure>
where
    F: Future<Output = Result<Ourselves, ConnectError>>,
{
    let (mut attempts, mut pace) = (0_u32, Pace::default());
    loop {
        let outcome = tokio::select! {
            () = shutdown.wait() => return Ok(()),
            outcome = Box::pin(open(client, &introduce)) => outcome,
        };
        let pause = match outcome {
            Ok((session_of, ours)) => {
                let (socket, place) = session_of;
                tracing::info!(connection = %place.device, "the long connection is up");
                metrics::gauge!("bridge_feishu_connections").set(1.0);
                inbox.line(Line::Up);
                let session = Session::new(socket, &place, inbox, ours);
                let (ended, wanted, good) = Box::pin(session.live(shutdown)).await;
                metrics::gauge!("bridge_feishu_connections").set(0.0);
                pace = wanted;
                // A connection on which nothing ever came counts as a failed attempt, or it would be tried every second.
                attempts = if good { 0 } else { attempts.saturating_add(1) };
                match ended {
                    Ended::Stopped => return Ok(()),
                    Ended::Aged => Duration::ZERO,
                    Ended::Lost(reason) => {
                        tracing::warn!(%reason, connection = %place.device, "the long connection is lost");
                        inbox.line(Line::Down(Failure::later(reason)));
                        pause(attempts, pace, rng)
                    }
                }
            }
            Err(ConnectError::Passing(reason)) => {
                tracing::warn!(%reason, attempts, "no long connection");
                inbox.line(Line::Down(Failure::later(reason.clone())));
                attempts = attempts.saturating_add(1);
                if pace.reconnects_max.is_some_and(|most| attempts > most.max(1)) {
                    return Err(Failure::later(reason));
                }
                pause(attempts, pace, rng)
            }
            Err(ConnectError::Misconfigured(reason)) => {
                tracing::error!(%reason, "no long connection before the app's configuration is mended");
                inbox.line(Line::Down(Failure::new(FailureKind::NotSignedIn(reason))));
                attempts = attempts.saturating_add(1);
                MISCONFIGURED_PAUSE
            }
        };
        tokio::select! {
            () = shutdown.wait() => return Ok(()),
            () = sleep(pause) => {}
        }
    }
}

type Opened = ((Socket, discovery::Place), Ourselves);

async fn open<F>(client: &Client, introduce: &impl Fn() -> F) -> Result<Opened, ConnectError>
where
    F: Future<Output = Result<Ourselves, ConnectError>>,
{
    let ours = introduce().await?;
    let place = discovery::discover(client).await?;
    let socket = connect::open(&place.url, client.transport()).await?;
    Ok(((socket, place), ours))
}

/// How long to wait before the next attempt: quick ones first, because people wait, then the platform's interval. A
/// part of it is chance, so that not all apps come back at the same moment.
fn pause(attempts: u32, pace: Pace, rng: &Rng) -> Duration {
    let quick = usize::try_from(attempts).ok().and_then(|attempt| RECONNECT_PAUSES.get(attempt));
    let least = quick.copied().unwrap_or(pace.reconnect_interval);
    let spread = least.min(pace.reconnect_nonce);
    let spread_ms = u64::try_from(spread.as_millis()).unwrap_or(u64::MAX);
    least + Duration::from_millis(rng.below(spread_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_quick_first_and_then_as_slow_as_the_platform_wants() {
        let (rng, pace) = (Rng::seeded(1), Pace::default());
        for (attempt, least) in [(0, 1), (1, 2), (2, 5), (3, 10), (4, 30), (5, 120), (1000, 120)] {
            let pause = pause(attempt, pace, &rng);
            let (least, most) = (Duration::from_secs(least), Duration::from_secs(least + least.min(30)));
            assert!(pause >= least && pause <= most, "{attempt}: {pause:?}");
        }
    }
}
