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
use crate::state::people::{Department, Person, open_department_id};
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

fn taken(text: &str) -> Refusal {
    Refusal::ext(9499, text)
}

/// Does it, or gives the command back because it is none of these.
pub(super) fn apply(state: &mut State, command: Command) -> Result<Result<Value, Refusal>, Box<Command>> {
    Ok(match command {
        Command::AddPerson { user_id, name, email, department, outside } => {
            if state.people.contains_key(&user_id) || state.people.len() >= RECORDS_MAX {
                return Ok(Err(taken("the person exists, or there are too many")));
            }
            let departments = department.into_iter().collect();
            let person = Person {
                user_id: user_id.clone(),
                en_name: name.clone(),
                name,
                email,
                departments,
                outside,
                unavailable: outside,
                ..Person::default()
            };
            state.people.insert(user_id, person);
            Ok(json!({}))
        }
        Command::AddDepartment { department_id, name, parent } => {
            let known = |id: &str| id == "0" || state.departments.contains_key(id);
            if known(&department_id) || !known(&parent) || state.departments.len() >= RECORDS_MAX {
                return Ok(Err(taken("the department exists, its parent does not, or there are too many")));
            }
            let department = Department { department_id: department_id.clone(), name, parent };
            state.tell_of_department("contact.department.created_v3", &department, None);
            state.departments.insert(department_id, department);
            Ok(json!({}))
        }
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
        Command::ChangeDepartment { department_id, name } => change_department(state, &department_id, name),
        Command::RemoveDepartment { department_id } => remove_department(state, &department_id),
        Command::ChangePerson { user_id, name, resigned, unavailable, stopped_bots } => {
            change_person(state, &user_id, name, resigned, unavailable, stopped_bots)
        }
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

fn change_department(state: &mut State, id: &str, name: String) -> Result<Value, Refusal> {
    let department = state.departments.get_mut(id).ok_or(Refusal::code(40_008))?;
    let before = std::mem::replace(&mut department.name, name);
    let department = department.clone();
    state.tell_of_department("contact.department.updated_v3", &department, Some(json!({ "name": before })));
    Ok(json!({}))
}

fn remove_department(state: &mut State, id: &str) -> Result<Value, Refusal> {
    if state.departments.values().any(|below| below.parent == id) {
        return Err(taken("there are departments below it"));
    }
    let department = state.departments.remove(id).ok_or(Refusal::code(40_008))?;
    for person in state.people.values_mut() {
        person.departments.retain(|of| of != id);
    }
    let old = json!({ "status": { "is_deleted": true }, "open_department_id": open_department_id(id) });
    state.tell_of_department("contact.department.deleted_v3", &department, Some(old));
    // Told first: who saw the department hears that it went.
    for reach in state.apps.values_mut().filter_map(|app| app.reach.as_mut()) {
        reach.departments.remove(id);
    }
    Ok(json!({}))
}

fn change_person(
    state: &mut State,
    user_id: &str,
    name: Option<String>,
    resigned: Option<bool>,
    unavailable: Option<bool>,
    stopped_bots: Option<bool>,
) -> Result<Value, Refusal> {
    let person = state.people.get_mut(user_id).ok_or(Refusal::code(99_992_360))?;
    let before = name.as_ref().map(|_| person.name.clone());
    person.name = name.unwrap_or_else(|| person.name.clone());
    person.resigned = resigned.unwrap_or(person.resigned);
    person.unavailable = unavailable.unwrap_or(person.unavailable);
    person.stopped_bots = stopped_bots.unwrap_or(person.stopped_bots);
    let person = person.clone();
    let apps = state.apps.keys().filter(|app| state.reaches_person(app, &person));
    let apps: Vec<String> = apps.cloned().collect();
    for app in apps {
        let mut object = state.contact(&app, &person);
        // Documented as not filled in these events.
        object["department_ids"] = json!([]);
        match (&before, person.resigned && resigned == Some(true)) {
            (_, true) => {
                let departments: Vec<_> =
                    person.departments.iter().map(|department| open_department_id(department)).collect();
                let old = json!({ "department_ids": departments, "open_id": object["open_id"] });
                let body = json!({ "object": object, "old_object": old });
                state.emit(&app, "contact.user.deleted_v3", body);
            }
            (Some(before), false) => {
                let body = json!({ "object": object, "old_object": { "name": before } });
                state.emit(&app, "contact.user.updated_v3", body);
            }
            (None, false) => {}
        }
    }
    Ok(json!({}))
}
