//! The form in which clients see an event, written by copying slices of the stored bytes.
//! <https://spec.matrix.org/v1.19/client-server-api/#room-event-format>

use std::io::Write as _;

use bytes::Bytes;
use ruma::EventId;

use crate::Pdu;

/// Which of the client formats to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventForm {
    /// With `room_id`: `/messages`, `/context`, `/event`, `/state`, search.
    Full,
    /// Without `room_id`: timelines of `/sync`, where the room is the key above.
    Sync,
    /// Without `room_id`, and never with bundled relations: state sections of `/sync`.
    State,
    /// Only `type`, `state_key`, `sender` and `content`: what invited and knocking users may see of a room.
    Stripped,
}

/// What the server knows of an event beside its bytes. Everything is optional; raw fields hold JSON.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unsigned<'a> {
    /// Milliseconds since the event was sent, at the time of the answer.
    pub age_ms: Option<u64>,
    /// The transaction id, only for the device that sent the event.
    pub transaction_id: Option<&'a str>,
    /// Content of the state event that this one replaced.
    pub prev_content: Option<&'a [u8]>,
    /// Sender of the state event that this one replaced.
    pub prev_sender: Option<&'a str>,
    /// Id of the state event that this one replaced.
    pub replaces_state: Option<&'a EventId>,
    /// The reader's membership at the time of the event (MSC4115).
    pub membership: Option<&'a str>,
    /// The redaction, as a client event.
    pub redacted_because: Option<&'a [u8]>,
    /// Bundled aggregations: the value of `m.relations`.
    pub relations: Option<&'a [u8]>,
    /// The id of the delayed event that this one was, only for its sender (MSC4140).
    pub delay_id: Option<&'a str>,
    /// Milliseconds for which the event is still sticky, at the time of the answer (MSC4354).
    pub sticky_ttl_ms: Option<u64>,
}

impl Unsigned<'_> {
    fn is_empty(&self) -> bool {
        self.age_ms.is_none()
            && self.transaction_id.is_none()
            && self.prev_content.is_none()
            && self.prev_sender.is_none()
            && self.replaces_state.is_none()
            && self.membership.is_none()
            && self.redacted_because.is_none()
            && self.relations.is_none()
            && self.delay_id.is_none()
            && self.sticky_ttl_ms.is_none()
    }
}

/// Appends the event's client form to `out`.
///
/// `redacts` is shown at both of its places (top level and content), so that clients of either generation
/// find it; the spec asks for this when serving clients. The forms of sync are written for every member of a room:
/// what they have in common is written once, kept with the event, and copied.
pub fn write_client_event(out: &mut Vec<u8>, pdu: &Pdu, form: EventForm, unsigned: &Unsigned<'_>) {
    match form {
        EventForm::Sync | EventForm::State => out.extend_from_slice(pdu.sync_head()),
        EventForm::Full | EventForm::Stripped => write_head(out, pdu, form),
    }
    if form != EventForm::Stripped && !unsigned.is_empty() {
        write_unsigned(out, form, unsigned);
    }
    out.push(b'}');
}

/// The object up to `unsigned`, still open: what is the same for every reader at any time.
pub(crate) fn write_head(out: &mut Vec<u8>, pdu: &Pdu, form: EventForm) {
    out.reserve(pdu.content_bytes().len() + 320);
    out.extend_from_slice(b"{\"content\":");
    write_content(out, pdu);
    if form != EventForm::Stripped {
        out.extend_from_slice(b",\"event_id\":");
        write_string(out, pdu.event_id().as_str());
        if let Some(duration_ms) = pdu.sticky_duration_ms() {
            out.extend_from_slice(b",\"msc4354_sticky\":{\"duration_ms\":");
            write_number(out, duration_ms);
            out.push(b'}');
        }
        out.extend_from_slice(b",\"origin_server_ts\":");
        write_number(out, pdu.origin_server_ts());
        if let Some(redacts) = pdu.top_level_redacts().or_else(|| pdu.content_redacts()) {
            out.extend_from_slice(b",\"redacts\":");
            write_string(out, redacts.as_str());
        }
        if form == EventForm::Full {
            out.extend_from_slice(b",\"room_id\":");
            write_string(out, pdu.room_id().as_str());
        }
    }
    out.extend_from_slice(b",\"sender\":");
    out.extend_from_slice(pdu.raw_sender());
    if let Some(state_key) = pdu.raw_state_key() {
        out.extend_from_slice(b",\"state_key\":");
        out.extend_from_slice(state_key);
    }
    out.extend_from_slice(b",\"type\":");
    out.extend_from_slice(pdu.raw_kind());
}

/// The event's client form on its own.
#[must_use]
pub fn client_event(pdu: &Pdu, form: EventForm, unsigned: &Unsigned<'_>) -> Bytes {
    let mut out = Vec::new();
    write_client_event(&mut out, pdu, form, unsigned);
    Bytes::from(out)
}

/// Before room version 11 the target stands at the top level only; newer clients look into the content.
fn write_content(out: &mut Vec<u8>, pdu: &Pdu) {
    let content = pdu.content_bytes();
    match (pdu.top_level_redacts(), pdu.content_redacts()) {
        (Some(target), None) if !has_key_redacts(content) => {
            out.extend_from_slice(b"{\"redacts\":");
            write_string(out, target.as_str());
            if content != b"{}" {
                out.push(b',');
            }
            out.extend_from_slice(content.get(1..).unwrap_or(b"}"));
        }
        _ => out.extend_from_slice(content),
    }
}

/// A `redacts` that is no event id was left out of the parsed view; it must not appear twice.
fn has_key_redacts(content: &[u8]) -> bool {
    content.windows(10).any(|window| window == b"\"redacts\":")
}

fn write_unsigned(out: &mut Vec<u8>, form: EventForm, unsigned: &Unsigned<'_>) {
    out.extend_from_slice(b",\"unsigned\":");
    let mut separator = b'{';
    let mut key = |out: &mut Vec<u8>, name: &str| {
        out.push(std::mem::replace(&mut separator, b','));
        out.push(b'"');
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
    };
    if let Some(age_ms) = unsigned.age_ms {
        key(out, "age");
        write_number(out, age_ms);
    }
    if let Some(relations) = unsigned.relations.filter(|_| form != EventForm::State) {
        key(out, "m.relations");
        out.extend_from_slice(relations);
    }
    if let Some(membership) = unsigned.membership {
        key(out, "membership");
        write_string(out, membership);
    }
    if let Some(ttl_ms) = unsigned.sticky_ttl_ms {
        key(out, "msc4354_sticky_duration_ttl_ms");
        write_number(out, ttl_ms);
    }
    if let Some(delay_id) = unsigned.delay_id {
        key(out, "org.matrix.msc4140.delay_id");
        write_string(out, delay_id);
    }
    if let Some(prev_content) = unsigned.prev_content {
        key(out, "prev_content");
        out.extend_from_slice(prev_content);
    }
    if let Some(prev_sender) = unsigned.prev_sender {
        key(out, "prev_sender");
        write_string(out, prev_sender);
    }
    if let Some(redacted_because) = unsigned.redacted_because {
        key(out, "redacted_because");
        out.extend_from_slice(redacted_because);
    }
    if let Some(replaces_state) = unsigned.replaces_state {
        key(out, "replaces_state");
        write_string(out, replaces_state.as_str());
    }
    if let Some(transaction_id) = unsigned.transaction_id {
        key(out, "transaction_id");
        write_string(out, transaction_id);
    }
    if separator == b'{' {
        out.push(b'{');
    }
    out.push(b'}');
}

fn write_string(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else if serde_json::to_writer(&mut *out, text).is_err() {
        // Writing a string into memory cannot fail; an empty one keeps the JSON whole all the same.
        out.extend_from_slice(b"\"\"");
    }
}

fn write_number(out: &mut Vec<u8>, number: u64) {
    // Writing into memory cannot fail.
    let _ = write!(out, "{number}");
}

#[cfg(test)]
#[path = "client_event_tests.rs"]
mod tests;
