//! One message of a connection: what it says, who takes it, what the platform is answered.

use std::{sync::Arc, time::Duration};

use bridge_api::{Arrival, Socket};
use futures_util::SinkExt as _;
use serde_json::Value;
use tokio::{sync::oneshot, time::timeout};
use tokio_tungstenite::tungstenite::Message;

use super::{
    frame::{Frame, Kind},
    order::{Heard, Order},
    session::{Connection, Surroundings},
};
use crate::{
    changes::is_asked_for,
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
    let data = if frame.kind == Kind::Event { inner(&frame) } else { Value::Null };
    let is_asked = |kind: String| is_asked_for(&kind, &data);
    if frame.kind == Kind::Event && frame.header("eventType").is_some_and(is_asked) {
        // It is read first, and meanwhile the connection goes on.
        let (incoming, order) = (around.incoming.clone(), around.order.clone());
        connection.owed.push(Box::pin(async move {
            let kept = asked_for(&frame, &data, &incoming, &order).await;
            (frame, kept)
        }));
        return Ok(Next::Staying);
    }
    let arrivals = understand(&frame, &data, around.incoming).await;
    if arrivals.is_empty() {
        return acknowledge(&mut connection.socket, &frame, true).await.map(|()| Next::Staying);
    }
    let message = arrivals.first().and_then(|arrival| arrival.what.message().cloned());
    let memory = Arc::clone(&around.incoming.memory);
    let Some(told) = bring(arrivals, around.order).await else {
        return Err("nobody takes what comes any more".to_owned());
    };
    connection.owed.push(Box::pin(async move {
        // What comes behind it is read meanwhile, or its turn in the order would be over.
        if let Some(message) = message {
            memory.keep(&message).await;
        }
        (frame, all_kept(told).await)
    }));
    Ok(Next::Staying)
}

/// Seconds since the Unix epoch, as metrics have them.
pub fn seconds(now_ms: u64) -> f64 {
    Duration::from_millis(now_ms).as_secs_f64()
}

/// What a frame says; `data` is what an event is about.
async fn understand(frame: &Frame, data: &Value, incoming: &Incoming) -> Vec<Arrival> {
    match frame.kind {
        Kind::Robot => incoming.message(&frame.json()).await.into_iter().collect(),
        Kind::Card => {
            let pressed = incoming.card(&frame.json(), &frame.message_id, frame.data.as_bytes());
            pressed.into_iter().collect()
        }
        Kind::Event => {
            let (Some(kind), Some(id)) = (frame.header("eventType"), frame.header("eventId")) else {
                return Vec::new();
            };
            let at_ms = frame.number("eventBornTime").unwrap_or_default();
            incoming.event(Event { kind: &kind, id: &id, at_ms, data }).await
        }
        Kind::System | Kind::Unknown => {
            tracing::info!(topic = frame.topic, "leave out a frame of an unknown topic");
            Vec::new()
        }
        Kind::Ping | Kind::Disconnect => Vec::new(),
    }
}

/// Brings arrivals into the order; each of them is told whether it is durable. `None` when nobody runs the order any more.
async fn bring(arrivals: Vec<Arrival>, order: &Order) -> Option<Vec<oneshot::Receiver<bool>>> {
    let mut waiting = Vec::new();
    for arrival in arrivals {
        let (kept, told) = oneshot::channel();
        order.send(Heard { arrival, kept }).await.ok()?;
        waiting.push(told);
    }
    Some(waiting)
}

/// Whether all of them are durable.
async fn all_kept(waiting: Vec<oneshot::Receiver<bool>>) -> bool {
    for told in waiting {
        if !told.await.unwrap_or(false) {
            return false;
        }
    }
    true
}

/// What an event is about. Some show the inner object wrapped, as the platform's own libraries do.
fn inner(frame: &Frame) -> Value {
    let data = frame.json();
    match data.get("data") {
        Some(inner) if inner.is_object() && data.get("eventType").is_some() => inner.clone(),
        _ => data,
    }
}

/// An event whose meaning has to be asked for. Whether what it says is durable.
async fn asked_for(frame: &Frame, data: &Value, incoming: &Incoming, order: &Order) -> bool {
    let (Some(kind), Some(id)) = (frame.header("eventType"), frame.header("eventId")) else { return true };
    let at_ms = frame.number("eventBornTime").unwrap_or_default();
    let event = Event { kind: &kind, id: &id, at_ms, data };
    let Ok(mut told) = incoming.asked_for(event).await else { return false };
    let Some(waiting) = bring(told.take(), order).await else { return false };
    if !all_kept(waiting).await {
        return false;
    }
    told.kept().await;
    true
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
