//! Groups of apps: made, changed, read and written to by the app that made them alone.

use std::collections::BTreeSet;

use serde_json::json;

use super::content::{self, Channel};
use super::{Call, Outcome};
use crate::faults::Fault;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::chats::Chat;
use crate::state::media::MediaOwner;
use crate::state::messages::{Author, Draft};
use crate::state::people::{ROOT, folded};

const NAME_CHARACTERS_MAX: usize = 50;
const CHATID_CHARACTERS_MAX: usize = 32;
const MEMBERS_MIN: usize = 2;
const MEMBERS_MAX: usize = 2_000;
const CREATED_PER_DAY: u32 = 1_000;
const UPDATED_PER_HOUR: u32 = 1_000;
const DAY_MS: u64 = 86_400_000;

/// Refuses an app that does not see the whole organisation.
fn must_see_all(state: &State, agent: u64) -> Result<(), Refusal> {
    let sees_all = state.apps.get(&agent).is_some_and(|app| app.departments.contains(&ROOT));
    sees_all.then_some(()).ok_or_else(|| Refusal::new(60_011))
}

/// The group of this id, if this app made it.
fn own<'a>(state: &'a mut State, agent: u64, chat_id: &str) -> Result<&'a mut Chat, Refusal> {
    let chat = state.appchats.get(chat_id).and_then(|id| state.chats.get_mut(id));
    let chat = chat.filter(|chat| !chat.dissolved).ok_or_else(|| Refusal::new(40_050))?;
    match &chat.made_by {
        Some((by, _)) if *by == agent => Ok(chat),
        _ => Err(Refusal::new(86_008)),
    }
}

fn members(state: &State, agent: u64, ids: &[String]) -> Result<BTreeSet<String>, Refusal> {
    let app = state.apps.get(&agent).ok_or_else(|| Refusal::new(40_056))?;
    if ids.iter().all(|id| state.sees(app, id)) {
        Ok(ids.iter().map(|id| folded(id)).collect())
    } else {
        Err(Refusal::new(40_031))
    }
}

fn name(call: &Call) -> Option<String> {
    let name = call.text("name");
    (!name.is_empty()).then(|| name.chars().take(NAME_CHARACTERS_MAX).collect())
}

pub(super) fn create(state: &mut State, call: &Call) -> Outcome {
    must_see_all(state, call.agent)?;
    let corp_id = state.corp_id.clone();
    state
        .stage
        .count(&corp_id, "appchats made", &[(DAY_MS, CREATED_PER_DAY)])
        .map_err(|_| Refusal::new(45_009))?;
    let people = members(state, call.agent, &call.texts("userlist"))?;
    if !(MEMBERS_MIN..=MEMBERS_MAX).contains(&people.len()) {
        return Err(Refusal::new(86_006));
    }
    let owner = call.text("owner");
    // Without an owner the platform chooses one of the members.
    let owner = if owner.is_empty() {
        people.iter().nth(state.stage.chance.place(people.len())).cloned().unwrap_or_default()
    } else {
        folded(owner)
    };
    if !people.contains(&owner) {
        return Err(Refusal::new(86_207));
    }
    let chat_id = match call.text("chatid") {
        "" => state.stage.chance.id("wr", 30),
        own => own.to_owned(),
    };
    let right =
        chat_id.len() <= CHATID_CHARACTERS_MAX && chat_id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !right {
        return Err(Refusal::new(86_001));
    }
    if state.appchats.contains_key(&chat_id) {
        return Err(Refusal::new(86_215));
    }
    let made_by = Some((call.agent, chat_id.clone()));
    let name = name(call).unwrap_or_default();
    state.make_chat(Chat { name, owner, people, made_by, ..Chat::default() })?;
    Ok(json!({ "chatid": chat_id }).into())
}

pub(super) fn update(state: &mut State, call: &Call) -> Outcome {
    let corp_id = state.corp_id.clone();
    state
        .stage
        .count(&corp_id, "appchats changed", &[(3_600_000, UPDATED_PER_HOUR)])
        .map_err(|_| Refusal::new(45_009))?;
    let added = members(state, call.agent, &call.texts("add_user_list"))?;
    let removed: BTreeSet<String> = call.texts("del_user_list").iter().map(|id| folded(id)).collect();
    let chat = own(state, call.agent, call.text("chatid"))?;
    let mut changed = chat.clone();
    changed.name = name(call).unwrap_or(changed.name);
    changed.people.extend(added);
    changed.people.retain(|person| !removed.contains(person));
    if !call.text("owner").is_empty() {
        changed.owner = folded(call.text("owner"));
    }
    if !(MEMBERS_MIN..=MEMBERS_MAX).contains(&changed.people.len()) {
        return Err(Refusal::new(86_006));
    }
    // Whoever removes the owner names another one.
    if !changed.people.contains(&changed.owner) {
        return Err(Refusal::new(86_207));
    }
    *chat = changed;
    Ok(json!({}).into())
}

pub(super) fn get(state: &mut State, call: &Call) -> Outcome {
    let chat = own(state, call.agent, call.query("chatid"))?.clone();
    let info = json!({
        "chatid": call.query("chatid"), "name": chat.name, "owner": state.spelled(&chat.owner),
        "userlist": state.people_of(&chat), "chat_type": 0,
    });
    Ok(json!({ "chat_info": info }).into())
}

pub(super) fn send(state: &mut State, call: &Call) -> Outcome {
    must_see_all(state, call.agent)?;
    let chat = own(state, call.agent, call.text("chatid"))?.clone();
    let draft = content::read(state, Channel::AppChat, &MediaOwner::Corp, &call.body)?;
    // A group whose every member has had too much shows nothing, although the answer says that it was sent.
    let settings = &state.settings;
    let bounds = [(60_000, settings.group_member_per_minute), (DAY_MS, settings.group_member_per_day)];
    let mut swallowed = true;
    for person in &chat.people {
        swallowed &= state.stage.count(person, "appchat/send", &bounds).is_err();
    }
    if !swallowed && !state.stage.faults.strikes(Fault::SendSilentDrop) {
        state.say(Author::App(call.agent), Draft { chat: chat.id, ..draft })?;
    }
    Ok(json!({}).into())
}
