//! What people do in the calendar and in the approval centre.

use serde_json::{Value, json};

use super::Command;
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::seen;
use crate::state::State;
use crate::state::approvals::{Approval, Node, PENDING, Template};
use crate::state::people::folded;
use crate::state::schedules::Booked;

fn done(result: Result<(), Refusal>) -> Result<Value, Refusal> {
    result.map(|()| json!({}))
}

/// Does it, or gives the command back because it is none of these.
pub(super) fn apply(state: &mut State, command: Command) -> Result<Result<Value, Refusal>, Box<Command>> {
    Ok(match command {
        Command::Decide { person, sp_no, agrees, speech } => {
            done(state.decide(&sp_no, &person, agrees, &speech))
        }
        Command::Withdraw { person, sp_no } => done(state.withdraw(&sp_no, &person)),
        Command::Respond { person, schedule_id, status } => {
            done(state.respond(&schedule_id, &person, status))
        }
        Command::Calendar { person } => seen::calendar(state, &person),
        Command::AnswerMeeting { person, meeting, answer } => {
            let status =
                seen::ANSWERS.iter().find(|(_, name)| *name == answer).filter(|(status, _)| *status > 0);
            match status {
                Some((status, _)) => done(state.respond(&meeting, &person, *status)),
                None => Err(Refusal::control("nobody answers like this")),
            }
        }
        Command::Book { person, title, start_ms, end_ms } => {
            let booked = Booked { person: folded(&person), title, start_ms, end_ms };
            state.book(booked).map(|id| json!({ "meeting": id }))
        }
        Command::MoveSchedule { person, schedule_id, start_time, end_time } => {
            done(state.move_schedule(&schedule_id, &person, start_time, end_time))
        }
        Command::JoinMeeting { person, meetingid } => done(state.join_meeting(&meetingid, &person)),
        Command::QuitMeeting { person, meetingid } => done(state.quit_meeting(&meetingid, &person)),
        Command::RemoveSchedule { person, schedule_id } => done(state.remove_schedule(&schedule_id, &person)),
        Command::RemoveCalendar { cal_id } => done(state.remove_calendar(&cal_id)),
        Command::Approvals { person } => seen::approvals(state, &person),
        Command::DecideApproval { person, task, approve, reason } => {
            decide(state, &person, &task, approve, &reason.unwrap_or_default())
        }
        Command::StartApproval { person, title, approvers, lines } => {
            start(state, person, title, approvers, &lines)
        }
        other => return Err(Box::new(other)),
    })
}

fn decide(state: &mut State, person: &str, task: &str, agrees: bool, speech: &str) -> Result<Value, Refusal> {
    let unknown = || Refusal::control("nothing waits for the person under this task");
    let (number, place) = task.split_once('/').ok_or_else(unknown)?;
    let approval = state.approvals.get(number).ok_or_else(unknown)?;
    if approval.asking().map(|place| place.to_string()).as_deref() != Some(place) {
        return Err(unknown());
    }
    state.decide(number, person, agrees, speech).map(|()| json!({ "answered": true }))
}

/// A form of its own for each, as if somebody had drawn it before.
fn start(
    state: &mut State,
    person: String,
    title: String,
    approvers: Vec<String>,
    lines: &[(String, String)],
) -> Result<Value, Refusal> {
    for one in approvers.iter().chain([&person]) {
        state.person(one)?;
    }
    if approvers.is_empty() || state.templates.len() >= RECORDS_MAX {
        return Err(Refusal::control("nobody decides, or there are too many forms"));
    }
    let template = state.stage.chance.id("", 40);
    let title_of = |name: &str| json!([{ "text": name, "lang": "zh_CN" }]);
    let control = |(place, (name, value)): (usize, &(String, String))| json!({ "control": "Text", "id": format!("Text-{place}"), "title": title_of(name), "value": { "text": value } });
    let contents: Vec<Value> = lines.iter().enumerate().map(control).collect();
    let form = Template { name: title.clone(), controls: Value::Null, approvers: approvers.clone() };
    state.templates.insert(template.clone(), form);
    let approval = Approval {
        number: String::new(),
        template,
        name: title,
        applicant: state.spelled(&person),
        applied_s: state.now_s(),
        status: PENDING,
        nodes: approvers.into_iter().map(|one| Node::new(1, 1, vec![state.spelled(&one)])).collect(),
        apply_data: json!({ "contents": contents }),
    };
    Ok(json!({ "approval": state.apply(approval)? }))
}
