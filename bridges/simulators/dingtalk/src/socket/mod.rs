//! The stream: the gateway, the handshake, frames both ways. Each push goes to one connection, chosen by chance.

mod frames;
pub(crate) mod gateway;
pub(crate) mod handshake;
mod session;

use std::collections::{BTreeMap, HashMap};

use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;

use crate::faults::Fault;
use crate::limits::FRAMES_WAITING_MAX;
use crate::simulator::Shared;
use crate::state::{Push, State, Told};

/// What a session shall do next.
pub(crate) enum Outgoing {
    /// Send this.
    Message(Message),
    /// Send this, deliver nothing more, and close after a while.
    Disconnect(Message),
    /// Break the connection without a word.
    Break,
    /// Fall silent and stay open.
    Silence,
}

/// A client's answer to a push.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Acknowledgement {
    pub(crate) code: i64,
    /// The decoded text of `data`; null when it is not JSON.
    pub(crate) data: Value,
}

struct Connection {
    id: String,
    topics: Vec<(String, String)>,
    outgoing: mpsc::Sender<Outgoing>,
}

impl Connection {
    /// What a connection cannot take is lost, and comes again because nobody acknowledges it.
    fn put(&self, outgoing: Outgoing) {
        let _ = self.outgoing.try_send(outgoing);
    }

    fn wants(&self, kind: &str, topic: &str) -> bool {
        let fits = |(of, name): &(String, String)| of == kind && (name == topic || name == "*");
        self.topics.is_empty() || self.topics.iter().any(fits)
    }
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

    /// Tells every connection of an app to go and returns how many there were. From now on nothing is delivered there.
    pub(crate) fn disconnect(&self, shared: &Shared, app: &str) -> usize {
        let connections = self.connections.lock().remove(app).unwrap_or_default();
        let state = &mut *shared.state.lock();
        for connection in &connections {
            connection.put(Outgoing::Disconnect(frames::disconnect(state, "connection is expired")));
        }
        connections.len()
    }

    /// Breaks every connection of an app and returns how many there were.
    pub(crate) fn close(&self, app: &str) -> usize {
        let connections = self.connections.lock().remove(app).unwrap_or_default();
        connections.iter().for_each(|connection| connection.put(Outgoing::Break));
        connections.len()
    }

    /// Lets every connection of an app fall silent and returns how many there were. The platform still chooses them.
    pub(crate) fn freeze(&self, app: &str) -> usize {
        let connections = self.connections.lock();
        let frozen = connections.get(app).map_or(&[][..], Vec::as_slice);
        frozen.iter().for_each(|connection| connection.put(Outgoing::Silence));
        frozen.len()
    }

    /// A second program with the same credentials, which takes its share and answers nothing.
    pub(crate) fn add_rival(&self, app: &str) {
        let (outgoing, mut swallowed) = mpsc::channel(FRAMES_WAITING_MAX);
        tokio::spawn(async move {
            while let Some(next) = swallowed.recv().await {
                if matches!(next, Outgoing::Break | Outgoing::Disconnect(_)) {
                    return;
                }
            }
        });
        self.add(app, Connection { id: "rival".to_owned(), topics: Vec::new(), outgoing });
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

/// A push on its way over a connection.
pub(crate) struct Underway {
    pub(crate) message_id: String,
    pub(crate) acknowledged: oneshot::Receiver<Acknowledgement>,
}

const fn kind_and_topic(what: &Told) -> (&'static str, &'static str) {
    match what {
        Told::Robot(_) => ("CALLBACK", "/v1.0/im/bot/messages/get"),
        Told::Card(_) => ("CALLBACK", "/v1.0/card/instances/callback"),
        Told::Event(..) => ("EVENT", "*"),
    }
}

/// Sends a push over one connection of its app; nothing when there is none. `data` is what it says.
pub(crate) fn send(shared: &Shared, push: &Push, data: &Value) -> Option<Underway> {
    let (kind, topic) = kind_and_topic(&push.what);
    let mut connections = shared.hub.connections.lock();
    let connections = connections.get_mut(&push.app)?;
    let state = &mut *shared.state.lock();
    let place = choose(state, connections, kind, topic)?;
    if state.faults.strikes(Fault::SocketDisconnect) {
        let gone = connections.remove(place);
        gone.put(Outgoing::Disconnect(frames::disconnect(state, "connection is expired")));
    } else if state.faults.strikes(Fault::SocketClosed) {
        let gone = connections.remove(place);
        gone.put(Outgoing::Break);
        // The push was on its way: it is lost with the connection.
        return Some(wait_for(shared, state.chance.digits()));
    }
    let connection = &connections[choose(state, connections, kind, topic)?];
    if state.faults.strikes(Fault::SocketSilent) {
        connection.put(Outgoing::Silence);
    }
    let message_id = state.chance.digits();
    let underway = wait_for(shared, message_id.clone());
    let address = frames::Address { kind, topic, connection_id: &connection.id, message_id: &message_id };
    for message in frames::of(state, &address, push, data) {
        connection.put(Outgoing::Message(message));
    }
    Some(underway)
}

fn wait_for(shared: &Shared, message_id: String) -> Underway {
    let (sender, acknowledged) = oneshot::channel();
    shared.hub.waiting.lock().insert(message_id.clone(), sender);
    Underway { message_id, acknowledged }
}

/// One of the connections that want this, by chance.
fn choose(state: &mut State, connections: &[Connection], kind: &str, topic: &str) -> Option<usize> {
    let wanting: Vec<usize> = connections
        .iter()
        .enumerate()
        .filter(|(_, connection)| connection.wants(kind, topic))
        .map(|(place, _)| place)
        .collect();
    let place = state.chance.place(wanting.len());
    wanting.get(place).copied()
}
