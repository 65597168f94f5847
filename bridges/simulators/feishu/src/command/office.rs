//! What people do with their tasks, calendars, approvals and logins.

use serde_json::{Value, json};

use super::Command;
use super::people::exists;
use crate::refusal::Refusal;
use crate::state::State;

/// Does it, or gives the command back because it is none of these.
pub(super) fn apply(state: &mut State, command: Command) -> Result<Result<Value, Refusal>, Box<Command>> {
    Ok(match command {
        Command::Todos { person } => exists(state, &person).map(|()| state.todos(&person)),
        Command::TickTodo { person, todo, done } => state.tick(&person, &todo, done).map(|()| json!({})),
        Command::Calendar { person } => exists(state, &person).map(|()| state.meetings(&person)),
        Command::AnswerMeeting { person, meeting, answer } => {
            state.answer_meeting(&person, &meeting, &answer).map(|()| json!({}))
        }
        Command::Book { person, title, start_ms, end_ms } => exists(state, &person)
            .map(|()| json!({ "meeting": state.book(&person, &title, start_ms, end_ms) })),
        Command::Approvals { person } => exists(state, &person).map(|()| approvals(state, &person)),
        Command::StartApproval { person, title, approvers, lines } => exists(state, &person)
            .and_then(|()| state.start_native(&person, &title, approvers, lines, ""))
            .map(|approval| json!({ "approval": approval })),
        Command::RevertApproval { approval } => state.revert_native(&approval).map(|()| json!({})),
        Command::CommentTodo { person, todo, text, reply_to } => exists(state, &person)
            .and_then(|()| state.comment_as_person(&person, &todo, text, reply_to))
            .map(|comment| json!({ "comment": comment })),
        Command::ShareCalendar { person, app, name, role } => exists(state, &person)
            .and_then(|()| state.share_calendar(&app, &name, &role))
            .map(|calendar| json!({ "calendar": calendar })),
        Command::BookIn { calendar, title, start_ms, end_ms } => {
            let owner = state.shared_calendar(&calendar).map(|shared| shared.key.clone());
            owner.map(|owner| json!({ "meeting": state.book(&owner, &title, start_ms, end_ms) }))
        }
        Command::Reroute { from, to } => {
            state.office.detour = Some((from, to));
            Ok(json!({}))
        }
        Command::DecideRoom { meeting, room, free } => {
            state.decide_room(&meeting, &room, free).map(|()| json!({}))
        }
        Command::StartMeeting { reserve } => {
            state.begin_meeting(&reserve).map(|meeting| json!({ "meeting": meeting }))
        }
        Command::EndMeeting { meeting } => state.end_meeting(&meeting).map(|()| json!({})),
        Command::FinishRecording { meeting } => {
            state.finish_recording(&meeting).map(|token| json!({ "minute": token }))
        }
        Command::SignIn { person, consents } => exists(state, &person).map(|()| {
            state.logins.at_the_page = Some((person, consents));
            json!({})
        }),
        Command::RevokeLogin { person, app } => exists(state, &person).map(|()| {
            state.revoke_login(&app, &person);
            json!({})
        }),
        other => return Err(Box::new(other)),
    })
}

fn approvals(state: &State, person: &str) -> Value {
    let mut all = state.external_approvals(person);
    all.extend(state.native_approvals(person));
    all.sort_by_key(|(number, _)| *number);
    json!({ "approvals": all.into_iter().map(|(_, shown)| shown).collect::<Vec<_>>() })
}
