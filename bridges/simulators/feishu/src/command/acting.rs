//! Which part does what of the list.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Command, contacts, office, people, setting};
use crate::refusal::Refusal;
use crate::simulator::Shared;
use crate::{deciding, pressing, shown, socket};

/// Does it.
pub(crate) async fn act(shared: &Arc<Shared>, command: Command) -> Result<Value, Refusal> {
    match command {
        Command::Press { person, message, button, form } => {
            pressing::press(shared, &person, &message, &button, form).await
        }
        Command::UseWebhook { app, url } => setting::use_webhook(shared, &app, &url).await,
        Command::DecideApproval { person, task, approve, reason } => {
            let action = if approve { "APPROVE" } else { "REJECT" };
            deciding::decide(shared, &person, &task, action, reason.as_deref()).await
        }
        Command::ActOnApproval { person, task, action, reason } => {
            deciding::decide(shared, &person, &task, &action, reason.as_deref()).await
        }
        Command::CloseConnections { app } => Ok(json!({ "closed": socket::close(shared, &app) })),
        Command::AddRival { app, acknowledges } => {
            socket::add_rival(shared, &app, acknowledges);
            Ok(json!({}))
        }
        Command::Show { chat, person: _ } => shown::chat(&shared.state.lock(), &chat),
        Command::Overview { person } => Ok(shown::overview(shared, person.as_deref())),
        command => {
            let state = &mut *shared.state.lock();
            match setting::apply(state, command) {
                Ok(answer) => answer,
                Err(command) => match contacts::apply(state, *command) {
                    Ok(answer) => answer,
                    Err(command) => match office::apply(state, *command) {
                        Ok(answer) => answer,
                        Err(command) => people::apply(state, *command),
                    },
                },
            }
        }
    }
}
