//! One connection from its first frame to its end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use simulator_stage::{Play as _, Socket};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

use super::frames::{Heard, acknowledgement, callback};
use super::uploads::Uploads;
use super::{Handle, Outgoing, commands};
use crate::faults::Fault;
use crate::limits::CODES_MAX;
use crate::refusal::Refusal;
use crate::simulator::Shared;
use crate::state::State;

/// Answers that faults hold back at a time.
const LATE_MAX: usize = 256;
const ACK_DELAY_MS: u64 = 6_000;

/// What is known of a connection.
pub(super) struct Session {
    pub(super) id: String,
    /// The bot, once it has said its secret.
    pub(super) bot: Option<String>,
    /// Whether the subscription is gone although the connection stands.
    pub(super) unsubscribed: bool,
    silent: bool,
    pub(super) handles: BTreeMap<String, Handle>,
    pub(super) uploads: Uploads,
    pub(super) outgoing: Option<mpsc::Receiver<Outgoing>>,
}

/// How an answer goes.
enum Answer {
    Now(Message),
    Later(Message, Duration),
    Never,
}

/// Serves a connection until it ends.
pub(super) async fn run(shared: &Arc<Shared>, mut socket: Socket) {
    let mut session = Session {
        id: shared.state.lock().stage.chance.id("c", 16),
        bot: None,
        unsubscribed: false,
        silent: false,
        handles: BTreeMap::new(),
        uploads: Uploads::default(),
        outgoing: None,
    };
    converse(shared, &mut socket, &mut session).await;
    if let Some(bot) = &session.bot {
        shared.hub.remove(bot, &session.id);
    }
}

async fn next(outgoing: &mut Option<mpsc::Receiver<Outgoing>>) -> Option<Outgoing> {
    match outgoing {
        Some(waiting) => waiting.recv().await,
        None => std::future::pending().await,
    }
}

async fn converse(shared: &Arc<Shared>, socket: &mut Socket, session: &mut Session) {
    let (late, mut held) = mpsc::channel::<Message>(LATE_MAX);
    loop {
        let message = tokio::select! {
            outgoing = next(&mut session.outgoing) => match outgoing {
                // The connection is on nobody's list any more; what it was told before has been done.
                None => {
                    session.outgoing = None;
                    continue;
                }
                Some(Outgoing::Frame(message, handle)) => {
                    if let Some((req_id, handle)) = handle {
                        remember(&mut session.handles, req_id, handle);
                    }
                    message
                }
                Some(Outgoing::TakenOver(bot)) => {
                    let message = taken_over(&mut shared.state.lock(), &bot);
                    // The other side may be gone already.
                    let _ = socket.send(message).await;
                    let _ = socket.close(None).await;
                    return;
                }
                Some(Outgoing::Silence) => {
                    session.silent = true;
                    continue;
                }
                Some(Outgoing::Unsubscribe) => {
                    session.unsubscribed = true;
                    continue;
                }
                // Without a word: the other side sees a connection that broke.
                Some(Outgoing::Break) => return,
            },
            Some(message) = held.recv() => message,
            // Who is silent does not read either, so that not even the pings of WebSockets are answered.
            heard = socket.next(), if !session.silent => match heard {
                Some(Ok(Message::Text(text))) => match hear(shared, session, &text) {
                    Answer::Now(message) => message,
                    Answer::Never => continue,
                    Answer::Later(message, wait) => {
                        let late = late.clone();
                        tokio::spawn(async move {
                            tokio::time::sleep(wait).await;
                            // The connection may have ended.
                            let _ = late.send(message).await;
                        });
                        continue;
                    }
                },
                Some(Ok(Message::Close(_))) => {
                    // The answer to a close waits until it is asked to go.
                    let _ = socket.flush().await;
                    return;
                }
                Some(Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
            () = shared.ending().wait() => return,
        };
        if !session.silent && socket.send(message).await.is_err() {
            return;
        }
    }
}

fn remember(handles: &mut BTreeMap<String, Handle>, req_id: String, handle: Handle) {
    if handles.len() >= CODES_MAX {
        handles.pop_first();
    }
    handles.insert(req_id, handle);
}

/// The event that says that another connection took over.
fn taken_over(state: &mut State, bot: &str) -> Message {
    let (req_id, msgid) = (state.stage.chance.id("", 24), state.stage.chance.id("", 32));
    let body = json!({
        "msgid": msgid, "create_time": state.now_s(), "aibotid": bot, "msgtype": "event",
        "event": { "eventtype": "disconnected_event" },
    });
    callback("aibot_event_callback", &req_id, &body)
}

fn hear(shared: &Shared, session: &mut Session, text: &str) -> Answer {
    let Some(heard) = Heard::read(text) else {
        tracing::warn!("a client sent something that is no frame");
        return Answer::Now(acknowledgement("", Err(Refusal::parameter("no frame"))));
    };
    let ping = heard.cmd == "ping";
    let outcome = if heard.cmd == "aibot_subscribe" {
        commands::subscribe(shared, session, &heard.body).map(|()| None)
    } else if ping {
        Ok(None)
    } else {
        commands::act(shared, session, &heard)
    };
    let message = acknowledgement(&heard.req_id, outcome);
    let faults = &mut shared.state.lock().stage.faults;
    if ping {
        return if faults.strikes(Fault::SocketNoPong) { Answer::Never } else { Answer::Now(message) };
    }
    if faults.strikes(Fault::SocketAckLost) {
        return Answer::Never;
    }
    match faults.take(Fault::SocketAckDelayed) {
        Some(ms) => Answer::Later(message, Duration::from_millis(ms.as_u64().unwrap_or(ACK_DELAY_MS))),
        None => Answer::Now(message),
    }
}
