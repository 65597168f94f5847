//! The stream: the gateway, the handshake, frames both ways. Each push goes to one connection, chosen by chance.

mod frames;
pub(crate) mod gateway;
pub(crate) mod handshake;
mod session;

use serde_json::Value;
use simulator_stage::{Connection, Underway};
use tokio_tungstenite::tungstenite::Message;

use crate::faults::Fault;
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
pub struct Acknowledgement {
    pub(crate) code: i64,
    /// The decoded text of `data`; null when it is not JSON.
    pub(crate) data: Value,
}

/// What a connection wants: types and topics.
type Topics = Vec<(String, String)>;

/// The connections of all apps.
pub(crate) type Hub = simulator_stage::Hub<Topics, Outgoing, Acknowledgement>;

fn wants(topics: &Topics, kind: &str, topic: &str) -> bool {
    let fits = |(of, name): &(String, String)| of == kind && (name == topic || name == "*");
    topics.is_empty() || topics.iter().any(fits)
}

/// Tells every connection of an app to go and returns how many there were. From now on nothing is delivered there.
pub(crate) fn disconnect(shared: &Shared, app: &str) -> usize {
    let connections = shared.hub.take(app);
    let state = &mut *shared.state.lock();
    for connection in &connections {
        connection.put(Outgoing::Disconnect(frames::disconnect(state, "connection is expired")));
    }
    connections.len()
}

/// Breaks every connection of an app and returns how many there were.
pub(crate) fn close(shared: &Shared, app: &str) -> usize {
    let connections = shared.hub.take(app);
    connections.iter().for_each(|connection| connection.put(Outgoing::Break));
    connections.len()
}

/// Lets every connection of an app fall silent and returns how many there were. The platform still chooses them.
pub(crate) fn freeze(shared: &Shared, app: &str) -> usize {
    shared.hub.on(app, |connections| {
        connections.iter().for_each(|connection| connection.put(Outgoing::Silence));
        connections.len()
    })
}

const fn kind_and_topic(what: &Told) -> (&'static str, &'static str) {
    match what {
        Told::Robot(_) => ("CALLBACK", "/v1.0/im/bot/messages/get"),
        Told::Card(_) => ("CALLBACK", "/v1.0/card/instances/callback"),
        Told::Event(..) => ("EVENT", "*"),
    }
}

/// Sends a push over one connection of its app; nothing when there is none. `data` is what it says.
pub(crate) fn send(shared: &Shared, push: &Push, data: &Value) -> Option<Underway<Acknowledgement>> {
    let (kind, topic) = kind_and_topic(&push.what);
    let state = &mut *shared.state.lock();
    shared.hub.on(&push.app, |connections| {
        let place = choose(state, connections, kind, topic)?;
        let message_id = state.stage.chance.id("", 32);
        if state.stage.faults.strikes(Fault::SocketDisconnect) {
            let gone = connections.remove(place);
            gone.put(Outgoing::Disconnect(frames::disconnect(state, "connection is expired")));
        } else if state.stage.faults.strikes(Fault::SocketClosed) {
            connections.remove(place).put(Outgoing::Break);
            // The push was on its way: it is lost with the connection.
            return Some(shared.hub.expect(message_id));
        }
        let connection = &connections[choose(state, connections, kind, topic)?];
        if state.stage.faults.strikes(Fault::SocketSilent) {
            connection.put(Outgoing::Silence);
        }
        let underway = shared.hub.expect(message_id.clone());
        let address = frames::Address { kind, topic, connection_id: &connection.id, message_id: &message_id };
        for message in frames::of(state, &address, push, data) {
            connection.put(Outgoing::Message(message));
        }
        Some(underway)
    })
}

/// One of the connections that want this, by chance.
fn choose(
    state: &mut State,
    connections: &[Connection<Topics, Outgoing>],
    kind: &str,
    topic: &str,
) -> Option<usize> {
    let wanting: Vec<usize> = connections
        .iter()
        .enumerate()
        .filter(|(_, connection)| wants(&connection.about, kind, topic))
        .map(|(place, _)| place)
        .collect();
    let place = state.stage.chance.place(wanting.len());
    wanting.get(place).copied()
}
