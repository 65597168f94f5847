//! What customers and the members who attend to them do.

use serde_json::{Value, json};

use super::Command;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::people::folded;
use crate::state::service::Account;

fn done(result: Result<(), Refusal>) -> Result<Value, Refusal> {
    result.map(|()| json!({}))
}

/// Does it, or gives the command back because it is none of these.
pub(super) fn apply(state: &mut State, command: Command) -> Result<Result<Value, Refusal>, Box<Command>> {
    Ok(match command {
        Command::AddAccount { name, servicers } => {
            let servicers = servicers.iter().map(|servicer| folded(servicer)).collect();
            let account = Account { name, avatar: String::new(), servicers };
            state.add_account(account, None).map(|id| json!({ "open_kfid": id }))
        }
        Command::RemoveAccount { open_kfid } => done(state.remove_account(&open_kfid, None)),
        Command::AddCustomer { external_userid, name, avatar } => {
            state.add_customer(external_userid, name, avatar).map(|id| json!({ "external_userid": id }))
        }
        Command::EnterService { external_userid, open_kfid, scene } => {
            state.enter_service(&external_userid, &open_kfid, &scene).map(|chat| json!({ "chat_id": chat }))
        }
        Command::Attend { chat, state: to, servicer } => done(state.attend(&chat, to, &servicer)),
        Command::ShowSession { chat } => state.session(&chat).map(|session| {
            let servicer = session.servicer.as_ref().map(|one| state.spelled(one));
            json!({ "state": session.state, "servicer": servicer, "answers": session.answers })
        }),
        other => return Err(Box::new(other)),
    })
}
