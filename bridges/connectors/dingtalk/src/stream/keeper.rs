//! Keeps two connections, because the platform keeps nothing for an app that has none: while one is replaced, everything goes to
//! the other. Each is replaced when it is lost, old or asked to go; the old one stays until the new one is there, because the
//! platform gives things to any connection that it knows. One that cannot be opened rests by itself and holds up no other; when
//! another one is open again it is tried at once.

use std::{
    sync::atomic::{AtomicU32, AtomicUsize, Ordering},
    time::Duration,
};

use bridge_api::{ConnectError, Failure, Inbox, Line, Rng, Shutdown, Socket, doubled_pause};
use futures_util::future::join_all;
use parking_lot::Mutex;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::{
    connect, hearing,
    order::{self, Order},
    session::{self, Connection, Ended, Surroundings},
};
use crate::{
    incoming::Incoming,
    limits::{
        CONNECTION_AGE_MAX, CONNECTION_STEADY_AFTER, CONNECTIONS, MISCONFIGURED_PAUSE, RECONNECT_PAUSE_FIRST,
        RECONNECT_PAUSE_MAX, RECONNECT_PAUSE_MIN,
    },
};

/// Keeps the connections until `shutdown` fires.
pub async fn keep(incoming: &Incoming, inbox: &dyn Inbox, rng: &Rng, shutdown: &Shutdown) {
    let (order, coming) = order::queue();
    let keeper = Keeper {
        incoming,
        inbox,
        rng,
        shutdown,
        up: AtomicUsize::new(0),
        old_at: Mutex::new([None; CONNECTIONS]),
        failures: AtomicU32::new(0),
        opens: watch::Sender::new(0),
    };
    let held = async move {
        join_all((0..CONNECTIONS).map(|seat| Box::pin(keeper.hold(seat, order.clone())))).await;
        // With the last way into it the order ends.
        drop(order);
    };
    tokio::join!(held, order::run(coming, inbox));
}

struct Keeper<'a> {
    incoming: &'a Incoming,
    inbox: &'a dyn Inbox,
    rng: &'a Rng,
    shutdown: &'a Shutdown,
    /// Connections that are open.
    up: AtomicUsize,
    /// When each of them will be old.
    old_at: Mutex<[Option<Instant>; CONNECTIONS]>,
    /// Attempts to connect that failed one after the other, of all of them.
    failures: AtomicU32,
    /// How many connections were ever opened.
    opens: watch::Sender<u64>,
}

impl Keeper<'_> {
    /// Keeps one connection.
    async fn hold(&self, seat: usize, order: Order) {
        let (mut short_lives, mut leaving) = (0_u32, None::<Box<Connection>>);
        loop {
            if !self.rest(pause(short_lives, self.rng)).await {
                return;
            }
            let Some(socket) = self.open_beside(leaving.as_deref_mut()).await else { return };
            let (opened_at, old_at) = (Instant::now(), self.opened(seat));
            let around = Surroundings { incoming: self.incoming, order: &order, shutdown: self.shutdown };
            let living = session::live(Connection::new(socket), leaving.take(), old_at, around);
            let (ended, heard) = Box::pin(living).await;
            let others = self.closed(seat);
            // One that lived long is replaced at once, because with one connection less more can get lost; short lives add up, or
            // they would be tried at once for ever.
            let steady = heard && opened_at.elapsed() >= CONNECTION_STEADY_AFTER;
            match ended {
                Ended::Stopped => return,
                Ended::Leaving(connection) => {
                    leaving = Some(connection);
                    short_lives = if heard { 0 } else { short_lives.saturating_add(1) };
                }
                Ended::Lost(reason) => {
                    tracing::warn!(%reason, others, "a stream is lost");
                    metrics::counter!("bridge_dingtalk_connections_lost_total").increment(1);
                    short_lives = if steady { 1 } else { short_lives.saturating_add(1) };
                    if others == 0 {
                        self.inbox.line(Line::Down(Failure::later(reason)));
                    }
                }
            }
        }
    }

    /// Opens a connection. The one that leaves is still told meanwhile what is durable, or it would come again.
    async fn open_beside(&self, leaving: Option<&mut Connection>) -> Option<Socket> {
        let opening = self.open();
        let Some(leaving) = leaving else { return opening.await };
        tokio::pin!(opening);
        tokio::select! {
            socket = &mut opening => socket,
            () = session::settle(leaving) => opening.await,
        }
    }

    /// Opens a connection, as often as it takes; `None` when we were told to stop.
    async fn open(&self) -> Option<Socket> {
        let mut opens = self.opens.subscribe();
        loop {
            opens.mark_unchanged();
            let opened = tokio::select! {
                () = self.shutdown.wait() => return None,
                opened = Box::pin(connect::open(&self.incoming.client)) => opened,
            };
            let wait = match opened {
                Ok(socket) => {
                    self.failures.store(0, Ordering::SeqCst);
                    return Some(socket);
                }
                Err(error) => self.failed(error),
            };
            tokio::select! {
                goes_on = self.rest(wait) => if !goes_on {
                    return None;
                },
                // What kept this one from being opened, also for its configuration, does not keep the others any more.
                _ = opens.changed() => {}
            }
        }
    }

    /// Notes that a connection could not be opened, and says for how long it rests.
    fn failed(&self, error: ConnectError) -> Duration {
        let failures = self.failures.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        let wait = match &error {
            ConnectError::Passing(reason) => {
                tracing::warn!(%reason, failures, "no stream");
                pause(failures, self.rng)
            }
            ConnectError::Misconfigured(reason) => {
                tracing::error!(%reason, "no stream before the app's configuration is mended");
                MISCONFIGURED_PAUSE
            }
        };
        if self.up.load(Ordering::SeqCst) == 0 {
            self.inbox.line(Line::Down(error.into()));
        }
        wait
    }

    /// Notes that a connection is open, and says when it will be old.
    fn opened(&self, seat: usize) -> Instant {
        let up = self.up.fetch_add(1, Ordering::SeqCst) + 1;
        tracing::info!(connections = up, "a stream is up");
        gauge(up);
        metrics::counter!("bridge_dingtalk_connects_total").increment(1);
        let since = hearing::seconds(self.incoming.clock.now_ms());
        metrics::gauge!("bridge_dingtalk_connected_since_seconds", "seat" => seat.to_string()).set(since);
        self.inbox.line(Line::Up);
        self.opens.send_modify(|opens| *opens += 1);
        let mut all = self.old_at.lock();
        let others = all.iter().enumerate().filter(|(other, _)| *other != seat).filter_map(|(_, at)| *at);
        let at = apart(Instant::now(), others);
        if let Some(mine) = all.get_mut(seat) {
            *mine = Some(at);
        }
        at
    }

    /// Notes that a connection is open no more, and says how many are.
    fn closed(&self, seat: usize) -> usize {
        if let Some(mine) = self.old_at.lock().get_mut(seat) {
            *mine = None;
        }
        let up = self.up.fetch_sub(1, Ordering::SeqCst).saturating_sub(1);
        gauge(up);
        up
    }

    /// Waits; whether we may go on.
    async fn rest(&self, pause: Duration) -> bool {
        tokio::select! {
            () = self.shutdown.wait() => false,
            () = sleep(pause) => true,
        }
    }
}

fn gauge(up: usize) {
    metrics::gauge!("bridge_dingtalk_connections").set(u32::try_from(up).map_or(f64::NAN, f64::from));
}

/// When a connection that opens `now` is replaced for its age, well apart from the replacement of the `others`.
fn apart(now: Instant, others: impl Iterator<Item = Instant>) -> Instant {
    let whole = now + CONNECTION_AGE_MAX;
    let near = |other: Instant| whole.max(other) - whole.min(other) < CONNECTION_AGE_MAX / 4;
    if others.into_iter().any(near) { now + CONNECTION_AGE_MAX / 2 } else { whole }
}

/// How long to wait before the next attempt: nothing, a moment, then a second, doubling up to a minute, a fifth of it chance.
fn pause(failures: u32, rng: &Rng) -> Duration {
    match failures {
        0 => Duration::ZERO,
        1 => doubled_pause(RECONNECT_PAUSE_FIRST, RECONNECT_PAUSE_FIRST, 0, rng),
        _ => doubled_pause(RECONNECT_PAUSE_MIN, RECONNECT_PAUSE_MAX, failures - 2, rng),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_become_slower_up_to_a_minute() {
        let rng = Rng::seeded(1);
        for (failures, most) in
            [(1, 100), (2, 1_000), (3, 2_000), (4, 4_000), (7, 32_000), (8, 60_000), (1000, 60_000)]
        {
            let (pause, most) = (pause(failures, &rng), Duration::from_millis(most));
            assert!(pause <= most && pause >= most * 4 / 5, "{failures}: {pause:?}");
        }
        assert_eq!(pause(0, &rng), Duration::ZERO);
    }

    #[tokio::test]
    async fn connections_grow_old_apart_from_each_other() {
        let (now, hour) = (Instant::now(), Duration::from_secs(3600));
        let table =
            [(None, 6), (Some(6 * hour), 3), (Some(5 * hour), 3), (Some(3 * hour), 6), (Some(hour), 6)];
        for (other, expected) in table {
            let at = apart(now, other.map(|other| now + other).into_iter());
            assert_eq!(at - now, expected * hour, "{other:?}");
        }
    }
}
