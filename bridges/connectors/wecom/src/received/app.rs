//! What the app's callbacks mean, which come as XML: messages here, events in `events.rs`.

mod events;

use bridge_api::{
    Arrival, Block, Content, ConversationId, EventKey, File, FileKind, Happened, Inline, MediaId, Message,
    MessageId, RichText, Sender,
};

use super::Received;
use crate::{ids, xml::Element};

/// Reads a decrypted callback of the company `corp`, whose app has this number.
pub fn read(xml: Element<'_, '_>, corp: &str, agent: u64) -> Received {
    let kind = xml.text("MsgType").unwrap_or_default();
    let addressed = xml.number("AgentID");
    let is_others = addressed.is_some_and(|addressed| addressed != agent);
    if kind == "event" {
        return events::read(xml, corp, is_others);
    }
    if is_others {
        return Received::Nothing(format!("a message to another app, {}", addressed.unwrap_or_default()));
    }
    match message(xml, kind, corp) {
        Some(arrival) => Received::Arrival(Box::new(arrival)),
        None => Received::Nothing(format!("a message of kind {kind:?} without id or sender")),
    }
}

fn message(xml: Element<'_, '_>, kind: &str, corp: &str) -> Option<Arrival> {
    let id = xml.text("MsgId")?;
    let user = xml.text("FromUserName").filter(|user| *user != "sys")?;
    let person = ids::person(user)?;
    let conversation = ConversationId::new(format!("user:{person}")).ok();
    let what = Happened::Message(Message {
        id: MessageId::new(id).ok()?,
        // The app is spoken to by members of the company alone.
        from: Sender::Person { id: person, name: None, external: Some(false) },
        parts: vec![content(xml, kind)],
        reply_to: None,
        thread: None,
    });
    let key = EventKey::new(format!("{corp}:message:{id}")).ok()?;
    Some(Arrival { key, conversation, at_ms: at_ms(xml), trace: Some(id.to_owned()), what })
}

fn at_ms(xml: Element<'_, '_>) -> u64 {
    xml.number("CreateTime").unwrap_or_default().saturating_mul(1_000)
}

fn content(xml: Element<'_, '_>, kind: &str) -> Content {
    let unsupported = || Content::Unsupported {
        kind: if kind.is_empty() { "message".to_owned() } else { kind.to_owned() },
        fallback: xml.verbatim("Content").to_owned(),
    };
    let file = |kind, name: String, mimetype: Option<&str>| {
        let media = xml.text("MediaId").and_then(|media| MediaId::new(format!("app:{media}")).ok());
        media.map_or_else(unsupported, |media| {
            let mimetype = mimetype.map(str::to_owned);
            Content::File(File { mimetype, ..File::new(kind, name, media) })
        })
    };
    match kind {
        "text" => Content::Text(RichText::plain(xml.verbatim("Content"))),
        "image" => file(FileKind::Image, "picture.jpg".into(), None),
        "voice" => {
            let form = xml.text("Format").unwrap_or("amr").to_lowercase();
            let mimetype = (form == "amr").then_some("audio/amr");
            file(FileKind::Voice, format!("voice.{form}"), mimetype)
        }
        "video" => file(FileKind::Video, "video.mp4".into(), Some("video/mp4")),
        // Not among the documented kinds, and seen nevertheless.
        "file" => {
            let name = xml.text("FileName").unwrap_or("file");
            file(FileKind::File, name.to_owned(), None)
        }
        "location" => {
            let degrees = |name| xml.text(name).and_then(|text| text.parse::<f64>().ok());
            match (degrees("Location_X"), degrees("Location_Y")) {
                (Some(latitude), Some(longitude)) => Content::Location {
                    name: xml.text("Label").unwrap_or_default().to_owned(),
                    latitude,
                    longitude,
                },
                _ => unsupported(),
            }
        }
        "link" => link(xml),
        _ => unsupported(),
    }
}

fn link(xml: Element<'_, '_>) -> Content {
    let (title, address) = (xml.text("Title").unwrap_or_default(), xml.text("Url").unwrap_or_default());
    let mut blocks =
        vec![Block::Paragraph(vec![Inline::Link { address: address.into(), label: title.into() }])];
    blocks.extend(RichText::plain(xml.text("Description").unwrap_or_default()).blocks);
    Content::Text(RichText { blocks })
}

#[cfg(test)]
mod tests;
