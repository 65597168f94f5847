//! The archive's own interfaces, and the door by which the library in `archive-library/` gets what the real one gets from the
//! platform by ways that nobody has written down.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State as Extracted};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};
use simulator_stage::mishap::{self, Before};

use super::reading::text;
use super::{Call, Outcome, envelope};
use crate::faults::Fault;
use crate::refusal::Refusal;
use crate::simulator::Shared;
use crate::state::State;
use crate::state::archive::{ARCHIVE_AGENT, Archive, opened};
use crate::state::archive_content::file_key;
use crate::state::people::folded;

/// Entries of one page, the platform's own.
const ENTRIES_MAX: usize = 1_000;
/// Bytes of one piece of a file, the platform's own.
const PIECE_BYTES: usize = 512 * 1024;
/// Pairs of a member and somebody from outside in one call, the platform's own.
const PAIRS_MAX: usize = 100;

fn archive(state: &State) -> Result<&Archive, Refusal> {
    state.archive.as_ref().ok_or_else(|| Refusal::new(48_002))
}

/// The group that the archive calls so.
fn chat_of<'a>(state: &'a State, room: &str) -> Result<&'a crate::state::chats::Chat, Refusal> {
    let known = archive(state)?.rooms.iter().find(|(_, known)| *known == room);
    known.and_then(|(chat, _)| state.chats.get(chat)).ok_or_else(|| Refusal::new(40_050))
}

/// The members who have a licence.
pub(super) fn permits(state: &mut State, _: &Call) -> Outcome {
    let unlicensed = &archive(state)?.unlicensed;
    let licensed = state.people.iter().filter(|(id, _)| !unlicensed.contains(*id));
    let ids: Vec<&String> = licensed.map(|(_, person)| &person.user_id).collect();
    Ok(json!({ "ids": ids }).into())
}

pub(super) fn group(state: &mut State, call: &Call) -> Outcome {
    let chat = chat_of(state, call.needed("roomid", 40_063)?)?;
    let member = |person: &String| json!({ "memberid": state.spelled(person), "jointime": 1_600_000_000 });
    let members: Vec<Value> = chat.people.iter().map(member).collect();
    Ok(json!({
        "roomname": chat.name, "creator": state.spelled(&chat.owner), "room_create_time": 1_600_000_000,
        "notice": "", "members": members,
    })
    .into())
}

pub(super) fn room_agrees(state: &mut State, call: &Call) -> Outcome {
    let consents = archive(state)?.consents.get(call.needed("roomid", 40_063)?).cloned().unwrap_or_default();
    let shown = |(external, agrees): (&String, &bool)| {
        let status = if *agrees { "Agree" } else { "Disagree" };
        json!({ "status_change_time": 1_600_000_000, "exteranalopenid": external, "agree_status": status })
    };
    let consents: Vec<Value> = consents.iter().map(shown).collect();
    Ok(json!({ "agreeinfo": consents }).into())
}

/// Whether people from outside agreed to what each says to one member; who said nothing counts as agreeing.
pub(super) fn agrees(state: &mut State, call: &Call) -> Outcome {
    let pairs = call.body.get("info").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if pairs.is_empty() || pairs.len() > PAIRS_MAX {
        return Err(Refusal::new(if pairs.is_empty() { 40_063 } else { 301_060 }));
    }
    let mut agreed: Vec<Value> = Vec::new();
    for pair in pairs {
        let (person, external) = (text(pair, "userid"), text(pair, "exteranalopenid"));
        if external.is_empty() || state.person(person).is_err() {
            return Err(Refusal::new(301_061));
        }
        let said = archive(state)?.agreements.get(&(folded(person), external.to_owned()));
        let status = match said {
            Some(true) => "Agree",
            Some(false) => "Disagree",
            None => "Default_Agree",
        };
        agreed.push(json!({
            "status_change_time": 1_600_000_000, "userid": state.spelled(person), "exteranalopenid": external,
            "agree_status": status,
        }));
    }
    Ok(json!({ "agreeinfo": agreed }).into())
}

pub(super) fn robot(state: &mut State, call: &Call) -> Outcome {
    let id = call.query("robot_id");
    let name = archive(state)?.names.get(id).ok_or_else(|| Refusal::new(40_003))?;
    Ok(json!({ "data": { "robot_id": id, "name": name, "creator_userid": "" } }).into())
}

/// `POST /archive/<what>`: lines in, and the answer, or a code of the library with status 418. Status 599 ends the library's process.
pub(crate) async fn serve(
    Extracted(shared): Extracted<Arc<Shared>>,
    Path(what): Path<String>,
    body: String,
) -> Response {
    let path = format!("/archive/{what}");
    match mishap::before(&*shared, &path).await {
        None => {}
        Some(Before::Broken) => return mishap::broken(Bytes::new()),
        Some(Before::Status(status)) => return envelope::empty(status),
    }
    let lines: Vec<&str> = body.split('\n').collect();
    let (response, after) = {
        let state = &mut *shared.state.lock();
        let code = state.stage.faults.take_on(Fault::ArchiveCode, &path);
        let response = match code {
            _ if state.stage.faults.take_on(Fault::ArchiveCrash, &path).is_some() => {
                StatusCode::from_u16(599).unwrap_or_default().into_response()
            }
            Some(code) => refused(code.as_i64().unwrap_or(10_001)),
            None => match (what.as_str(), &lines[..]) {
                ("chatdata", [corp, secret, after, most]) => page(state, corp, secret, after, most),
                ("decrypt", [key, message]) => {
                    opened(key, message).map_or_else(|| refused(10_006), |plain| plain.into_response())
                }
                ("media", [index, id]) => piece(state, index, id),
                _ => refused(10_000),
            },
        };
        (response, mishap::after(&mut state.stage, &path))
    };
    match after {
        None => response,
        Some(after) => after.lose(response).await,
    }
}

fn refused(code: i64) -> Response {
    (StatusCode::IM_A_TEAPOT, code.to_string()).into_response()
}

fn page(state: &mut State, corp: &str, secret: &str, after: &str, most: &str) -> Response {
    let wrong =
        |code: i64, words: &str| json!({ "errcode": code, "errmsg": words }).to_string().into_response();
    let app = state.apps.get(&ARCHIVE_AGENT);
    if corp != state.corp_id || app.is_none_or(|app| app.secret != secret) {
        return wrong(40_001, "invalid credential");
    }
    if app.is_some_and(|app| !app.trusted) {
        return wrong(301_042, "not in the ip list");
    }
    let now_ms = state.now_ms();
    let (Some(archive), Ok(after), Ok(most)) =
        (&mut state.archive, after.parse::<u64>(), most.parse::<usize>())
    else {
        return refused(10_000);
    };
    archive.read = archive.read.max(after);
    let behind = archive.entries.iter().filter(|entry| entry.seq > after && entry.is_kept(now_ms));
    let entries = behind.take(most.min(ENTRIES_MAX));
    let entries: Vec<&Value> = entries.map(|entry| &entry.shown).collect();
    json!({ "errcode": 0, "errmsg": "ok", "chatdata": entries }).to_string().into_response()
}

/// A piece of a file; where the next one begins stands in a header.
fn piece(state: &State, index: &str, id: &str) -> Response {
    let Some(media) = file_key(id).and_then(|key| state.media.get(key)) else { return refused(10_005) };
    let from = index.strip_prefix("Range:bytes=").and_then(|range| range.split_once('-')?.0.parse().ok());
    let from: usize = from.unwrap_or(0).min(media.bytes.len());
    let end = (from + PIECE_BYTES).min(media.bytes.len());
    let is_last = end == media.bytes.len();
    let next = if is_last { String::new() } else { format!("Range:bytes={end}-{}", end + PIECE_BYTES - 1) };
    let headers = [("x-next", next), ("x-last", if is_last { "1" } else { "0" }.to_owned())];
    (headers, Body::from(media.bytes.slice(from..end))).into_response()
}
