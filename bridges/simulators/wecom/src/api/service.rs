//! What customers wrote and what is said to them: fetched page by page, said in the name of an account.

use serde_json::{Value, json};

use super::content::{self, Channel};
use super::reading::text;
use super::{Call, Outcome};
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::media::MediaOwner;
use crate::state::messages::Draft;

const PAGE_MAX: u64 = 1_000;
const CURSOR_BYTES_MAX: usize = 64;
const ID_BYTES_MAX: usize = 32;
/// What may be said about an event.
const ABOUT_EVENTS: &[&str] = &["text", "msgmenu"];

/// What an account has behind a place. Whoever has no token of an event has to ask seldom.
pub(super) fn fetch(state: &mut State, call: &Call) -> Outcome {
    let account = call.needed("open_kfid", 40_063)?.to_owned();
    let cursor = call.text("cursor").to_owned();
    let limit = call.number("limit").unwrap_or(PAGE_MAX);
    if cursor.len() > CURSOR_BYTES_MAX || limit > PAGE_MAX {
        return Err(Refusal::parameter("cursor or limit"));
    }
    if !state.service.accounts.contains_key(&account) {
        return Err(Refusal::new(95_004));
    }
    let token = call.text("token");
    if !token.is_empty() && !state.is_token_of(token, &account) {
        return Err(Refusal::new(95_007));
    }
    if !state.is_fetching(token, &account) {
        let bounds = [(60_000, state.settings.service_blind_per_minute)];
        state.stage.count(&account, "kf/sync_msg", &bounds).map_err(|_| Refusal::new(45_009))?;
    }
    let page = state.fetch(&account, &cursor, usize::try_from(limit).unwrap_or(1).max(1))?;
    let more = u64::from(page.has_more);
    Ok(json!({ "next_cursor": page.next_cursor, "has_more": more, "msg_list": page.entries }).into())
}

/// The id under which something is said: that of whoever says it, or one of the platform's.
fn id(state: &mut State, call: &Call) -> Result<String, Refusal> {
    match call.text("msgid") {
        "" => Ok(state.stage.chance.id("", 32)),
        own if own.len() <= ID_BYTES_MAX && own.bytes().all(is_of_id) => Ok(own.to_owned()),
        _ => Err(Refusal::parameter("msgid")),
    }
}

const fn is_of_id(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn draft(state: &mut State, call: &Call) -> Result<Draft, Refusal> {
    content::read(state, Channel::Service, &MediaOwner::Corp, &call.body)
}

pub(super) fn send(state: &mut State, call: &Call) -> Outcome {
    let chat = state.chat_of_customer(call.text("open_kfid"), call.text("touser"))?;
    let (msgid, draft) = (id(state, call)?, draft(state, call)?);
    state.answer_customer(&chat, &msgid, draft)?;
    Ok(json!({ "msgid": msgid }).into())
}

pub(super) fn send_on_event(state: &mut State, call: &Call) -> Outcome {
    if !ABOUT_EVENTS.contains(&call.text("msgtype")) {
        return Err(Refusal::new(40_008));
    }
    let code = call.needed("code", 40_063)?.to_owned();
    let (msgid, draft) = (id(state, call)?, draft(state, call)?);
    state.answer_event(&code, &msgid, draft)?;
    Ok(json!({ "msgid": msgid }).into())
}

pub(super) fn recall(state: &mut State, call: &Call) -> Outcome {
    let account = call.needed("open_kfid", 40_063)?.to_owned();
    let msgid = call.needed("msgid", 40_063)?.to_owned();
    state.recall_answer(&account, &msgid)?;
    Ok(json!({}).into())
}

fn chat(state: &State, call: &Call) -> Result<String, Refusal> {
    state.chat_of_customer(call.text("open_kfid"), call.text("external_userid"))
}

pub(super) fn session(state: &mut State, call: &Call) -> Outcome {
    let session = state.session(&chat(state, call)?)?;
    let servicer = session.servicer.as_ref().map(|one| state.spelled(one)).unwrap_or_default();
    Ok(json!({ "service_state": session.state, "servicer_userid": servicer }).into())
}

pub(super) fn move_session(state: &mut State, call: &Call) -> Outcome {
    let chat = chat(state, call)?;
    let to = call.number("service_state").ok_or_else(|| Refusal::parameter("service_state"))?;
    let code = state.move_session(&chat, to, call.text("servicer_userid"))?;
    let mut fields = json!({});
    if let Some(code) = code {
        fields["msg_code"] = code.into();
    }
    Ok(fields.into())
}

/// Refuses what has none of its parts.
pub(super) fn check(kind: &str, content: &Value) -> Result<(), Refusal> {
    let has = |names: &[&str]| names.iter().all(|name| !text(content, name).is_empty());
    let is_whole = match kind {
        "link" => has(&["title", "url", "thumb_media_id"]),
        "miniprogram" => has(&["appid", "title", "thumb_media_id", "pagepath"]),
        "msgmenu" => content.get("list").and_then(Value::as_array).is_some_and(|list| !list.is_empty()),
        _ => ["latitude", "longitude"].iter().all(|name| content.get(*name).is_some_and(Value::is_number)),
    };
    if is_whole { Ok(()) } else { Err(Refusal::new(40_063)) }
}
