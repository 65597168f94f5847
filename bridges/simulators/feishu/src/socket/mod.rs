//! Long connections: discovery, the handshake, frames both ways. Each event goes to one connection, chosen by chance.

pub(crate) mod discovery;
mod frames;
pub(crate) mod handshake;
mod session;

use std::collections::{BTreeMap, HashMap};

use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;

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
pub(crate) struct Acknowledgement {
    /// 200 for what was handled.
    pub(crate) code: i64,
    /// The decoded answer to a callback.
    pub(crate) data: Option<Vec<u8>>,
}

struct Connection {
    id: String,
    service_id: i32,
    outgoing: mpsc::Sender<Outgoing>,
}

/// The connections of all apps.
#[derive(Default)]
pub(crate) struct Hub {
    connections: Mutex<BTreeMap<String, Vec<Connection>>>,
    waiting: Mutex<HashMap<String, oneshot::Sender<Acknowledgement>>>,
}

impl Hub {
    /// How many connections an app has.
    pub(crate) fn count(&self, app: &str) -> usize {
        self.connections.lock().get(app).map_or(0, Vec::len)
    }

    fn add(&self, app: &str, connection: Connection) {
        self.connections.lock().entry(app.to_owned()).or_default().push(connection);
    }

    fn remove(&self, app: &str, id: &str) {
        if let Some(connections) = self.connections.lock().get_mut(app) {
            connections.retain(|connection| connection.id != id);
        }
    }

    /// Closes every connection of an app and returns how many there were.
    pub(crate) fn close(&self, app: &str) -> usize {
        let connections = self.connections.lock().remove(app).unwrap_or_default();
        for connection in &connections {
            // A session that is full or gone has nothing to close.
            let _ = connection.outgoing.try_send(Outgoing::Close);
        }
        connections.len()
    }

    /// A second program with the same credentials, which takes its share of the events and answers nothing.
    pub(crate) fn add_rival(&self, app: &str, id: String) {
        let (outgoing, mut swallowed) = mpsc::channel(crate::limits::FRAMES_WAITING_MAX);
        tokio::spawn(async move {
            while let Some(next) = swallowed.recv().await {
                if matches!(next, Outgoing::Close) {
                    return;
                }
            }
        });
        self.add(app, Connection { id, service_id: 0, outgoing });
    }

    fn acknowledge(&self, message_id: &str, acknowledgement: Acknowledgement) {
        if let Some(waiting) = self.waiting.lock().remove(message_id) {
            // Nobody waits any more: it came too late.
            let _ = waiting.send(acknowledgement);
        }
    }

    /// Nobody waits for this any more.
    pub(crate) fn forget(&self, message_id: &str) {
        self.waiting.lock().remove(message_id);
    }
}

/// An event on its way over a connection.
pub(crate) struct Underway {
    pub(crate) message_id: String,
    pub(crate) acknowledged: oneshot::Receiver<Acknowledgement>,
}

/// Sends an event over one connection of its app; nothing when there is none.
pub(crate) fn send(shared: &Shared, app: &str, envelope: &Value) -> Option<Underway> {
    let state = &mut *shared.state.lock();
    let connections = shared.hub.connections.lock();
    let connections = connections.get(app).filter(|connections| !connections.is_empty())?;
    let connection = &connections[state.chance.below(connections.len())];
    let message_id = state.chance.id("", 32);
    let (sender, acknowledged) = oneshot::channel();
    shared.hub.waiting.lock().insert(message_id.clone(), sender);
    for outgoing in frames::of(state, connection.service_id, &message_id, envelope) {
        // What a connection cannot take is lost, and is sent again because nobody acknowledges it.
        let _ = connection.outgoing.try_send(outgoing);
    }
    Some(Underway { message_id, acknowledged })
}
