//! The way from whoever wants something said to the connection that is open at the moment. A frame is written at most once: one
//! that was not written may be tried again, of one that was written and never answered nobody knows what became.

use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::timeout,
};

use crate::{
    client::{CallError, Meaning},
    limits::{ANSWER_TIME_MAX, FRAMES_WAITING_MAX, RECONNECTED_WITHIN, WRITE_TIME_MAX},
};

/// A frame that waits to be written, and who waits for its answer.
pub struct Asked {
    /// By what its answer is known.
    pub request: String,
    /// The frame.
    pub frame: Value,
    /// Who waits.
    pub waiting: oneshot::Sender<Result<Value, CallError>>,
}

/// The line of one bot: a connection comes and goes, the line stays.
#[derive(Default)]
pub struct Line(watch::Sender<Option<mpsc::Sender<Asked>>>);

impl Line {
    /// A connection is ready: what is asked from now on comes out here.
    pub fn open(&self) -> mpsc::Receiver<Asked> {
        let (sender, receiver) = mpsc::channel(FRAMES_WAITING_MAX);
        self.0.send_replace(Some(sender));
        receiver
    }

    /// The connection is gone.
    pub fn close(&self) {
        self.0.send_replace(None);
    }

    /// Says something over the connection, or over the next one if it comes in a moment, and waits for the platform's verdict; the answer's body, if it has one.
    ///
    /// # Errors
    /// [`Meaning::Unreachable`] when there is no connection, [`Meaning::Unknown`] when it was said and nobody answered.
    pub async fn ask(&self, command: &str, request: &str, body: Value) -> Result<Value, CallError> {
        let down = || CallError::ours(Meaning::Unreachable, "the bot is not connected");
        let sender = self.connected().await.ok_or_else(down)?;
        let frame = json!({"cmd": command, "headers": {"req_id": request}, "body": body});
        let (waiting, answer) = oneshot::channel();
        let asked = Asked { request: request.to_owned(), frame, waiting };
        sender.try_send(asked).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                CallError::ours(Meaning::Busy, "too much waits for the bot's connection")
            }
            mpsc::error::TrySendError::Closed(_) => down(),
        })?;
        let unknown = |words: &str| CallError::ours(Meaning::Unknown, words);
        match timeout(WRITE_TIME_MAX + ANSWER_TIME_MAX, answer).await {
            Ok(Ok(verdict)) => verdict.map_err(|error| with_trace(error, request)),
            Ok(Err(_)) => Err(with_trace(unknown("the connection ended before the answer"), request)),
            Err(_) => Err(with_trace(unknown("no answer in time"), request)),
        }
    }
}

impl Line {
    async fn connected(&self) -> Option<mpsc::Sender<Asked>> {
        let mut state = self.0.subscribe();
        let found = timeout(RECONNECTED_WITHIN, state.wait_for(Option::is_some)).await;
        found.ok()?.ok()?.clone()
    }
}

/// The platform's support finds a frame by its id where the words hold no better number.
fn with_trace(error: CallError, request: &str) -> CallError {
    let trace = error.trace.or_else(|| Some(request.to_owned()));
    CallError { trace, ..error }
}
