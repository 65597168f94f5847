//! What administrators and tests set.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Command;
use crate::delivery::webhook;
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::simulator::Shared;
use crate::state::State;
use crate::state::apps::{App, SCOPES, Way};
use crate::state::reach::Reach;

/// Saves an address after it has answered the challenge.
pub(super) async fn use_webhook(shared: &Arc<Shared>, app: &str, url: &str) -> Result<Value, Refusal> {
    shared.state.lock().app(app)?;
    if let Err(reason) = webhook::check(shared, app, url).await {
        return Err(Refusal::ext(9499, &reason));
    }
    if let Some(app) = shared.state.lock().apps.get_mut(app) {
        app.way = Way::Webhook(url.to_owned());
    }
    Ok(json!({}))
}

pub(super) fn taken(text: &str) -> Refusal {
    Refusal::ext(9499, text)
}

/// Does it, or gives the command back because it is none of these.
pub(super) fn apply(state: &mut State, command: Command) -> Result<Result<Value, Refusal>, Box<Command>> {
    Ok(match command {
        Command::AddApp { app_id, secret, name, encrypt_key } => {
            if state.apps.contains_key(&app_id) || state.apps.len() >= RECORDS_MAX {
                return Ok(Err(taken("the app exists, or there are too many")));
            }
            let verification_token = state.stage.chance.id("", 32);
            let app = App {
                app_id: app_id.clone(),
                secret,
                name,
                scopes: SCOPES.iter().map(|scope| (*scope).to_owned()).collect(),
                bot_enabled: true,
                disabled: false,
                published: true,
                callbacks_subscribed: true,
                verification_token: verification_token.clone(),
                encrypt_key,
                way: Way::LongConnection,
                token: None,
                reach: None,
            };
            state.apps.insert(app_id, app);
            Ok(json!({ "verification_token": verification_token }))
        }
        Command::AddChat { name, owner, people, bots } => add_chat(state, &name, owner, people, bots),
        Command::ChangeApp {
            app,
            scopes,
            bot_enabled,
            disabled,
            published,
            callbacks_subscribed,
            secret,
        } => {
            let Some(app) = state.apps.get_mut(&app) else { return Ok(Err(Refusal::code(10_003))) };
            if let Some(scopes) = scopes {
                app.scopes = scopes.into_iter().collect::<BTreeSet<_>>();
            }
            app.bot_enabled = bot_enabled.unwrap_or(app.bot_enabled);
            app.disabled = disabled.unwrap_or(app.disabled);
            app.published = published.unwrap_or(app.published);
            app.callbacks_subscribed = callbacks_subscribed.unwrap_or(app.callbacks_subscribed);
            app.secret = secret.unwrap_or_else(|| app.secret.clone());
            Ok(json!({}))
        }
        Command::ChangeContactScope { app, everybody, departments, people } => {
            let reach = Reach {
                departments: departments.into_iter().collect(),
                people: people.into_iter().collect(),
            };
            state.change_reach(&app, Some(reach).filter(|_| !everybody)).map(|()| json!({}))
        }
        Command::Mute { chat, muted } => state.live_chat(&chat, 232_006).map(|chat| {
            chat.bots_muted = muted;
            json!({})
        }),
        Command::UseLongConnection { app } => match state.apps.get_mut(&app) {
            Some(app) => {
                app.way = Way::LongConnection;
                Ok(json!({}))
            }
            None => Err(Refusal::code(10_003)),
        },
        Command::ExpireTokens { app } => {
            state.expire_tokens(&app);
            Ok(json!({}))
        }
        other => return Err(Box::new(other)),
    })
}

fn add_chat(
    state: &mut State,
    name: &str,
    owner: Option<String>,
    people: Vec<String>,
    bots: Vec<String>,
) -> Result<Value, Refusal> {
    if state.chats.len() >= RECORDS_MAX {
        return Err(taken("there are too many chats"));
    }
    let known = |who: &String| state.people.contains_key(who) || state.apps.contains_key(who);
    if people.iter().any(|person| !state.people.contains_key(person)) || !owner.iter().all(known) {
        return Err(Refusal::code(99_992_360));
    }
    let operator = owner.clone().or_else(|| people.first().cloned()).unwrap_or_default();
    let chat_id = state.make_chat(name, owner.as_deref());
    if let Some(chat) = state.chats.get_mut(&chat_id) {
        chat.people.extend(people);
    }
    for bot in bots {
        state.add_bot(&chat_id, &bot, &operator)?;
    }
    Ok(json!({ "chat_id": chat_id }))
}
