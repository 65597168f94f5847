//! Meetings, which belong to the app that made them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::reading::{text, texts};
use super::send::own_agent;
use super::{Call, Outcome};
use crate::faults::Fault;
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::meetings::{Meeting, Visit};
use crate::state::people::folded;

/// Bytes of a title.
const TITLE_BYTES_MAX: usize = 40;
/// Seconds that a meeting takes.
const DURATION_S: std::ops::RangeInclusive<u64> = 300..=86_399;
const HOSTS_MAX: usize = 10;
/// Digits of a password.
const PASSWORD_DIGITS: std::ops::RangeInclusive<usize> = 4..=6;
/// Who is reminded: nobody, the host, all, some.
const REMIND_SCOPES: std::ops::RangeInclusive<u64> = 1..=4;
const PAGE_MAX: u64 = 100;
/// Parts of a request that only the advanced interface knows.
const ADVANCED: [&str; 2] = ["settings", "guests"];
/// What newer calls say, and what older ones say for it.
const RENAMED: [(&str, &str); 2] = [("admin_userid", "creator_userid"), ("invitees", "attendees")];

/// What a request says of a meeting, in the words of newer calls, without what names the call itself.
fn said(call: &Call) -> Value {
    let mut body = call.body.clone();
    if let Some(fields) = body.as_object_mut() {
        for (newer, older) in RENAMED {
            if let Some(value) = fields.remove(older) {
                fields.entry(newer).or_insert(value);
            }
        }
        fields.remove("meetingid");
        fields.remove("agentid");
    }
    body
}

/// Refuses what the platform does not know of a meeting; answers who manages it and who is asked.
fn check(state: &mut State, body: &Value) -> Result<(String, BTreeSet<String>), Refusal> {
    let number = |name: &str| body.get(name).and_then(Value::as_u64);
    let title = text(body, "title");
    if title.is_empty() {
        return Err(Refusal::new(40_063));
    }
    let table = [
        ("title", title.len() <= TITLE_BYTES_MAX),
        ("meeting_start", number("meeting_start").is_some()),
        ("meeting_duration", number("meeting_duration").is_some_and(|length| DURATION_S.contains(&length))),
    ];
    if let Some((name, _)) = table.into_iter().find(|(_, is_right)| !is_right) {
        return Err(Refusal::parameter(name));
    }
    let is_advanced = ADVANCED.iter().any(|name| body.get(*name).is_some());
    if is_advanced && state.stage.faults.strikes(Fault::MeetingPlain) {
        return Err(Refusal::parameter("settings or guests"));
    }
    if let Some(settings) = body.get("settings") {
        check_settings(state, settings)?;
    }
    if let Some(reminders) = body.get("reminders") {
        super::schedules::remind(reminders)?;
    }
    let admin = text(body, "admin_userid");
    state.person(admin).map_err(|_| Refusal::new(40_003))?;
    let invitees = texts(body.get("invitees").and_then(|one| one.get("userid")));
    if invitees.iter().any(|one| state.person(one).is_err()) {
        return Err(Refusal::new(40_031));
    }
    Ok((folded(admin), invitees.iter().map(|one| folded(one)).collect()))
}

fn check_settings(state: &State, settings: &Value) -> Result<(), Refusal> {
    let people = |name: &str| texts(settings.get(name).and_then(|one| one.get("userid")));
    let (hosts, rung) = (people("hosts"), people("ring_users"));
    if hosts.iter().chain(&rung).any(|one| state.person(one).is_err()) {
        return Err(Refusal::new(40_031));
    }
    let password = settings.get("password").and_then(Value::as_str);
    let is_password =
        |word: &str| PASSWORD_DIGITS.contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
    let scope = settings.get("remind_scope").and_then(Value::as_u64);
    let table = [
        ("password", password.is_none_or(is_password)),
        ("remind_scope", scope.is_none_or(|scope| REMIND_SCOPES.contains(&scope))),
        ("hosts", hosts.len() <= HOSTS_MAX),
    ];
    match table.into_iter().find(|(_, is_right)| !is_right) {
        Some((name, _)) => Err(Refusal::parameter(name)),
        None => Ok(()),
    }
}

/// Who has no place in a meeting, as they are written. Only so many of those who are asked have one.
fn excess(state: &State, invitees: &mut BTreeSet<String>) -> Vec<String> {
    let over: Vec<String> = invitees.iter().skip(state.settings.meeting_invitees_max).cloned().collect();
    invitees.retain(|one| !over.contains(one));
    over.iter().map(|one| state.spelled(one)).collect()
}

fn own<'a>(state: &'a mut State, call: &Call) -> Result<&'a mut Meeting, Refusal> {
    let meeting = state.meetings.get_mut(call.text("meetingid")).filter(|one| one.agent == call.agent);
    meeting.ok_or_else(|| Refusal::parameter("meetingid"))
}

pub(super) fn create(state: &mut State, call: &Call) -> Outcome {
    let (agent, body) = (own_agent(call)?, said(call));
    let calendar = text(&body, "cal_id");
    let is_own = state.calendars.get(calendar).is_some_and(|calendar| calendar.agent == agent);
    if !calendar.is_empty() && !is_own {
        return Err(Refusal::parameter("cal_id"));
    }
    let (admin, mut invitees) = check(state, &body)?;
    if state.meetings.len() >= RECORDS_MAX {
        return Err(Refusal::new(45_009));
    }
    let excess = excess(state, &mut invitees);
    let id = state.stage.chance.id("hy", 30);
    let code = (100_000_000 + state.stage.chance.below(900_000_000)).to_string();
    let link = format!("https://work.weixin.qq.com/webapp/tm/{code}");
    let (cancelled, visits) = (false, BTreeMap::new());
    let meeting = Meeting { agent, body, admin, invitees, code: code.clone(), cancelled, visits };
    state.meetings.insert(id.clone(), meeting);
    Ok(json!({ "meetingid": id, "meeting_code": code, "meeting_link": link, "excess_users": excess }).into())
}

/// What is said replaces what was there; what is not said stays.
pub(super) fn update(state: &mut State, call: &Call) -> Outcome {
    let now_s = state.now_s();
    let meeting = own(state, call)?;
    // What is over, taken back or missed cannot be changed any more.
    if meeting.cancelled || now_s >= meeting.end_s() {
        return Err(Refusal::parameter("meetingid"));
    }
    let mut body = meeting.body.clone();
    for (name, value) in said(call).as_object().into_iter().flatten() {
        body[name.as_str()] = value.clone();
    }
    let (admin, mut invitees) = check(state, &body)?;
    let excess = excess(state, &mut invitees);
    let meeting = own(state, call)?;
    (meeting.body, meeting.admin, meeting.invitees) = (body, admin, invitees);
    Ok(json!({ "excess_users": excess }).into())
}

/// Takes a meeting back. Nothing tells the ids of the times of a series, so one that is named is none.
pub(super) fn cancel(state: &mut State, call: &Call) -> Outcome {
    let now_s = state.now_s();
    let meeting = own(state, call)?;
    if !call.text("sub_meetingid").is_empty() {
        return Err(Refusal::parameter("sub_meetingid"));
    }
    if meeting.cancelled || now_s >= meeting.end_s() {
        return Err(Refusal::parameter("meetingid"));
    }
    meeting.cancelled = true;
    Ok(json!({}).into())
}

pub(super) fn info(state: &mut State, call: &Call) -> Outcome {
    let now_s = state.now_s();
    let meeting = own(state, call)?.clone();
    let member = |id: &String| {
        let visit = meeting.visits.get(id);
        let default = Visit::default();
        let known = visit.unwrap_or(&default);
        let running_s = known.since_s.map_or(0, |since_s| now_s.saturating_sub(since_s));
        json!({
            "userid": state.spelled(id), "status": if visit.is_some() { 1 } else { 2 },
            "first_join_time": known.first_s, "last_quit_time": known.last_quit_s,
            "total_join_count": known.joins, "cumulative_time": known.attended_s + running_s,
        })
    };
    let people: BTreeSet<&String> = meeting.invitees.iter().chain(meeting.visits.keys()).collect();
    let members: Vec<Value> = people.into_iter().map(member).collect();
    let mut shown = meeting.body.clone();
    shown["admin_userid"] = state.spelled(&meeting.admin).into();
    shown["meeting_code"] = meeting.code.clone().into();
    shown["status"] = meeting.status(now_s).into();
    shown["attendees"] = json!({ "member": members, "tmp_external_user": [] });
    Ok(shown.into())
}

/// The meetings of this app that concern somebody and begin in a span of time, page by page.
pub(super) fn of_user(state: &mut State, call: &Call) -> Outcome {
    let person = folded(call.needed("userid", 41_009)?);
    state.person(&person).map_err(|_| Refusal::new(40_003))?;
    let (begin_s, end_s) =
        (call.number("begin_time").unwrap_or(0), call.number("end_time").unwrap_or(u64::MAX));
    let limit = call.number("limit").unwrap_or(PAGE_MAX);
    let from: usize = match call.text("cursor") {
        "" => 0,
        place => place.parse().map_err(|_| Refusal::parameter("cursor"))?,
    };
    if begin_s > end_s || limit == 0 || limit > PAGE_MAX {
        return Err(Refusal::parameter("begin_time, end_time or limit"));
    }
    let is_theirs = |meeting: &Meeting| {
        meeting.agent == call.agent
            && !meeting.cancelled
            && meeting.concerns(&person)
            && (begin_s..=end_s).contains(&meeting.start_s())
    };
    let mut own: Vec<(u64, &String)> = state
        .meetings
        .iter()
        .filter(|(_, meeting)| is_theirs(meeting))
        .map(|(id, meeting)| (meeting.start_s(), id))
        .collect();
    own.sort_unstable();
    let size = usize::try_from(limit).unwrap_or(1);
    let next = if own.len() > from.saturating_add(size) { (from + size).to_string() } else { String::new() };
    let ids: Vec<&String> = own.into_iter().skip(from).take(size).map(|(_, id)| id).collect();
    Ok(json!({ "meetingid_list": ids, "next_cursor": next }).into())
}
