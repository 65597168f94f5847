//! The long connection of bots: one connection for each, and a second one ends the first.

mod commands;
mod frames;
pub(crate) mod handshake;
mod session;
mod uploads;

use serde_json::Value;
use simulator_stage::Begun;
use tokio_tungstenite::tungstenite::Message;

use crate::delivery::payload;
use crate::faults::Fault;
use crate::simulator::Shared;
use crate::state::{Event, Receiver, What};

/// What a session shall do next.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// Send this. What can be answered comes with who asked what, under its req_id.
    Frame(Message, Option<(String, Handle)>),
    /// Say that another connection took over, and close.
    TakenOver(String),
    /// Break the connection without a word.
    Break,
    /// Fall silent and stay open.
    Silence,
    /// Lose the subscription; pings are still answered.
    Unsubscribe,
}

/// What a reply with this req_id answers. It is worth nothing over another connection.
#[derive(Clone, Debug)]
pub(crate) struct Handle {
    pub(crate) person: String,
    pub(crate) chat: String,
    pub(crate) about: About,
    pub(crate) until_ms: u64,
}

/// What may be answered, each by a command of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// A message.
    Message,
    /// Somebody opened the chat.
    Entered,
    /// Somebody pressed the card of this task.
    Card(String),
    /// Nothing: a reply is refused.
    Nothing,
}

/// Sends an event over the connection of its bot.
pub(crate) fn send(shared: &Shared, event: &Event) -> Begun<Value> {
    let Receiver::Bot(bot) = &event.to else { return Begun::Lost("lost: it is not for a bot") };
    // The connections are locked before the state, here and everywhere.
    shared.hub.on(bot, |connections| {
        let state = &mut *shared.state.lock();
        if connections.is_empty() {
            return Begun::Lost("lost: nobody is connected");
        }
        if state.stage.faults.strikes(Fault::SocketDeaf) {
            return Begun::Lost("lost: the platform forgot to bring it");
        }
        if state.stage.faults.strikes(Fault::SocketClosed) {
            connections.drain(..).for_each(|connection| connection.put(Outgoing::Break));
            return Begun::Lost("lost with its connection");
        }
        let Some(connection) = connections.last() else { return Begun::Lost("lost: nobody is connected") };
        if state.stage.faults.strikes(Fault::SocketSilent) {
            connection.put(Outgoing::Silence);
        }
        let Some(body) = payload::for_bot(state, bot, event, None) else {
            return Begun::Lost("lost: there is nothing to say");
        };
        let req_id = state.stage.chance.id("", 24);
        let handle = handle(state, event);
        let waits = matches!(handle.about, About::Card(_));
        for before in frames::troubles(&mut state.stage) {
            connection.put(Outgoing::Frame(before, None));
        }
        let cmd = match event.what {
            What::Message(_) => "aibot_msg_callback",
            What::Bot { .. } | What::Happened(_) => "aibot_event_callback",
        };
        let underway = waits.then(|| shared.hub.expect(req_id.clone()));
        connection.put(Outgoing::Frame(frames::callback(cmd, &req_id, &body), Some((req_id, handle))));
        underway.map_or(Begun::Settled(Ok(Value::Null)), Begun::Underway)
    })
}

fn handle(state: &crate::state::State, event: &Event) -> Handle {
    let now = state.now_ms();
    let soon = now + state.settings.event_reply_within_ms;
    match &event.what {
        What::Message(message) => {
            let message = state.messages.get(message);
            let person = message.map(|message| message.by.id()).unwrap_or_default();
            let chat = message.map(|message| message.draft.chat.clone()).unwrap_or_default();
            let until_ms = now + state.settings.respond_window_ms;
            Handle { person, chat, about: About::Message, until_ms }
        }
        What::Bot { name, data, person, chat } => {
            let task = data.get("task_id").and_then(Value::as_str).unwrap_or_default().to_owned();
            let about = match *name {
                "enter_chat" => About::Entered,
                "template_card_event" => About::Card(task),
                _ => About::Nothing,
            };
            Handle { person: person.clone(), chat: chat.clone(), about, until_ms: soon }
        }
        What::Happened(_) => {
            Handle { person: String::new(), chat: String::new(), about: About::Nothing, until_ms: soon }
        }
    }
}

/// A second program subscribes for this bot: the connections that there are end. Answers how many.
pub(crate) fn take_over(shared: &Shared, bot: &str) -> usize {
    let taken = shared.hub.take(bot);
    taken.iter().for_each(|connection| connection.put(Outgoing::TakenOver(bot.to_owned())));
    taken.len()
}

/// Breaks the connections of a bot; answers how many.
pub(crate) fn close(shared: &Shared, bot: &str) -> usize {
    let taken = shared.hub.take(bot);
    taken.iter().for_each(|connection| connection.put(Outgoing::Break));
    taken.len()
}

/// The connections of a bot stay open and nothing comes over them any more; answers how many.
pub(crate) fn freeze(shared: &Shared, bot: &str) -> usize {
    shared.hub.on(bot, |connections| {
        connections.iter().for_each(|connection| connection.put(Outgoing::Silence));
        connections.len()
    })
}

/// The connections of a bot lose their subscription; answers how many.
pub(crate) fn unsubscribe(shared: &Shared, bot: &str) -> usize {
    let taken = shared.hub.take(bot);
    taken.iter().for_each(|connection| connection.put(Outgoing::Unsubscribe));
    taken.len()
}
