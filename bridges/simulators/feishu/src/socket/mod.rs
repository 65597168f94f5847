//! Long connections: discovery, the handshake, frames both ways. Each event goes to one connection, chosen by chance.

pub(crate) mod discovery;
mod frames;
pub(crate) mod handshake;
mod session;

use std::sync::Arc;

use serde_json::Value;
use simulator_stage::Underway;
use tokio_tungstenite::tungstenite::Message;

use crate::delivery::HANDLED;
use crate::frame::Frame;
use crate::simulator::Shared;

/// What a session shall do next.
pub(crate) enum Outgoing {
    /// Send this.
    Message(Message),
    /// Close the connection.
    Close,
    /// Fall silent and stay open.
    Silence,
}

/// A client's answer to an event.
#[derive(Debug)]
pub struct Acknowledgement {
    /// 200 for what was handled.
    pub(crate) code: i64,
    /// The decoded answer to a callback.
    pub(crate) data: Option<Vec<u8>>,
}

/// The connections of all apps, each with its `service_id`.
pub(crate) type Hub = simulator_stage::Hub<i32, Outgoing, Acknowledgement>;

/// Closes every connection of an app and returns how many there were.
pub(crate) fn close(shared: &Shared, app: &str) -> usize {
    let connections = shared.hub.take(app);
    connections.iter().for_each(|connection| connection.put(Outgoing::Close));
    connections.len()
}

/// A second program with the credentials of an app takes its share of the events, and acknowledges all of it or nothing.
pub(crate) fn add_rival(shared: &Arc<Shared>, app: &str, acknowledges: bool) {
    let id = shared.state.lock().stage.chance.id("rival", 8);
    let platform = Arc::downgrade(shared);
    shared.hub.add_rival(app, id, 0, move |outgoing| {
        let (Some(platform), Outgoing::Message(Message::Binary(bytes))) = (platform.upgrade(), outgoing)
        else {
            return;
        };
        let frame = Frame::decode(&bytes).ok().filter(|_| acknowledges);
        if let Some(message) = frame.as_ref().and_then(|frame| frame.header("message_id")) {
            platform.hub.answer(message, Acknowledgement { code: HANDLED, data: None });
        }
    });
}

/// Sends an event over one connection of its app; nothing when there is none.
pub(crate) fn send(shared: &Shared, app: &str, envelope: &Value) -> Option<Underway<Acknowledgement>> {
    let state = &mut *shared.state.lock();
    shared.hub.on(app, |connections| {
        let connection = connections.get(state.stage.chance.place(connections.len()))?;
        let message_id = state.stage.chance.id("", 32);
        let underway = shared.hub.expect(message_id.clone());
        for outgoing in frames::of(state, connection.about, &message_id, envelope) {
            connection.put(outgoing);
        }
        Some(underway)
    })
}
