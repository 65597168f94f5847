//! One open connection, from its beginning to its end. What comes is acknowledged when it is durable and not before.

use bridge_api::{Arrival, Inbox, Shutdown};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::{
    connect::Socket,
    frame::{Frame, Kind},
};
use crate::{
    events::Event,
    incoming::{self, Incoming},
    limits::{
        CLOCK_JUMP_MS, CLOCK_LOOK, CLOSE_TIME_MAX, CONNECTION_AGE_MAX, FRAMES_AT_ONCE_MAX, LEAVING_TIME_MAX,
        PONG_TIME_MAX, SILENCE_MAX, WORDS_CHARACTERS_MAX, WRITE_TIME_MAX,
    },
};

/// Why a connection ended.
pub enum Ended {
    /// We were told to stop.
    Stopped,
    /// The platform, or its age, wants another one: this one is still good for what is on its way.
    Leaving(Box<Socket>),
    /// It broke, or nothing came any more.
    Lost(String),
}

/// Lives until the connection ends. `leaving` is the one before it, read until it closes. Says also whether anything ever came.
pub async fn live(
    mut socket: Socket,
    leaving: Option<Box<Socket>>,
    incoming: &Incoming,
    inbox: &dyn Inbox,
    shutdown: &Shutdown,
) -> (Ended, bool) {
    let mut heard = false;
    let ended = {
        let rest = drain(leaving, incoming, inbox);
        let turns = turn(&mut socket, incoming, inbox, shutdown, &mut heard);
        tokio::pin!(rest, turns);
        tokio::select! {
            ended = &mut turns => ended,
            () = &mut rest => turns.await,
        }
    };
    let ended = match ended {
        Turn::Leaving => Ended::Leaving(Box::new(socket)),
        Turn::Stopped => {
            let _ = timeout(CLOSE_TIME_MAX, socket.close(None)).await;
            Ended::Stopped
        }
        Turn::Lost(reason) => {
            let _ = timeout(CLOSE_TIME_MAX, socket.close(None)).await;
            Ended::Lost(reason)
        }
    };
    (ended, heard)
}

/// How a turn ended.
enum Turn {
    Stopped,
    Leaving,
    Lost(String),
}

/// Reads what a connection that goes still brings, then closes it.
async fn drain(leaving: Option<Box<Socket>>, incoming: &Incoming, inbox: &dyn Inbox) {
    let Some(mut socket) = leaving else { return };
    let reading = async {
        while let Some(Ok(message)) = socket.next().await {
            if hear(&mut socket, message, incoming, inbox).await.is_err() {
                break;
            }
        }
    };
    let _ = timeout(LEAVING_TIME_MAX, reading).await;
    let _ = timeout(CLOSE_TIME_MAX, socket.as_mut().close(None)).await;
}

async fn turn(
    socket: &mut Socket,
    incoming: &Incoming,
    inbox: &dyn Inbox,
    shutdown: &Shutdown,
    heard: &mut bool,
) -> Turn {
    let old_at = Instant::now() + CONNECTION_AGE_MAX;
    let mut asked_at: Option<Instant> = None;
    let mut last_at = Instant::now();
    let (mut look_at, mut wall_ms) = (Instant::now() + CLOCK_LOOK, incoming.clock.now_ms());
    loop {
        let silent_until = asked_at.map_or(last_at + SILENCE_MAX, |asked| asked + PONG_TIME_MAX);
        tokio::select! {
            () = shutdown.wait() => return Turn::Stopped,
            () = sleep_until(old_at) => return Turn::Leaving,
            () = sleep_until(look_at) => {
                let now_ms = incoming.clock.now_ms();
                let late_ms = u64::try_from((Instant::now() - look_at).as_millis()).unwrap_or(u64::MAX);
                let due_ms = u64::try_from(CLOCK_LOOK.as_millis()).unwrap_or(u64::MAX).saturating_add(late_ms);
                if now_ms.saturating_sub(wall_ms) > due_ms.saturating_add(CLOCK_JUMP_MS) {
                    return Turn::Lost("the machine slept".to_owned());
                }
                (look_at, wall_ms) = (Instant::now() + CLOCK_LOOK, now_ms);
            }
            () = sleep_until(silent_until) => {
                if asked_at.is_some() {
                    return Turn::Lost("nothing came after a ping".to_owned());
                }
                asked_at = Some(Instant::now());
                if let Err(reason) = say(socket, Message::Ping(Bytes::new())).await {
                    return Turn::Lost(reason);
                }
            }
            message = socket.next() => {
                let message = match message {
                    Some(Ok(Message::Close(_))) | None => return Turn::Lost("the platform closed the stream".to_owned()),
                    Some(Ok(message)) => message,
                    Some(Err(error)) => return Turn::Lost(error.to_string()),
                };
                (last_at, asked_at, *heard) = (Instant::now(), None, true);
                match hear(socket, message, incoming, inbox).await {
                    Ok(Heard::Going) => return Turn::Leaving,
                    Ok(Heard::Staying) => {}
                    Err(reason) => return Turn::Lost(reason),
                }
            }
        }
    }
}

/// Whether the platform wants another connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heard {
    Staying,
    Going,
}

/// Handles a message and those that have come behind it, so that many cost one durable write.
async fn hear(
    socket: &mut Socket,
    first: Message,
    incoming: &Incoming,
    inbox: &dyn Inbox,
) -> Result<Heard, String> {
    let (mut owed, mut arrivals, mut state, mut broken) = (Vec::new(), Vec::new(), Heard::Staying, None);
    let mut message = first;
    loop {
        if let Message::Text(raw) = &message {
            match Frame::read(raw) {
                Some(frame) => {
                    if frame.kind == Kind::Disconnect {
                        tracing::info!(data = %frame.data.chars().take(WORDS_CHARACTERS_MAX).collect::<String>(), "the platform wants another stream");
                        state = Heard::Going;
                    }
                    arrivals.extend(understand(&frame, incoming).await);
                    owed.push(frame);
                }
                None => tracing::warn!("leave out a frame without sense"),
            }
        }
        if owed.len() >= FRAMES_AT_ONCE_MAX {
            break;
        }
        message = match socket.next().now_or_never() {
            None => break,
            Some(Some(Ok(Message::Close(_))) | None) => {
                broken = Some("the platform closed the stream".to_owned());
                break;
            }
            Some(Some(Err(error))) => {
                broken = Some(error.to_string());
                break;
            }
            Some(Some(Ok(message))) => message,
        };
    }
    let kept = incoming::keep(inbox, arrivals).await;
    if let Some(reason) = broken {
        return Err(reason);
    }
    for frame in owed {
        if let Some(answer) = frame.answer(kept) {
            say(socket, Message::text(answer)).await?;
        }
    }
    Ok(state)
}

async fn understand(frame: &Frame, incoming: &Incoming) -> Option<Arrival> {
    match frame.kind {
        Kind::Robot => incoming.message(&frame.json()).await,
        Kind::Card => incoming.card(&frame.json(), &frame.message_id, frame.data.as_bytes()),
        Kind::Event => {
            let (kind, id) = (frame.header("eventType")?, frame.header("eventId")?);
            let data = frame.json();
            // Some show the inner object wrapped, as the platform's own libraries do.
            let data = match data.get("data") {
                Some(inner) if inner.is_object() && data.get("eventType").is_some() => inner.clone(),
                _ => data,
            };
            let at_ms = frame.number("eventBornTime").unwrap_or_default();
            incoming.event(Event { kind: &kind, id: &id, at_ms, data: &data }).await
        }
        Kind::System | Kind::Unknown => {
            tracing::info!(topic = frame.topic, "leave out a frame of an unknown topic");
            None
        }
        Kind::Ping | Kind::Disconnect => None,
    }
}

async fn say(socket: &mut Socket, message: Message) -> Result<(), String> {
    match timeout(WRITE_TIME_MAX, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the stream takes nothing any more".to_owned()),
    }
}
