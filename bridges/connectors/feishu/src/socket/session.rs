//! One open connection, from its first ping to its end. What comes is acknowledged when it is durable and not before.

use std::time::Duration;

use bridge_api::{Shutdown, Socket};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;

use super::{
    discovery::{Pace, Place},
    fragments::{Fragments, Joined},
    frame::{CONTROL, DATA, Frame},
};
use crate::{
    events::{Envelope, Ourselves},
    incoming::{self, Brought, Callback, Desk, Understood},
    limits::{
        CLOSE_TIME_MAX, CONNECTION_AGE_MAX, FRAMES_AT_ONCE_MAX, SILENCE_AFTER_PING_MAX,
        SILENCE_AFTER_PING_MIN,
    },
};

/// Why a connection ended.
#[derive(Debug)]
pub enum Ended {
    /// We were told to stop.
    Stopped,
    /// It was old enough to be replaced.
    Aged,
    /// It broke, or nothing came any more.
    Lost(String),
}

/// An open connection and what it waits for.
pub struct Session<'a> {
    socket: Socket,
    service: i32,
    pace: Pace,
    fragments: Fragments,
    inbox: &'a dyn Desk,
    ours: Ourselves,
    /// Whether anything at all came: only then was the connection a good one.
    heard: bool,
}

/// A frame that is to be acknowledged.
struct Owed {
    frame: Frame,
    callback: Option<Callback>,
    came_at: Instant,
}

impl<'a> Session<'a> {
    /// A session over a fresh connection.
    pub fn new(socket: Socket, place: &Place, inbox: &'a dyn Desk, ours: Ourselves) -> Self {
        let (service, pace) = (place.service, place.pace);
        Self { socket, service, pace, fragments: Fragments::default(), inbox, ours, heard: false }
    }

    /// Lives until the connection ends. Says also how the platform wants the next one, and whether this one was good.
    pub async fn live(mut self, shutdown: &Shutdown) -> (Ended, Pace, bool) {
        let ended = match self.turn(shutdown).await {
            Ok(ended) | Err(ended) => ended,
        };
        // The old connection is closed before there is a new one: the platform spreads events over all it knows.
        let _ = timeout(CLOSE_TIME_MAX, self.socket.close(None)).await;
        (ended, self.pace, self.heard)
    }

    async fn turn(&mut self, shutdown: &Shutdown) -> Result<Ended, Ended> {
        let old_at = Instant::now() + CONNECTION_AGE_MAX;
        let mut ping_at = Instant::now();
        let mut silent_until: Option<Instant> = None;
        loop {
            let deadline = silent_until.unwrap_or(old_at);
            tokio::select! {
                () = shutdown.wait() => return Ok(Ended::Stopped),
                () = sleep_until(old_at) => return Ok(Ended::Aged),
                () = sleep_until(deadline), if silent_until.is_some() => {
                    return Ok(Ended::Lost("nothing came after a ping".to_owned()));
                }
                () = sleep_until(ping_at) => {
                    self.say(Frame::ping(self.service)).await?;
                    let now = Instant::now();
                    ping_at = now + self.pace.ping_interval;
                    silent_until = silent_until.or(Some(now + silence_max(self.pace)));
                }
                message = self.socket.next() => {
                    let before = self.pace.ping_interval;
                    let first = heard(message)?;
                    silent_until = None;
                    self.heard = true;
                    self.hear(first).await?;
                    if self.pace.ping_interval != before {
                        ping_at = Instant::now() + self.pace.ping_interval;
                    }
                }
            }
        }
    }

    /// Handles a message and those that have come behind it, so that many cost one durable write.
    async fn hear(&mut self, first: Message) -> Result<(), Ended> {
        let (mut owed, mut brought) = (Vec::new(), Brought::default());
        self.read(first, &mut owed, &mut brought);
        let mut broken = None;
        while owed.len() < FRAMES_AT_ONCE_MAX {
            let Some(message) = self.socket.next().now_or_never() else { break };
            match heard(message) {
                Ok(message) => self.read(message, &mut owed, &mut brought),
                Err(ended) => {
                    broken = Some(ended);
                    break;
                }
            }
        }
        if !owed.is_empty() {
            let kept = incoming::keep(self.inbox, brought).await;
            if broken.is_none() {
                self.acknowledge(owed, kept).await?;
            }
        }
        broken.map_or(Ok(()), Err)
    }

    fn read(&mut self, message: Message, owed: &mut Vec<Owed>, brought: &mut Brought) {
        let Message::Binary(bytes) = message else { return };
        let frame = match Frame::read(bytes) {
            Ok(frame) => frame,
            Err(error) => {
                tracing::warn!(%error, "leave out a frame of the long connection");
                return;
            }
        };
        match frame.method {
            CONTROL => self.control(&frame),
            DATA => {
                if let Some((frame, understood)) = self.data(frame) {
                    brought.arrivals.extend(understood.brought.arrivals);
                    brought.looks.extend(understood.brought.looks);
                    owed.push(Owed { frame, callback: understood.callback, came_at: Instant::now() });
                }
            }
            method => tracing::debug!(method, "leave out a frame of an unknown method"),
        }
    }

    fn control(&mut self, frame: &Frame) {
        if frame.header("type") != Some("pong") {
            return;
        }
        // A pong without sense must not cost the connection.
        let config = frame.payload.as_deref().and_then(|payload| serde_json::from_slice(payload).ok());
        if let Some(config) = config {
            self.pace = self.pace.adjusted(&config);
        }
    }

    /// The event of a frame, once all of it is there.
    fn data(&mut self, frame: Frame) -> Option<(Frame, Understood)> {
        let kind = frame.header("type").unwrap_or_default();
        if kind == "card" {
            tracing::warn!("a card's callback came the old way: publish the app's callback subscription");
        } else if kind != "event" {
            tracing::debug!(kind, "leave out a frame of an unknown type");
            return None;
        }
        let raw = match self.fragments.join(&frame, Instant::now()) {
            Joined::Whole(raw) => raw,
            Joined::Waiting => return None,
            Joined::Refused(reason) => {
                tracing::warn!(reason, "leave out a fragment; the platform sends the event again");
                return None;
            }
        };
        let understood = match Envelope::read(&raw) {
            Ok(envelope) => incoming::understand(&envelope, &raw, &self.ours),
            Err(error) => {
                let trace = frame.header("trace_id").unwrap_or_default();
                tracing::warn!(%error, trace, "leave out what is no event");
                Understood::default()
            }
        };
        Some((frame, understood))
    }

    async fn acknowledge(&mut self, owed: Vec<Owed>, kept: bool) -> Result<(), Ended> {
        for Owed { frame, callback, came_at } in owed {
            let took_ms = u64::try_from(came_at.elapsed().as_millis()).unwrap_or(u64::MAX);
            let payload = incoming::acknowledgement(callback, kept);
            self.say(frame.acknowledged(took_ms, payload)).await?;
        }
        Ok(())
    }

    async fn say(&mut self, frame: Frame) -> Result<(), Ended> {
        let sending = self.socket.send(Message::Binary(frame.write()));
        within(SILENCE_AFTER_PING_MAX, sending).await
    }
}

/// How long nothing may come after a ping: two pings, within bounds.
fn silence_max(pace: Pace) -> Duration {
    (pace.ping_interval * 2).clamp(SILENCE_AFTER_PING_MIN, SILENCE_AFTER_PING_MAX)
}

async fn within<E: std::fmt::Display>(
    time_max: Duration,
    sending: impl Future<Output = Result<(), E>>,
) -> Result<(), Ended> {
    match timeout(time_max, sending).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Ended::Lost(error.to_string())),
        Err(_) => Err(Ended::Lost("the connection takes nothing any more".to_owned())),
    }
}

fn heard<E: std::fmt::Display>(message: Option<Result<Message, E>>) -> Result<Message, Ended> {
    match message {
        Some(Ok(Message::Close(frame))) => {
            let words = frame.map(|frame| frame.to_string()).unwrap_or_default();
            Err(Ended::Lost(format!("the platform closed the connection ({words})")))
        }
        Some(Ok(message)) => Ok(message),
        Some(Err(error)) => Err(Ended::Lost(error.to_string())),
        None => Err(Ended::Lost("the connection ended".to_owned())),
    }
}
