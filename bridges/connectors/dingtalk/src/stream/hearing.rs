//! One message of a connection: what it says, who takes it, what the platform is answered.

use std::time::Duration;

use bridge_api::{Arrival, Socket};
use futures_util::SinkExt as _;
use tokio::{sync::oneshot, time::timeout};
use tokio_tungstenite::tungstenite::Message;

use super::{
    frame::{Frame, Kind},
    order::Heard,
    session::{Connection, Surroundings},
};
use crate::{
    events::Event,
    incoming::Incoming,
    limits::{WORDS_CHARACTERS_MAX, WRITE_TIME_MAX},
};

/// Whether the platform wants another connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It does not.
    Staying,
    /// It does.
    Going,
}

/// Reads a message. What shall last is acknowledged later, everything else here.
///
/// # Errors
/// Why the connection is good for nothing any more.
pub async fn hear(
    connection: &mut Connection,
    message: Message,
    around: Surroundings<'_>,
) -> Result<Next, String> {
    let Message::Text(raw) = message else { return Ok(Next::Staying) };
    metrics::gauge!("bridge_dingtalk_last_frame_seconds").set(seconds(around.incoming.clock.now_ms()));
    let Some(frame) = Frame::read(&raw) else {
        tracing::warn!("leave out a frame without sense");
        return Ok(Next::Staying);
    };
    if frame.kind == Kind::Disconnect {
        let data: String = frame.data.chars().take(WORDS_CHARACTERS_MAX).collect();
        tracing::info!(%data, "the platform wants another stream");
        return Ok(Next::Going);
    }
    let Some(arrival) = understand(&frame, around.incoming).await else {
        return acknowledge(&mut connection.socket, &frame, true).await.map(|()| Next::Staying);
    };
    let (kept, told) = oneshot::channel();
    if around.order.send(Heard { arrival, kept }).await.is_err() {
        return Err("nobody takes what comes any more".to_owned());
    }
    connection.owed.push(Box::pin(async move { (frame, told.await.unwrap_or(false)) }));
    Ok(Next::Staying)
}

/// Seconds since the Unix epoch, as metrics have them.
pub fn seconds(now_ms: u64) -> f64 {
    Duration::from_millis(now_ms).as_secs_f64()
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

/// Tells the platform whether a frame's content is durable.
///
/// # Errors
/// Why the connection is good for nothing any more.
pub async fn acknowledge(socket: &mut Socket, frame: &Frame, kept: bool) -> Result<(), String> {
    match frame.answer(kept) {
        Some(answer) => say(socket, Message::text(answer)).await,
        None => Ok(()),
    }
}

/// Writes a message.
///
/// # Errors
/// Why the connection is good for nothing any more.
pub async fn say(socket: &mut Socket, message: Message) -> Result<(), String> {
    match timeout(WRITE_TIME_MAX, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the stream takes nothing any more".to_owned()),
    }
}
