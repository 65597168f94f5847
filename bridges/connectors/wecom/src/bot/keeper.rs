//! Keeps the bot's one connection: opens it, tells the core, opens another when it is lost. One that somebody else took over is left
//! to them for long, because the platform allows one and two would push each other out for ever.

use bridge_api::{
    ConnectError, Failure, FailureKind, Inbox, Line as LineState, Rng, Shutdown, doubled_pause,
};
use tokio::time::{Instant, sleep};

use super::{
    Line, connect,
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
                        doubled_pause(RECONNECT_PAUSE_MIN, RECONNECT_PAUSE_MAX, attempts, rng)
                    }
                }
            }
            Err(error) => {
                let pause = match &error {
                    ConnectError::Passing(reason) => {
                        tracing::warn!(%reason, attempts, "the bot is not connected");
                        doubled_pause(RECONNECT_PAUSE_MIN, RECONNECT_PAUSE_MAX, attempts, rng)
                    }
                    ConnectError::Misconfigured(reason) => {
                        tracing::error!(%reason, "the bot is not connected before its configuration is mended");
                        MISCONFIGURED_PAUSE
                    }
                };
                inbox.line(LineState::Down(error.into()));
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
