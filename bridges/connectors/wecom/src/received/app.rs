//! What the app's callbacks mean, which come as XML.

use std::collections::BTreeMap;

use bridge_api::{
    Arrival, Block, Content, ConversationId, EventKey, File, FileKind, Happened, Inline, MediaId, Message,
    MessageId, RichText, Sender, digest,
    limits::{FORM_VALUES_MAX, PEOPLE_AT_ONCE_MAX},
};

use super::{GroupChange, OfficeEvent, Press, Received};
use crate::{ids, xml::Element};

/// Fields that tell one event from another, beside who and when. Events have no id.
const TELLING: [&str; 9] =
    ["AgentID", "Event", "EventKey", "ChangeType", "TaskId", "UserID", "Id", "ChatId", "ScheduleId"];

/// Reads a decrypted callback of the company `corp`, whose app has this number.
pub fn read(xml: Element<'_, '_>, corp: &str, agent: u64) -> Received {
    let kind = xml.text("MsgType").unwrap_or_default();
    let addressed = xml.number("AgentID");
    if kind == "event" {
        return event(xml, corp);
    }
    if addressed.is_some_and(|addressed| addressed != agent) {
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

fn event(xml: Element<'_, '_>, corp: &str) -> Received {
    let event = xml.text("Event").unwrap_or_default();
    let nothing = || Received::Nothing(format!("the event {event}"));
    let Some(key) = key(xml, corp) else { return nothing() };
    match event {
        "template_card_event" | "template_card_menu_event" => {
            press(xml, key).map_or_else(nothing, |press| Received::Press(Box::new(press)))
        }
        "change_contact" => match xml.text("ChangeType").unwrap_or_default() {
            change @ ("create_user" | "update_user" | "delete_user") => {
                let user = xml.text("NewUserID").or_else(|| xml.text("UserID"));
                user.map_or_else(nothing, |user| Received::Person {
                    user: user.to_owned(),
                    has_left: change == "delete_user",
                    key,
                    at_ms: at_ms(xml),
                })
            }
            _ => nothing(),
        },
        "change_external_chat" => customer_group(xml, &key).unwrap_or_else(nothing),
        "change_external_contact" => match xml.text("ChangeType").unwrap_or_default() {
            "add_external_contact" | "edit_external_contact" => {
                let external = xml.text("ExternalUserID").map(str::to_owned);
                external.map_or_else(nothing, |external| {
                    let key = part(&key, &external).unwrap_or(key);
                    Received::Customer { external, key, at_ms: at_ms(xml) }
                })
            }
            _ => nothing(),
        },
        "respond_schedule" | "delete_calendar" | "sys_approval_change" => {
            office(xml, event).map_or_else(nothing, |event| Received::Office { event, at_ms: at_ms(xml) })
        }
        "kf_msg_or_event" => {
            let token = xml.text("Token").map(str::to_owned);
            let account = xml.text("OpenKfId").map(str::to_owned);
            account.map_or_else(nothing, |account| Received::Service { account, token })
        }
        "kf_account_auth_change" => Received::ServiceAccounts,
        "inactive_alert" | "low_active_alert" | "low_active" | "close_inactive_agent" => {
            let when = xml.text("EffectTime").map(|when| format!(", effective {when}")).unwrap_or_default();
            Received::Alert(format!("WeCom closes apps that are used too little: {event}{when}"))
        }
        "reopen_inactive_agent" | "active_restored" => {
            Received::Alert(format!("WeCom has opened the app again: {event}"))
        }
        _ => nothing(),
    }
}

fn customer_group(xml: Element<'_, '_>, key: &EventKey) -> Option<Received> {
    let detail = xml.text("UpdateDetail").unwrap_or_default();
    let changed = xml.child("MemChangeList");
    let changed = changed.into_iter().flat_map(|list| list.all("Item")).take(PEOPLE_AT_ONCE_MAX);
    let people: Vec<String> = changed.map(|item| item.own().to_owned()).collect();
    // Several changes of one group in one second are events of their own.
    let key = part(key, &format!("{detail}\n{}", people.join("\n")))?;
    let change = match (xml.text("ChangeType")?, detail) {
        ("create", _) => GroupChange::Made,
        ("dismiss", _) => GroupChange::Dismissed,
        ("update", "change_name") => GroupChange::Renamed,
        ("update", "add_member") => GroupChange::Joined(people),
        ("update", "del_member") => GroupChange::Left(people),
        _ => return None,
    };
    Some(Received::CustomerGroup { chat: xml.text("ChatId")?.to_owned(), change, key, at_ms: at_ms(xml) })
}

/// The key of an event that is told from others like it by something more.
fn part(key: &EventKey, more: &str) -> Option<EventKey> {
    EventKey::new(digest(format!("{key}\n{more}").as_bytes())).ok()
}

fn office(xml: Element<'_, '_>, event: &str) -> Option<OfficeEvent> {
    Some(match event {
        "respond_schedule" => OfficeEvent::Answered { schedule: xml.text("ScheduleId")?.to_owned() },
        "delete_calendar" => OfficeEvent::CalendarGone { calendar: xml.text("CalId")?.to_owned() },
        _ => {
            // The number may be beyond what numbers hold, and newer approvals have it as a text alone.
            let approval = xml.child("ApprovalInfo")?;
            let number = approval.text("SpNoStr").or_else(|| approval.text("SpNo"))?;
            OfficeEvent::Approval { number: number.to_owned() }
        }
    })
}

fn press(xml: Element<'_, '_>, key: EventKey) -> Option<Press> {
    let by = ids::person(xml.text("FromUserName")?)?;
    let mut chosen = BTreeMap::new();
    if let Some(items) = xml.child("SelectedItems") {
        for item in items.all("SelectedItem").take(FORM_VALUES_MAX) {
            let options = item.child("OptionIds");
            let options = options.into_iter().flat_map(|list| list.all("OptionId")).map(Element::own);
            let name = item.text("QuestionKey").unwrap_or_default().to_owned();
            chosen.insert(name, options.collect::<Vec<_>>().join(","));
        }
    }
    Some(Press {
        key,
        at_ms: at_ms(xml),
        task: xml.text("TaskId")?.to_owned(),
        button: xml.text("EventKey")?.to_owned(),
        conversation: ConversationId::new(format!("user:{by}")).ok(),
        by,
        chosen,
        code: xml.text("ResponseCode").map(str::to_owned),
    })
}

/// What an event is known by: all that tells it from others, because the platform gives it no id.
fn key(xml: Element<'_, '_>, corp: &str) -> Option<EventKey> {
    let mut telling = String::new();
    for name in ["FromUserName", "CreateTime"].iter().chain(&TELLING) {
        telling.push_str(xml.text(name).unwrap_or_default());
        telling.push('\n');
    }
    EventKey::new(format!("{corp}:event:{}", digest(telling.as_bytes()))).ok()
}

#[cfg(test)]
mod tests;
