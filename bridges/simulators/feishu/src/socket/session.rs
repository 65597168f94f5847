//! One connection: pings answered, events sent, acknowledgements handed on.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use simulator_stage::{Play as _, Socket};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

use super::{Acknowledgement, Outgoing, discovery};
use crate::faults::Fault;
use crate::frame::{CONTROL, DATA, Frame};
use crate::simulator::Shared;

/// Serves a connection until one side closes it.
pub(super) async fn run(shared: &Shared, mut socket: Socket, mut outgoing: mpsc::Receiver<Outgoing>) {
    let mut silent = false;
    loop {
        tokio::select! {
            next = outgoing.recv() => match next {
                Some(Outgoing::Message(message)) if !silent => {
                    if socket.send(message).await.is_err() {
                        return;
                    }
                }
                Some(Outgoing::Message(_)) => {}
                Some(Outgoing::Silence) => silent = true,
                Some(Outgoing::Close) | None => {
                    // The other side may be gone already.
                    let _ = socket.close(None).await;
                    return;
                }
            },
            heard = socket.next() => match heard {
                Some(Ok(Message::Binary(bytes))) if !silent => {
                    let Some(answer) = hear(shared, &bytes) else { continue };
                    if socket.send(answer).await.is_err() {
                        return;
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
            () = shared.ending().wait() => return,
        }
    }
}

/// The answer to a frame of the client, if there is one.
fn hear(shared: &Shared, bytes: &[u8]) -> Option<Message> {
    let frame = match Frame::decode(bytes) {
        Ok(frame) => frame,
        Err(error) => {
            tracing::warn!(%error, "a client sent something that is not a frame");
            return None;
        }
    };
    match (frame.method, frame.header("type")) {
        (CONTROL, Some("ping")) => pong(shared, &frame),
        (DATA, _) => {
            let acknowledgement = read(frame.payload.as_deref().unwrap_or_default())?;
            shared.hub.answer(frame.header("message_id")?, acknowledgement);
            None
        }
        _ => None,
    }
}

fn pong(shared: &Shared, ping: &Frame) -> Option<Message> {
    let state = &mut *shared.state.lock();
    if state.stage.faults.strikes(Fault::SocketNoPong) {
        return None;
    }
    let mut config = discovery::client_config(state);
    if let Some(seconds) = state.stage.faults.take(Fault::SocketPingInterval) {
        config["PingInterval"] = seconds;
    }
    let payload = match state.stage.faults.strikes(Fault::SocketPongMalformed) {
        true => b"{not json".to_vec(),
        false => config.to_string().into_bytes(),
    };
    let pong = Frame {
        service: ping.service,
        method: CONTROL,
        headers: vec![("type".into(), "pong".into())],
        payload: Some(payload),
        ..Frame::default()
    };
    Some(Message::Binary(pong.encode().into()))
}

/// Reads `{"code":200,"data":"<base64>"}`.
fn read(payload: &[u8]) -> Option<Acknowledgement> {
    let value: Value = serde_json::from_slice(payload).ok()?;
    let data = value.get("data").and_then(Value::as_str).and_then(|data| STANDARD.decode(data).ok());
    Some(Acknowledgement { code: value.get("code")?.as_i64()?, data })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledgement_is_read_with_the_answer_to_a_callback() {
        let read_one = read(br#"{"code":200,"data":"e30="}"#).unwrap();
        assert_eq!((read_one.code, read_one.data), (200, Some(b"{}".to_vec())));
        assert_eq!(read(br#"{"code":500}"#).unwrap().data, None);
        // The array of numbers that some libraries write instead of base64 is no answer.
        assert_eq!(read(br#"{"code":200,"data":[123,125]}"#).unwrap().data, None);
        assert!(read(b"ok").is_none());
    }
}
