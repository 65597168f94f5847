//! From events to documents.

use model::{EventNum, Pdu};
use rooms::{EventMeta, Rooms};
use serde::Deserialize;

use super::Feed;
use crate::{
    SearchError,
    index::{Document, TextKind},
    tables::EDIT_OF,
};

/// What is read of a content.
#[derive(Default, Deserialize)]
struct Content {
    body: Option<String>,
    name: Option<String>,
    topic: Option<String>,
    url: Option<String>,
    #[serde(rename = "m.new_content")]
    new_content: Option<NewContent>,
}

#[derive(Default, Deserialize)]
struct NewContent {
    body: Option<String>,
}

impl Feed {
    /// An event came into a room: changes the documents that it concerns.
    pub(super) async fn event(&mut self, event: EventNum) -> Result<(), SearchError> {
        let rooms = self.search.parts.rooms.clone();
        let store = rooms.store();
        let (Some(pdu), Some(meta)) =
            (known(rooms.pdu(store, event).await)?, known(rooms.meta(store, event).await)?)
        else {
            return Ok(());
        };
        if let Some(original) = edited(&pdu) {
            if let Some(original) = rooms.event_num(store, &original).await? {
                self.refresh(original).await?;
            }
            self.edits.insert(event, original.to_string());
            return Ok(());
        }
        if text_kind(&pdu).is_some() {
            return self.refresh(event).await;
        }
        if pdu.kind() == "m.room.redaction"
            && let Some(version) = known(rooms.room_version(store, meta.room).await)?
            && let Some(target) = pdu.redacts(version)
            && let Some(target) = rooms.event_num(store, target).await?
        {
            self.redacted(target).await?;
        }
        Ok(())
    }

    /// Notes whose text an edit replaces; true for an edit.
    pub(super) fn note_edit(&mut self, event: EventNum, pdu: &Pdu) -> bool {
        let original = edited(pdu);
        if let Some(original) = &original {
            self.edits.insert(event, original.to_string());
        }
        original.is_some()
    }

    /// A redacted event is no longer found; the text of a redacted edit makes way for the one before.
    async fn redacted(&mut self, target: EventNum) -> Result<(), SearchError> {
        let rooms = self.search.parts.rooms.clone();
        self.refresh(target).await?;
        let original = match self.edits.get(&target) {
            Some(original) => Some(original.clone()),
            None => rooms.store().get(&EDIT_OF, &target).await?,
        };
        if let Some(original) = original.and_then(|original| ruma::EventId::parse(original).ok())
            && let Some(original) = rooms.event_num(rooms.store(), &original).await?
        {
            self.refresh(original).await?;
        }
        Ok(())
    }

    /// Makes the document of an event from what the store says now.
    pub(super) async fn refresh(&mut self, event: EventNum) -> Result<(), SearchError> {
        match document(&self.search.parts.rooms, event).await? {
            Some(document) => self.builder()?.put(&document),
            None => {
                self.builder()?.remove(event);
                Ok(())
            }
        }
    }
}

/// What is found of an event; none for one that says nothing or was redacted.
pub(super) async fn document(rooms: &Rooms, event: EventNum) -> Result<Option<Document>, SearchError> {
    let store = rooms.store();
    let (Some(pdu), Some(meta)) =
        (known(rooms.pdu(store, event).await)?, known(rooms.meta(store, event).await)?)
    else {
        return Ok(None);
    };
    let Some(kind) = text_kind(&pdu) else { return Ok(None) };
    if !is_shown(&meta) || edited(&pdu).is_some() {
        return Ok(None);
    }
    let content: Content = pdu.content_as().unwrap_or_default();
    let has_url = content.url.is_some_and(|url| !url.is_empty());
    let (source, text) = match kind {
        TextKind::Name => (event, content.name),
        TextKind::Topic => (event, content.topic),
        TextKind::Body => match known(rooms.newest_edit(store, meta.room, &pdu).await)?.flatten() {
            Some((edit, newer)) => {
                let newer: Content = newer.content_as().unwrap_or_default();
                (edit, newer.new_content.unwrap_or_default().body)
            }
            None => (event, content.body.map(|body| without_reply_fallback(&body).to_owned())),
        },
    };
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    Ok(Some(Document {
        event,
        room: meta.room,
        source,
        sender: pdu.sender().to_string(),
        time_ms: pdu.origin_server_ts(),
        kind,
        has_url,
        text,
    }))
}

fn is_shown(meta: &EventMeta) -> bool {
    meta.position.is_some() && !meta.rejected && !meta.soft_failed && meta.redacted_by.is_none()
}

/// What was read of an event or room, none when it is damaged or was purged: a reader must not stop at it.
pub(crate) fn known<T>(read: Result<T, rooms::RoomsError>) -> Result<Option<T>, SearchError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(rooms::RoomsError::Corrupt(reason)) => {
            tracing::debug!(reason, "an event is left out of the search");
            Ok(None)
        }
        Err(other) => Err(other.into()),
    }
}

fn text_kind(pdu: &Pdu) -> Option<TextKind> {
    match (pdu.kind(), pdu.state_key()) {
        ("m.room.message", None) => Some(TextKind::Body),
        ("m.room.name", Some("")) => Some(TextKind::Name),
        ("m.room.topic", Some("")) => Some(TextKind::Topic),
        _ => None,
    }
}

/// The event whose text this one replaces.
fn edited(pdu: &Pdu) -> Option<ruma::OwnedEventId> {
    if pdu.kind() != "m.room.message" || pdu.is_state() || !pdu.content_str().contains("m.replace") {
        return None;
    }
    rules::relations::relation(pdu)
        .filter(|relation| relation.rel_type == "m.replace")
        .map(|relation| relation.event_id)
}

/// Older clients repeat what they answer to, each line behind `> `: it was said by somebody else.
fn without_reply_fallback(body: &str) -> &str {
    if !body.starts_with("> <") && !body.starts_with("> * <") {
        return body;
    }
    let mut rest = body;
    while let Some(line) = rest.strip_prefix("> ") {
        rest = line.split_once('\n').map_or("", |(_, behind)| behind);
    }
    rest.trim_start_matches('\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_found_by_its_own_words() {
        for (body, own) in [
            ("plain", "plain"),
            ("> a quote", "> a quote"),
            ("> <@alice:a> lunch?\n> today\n\nyes", "yes"),
            ("> * <@alice:a> waves\n\nhi\n> not a fallback", "hi\n> not a fallback"),
            ("> <@alice:a> only the fallback", ""),
        ] {
            assert_eq!(without_reply_fallback(body), own, "{body}");
        }
    }
}
