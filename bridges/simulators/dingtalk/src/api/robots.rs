//! Robots speak by the API: to a group, to people.

use serde_json::{Value, json};

use super::Outcome;
use super::reading::Call;
use crate::chance::opaque;
use crate::faults::Fault;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::messages::{Author, Draft};

/// The bounds of the platform.
const PARAM_BYTES_MAX: usize = 15_000;
const PEOPLE_MAX: usize = 20;
/// What robots may link to is anything but this, which stands for what the platform holds for dangerous.
pub(super) const UNSAFE_LINK: &str = "http://unsafe.example";

/// The kinds of messages with the fields that they need.
const KINDS: &[(&str, &[&str])] = &[
    ("sampleText", &["content"]),
    ("sampleMarkdown", &["title", "text"]),
    ("sampleImageMsg", &["photoURL"]),
    ("sampleLink", &["title", "text", "messageUrl"]),
    ("sampleActionCard", &["title", "text", "singleTitle", "singleURL"]),
    ("sampleActionCard2", &["title", "text", "actionTitle1", "actionURL1", "actionTitle2", "actionURL2"]),
    ("sampleActionCard3", &["title", "text", "actionTitle3", "actionURL3"]),
    ("sampleActionCard4", &["title", "text", "actionTitle4", "actionURL4"]),
    ("sampleActionCard5", &["title", "text", "actionTitle5", "actionURL5"]),
    ("sampleActionCard6", &["title", "text", "buttonTitle1", "buttonUrl1", "buttonTitle2", "buttonUrl2"]),
    ("sampleAudio", &["mediaId", "duration"]),
    ("sampleFile", &["mediaId", "fileName", "fileType"]),
    ("sampleVideo", &["duration", "videoMediaId", "videoType", "picMediaId"]),
];

/// The robot of the app, as it names itself.
pub(super) fn robot(state: &State, call: &Call) -> Result<String, Refusal> {
    let code = call.needed("robotCode", "invalidParameter.robotCode.empty")?;
    let app = state.apps.get(code).ok_or_else(|| Refusal::bad("invalidParameter.robotCode.notExsit"))?;
    if code != call.app {
        return Err(Refusal::bad("invalidParameter.robotCode.auth"));
    }
    if app.stopped { Err(Refusal::bad("bot.stopped")) } else { Ok(code.to_owned()) }
}

/// Reads `msgKey` and `msgParam`, which is JSON inside a text.
fn content(state: &State, call: &Call) -> Result<(String, Value), Refusal> {
    let key = call.needed("msgKey", "invalidParameter.msgKey.empty")?;
    let needed = KINDS.iter().find(|(known, _)| *known == key);
    let (_, needed) = needed.ok_or_else(|| Refusal::bad("invalidParameter.msgKey.invalid"))?;
    let param = call.needed("msgParam", "invalidParameter.msgParam.invalid")?;
    if param.len() > PARAM_BYTES_MAX {
        return Err(Refusal::bad("invalidParameter.msgParam.tooLong"));
    }
    if param.contains(UNSAFE_LINK) {
        return Err(Refusal::bad("contain.unsafe.url"));
    }
    let value: Value =
        serde_json::from_str(param).map_err(|_| Refusal::bad("invalidParameter.msgParam.invalid"))?;
    let filled = |name: &&str| value.get(*name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    if !needed.iter().all(filled) {
        return Err(Refusal::bad("invalidParameter.msgParam.invalid"));
    }
    for name in ["mediaId", "videoMediaId", "picMediaId"] {
        let media = value.get(name).and_then(Value::as_str);
        if media.is_some_and(|media| !state.media.contains_key(media)) {
            return Err(Refusal::bad("resource.not.found"));
        }
    }
    Ok((key.to_owned(), value))
}

/// The chat of a robot's request, if the robot may speak there.
pub(super) fn group(state: &State, call: &Call) -> Result<String, Refusal> {
    let id = call.needed("openConversationId", "miss.openConversationId")?;
    let chat = state.chats.get(id).filter(|chat| chat.direct.is_none());
    let chat = chat.ok_or_else(|| Refusal::bad("invalid.openConversationId"))?;
    if chat.disbanded {
        return Err(Refusal::bad("group.disbanded"));
    }
    if chat.robots.contains(&call.app) {
        Ok(id.to_owned())
    } else {
        Err(Refusal::bad("invalidParameter.robotCode.notExsit"))
    }
}

pub(super) fn send_to_group(state: &mut State, call: &Call) -> Outcome {
    let robot = robot(state, call)?;
    let chat = group(state, call)?;
    let (kind, content) = content(state, call)?;
    let key = opaque(&mut state.stage.chance, "");
    let draft = Draft { chat, kind, content, query_key: Some(key.clone()), ..Draft::default() };
    state.say(Author::Robot(robot), draft)?;
    Ok(json!({ "processQueryKey": key }))
}

pub(super) fn send_to_people(state: &mut State, call: &Call) -> Outcome {
    let robot = robot(state, call)?;
    let mut people = call.texts("userIds");
    if people.is_empty() {
        return Err(Refusal::bad("invalidParameter.userIds.empty"));
    }
    if people.len() > PEOPLE_MAX {
        return Err(Refusal::bad("invalidParameter.userIds.overMax"));
    }
    let (kind, content) = content(state, call)?;
    let mut lists = [Vec::new(), Vec::new(), Vec::new()];
    let faults = [Fault::SendInvalid, Fault::SendFlowControlled, Fault::SendFiltered];
    for (fault, list) in faults.into_iter().zip(&mut lists) {
        if !people.is_empty() && state.stage.faults.strikes(fault) {
            list.push(people.remove(0));
        }
    }
    let (known, unknown): (Vec<_>, Vec<_>) = people
        .into_iter()
        .partition(|person| state.people.get(person).is_some_and(|person| person.is_listed()));
    let [mut invalid, controlled, filtered] = lists;
    invalid.extend(unknown);
    let key = opaque(&mut state.stage.chance, "");
    for person in known {
        let chat = state.direct_chat(&person, &robot)?;
        let (kind, content, query_key) = (kind.clone(), content.clone(), Some(key.clone()));
        state.say(
            Author::Robot(robot.clone()),
            Draft { chat, kind, content, query_key, ..Draft::default() },
        )?;
    }
    Ok(json!({
        "processQueryKey": key, "invalidStaffIdList": invalid, "flowControlledStaffIdList": controlled,
        "filteredStaffIdList": filtered,
    }))
}

pub(super) fn in_group(state: &mut State, call: &Call) -> Outcome {
    let chat = call.needed("openConversationId", "miss.openConversationId")?;
    let chat = state.chats.get(chat).ok_or_else(|| Refusal::bad("invalid.openConversationId"))?;
    let robots: Vec<Value> = chat
        .robots
        .iter()
        .map(|app| {
            json!({ "robotCode": app, "name": state.name_of(app), "downloadIconURL": "", "openRobotType": 2 })
        })
        .collect();
    Ok(json!({ "chatbotInstanceVOList": robots }))
}
