//! What the app's events mean: people, customers and their groups, cards, the office, customer service, how much the app is used.

use std::collections::BTreeMap;

use bridge_api::{
    Arrival, ConversationId, EventKey, Happened, digest,
    limits::{FORM_VALUES_MAX, PEOPLE_AT_ONCE_MAX},
};

use super::at_ms;
use crate::{
    ids,
    received::{GroupChange, OfficeEvent, Press, Received, Usage},
    xml::Element,
};

/// Fields that tell one event from another, beside who and when. Events have no id.
const TELLING: [&str; 10] = [
    "AgentID",
    "Event",
    "EventKey",
    "ChangeType",
    "TaskId",
    "UserID",
    "NewUserID",
    "Id",
    "ChatId",
    "ScheduleId",
];

/// Events that say something of one app alone; one address may serve several.
const OF_ONE_APP: [&str; 7] = [
    "unsubscribe",
    "inactive_alert",
    "low_active_alert",
    "low_active",
    "close_inactive_agent",
    "reopen_inactive_agent",
    "active_restored",
];

/// Reads an event of the company `corp`; `is_others` says that it names another app than ours.
pub(super) fn read(xml: Element<'_, '_>, corp: &str, is_others: bool) -> Received {
    let event = xml.text("Event").unwrap_or_default();
    // What is told of the company comes with numbers of the platform's own, or of any app.
    if is_others && OF_ONE_APP.contains(&event) {
        return Received::Nothing(format!("the event {event} of another app"));
    }
    let nothing = || Received::Nothing(format!("the event {event}"));
    let Some(key) = key(xml, corp) else { return nothing() };
    match event {
        "template_card_event" | "template_card_menu_event" => {
            press(xml, key).map_or_else(nothing, |press| Received::Press(Box::new(press)))
        }
        "change_contact" => match xml.text("ChangeType").unwrap_or_default() {
            change @ ("create_user" | "update_user" | "delete_user") => {
                let (old, new) = (xml.text("UserID"), xml.text("NewUserID"));
                let former = old.zip(new).filter(|(old, new)| !old.eq_ignore_ascii_case(new));
                new.or(old).map_or_else(nothing, |user| Received::Person {
                    user: user.to_owned(),
                    former: former.map(|(old, _)| old.to_owned()),
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
        "unsubscribe" => lost(xml, key).map_or_else(nothing, |arrival| Received::Arrival(Box::new(arrival))),
        "inactive_alert" | "low_active_alert" | "low_active" => Received::Use(Usage::Little),
        "close_inactive_agent" => Received::Use(Usage::Closed),
        "reopen_inactive_agent" | "active_restored" => Received::Use(Usage::Enough),
        _ => nothing(),
    }
}

/// Somebody has the app no more. Who gets it back is heard of with their first word, or when it is asked for.
fn lost(xml: Element<'_, '_>, key: EventKey) -> Option<Arrival> {
    let person = ids::person(xml.text("FromUserName").filter(|user| *user != "sys")?)?;
    let conversation = ConversationId::new(format!("user:{person}")).ok()?;
    let what = Happened::BotRemoved { by: None };
    Some(Arrival { key, conversation: Some(conversation), at_ms: at_ms(xml), trace: None, what })
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
