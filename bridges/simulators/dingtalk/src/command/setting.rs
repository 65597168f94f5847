//! What administrators and tests set.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Command, company};
use crate::delivery::webhook;
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::simulator::Shared;
use crate::state::State;
use crate::state::apps::{App, CustomRobot, EventAddress};
use crate::state::cards::Template;
use crate::state::chats::Chat;
use crate::state::forms::Process;
use crate::state::people::Person;

/// Saves an address for events after it has answered the check.
pub(crate) async fn use_event_webhook(
    shared: &Arc<Shared>,
    app: &str,
    url: &str,
    token: &str,
    aes_key: &str,
    owner: &str,
) -> Result<Value, Refusal> {
    shared.state.lock().app(app)?;
    let address = EventAddress {
        url: url.to_owned(),
        token: token.to_owned(),
        aes_key: aes_key.to_owned(),
        owner: owner.to_owned(),
        tags: BTreeSet::new(),
    };
    webhook::check(shared, &address).await.map_err(|reason| Refusal::control(&reason))?;
    if let Some(app) = shared.state.lock().apps.get_mut(app) {
        app.events = Some(address);
    }
    Ok(json!({}))
}

/// Does it, or gives the command back because it is none of these.
pub(super) fn apply(state: &mut State, command: Command) -> Result<Result<Value, Refusal>, Box<Command>> {
    Ok(match command {
        Command::AddPerson { user_id, name, email, mobile, departments, outside } => {
            let digits = state.stage.chance.id("", 32);
            let person = Person {
                union_id: format!("{}iEiE", &digits[..16]),
                dingtalk_id: format!("$:LWCP_v1:${digits}"),
                user_id,
                name,
                email,
                mobile,
                departments,
                outside,
                ..Person::default()
            };
            add_person(state, person)
        }
        Command::AddDepartment { department_id, name, parent } => {
            company::add_department(state, department_id, name, parent)
        }
        Command::AddApp { app_id, secret, name } => add_app(state, app_id, secret, name),
        Command::AddChat { name, owner, people, bots, made_by, template } => {
            let robots = bots.into_iter().collect();
            let chat = Chat {
                title: name,
                owner: owner.unwrap_or_else(|| people.first().cloned().unwrap_or_default()),
                people: people.into_iter().collect(),
                robots,
                made_by,
                template,
                ..Chat::default()
            };
            add_chat(state, chat)
        }
        Command::AddCustomRobot { chat, name, secret, keywords } => {
            if state.live_chat(&chat).is_none() || state.custom_robots.len() >= RECORDS_MAX {
                return Ok(Err(Refusal::control("there is no such chat, or there are too many robots")));
            }
            let token = state.stage.chance.id("", 32);
            let robot = CustomRobot { chat, name, secret, keywords, ..CustomRobot::default() };
            state.custom_robots.insert(token.clone(), robot);
            Ok(json!({ "token": token }))
        }
        Command::AddTemplate { template, published } => {
            if state.templates.len() >= RECORDS_MAX {
                return Ok(Err(Refusal::control("there are too many templates")));
            }
            state.templates.insert(template, Template { published });
            Ok(json!({}))
        }
        Command::AddProcess { process, name, approvers, selects } => {
            if state.processes.len() >= RECORDS_MAX {
                return Ok(Err(Refusal::control("there are too many processes")));
            }
            state.processes.insert(process, Process { name, approvers, selects, ..Process::default() });
            Ok(json!({}))
        }
        Command::ChangePerson { user_id, name, resigned, departments, admin } => {
            let changes = company::Changes { name, resigned, departments, admin };
            company::change_person(state, &user_id, changes)
        }
        Command::ChangeDepartment { department_id, name, parent } => {
            company::change_department(state, department_id, name, parent)
        }
        Command::RemoveDepartment { department_id } => company::remove_department(state, department_id),
        Command::Tell { app, event, data } => company::tell(state, &app, &event, data),
        Command::ChangeApp { app, scopes, published, stopped, secret, redirects } => {
            let Some(app) = state.apps.get_mut(&app) else {
                return Ok(Err(Refusal::control("there is no such app")));
            };
            if let Some(scopes) = scopes {
                app.scopes = Some(scopes.into_iter().collect());
            }
            if let Some(redirects) = redirects {
                app.redirects = redirects.into_iter().collect();
            }
            app.published = published.unwrap_or(app.published);
            app.stopped = stopped.unwrap_or(app.stopped);
            app.secret = secret.unwrap_or_else(|| app.secret.clone());
            Ok(json!({}))
        }
        Command::SetQuota { calls, pushes } => {
            state.calls_left = calls.unwrap_or(state.calls_left);
            state.pushes_left = pushes.unwrap_or(state.pushes_left);
            Ok(json!({ "calls": state.calls_left, "pushes": state.pushes_left }))
        }
        Command::UseRobotWebhook { app, url } => change_way(state, &app, |app| app.robot_url = Some(url)),
        Command::UseStream { app } => change_way(state, &app, |app| {
            app.robot_url = None;
            app.events = None;
        }),
        Command::ExpireTokens { app } => change_way(state, &app, |app| app.token = None),
        other => return Err(Box::new(other)),
    })
}

fn change_way(state: &mut State, app: &str, change: impl FnOnce(&mut App)) -> Result<Value, Refusal> {
    change(state.apps.get_mut(app).ok_or_else(|| Refusal::control("there is no such app"))?);
    Ok(json!({}))
}

fn add_person(state: &mut State, person: Person) -> Result<Value, Refusal> {
    if state.people.contains_key(&person.user_id) || state.people.len() >= RECORDS_MAX {
        return Err(Refusal::control("the person exists, or there are too many"));
    }
    if person.departments.iter().any(|department| !state.departments.contains_key(department)) {
        return Err(Refusal::control("there is no such department"));
    }
    let (union_id, inside, user_id) = (person.union_id.clone(), !person.outside, person.user_id.clone());
    state.people.insert(user_id.clone(), person);
    if inside {
        let data = json!({ "timeStamp": state.stage.now_ms().to_string(), "userId": [user_id] });
        state.emit_to_all("user_add_org", &data);
    }
    Ok(json!({ "union_id": union_id }))
}

fn add_app(state: &mut State, client_id: String, secret: String, name: String) -> Result<Value, Refusal> {
    if state.apps.contains_key(&client_id) || state.apps.len() >= RECORDS_MAX {
        return Err(Refusal::control("the app exists, or there are too many"));
    }
    let cool_app = format!("COOLAPP-1-{}", state.stage.chance.id("", 32).to_uppercase());
    let app = App {
        client_id: client_id.clone(),
        secret,
        name,
        agent_id: 1_000_000_000 + state.stage.chance.below(1_000_000_000),
        scopes: None,
        redirects: BTreeSet::new(),
        published: true,
        stopped: false,
        cool_app: cool_app.clone(),
        robot_url: None,
        events: None,
        token: None,
    };
    let agent_id = app.agent_id;
    state.apps.insert(client_id, app);
    Ok(json!({ "cool_app": cool_app, "agent_id": agent_id, "corp_id": state.corp_id }))
}

fn add_chat(state: &mut State, mut chat: Chat) -> Result<Value, Refusal> {
    if !chat.owner.is_empty() {
        chat.people.insert(chat.owner.clone());
    }
    for person in &chat.people {
        state.person(person)?;
    }
    for app in chat.robots.iter().chain(&chat.made_by) {
        state.app(app)?;
    }
    Ok(json!({ "chat_id": state.make_chat(chat)? }))
}
