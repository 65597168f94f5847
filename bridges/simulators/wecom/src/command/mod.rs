//! Does what people, administrators and tests want done.

mod archive;
mod forms;
mod list;
mod office;
mod people;
mod service;
mod setting;

use std::sync::Arc;

use serde_json::{Value, json};

pub use forms::{AppChange, BotChange, NewChat, NewPerson, PersonChange, Signing};
pub use list::Command;

use crate::delivery::callback;
use crate::refusal::Refusal;
use crate::simulator::Shared;
use crate::state::apps::Address;
use crate::{crypto, pressing, shown, socket};

/// Does it.
pub(crate) async fn act(shared: &Arc<Shared>, command: Command) -> Result<Value, Refusal> {
    match command {
        Command::Press { person, message, button, selected } => {
            pressing::press(shared, &person, &message, &button, &selected).await
        }
        Command::UseCallback { app, url, token, aes_key } => {
            shared.state.lock().app(app)?;
            let address = address(url, token, &aes_key)?;
            let corp_id = shared.state.lock().corp_id.clone();
            callback::verify(shared, &address, &corp_id).await?;
            if let Some(app) = shared.state.lock().apps.get_mut(&app) {
                app.callback = Some(address);
            }
            Ok(json!({}))
        }
        Command::UseBotCallback { bot, url, token, aes_key } => {
            shared.state.lock().bot(&bot)?;
            let address = address(url, token, &aes_key)?;
            callback::verify(shared, &address, "").await?;
            if let Some(bot) = shared.state.lock().bots.get_mut(&bot) {
                bot.callback = Some(address);
            }
            // The other way of being connected ends with it.
            socket::close(shared, &bot);
            Ok(json!({}))
        }
        Command::TakeOver { bot } => Ok(json!({ "taken_over": socket::take_over(shared, &bot) })),
        Command::CloseConnections { bot } => Ok(json!({ "closed": socket::close(shared, &bot) })),
        Command::FreezeConnections { bot } => Ok(json!({ "frozen": socket::freeze(shared, &bot) })),
        Command::Unsubscribe { bot } => Ok(json!({ "unsubscribed": socket::unsubscribe(shared, &bot) })),
        Command::Show { chat, person } => shown::chat(&shared.state.lock(), &chat, person.as_deref()),
        Command::Overview { person } => Ok(shown::overview(shared, person.as_deref())),
        Command::Find { message } => shown::place(&shared.state.lock(), &message),
        command => {
            let state = &mut *shared.state.lock();
            match setting::apply(state, command) {
                Ok(answer) => answer,
                Err(command) => match office::apply(state, *command) {
                    Ok(answer) => answer,
                    Err(command) => match service::apply(state, *command) {
                        Ok(answer) => answer,
                        Err(command) => people::apply(state, *command),
                    },
                },
            }
        }
    }
}

fn address(url: String, token: String, aes_key: &str) -> Result<Address, Refusal> {
    let key = crypto::key(aes_key).ok_or_else(|| Refusal::control("the key is none"))?;
    let right = (3..=32).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if right { Ok(Address { url, token, key }) } else { Err(Refusal::control("the token is none")) }
}
