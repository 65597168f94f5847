//! One open connection, from its beginning to its end. The platform wants no acknowledgement and brings nothing again, so what came
//! waits here until the inbox has taken it; while too much waits, nothing more is read.

use std::collections::{HashMap, VecDeque};

use bridge_api::{Inbox, Shutdown, Socket, digest, handed_over};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::tungstenite::Message;

use super::line::Asked;
use crate::{
    client::{CallError, Meaning, verdict},
    incoming::Incoming,
    lenient::text,
    limits::{
        ARRIVALS_WAITING_MAX, CLOSE_TIME_MAX, FRAMES_WAITING_MAX, LAST_TAKEN_WITHIN, SILENCE_MAX,
        TAKEN_PAUSE, TAKEN_WITHIN, WRITE_TIME_MAX,
    },
};

/// What the platform says when the connection is open and the subscription is gone.
const NOT_SUBSCRIBED: &str = "846609";
/// Pings without an answer after which a connection counts as dead, as in the platform's own library.
const PINGS_UNANSWERED_MAX: u32 = 2;
/// Frames that are handed over at once.
const AT_ONCE_MAX: usize = 32;

/// Why a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// We were told to stop.
    Stopped,
    /// Another program connected as the same bot.
    TakenOver,
    /// It broke, or nothing came any more.
    Lost(String),
}

/// What came over a connection and is not durable yet.
struct Came {
    handle: String,
    body: Value,
    proof: String,
}

type Waiting = oneshot::Sender<Result<Value, CallError>>;

/// The session of a bot; what waits outlives a connection.
pub struct Session<'a> {
    incoming: &'a Incoming,
    inbox: &'a dyn Inbox,
    came: VecDeque<Came>,
    pending: HashMap<String, Waiting>,
    pings_unanswered: u32,
    heard_at: Instant,
}

impl<'a> Session<'a> {
    /// A session in which nothing waits.
    pub fn new(incoming: &'a Incoming, inbox: &'a dyn Inbox) -> Self {
        let (came, pending) = (VecDeque::new(), HashMap::new());
        Self { incoming, inbox, came, pending, pings_unanswered: 0, heard_at: Instant::now() }
    }

    /// Lives until the connection ends. `early` came before the subscription was confirmed.
    pub async fn live(
        &mut self,
        mut socket: Socket,
        early: Vec<Message>,
        mut asked: mpsc::Receiver<Asked>,
        shutdown: &Shutdown,
    ) -> Ended {
        (self.pings_unanswered, self.heard_at) = (0, Instant::now());
        let mut ended = early.into_iter().find_map(|message| self.hear(&message));
        if ended.is_none() {
            ended = Some(self.turns(&mut socket, &mut asked, shutdown).await);
        }
        let _ = timeout(CLOSE_TIME_MAX, socket.close(None)).await;
        // Whoever waits for an answer learns that none comes; what was never written may be tried again.
        self.pending.clear();
        asked.close();
        while let Some(frame) = asked.recv().await {
            let _ =
                frame.waiting.send(Err(CallError::ours(Meaning::Unreachable, "the bot is not connected")));
        }
        let handing_over = async {
            while !self.came.is_empty() {
                if !self.hand_over().await {
                    tokio::time::sleep(TAKEN_PAUSE).await;
                }
            }
        };
        let _ = timeout(LAST_TAKEN_WITHIN, handing_over).await;
        ended.unwrap_or(Ended::Stopped)
    }

    async fn turns(
        &mut self,
        socket: &mut Socket,
        asked: &mut mpsc::Receiver<Asked>,
        shutdown: &Shutdown,
    ) -> Ended {
        let ping_every = self.incoming.client.settings().intervals.ping;
        let mut ping_at = Instant::now() + ping_every;
        let mut hand_over_at = Instant::now();
        let mut pings = 0_u64;
        loop {
            let (waits, full) = (!self.came.is_empty(), self.came.len() >= ARRIVALS_WAITING_MAX);
            tokio::select! {
                () = shutdown.wait() => return Ended::Stopped,
                () = sleep_until(self.heard_at + SILENCE_MAX) => {
                    return Ended::Lost("nothing was said for hours, which the platform's connections forget to tell".to_owned());
                }
                () = sleep_until(ping_at) => {
                    if self.pings_unanswered >= PINGS_UNANSWERED_MAX {
                        return Ended::Lost("pings are not answered".to_owned());
                    }
                    self.pings_unanswered += 1;
                    pings += 1;
                    let ping = json!({"cmd": "ping", "headers": {"req_id": format!("ping_{pings}")}});
                    if let Err(reason) = say(socket, Message::text(ping.to_string())).await {
                        return Ended::Lost(reason);
                    }
                    ping_at = Instant::now() + ping_every;
                }
                () = sleep_until(hand_over_at), if waits => {
                    if !self.hand_over().await {
                        hand_over_at = Instant::now() + TAKEN_PAUSE;
                    }
                }
                Some(frame) = asked.recv() => {
                    if let Err(reason) = self.write(socket, frame).await {
                        return Ended::Lost(reason);
                    }
                }
                message = socket.next(), if !full => {
                    let message = match message {
                        Some(Ok(Message::Close(_))) | None => return Ended::Lost("the platform closed the connection".to_owned()),
                        Some(Ok(message)) => message,
                        Some(Err(error)) => return Ended::Lost(error.to_string()),
                    };
                    if let Some(ended) = self.hear(&message) {
                        return ended;
                    }
                }
            }
        }
    }

    async fn write(&mut self, socket: &mut Socket, asked: Asked) -> Result<(), String> {
        // Those who gave up waiting make place.
        self.pending.retain(|_, waiting| !waiting.is_closed());
        if self.pending.len() >= FRAMES_WAITING_MAX || self.pending.contains_key(&asked.request) {
            let busy = CallError::ours(Meaning::Busy, "an answer with the same id is waited for");
            let _ = asked.waiting.send(Err(busy));
            return Ok(());
        }
        self.pending.insert(asked.request, asked.waiting);
        say(socket, Message::text(asked.frame.to_string())).await
    }

    /// Understands a frame; says why the connection has to end, if it has to.
    fn hear(&mut self, message: &Message) -> Option<Ended> {
        let Message::Text(raw) = message else { return None };
        let Ok(frame) = serde_json::from_str::<Value>(raw) else {
            tracing::warn!("leave out a frame of the bot without sense");
            return None;
        };
        let request = frame.pointer("/headers/req_id").and_then(Value::as_str).unwrap_or_default().to_owned();
        match text(&frame, "cmd").as_deref() {
            None => self.answered(&request, frame),
            Some("aibot_msg_callback" | "aibot_event_callback") => {
                self.heard_at = Instant::now();
                let body = frame.get("body").cloned().unwrap_or_default();
                if body.pointer("/event/eventtype").and_then(Value::as_str) == Some("disconnected_event") {
                    return Some(Ended::TakenOver);
                }
                self.came.push_back(Came { handle: request, body, proof: digest(raw.as_bytes()) });
                None
            }
            Some(command) => {
                tracing::info!(command, "leave out a frame of an unknown command");
                None
            }
        }
    }

    /// An answer; one that says that the subscription is gone ends the connection, whatever pings say.
    fn answered(&mut self, request: &str, frame: Value) -> Option<Ended> {
        if request.starts_with("ping_") {
            self.pings_unanswered = 0;
            return None;
        }
        let outcome = verdict(frame).map(|frame| frame.get("body").cloned().unwrap_or_default());
        let gone = outcome.as_ref().is_err_and(|error| error.code.as_deref() == Some(NOT_SUBSCRIBED));
        if let Some(waiting) = self.pending.remove(request) {
            let _ = waiting.send(outcome);
        }
        gone.then(|| {
            metrics::counter!("bridge_wecom_unsubscribed_total").increment(1);
            Ended::Lost("the platform has forgotten the bot's subscription".to_owned())
        })
    }

    /// Hands over what waits, first things first. Whether all of it is durable.
    async fn hand_over(&mut self) -> bool {
        let (mut arrivals, mut understood) = (Vec::new(), 0);
        for came in self.came.iter().take(AT_ONCE_MAX) {
            match self.incoming.bot(&came.body, Some(&came.handle), &came.proof).await {
                Ok(arrival) => arrivals.extend(arrival),
                Err(error) => {
                    tracing::warn!(%error, "what the bot heard is not understood yet");
                    break;
                }
            }
            understood += 1;
        }
        if understood == 0 || !handed_over(self.inbox, arrivals, TAKEN_WITHIN).await {
            return false;
        }
        self.came.drain(..understood);
        true
    }
}

async fn say(socket: &mut Socket, message: Message) -> Result<(), String> {
    match timeout(WRITE_TIME_MAX, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the connection takes nothing any more".to_owned()),
    }
}
