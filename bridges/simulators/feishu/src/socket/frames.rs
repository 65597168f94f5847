//! An event as frames, with everything that faults put around them.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::Outgoing;
use crate::faults::Fault;
use crate::frame::{DATA, Frame};
use crate::limits::FRAGMENT_BYTES;
use crate::state::{CARD_ACTION, State};

fn binary(bytes: Vec<u8>) -> Outgoing {
    Outgoing::Message(Message::Binary(bytes.into()))
}

/// What a session shall do to bring this event.
pub(super) fn of(state: &mut State, service: i32, message_id: &str, envelope: &Value) -> Vec<Outgoing> {
    if state.stage.faults.strikes(Fault::SocketSilent) {
        return vec![Outgoing::Silence];
    }
    if state.stage.faults.strikes(Fault::SocketClosed) {
        return vec![Outgoing::Close];
    }
    let payload = envelope.to_string().into_bytes();
    let is_callback = envelope.pointer("/header/event_type").and_then(Value::as_str) == Some(CARD_ACTION);
    let legacy = is_callback && state.stage.faults.strikes(Fault::SocketCardFrame);
    let template = Frame {
        seq_id: state.stage.number(),
        log_id: state.stage.number(),
        service,
        method: DATA,
        headers: vec![
            ("type".into(), if legacy { "card" } else { "event" }.into()),
            ("message_id".into(), message_id.into()),
            ("trace_id".into(), state.stage.chance.id("", 32)),
            ("timestamp".into(), state.stage.now_ms().to_string()),
            ("instance_id".into(), state.stage.chance.id("", 8)),
        ],
        log_id_new: Some(state.stage.chance.id("", 16)),
        ..Frame::default()
    };
    let mut outgoing = before(state, &template, &payload);
    if state.stage.faults.strikes(Fault::SocketClosedMidFragment) {
        outgoing.push(binary(fragment(&template, &payload[..payload.len() / 2], 0, 2)));
        outgoing.push(Outgoing::Close);
        return outgoing;
    }
    outgoing.extend(whole(state, &template, &payload).into_iter().map(binary));
    outgoing
}

fn fragment(template: &Frame, part: &[u8], seq: usize, sum: usize) -> Vec<u8> {
    let mut frame = template.clone();
    frame.headers.push(("sum".into(), sum.to_string()));
    frame.headers.push(("seq".into(), seq.to_string()));
    frame.payload = Some(part.to_vec());
    frame.encode()
}

/// The event, in as many fragments as it needs or as a fault wants.
fn whole(state: &mut State, template: &Frame, payload: &[u8]) -> Vec<Vec<u8>> {
    let reversed = state.stage.faults.strikes(Fault::SocketFragmentsReversed);
    let missing = state.stage.faults.strikes(Fault::SocketFragmentsMissing);
    let repeated = state.stage.faults.strikes(Fault::SocketFragmentsRepeated);
    let wanted = state.stage.faults.take(Fault::SocketFragmented).map(|value| value.as_u64().unwrap_or(3));
    let forced = wanted.or((reversed || missing || repeated).then_some(3));
    let count = match forced.and_then(|count| usize::try_from(count).ok()) {
        Some(count) => count.clamp(1, payload.len().max(1)),
        None => payload.len().div_ceil(FRAGMENT_BYTES).max(1),
    };
    let size = payload.len().div_ceil(count).max(1);
    let parts: Vec<&[u8]> = payload.chunks(size).collect();
    let mut frames: Vec<Vec<u8>> =
        parts.iter().enumerate().map(|(seq, part)| fragment(template, part, seq, parts.len())).collect();
    if missing {
        frames.pop();
    }
    if repeated {
        frames = frames.into_iter().flat_map(|frame| [frame.clone(), frame]).collect();
    }
    if reversed {
        frames.reverse();
    }
    frames
}

/// What faults put before an event.
fn before(state: &mut State, template: &Frame, payload: &[u8]) -> Vec<Outgoing> {
    let mut outgoing = Vec::new();
    if state.stage.faults.strikes(Fault::SocketGarbage) {
        outgoing.push(binary(vec![0xff; 40]));
    }
    if state.stage.faults.strikes(Fault::SocketText) {
        outgoing.push(Outgoing::Message(Message::text("{}")));
    }
    if state.stage.faults.strikes(Fault::SocketTruncated) {
        let mut bytes = fragment(template, payload, 0, 1);
        bytes.truncate(bytes.len() / 2);
        outgoing.push(binary(bytes));
    }
    if state.stage.faults.strikes(Fault::SocketFragmentsWrong) {
        let mut wrong = template.clone();
        rename(&mut wrong, "message_id", state.stage.chance.id("", 32));
        outgoing.push(binary(fragment(&wrong, payload, 7, 2)));
        outgoing.push(binary(fragment(&wrong, payload, 0, usize::MAX)));
        outgoing.push(binary(fragment(&wrong, payload, 0, 0)));
    }
    if state.stage.faults.strikes(Fault::SocketUnknownType) {
        let mut unknown = template.clone();
        rename(&mut unknown, "type", "weather".to_owned());
        rename(&mut unknown, "message_id", state.stage.chance.id("", 32));
        outgoing.push(binary(fragment(&unknown, payload, 0, 1)));
    }
    if state.stage.faults.strikes(Fault::SocketUnknownEvent) {
        let mut unknown = template.clone();
        rename(&mut unknown, "message_id", state.stage.chance.id("", 32));
        let event = json!({
            "schema": "2.0", "event": { "more": [1, { "deep": null }] },
            "header": { "event_id": state.stage.chance.id("", 32), "event_type": "moon.phase_changed_v9",
                        "create_time": state.stage.now_ms().to_string(), "token": "" },
        });
        outgoing.push(binary(fragment(&unknown, event.to_string().as_bytes(), 0, 1)));
    }
    outgoing
}

fn rename(frame: &mut Frame, key: &str, value: String) {
    for (_, kept) in frame.headers.iter_mut().filter(|(name, _)| name == key) {
        kept.clone_from(&value);
    }
}
