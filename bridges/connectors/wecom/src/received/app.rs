//! What the app's callbacks mean, which come as XML.

use std::collections::BTreeMap;

use bridge_api::{
    Arrival, Block, Content, ConversationId, EventKey, File, FileKind, Happened, Inline, MediaId, Message,
    MessageId, RichText, Sender, digest, limits::FORM_VALUES_MAX,
};

use super::{OfficeEvent, Press, Received};
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
        from: Sender::Person { id: person, name: None },
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
            "create_user" | "update_user" => {
                let user = xml.text("NewUserID").or_else(|| xml.text("UserID"));
                user.map_or_else(nothing, |user| Received::Person {
                    user: user.to_owned(),
                    key,
                    at_ms: at_ms(xml),
                })
            }
            _ => nothing(),
        },
        "respond_schedule" | "delete_calendar" | "sys_approval_change" => {
            office(xml, event).map_or_else(nothing, |event| Received::Office { event, at_ms: at_ms(xml) })
        }
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
mod tests {
    use super::*;
    use crate::xml;

    fn of(inner: &str) -> Received {
        let text = format!(
            "<xml><ToUserName><![CDATA[ww1]]></ToUserName><FromUserName><![CDATA[ZhangSan]]></FromUserName>\
             <CreateTime>1700000000</CreateTime>{inner}</xml>"
        );
        read(Element::of(&xml::read(&text).expect("XML")), "ww1", 1_000_002)
    }

    fn said(inner: &str) -> (Arrival, Message) {
        let received = of(&format!("<MsgId>7001</MsgId><AgentID>1000002</AgentID>{inner}"));
        let Received::Arrival(arrival) = received else { panic!("{received:?}") };
        let Happened::Message(message) = arrival.what.clone() else { panic!("{arrival:?}") };
        (*arrival, message)
    }

    #[test]
    fn a_text_is_known_by_its_id_and_stays_as_it_is() {
        let (arrival, message) =
            said("<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[a <b>&amp; \"x\"\nb]]></Content>");
        assert_eq!((arrival.key.as_str(), arrival.at_ms), ("ww1:message:7001", 1_700_000_000_000));
        assert_eq!(arrival.conversation.map(String::from).as_deref(), Some("user:zhangsan"));
        assert_eq!(message.parts[0].to_plain(), "a <b>&amp; \"x\"\nb");
        assert!(matches!(message.from, Sender::Person { id, .. } if id.as_str() == "zhangsan"));
    }

    #[test]
    fn every_kind_has_a_form_and_unknown_ones_are_named() {
        let file = |inner: &str| match said(inner).1.parts.remove(0) {
            Content::File(file) => (file.kind, file.name, file.media.to_string()),
            other => panic!("{other:?}"),
        };
        let media = "<MediaId>M1</MediaId>";
        let table = [
            ("<MsgType>image</MsgType><PicUrl>u</PicUrl>", FileKind::Image, "picture.jpg"),
            ("<MsgType>voice</MsgType><Format>amr</Format>", FileKind::Voice, "voice.amr"),
            ("<MsgType>video</MsgType><ThumbMediaId>t</ThumbMediaId>", FileKind::Video, "video.mp4"),
            ("<MsgType>file</MsgType><Filename>报告.pdf</Filename>", FileKind::File, "报告.pdf"),
        ];
        for (inner, kind, name) in table {
            assert_eq!(file(&format!("{inner}{media}")), (kind, name.to_owned(), "app:M1".to_owned()));
        }
        let place = said(
            "<MsgType>location</MsgType><Location_X>31.2</Location_X><Location_Y>121.5</Location_Y><Label>人民广场</Label>",
        );
        assert_eq!(
            place.1.parts[0],
            Content::Location { name: "人民广场".into(), latitude: 31.2, longitude: 121.5 }
        );
        let link = said(
            "<MsgType>link</MsgType><Title>T</Title><Description>D</Description><Url>https://a.example</Url>",
        );
        assert_eq!(link.1.parts[0].to_plain(), "T (https://a.example)\nD");
        for inner in ["<MsgType>vote</MsgType>", "<MsgType>image</MsgType>", "<MsgType>location</MsgType>"] {
            assert!(matches!(&said(inner).1.parts[0], Content::Unsupported { .. }), "{inner}");
        }
    }

    #[test]
    fn a_press_names_the_card_and_what_was_chosen() {
        let press = "<MsgType>event</MsgType><Event>template_card_event</Event><EventKey>0</EventKey><TaskId>t1</TaskId>\
             <CardType>button_interaction</CardType><ResponseCode>CODE</ResponseCode><AgentID>1000002</AgentID>\
             <SelectedItems><SelectedItem><QuestionKey>q1</QuestionKey><OptionIds><OptionId>o2</OptionId><OptionId>o3</OptionId></OptionIds></SelectedItem></SelectedItems>";
        let Received::Press(one) = of(press) else { panic!("no press") };
        assert_eq!((one.task.as_str(), one.button.as_str(), one.by.as_str()), ("t1", "0", "zhangsan"));
        assert_eq!((one.chosen["q1"].as_str(), one.code.as_deref()), ("o2,o3", Some("CODE")));
        // A repeat is the same, also when another code comes with it; another button is another press.
        let Received::Press(again) = of(&press.replace("CODE", "OTHER")) else { panic!("no press") };
        let Received::Press(other) = of(&press.replace("<EventKey>0", "<EventKey>1")) else {
            panic!("no press")
        };
        assert_eq!(one.key, again.key);
        assert_ne!(one.key, other.key);
    }

    #[test]
    fn the_office_tells_what_it_is_about() {
        let office = |inner: &str| match of(&format!("<MsgType>event</MsgType>{inner}")) {
            Received::Office { event, at_ms: 1_700_000_000_000 } => Some(event),
            _ => None,
        };
        let approval = |inner: &str| {
            let siblings =
                "<SpRecord><SpStatus>1</SpStatus></SpRecord><SpRecord><SpStatus>1</SpStatus></SpRecord>";
            office(&format!(
                "<AgentID>3010040</AgentID><Event>sys_approval_change</Event><ApprovalInfo>{inner}{siblings}</ApprovalInfo>"
            ))
        };
        let number = |number: &str| Some(OfficeEvent::Approval { number: number.to_owned() });
        let (both, old) = ("<SpNo>20</SpNo><SpNoStr><![CDATA[202611200001]]></SpNoStr>", "<SpNo>20</SpNo>");
        assert_eq!(
            (approval(both), approval(old), approval("")),
            (number("202611200001"), number("20"), None)
        );
        let answered = "<Event>respond_schedule</Event><CalId>wc1</CalId><ScheduleId>s1</ScheduleId>";
        assert_eq!(office(answered), Some(OfficeEvent::Answered { schedule: "s1".into() }));
        let gone = "<Event>delete_calendar</Event><CalId>wc1</CalId>";
        assert_eq!(office(gone), Some(OfficeEvent::CalendarGone { calendar: "wc1".into() }));
        assert_eq!(office("<Event>respond_schedule</Event>"), None);
        assert_eq!(office("<Event>modify_schedule</Event><ScheduleId>s1</ScheduleId>"), None);
    }

    #[test]
    fn contacts_tell_who_changed_and_warnings_reach_the_operator() {
        let change = |kind: &str, more: &str| {
            of(&format!(
                "<MsgType>event</MsgType><Event>change_contact</Event><ChangeType>{kind}</ChangeType><UserID>LiSi</UserID>{more}"
            ))
        };
        assert!(matches!(change("update_user", ""), Received::Person { user, .. } if user == "LiSi"));
        assert!(
            matches!(change("update_user", "<NewUserID>lisi2</NewUserID>"), Received::Person { user, .. } if user == "lisi2")
        );
        for kind in ["delete_user", "create_party", "update_tag"] {
            assert!(matches!(change(kind, ""), Received::Nothing(_)), "{kind}");
        }
        assert!(matches!(of("<MsgType>event</MsgType><Event>inactive_alert</Event>"), Received::Alert(_)));
        for nothing in [
            "<MsgType>event</MsgType><Event>enter_agent</Event>",
            "<MsgType>event</MsgType>",
            "<MsgType>text</MsgType>",
            "",
        ] {
            assert!(matches!(of(nothing), Received::Nothing(_)), "{nothing}");
        }
        let other = of("<MsgId>1</MsgId><AgentID>9</AgentID><MsgType>text</MsgType><Content>x</Content>");
        assert!(matches!(other, Received::Nothing(_)), "another app's");
    }
}
