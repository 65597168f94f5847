//! Meetings that are reserved, what takes place of them, their recordings and minutes.

use serde_json::{Value, json};

use super::{Call, list, person};
use crate::api::{Answer, Outcome};
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::office::meetings::{Held, Recording, Reserve};

/// How far ahead a reservation may end: thirty days.
const AHEAD_SECONDS_MAX: u64 = 30 * 86_400;
/// Hosts of one meeting.
const HOSTS_MAX: usize = 10;

fn wrong(what: &str) -> Refusal {
    Refusal::ext(121_003, what)
}

fn shown(reserve: &Reserve) -> Value {
    let url = format!("https://meetings.invalid/j/{}", reserve.meeting_no);
    json!({
        "id": reserve.id, "meeting_no": reserve.meeting_no, "password": reserve.password, "url": url,
        "app_link": format!("{url}?app"), "live_link": format!("{url}?live"),
        "end_time": reserve.end_s.to_string(),
    })
}

/// Takes over what a request says; what it leaves out stays. Answers the hosts that it does not know.
fn fill(state: &State, call: &Call, reserve: &mut Reserve) -> Result<Vec<String>, Refusal> {
    let now_s = state.stage.now_ms() / 1_000;
    if call.body.get("end_time").is_some() {
        let end_s = call.text("end_time").parse().map_err(|_| wrong("end_time"))?;
        if end_s <= now_s || end_s > now_s + AHEAD_SECONDS_MAX {
            return Err(wrong("end_time"));
        }
        reserve.end_s = end_s;
    }
    let Some(settings) = call.body.get("meeting_settings") else { return Ok(Vec::new()) };
    if let Some(topic) = settings.get("topic").and_then(Value::as_str) {
        reserve.topic = topic.to_owned();
    }
    if let Some(records) = settings.get("auto_record").and_then(Value::as_bool) {
        reserve.auto_record = records;
    }
    if let Some(password) = settings.get("password").and_then(Value::as_str) {
        let is_number =
            (4..=9).contains(&password.len()) && password.bytes().all(|byte| byte.is_ascii_digit());
        if !password.is_empty() && !is_number {
            return Err(Refusal::code(123_006));
        }
        reserve.password = password.to_owned();
    }
    let hosts = list(settings, "assign_host_list");
    if hosts.len() > HOSTS_MAX {
        return Err(Refusal::code(123_003));
    }
    let ids = hosts.iter().filter_map(|host| host.get("id").and_then(Value::as_str));
    Ok(ids.filter(|id| person(state, call, id).is_err()).map(str::to_owned).collect())
}

fn reserved(reserve: &Reserve, strangers: &[String]) -> Outcome {
    let check = json!({ "invalid_host_id_list": strangers });
    Ok(Answer::Data(json!({ "reserve": shown(reserve), "reserve_correction_check_info": check })))
}

/// `POST vc/v1/reserves/apply`. With the token of an app there has to be an owner.
pub(crate) fn apply(state: &mut State, call: &Call) -> Outcome {
    if call.body.get("meeting_settings").is_none() || call.body.get("end_time").is_none() {
        return Err(wrong("meeting_settings and end_time are needed"));
    }
    let owner = person(state, call, call.text("owner_id")).map_err(|_| wrong("owner_id"))?;
    let mut reserve = Reserve {
        id: String::new(),
        app: call.app.clone(),
        owner,
        meeting_no: String::new(),
        end_s: 0,
        topic: String::new(),
        password: String::new(),
        auto_record: false,
    };
    let strangers = fill(state, call, &mut reserve)?;
    reserved(&state.reserve_meeting(reserve)?, &strangers)
}

/// `PUT vc/v1/reserves/*`.
pub(crate) fn update(state: &mut State, call: &Call) -> Outcome {
    let mut reserve = state.reserved(&call.app, call.part(3))?.clone();
    let strangers = fill(state, call, &mut reserve)?;
    *state.reserved(&call.app, call.part(3))? = reserve.clone();
    reserved(&reserve, &strangers)
}

/// `GET vc/v1/reserves/*`.
pub(crate) fn get(state: &mut State, call: &Call) -> Outcome {
    let reserve = state.reserved(&call.app, call.part(3))?;
    Ok(Answer::Data(json!({ "reserve": shown(reserve) })))
}

/// `DELETE vc/v1/reserves/*`. A meeting that lasts goes on.
pub(crate) fn delete(state: &mut State, call: &Call) -> Outcome {
    let id = state.reserved(&call.app, call.part(3))?.id.clone();
    state.office.reserves.remove(&id);
    Ok(Answer::Data(json!({})))
}

/// `GET vc/v1/reserves/*/get_active_meeting`.
pub(crate) fn active(state: &mut State, call: &Call) -> Outcome {
    let id = state.reserved(&call.app, call.part(3))?.id.clone();
    let held = state.lasting(&id).ok_or(Refusal::code(121_004))?;
    Ok(Answer::Data(json!({ "meeting": meeting(state, call, held) })))
}

fn meeting(state: &State, call: &Call, held: &Held) -> Value {
    let owner = state.id_of(&call.app, &held.reserve.owner, call.query_or("user_id_type", "open_id"));
    json!({
        "id": held.id, "topic": held.reserve.topic, "meeting_no": held.reserve.meeting_no,
        "password": held.reserve.password, "start_time": held.start_s.to_string(),
        "end_time": held.end_s.map(|end_s| end_s.to_string()).unwrap_or_default(),
        "status": if held.end_s.is_some() { 3 } else { 2 }, "host_user": { "id": owner, "user_type": 1 },
    })
}

/// `GET vc/v1/meetings/*`.
pub(crate) fn held(state: &mut State, call: &Call) -> Outcome {
    let held = state.held(&call.app, call.part(3))?;
    Ok(Answer::Data(json!({ "meeting": meeting(state, call, held) })))
}

/// `GET vc/v1/meetings/*/recording`.
pub(crate) fn recording(state: &mut State, call: &Call) -> Outcome {
    let held = state.held(&call.app, call.part(3))?;
    match &held.recording {
        Recording::No => Err(Refusal::code(121_004)),
        Recording::UnderWay => Err(Refusal::code(124_002)),
        Recording::Ready { url, .. } => {
            let recording = json!({ "url": url, "duration": held.duration_ms().to_string() });
            Ok(Answer::Data(json!({ "recording": recording })))
        }
    }
}

/// `GET minutes/v1/minutes/*`.
pub(crate) fn minute(state: &mut State, call: &Call) -> Outcome {
    let wanted = call.part(3);
    let named = |held: &&Held| matches!(&held.recording, Recording::Ready { token, .. } if token == wanted);
    let held = state.office.held.values().find(named).ok_or(Refusal::code(2_091_002))?;
    if held.reserve.app != call.app {
        return Err(Refusal::code(2_091_005));
    }
    let owner = state.id_of(&call.app, &held.reserve.owner, call.query_or("user_id_type", "open_id"));
    let minute = json!({
        "token": wanted, "owner_id": owner, "create_time": (held.start_s * 1_000).to_string(),
        "title": held.reserve.topic, "cover": "", "duration": held.duration_ms().to_string(),
        "url": format!("https://meetings.invalid/minutes/{wanted}"),
    });
    Ok(Answer::Data(json!({ "minute": minute })))
}
