//! One connection: pings, pushes sent, acknowledgements handed on.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use simulator_stage::{Play as _, Socket, gone};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{Acknowledgement, Outgoing, frames};
use crate::limits::PINGS_UNANSWERED_MAX;
use crate::simulator::Shared;

/// What a client sent, as far as anybody waits for it.
#[derive(Debug, PartialEq)]
struct Heard {
    message_id: String,
    acknowledgement: Acknowledgement,
}

/// Serves a connection until one side closes it.
pub(super) async fn run(shared: &Shared, mut socket: Socket, mut outgoing: mpsc::Receiver<Outgoing>) {
    let (every, grace) = {
        let settings = &shared.state.lock().settings;
        let grace_ms = settings.disconnect_grace_ms / settings.time_scale.max(1);
        (Duration::from_millis(settings.ping_interval_ms.max(1)), Duration::from_millis(grace_ms))
    };
    let mut pings = interval_at(Instant::now() + every, every);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut silent, mut unanswered, mut opaque) = (false, 0, String::new());
    let mut closes_at: Option<Instant> = None;
    loop {
        let closing = sleep_until(closes_at.unwrap_or_else(Instant::now));
        tokio::select! {
            next = outgoing.recv(), if closes_at.is_none() => match next {
                Some(Outgoing::Message(message)) if !silent => {
                    if socket.send(message).await.is_err() {
                        return;
                    }
                }
                Some(Outgoing::Message(_)) => {}
                Some(Outgoing::Silence) => silent = true,
                Some(Outgoing::Disconnect(message)) => {
                    if socket.send(message).await.is_err() {
                        return;
                    }
                    closes_at = Some(Instant::now() + grace);
                }
                // Without a word: the other side sees a connection that broke.
                Some(Outgoing::Break) | None => return,
            },
            () = closing, if closes_at.is_some() => {
                // The other side may be gone already.
                let _ = socket.close(None).await;
                return;
            }
            _ = pings.tick(), if !silent && closes_at.is_none() => {
                let message = {
                    let state = &mut *shared.state.lock();
                    unanswered += 1;
                    if unanswered > PINGS_UNANSWERED_MAX {
                        closes_at = Some(Instant::now());
                        frames::disconnect(state, "persistent connection is timeout")
                    } else {
                        opaque = state.stage.chance.id("", 32);
                        frames::ping(state, &opaque)
                    }
                };
                if socket.send(message).await.is_err() {
                    return;
                }
            }
            heard = coming(&mut socket, silent) => match heard {
                Some(Ok(Message::Text(text))) => match hear(&text) {
                    Some(heard) if heard.acknowledgement.data.get("opaque") == Some(&opaque.as_str().into()) => {
                        unanswered = 0;
                    }
                    Some(heard) => shared.hub.answer(&heard.message_id, heard.acknowledgement),
                    None => tracing::warn!("a client sent something that is no acknowledgement"),
                },
                Some(Ok(Message::Close(_))) => {
                    // The answer to a close waits until it is asked to go.
                    let _ = socket.flush().await;
                    return;
                }
                Some(Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
            () = shared.ending().wait() => return,
        }
    }
}

/// What a client says next. Who is silent hears nothing, and notices no more than that the client is gone.
async fn coming(socket: &mut Socket, silent: bool) -> Option<Result<Message, Error>> {
    if silent {
        gone(socket).await;
        return None;
    }
    socket.next().await
}

/// Reads `{"code":200,"headers":{"messageId":".."},"data":"{..}"}`.
fn hear(text: &str) -> Option<Heard> {
    let value: Value = serde_json::from_str(text).ok()?;
    let message_id = value.get("headers")?.get("messageId")?.as_str()?.to_owned();
    let data = value.get("data").and_then(Value::as_str).unwrap_or_default();
    let data = serde_json::from_str(data).unwrap_or_default();
    Some(Heard { message_id, acknowledgement: Acknowledgement { code: value.get("code")?.as_i64()?, data } })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_acknowledgement_is_read_as_it_is_documented() {
        let text = r#"{"code":200,"headers":{"contentType":"application/json","messageId":"m1"},"message":"OK","data":"{\"response\":null}"}"#;
        let heard = hear(text).unwrap();
        assert_eq!(heard.message_id, "m1");
        assert_eq!(heard.acknowledgement, Acknowledgement { code: 200, data: json!({ "response": null }) });
        // `data` is a text, never an object.
        let object = r#"{"code":200,"headers":{"messageId":"m1"},"data":{"response":null}}"#;
        assert_eq!(hear(object).unwrap().acknowledgement.data, Value::Null);
        assert!(hear(r#"{"code":200}"#).is_none());
        assert!(hear("ok").is_none());
    }
}
