//! What administrators and tests set.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{AppChange, BotChange, Command, NewChat, NewPerson, PersonChange, archive};
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::approvals::Template;
use crate::state::apps::{App, Webhook};
use crate::state::bots::Bot;
use crate::state::chats::Chat;
use crate::state::contacts::Contact;
use crate::state::people::{Person, ROOT, Tag, folded};

fn done(result: Result<(), Refusal>) -> Result<Value, Refusal> {
    result.map(|()| json!({}))
}

/// Does it, or gives the command back because it is none of these.
pub(super) fn apply(state: &mut State, command: Command) -> Result<Result<Value, Refusal>, Box<Command>> {
    Ok(match command {
        Command::AddPerson(NewPerson { user_id, name, email, mobile, position, departments }) => {
            let person = Person { user_id, name, email, mobile, position, departments, ..Person::default() };
            state.add_person(person).map(|open| json!({ "open_userid": open }))
        }
        Command::ChangePerson(PersonChange {
            user_id,
            name,
            new_user_id,
            position,
            departments,
            disabled,
            is_new,
            has_left,
        }) => done(state.change_person(&user_id, new_user_id, |person| {
            person.name = name.unwrap_or_else(|| person.name.clone());
            person.position = position.unwrap_or_else(|| person.position.clone());
            person.departments = departments.unwrap_or_else(|| person.departments.clone());
            person.disabled = disabled.unwrap_or(person.disabled);
            person.is_new = is_new.unwrap_or(person.is_new);
            person.has_left = has_left.unwrap_or(person.has_left);
        })),
        Command::RemovePerson { user_id } => done(state.remove_person(&user_id)),
        Command::SetDepartment { department_id, name, parent } => {
            done(state.set_department(department_id, name, parent))
        }
        Command::RemoveDepartment { department_id } => done(state.remove_department(department_id)),
        Command::AddTag { tag_id, name } => {
            let room = state.tags.len() < RECORDS_MAX;
            let made = room.then(|| state.tags.insert(tag_id, Tag { name, ..Tag::default() }));
            made.map(|_| json!({})).ok_or_else(|| Refusal::control("there are too many tags"))
        }
        Command::ChangeTag { tag_id, add, remove } => done(state.change_tag(tag_id, &add, &remove)),
        Command::Follow { external_userid, user_id, name, corp_name } => {
            let kind = if corp_name.is_empty() { 1 } else { 2 };
            let contact = Contact { name, kind, corp_name, follows: BTreeMap::new() };
            done(state.follow(&external_userid, &user_id, contact))
        }
        Command::Unfollow { external_userid, user_id, by_customer } => {
            done(state.unfollow(&external_userid, &user_id, by_customer))
        }
        Command::AddCustomerGroup { name, inside } => {
            state.add_customer_group(name, &inside).map(|id| json!({ "chat_id": id }))
        }
        Command::ChangeCustomerGroup { chat, name, add, remove } => {
            done(state.change_customer_group(&chat, name, &add, &remove))
        }
        Command::DismissCustomerGroup { chat } => done(state.dismiss_customer_group(&chat)),
        Command::AddApp { app, secret, name } => add_app(state, app, secret, name),
        Command::ChangeApp(change) => change_app(state, change),
        Command::AddBot { bot, secret, name } => {
            if state.bots.contains_key(&bot) || state.bots.len() >= RECORDS_MAX {
                return Ok(Err(Refusal::control("the bot exists, or there are too many")));
            }
            let (callback, creator_only) = (None, None);
            let made = Bot { id: bot.clone(), secret, name, callback, encrypts_userids: false, creator_only };
            state.bots.insert(bot, made);
            Ok(json!({}))
        }
        Command::ChangeBot(change) => change_bot(state, change),
        Command::AddChat(new) => add_chat(state, new),
        Command::AddWebhook { chat, name } => add_webhook(state, &chat, name),
        Command::RemoveWebhook { key } => match state.webhooks.get_mut(&key) {
            Some(webhook) => {
                webhook.removed = true;
                Ok(json!({}))
            }
            None => Err(Refusal::control("there is no such webhook")),
        },
        Command::AddTemplate { template_id, name, controls, approvers } => {
            let room = state.templates.len() < RECORDS_MAX;
            let template = Template { name, controls, approvers };
            let made = room.then(|| state.templates.insert(template_id, template));
            made.map(|_| json!({})).ok_or_else(|| Refusal::control("there are too many forms"))
        }
        Command::Emit { app, event, fields } => state.app(app).map(drop).map(|()| {
            state.emit(app, "sys", &event, &fields);
            json!({})
        }),
        Command::UseBotSocket { bot } => match state.bots.get_mut(&bot) {
            Some(bot) => {
                bot.callback = None;
                Ok(json!({}))
            }
            None => Err(Refusal::control("there is no such bot")),
        },
        Command::UseArchive { secret, version, public_key } => {
            state.use_archive(secret, version, &public_key)
        }
        Command::Archived { chat, entry } => archive::archived(state, chat.as_deref(), entry),
        Command::Consent { chat, external_userid, agrees } => state.archived_room(&chat).map(|room| {
            if let Some(archive) = &mut state.archive {
                archive.consents.entry(room).or_default().insert(external_userid, agrees);
            }
            json!({})
        }),
        Command::ConsentTo { person, external_userid, agrees } => {
            archive::consent_to(state, &person, external_userid, agrees)
        }
        Command::License { person, licensed } => archive::license(state, &person, licensed),
        Command::ShowArchive { chat } => state.archived_room(&chat).map(|room| {
            let archive = state.archive.as_ref();
            let seq = archive.and_then(|archive| archive.entries.last()).map_or(0, |last| last.seq);
            json!({ "room": room, "seq": seq, "read": archive.map(|archive| archive.read) })
        }),
        Command::ExpireTokens { app } => {
            state.expire_tokens(app);
            Ok(json!({}))
        }
        other => return Err(Box::new(other)),
    })
}

fn add_app(state: &mut State, agent_id: u64, secret: String, name: String) -> Result<Value, Refusal> {
    if state.apps.contains_key(&agent_id) || state.apps.len() >= RECORDS_MAX {
        return Err(Refusal::control("the app exists, or there are too many"));
    }
    let granted = ["approval", "calendar", "meeting", "meetingroom", "external", "kf"].map(str::to_owned);
    let app = App {
        agent_id,
        secret,
        name,
        disabled: false,
        before_2022: false,
        trusted: true,
        contact_sync: false,
        people: BTreeSet::new(),
        departments: BTreeSet::from([ROOT]),
        granted: granted.into_iter().collect(),
        domain: String::new(),
        callback: None,
    };
    state.apps.insert(agent_id, app);
    Ok(json!({ "corp_id": state.corp_id }))
}

fn add_webhook(state: &mut State, chat: &str, name: String) -> Result<Value, Refusal> {
    if state.webhooks.len() >= RECORDS_MAX {
        return Err(Refusal::control("there are too many webhooks"));
    }
    let chat = state.live_chat(chat)?.id.clone();
    let key = state.stage.chance.id("", 32);
    state.webhooks.insert(key.clone(), Webhook { chat, name, removed: false });
    Ok(json!({ "key": key }))
}

/// What is not said stays. Who sees the app from now on, or no more, is told of to it.
fn change_app(state: &mut State, change: AppChange) -> Result<Value, Refusal> {
    let (agent, before) = (change.app, state.seen_by(change.app));
    let app = state.apps.get_mut(&change.app).ok_or_else(|| Refusal::control("there is no such app"))?;
    app.secret = change.secret.unwrap_or_else(|| app.secret.clone());
    app.disabled = change.disabled.unwrap_or(app.disabled);
    app.before_2022 = change.before_2022.unwrap_or(app.before_2022);
    app.trusted = change.trusted.unwrap_or(app.trusted);
    app.contact_sync = change.contact_sync.unwrap_or(app.contact_sync);
    app.domain = change.domain.unwrap_or_else(|| app.domain.clone());
    if let Some(people) = change.people {
        app.people = people.iter().map(|person| folded(person)).collect();
    }
    if let Some(departments) = change.departments {
        app.departments = departments.into_iter().collect();
    }
    if let Some(granted) = change.granted {
        app.granted = granted.into_iter().collect();
    }
    state.tell_of_scope(agent, &before);
    Ok(json!({}))
}

/// What is not said stays.
fn change_bot(state: &mut State, change: BotChange) -> Result<Value, Refusal> {
    let bot = state.bots.get_mut(&change.bot).ok_or_else(|| Refusal::control("there is no such bot"))?;
    bot.secret = change.secret.unwrap_or_else(|| bot.secret.clone());
    bot.name = change.name.unwrap_or_else(|| bot.name.clone());
    bot.encrypts_userids = change.encrypts_userids.unwrap_or(bot.encrypts_userids);
    if let Some(creator) = change.creator_only {
        bot.creator_only = (!creator.is_empty()).then_some(creator);
    }
    Ok(json!({}))
}

fn add_chat(state: &mut State, new: NewChat) -> Result<Value, Refusal> {
    let NewChat { name, owner, people, bots, addressed, made_by, appchat_id } = new;
    let owner = folded(&owner.or_else(|| people.first().cloned()).unwrap_or_default());
    let mut inside: BTreeSet<String> = people.iter().map(|person| folded(person)).collect();
    inside.insert(owner.clone());
    for person in &inside {
        state.person(person)?;
    }
    for bot in &bots {
        state.bot(bot)?;
    }
    let made_by = match made_by {
        Some(app) => {
            state.app(app)?;
            let chat_id = appchat_id.unwrap_or_else(|| state.stage.chance.id("wr", 30));
            if state.appchats.contains_key(&chat_id) {
                return Err(Refusal::control("the id is taken"));
            }
            Some((app, chat_id))
        }
        None => None,
    };
    let appchat_id = made_by.as_ref().map(|(_, chat_id)| chat_id.clone());
    let bots: BTreeSet<String> = bots.into_iter().collect();
    let addressed = if addressed { bots.clone() } else { BTreeSet::new() };
    let chat = Chat { name, owner, people: inside, bots, addressed, made_by, ..Chat::default() };
    Ok(json!({ "chat_id": state.make_chat(chat)?, "appchat_id": appchat_id }))
}
