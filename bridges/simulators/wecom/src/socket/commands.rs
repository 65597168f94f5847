//! What a bot can do over its connection.

use serde_json::Value;
use simulator_stage::Connection;

use super::frames::Heard;
use super::session::Session;
use super::{About, Handle, take_over};
use crate::api::bot_replies;
use crate::faults::Fault;
use crate::refusal::Refusal;
use crate::simulator::Shared;
use crate::state::State;
use crate::state::bots::Reply;

/// Says who is connected; whoever was before is sent away.
pub(super) fn subscribe(shared: &Shared, session: &mut Session, body: &Value) -> Result<(), Refusal> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let bot = text("bot_id");
    {
        let state = &mut *shared.state.lock();
        if let Some(code) = state.stage.faults.take(Fault::SubscribeRefused) {
            return Err(Refusal::new(code.as_i64().unwrap_or(853_000)));
        }
        // A bot that has an address has no socket.
        let known = state.bots.get(bot).filter(|bot| bot.callback.is_none());
        let known = known.ok_or_else(|| Refusal::new(93_019))?;
        if known.secret != text("secret") {
            return Err(Refusal::new(853_000));
        }
    }
    if session.bot.is_none() {
        let (connection, outgoing) = Connection::new(session.id.clone(), ());
        take_over(shared, bot);
        shared.hub.add(bot, connection);
        session.bot = Some(bot.to_owned());
        session.outgoing = Some(outgoing);
    }
    Ok(())
}

/// Does what a frame wants.
pub(super) fn act(shared: &Shared, session: &mut Session, heard: &Heard) -> Result<Option<Value>, Refusal> {
    if shared.state.lock().stage.faults.strikes(Fault::SocketUnsubscribed) {
        session.unsubscribed = true;
        if let Some(bot) = &session.bot {
            shared.hub.remove(bot, &session.id);
        }
    }
    let bot = session.bot.clone().filter(|_| !session.unsubscribed);
    let bot = bot.ok_or_else(|| Refusal::new(846_609))?;
    let state = &mut *shared.state.lock();
    match heard.cmd.as_str() {
        "aibot_upload_media_init" => session.uploads.begin(state, &bot, &heard.body).map(Some),
        "aibot_upload_media_chunk" => session.uploads.put(state, &heard.body).map(|()| None),
        "aibot_upload_media_finish" => session.uploads.finish(state, &bot, &heard.body).map(Some),
        "aibot_send_msg" => bot_replies::push(state, &bot, &heard.req_id, &heard.body).map(|()| None),
        "aibot_respond_msg" | "aibot_respond_welcome_msg" | "aibot_respond_update_msg" => {
            let handle = answerable(state, session, heard)?;
            let reply = Reply {
                bot: &bot,
                chat: &handle.chat,
                person: &handle.person,
                req_id: &heard.req_id,
                body: &heard.body,
            };
            match &handle.about {
                About::Message => bot_replies::respond(state, &reply)?,
                About::Entered => bot_replies::welcome(state, &reply)?,
                About::Card(task) => {
                    bot_replies::update(state, &reply, task)?;
                    shared.hub.answer(&heard.req_id, heard.body.clone());
                }
                About::Nothing => return Err(Refusal::new(846_605)),
            }
            if handle.about != About::Message {
                session.handles.remove(&heard.req_id);
            }
            Ok(None)
        }
        _ => Err(Refusal::parameter("unknown cmd")),
    }
}

/// What a reply answers, if this command may answer it now.
fn answerable(state: &mut State, session: &Session, heard: &Heard) -> Result<Handle, Refusal> {
    if state.stage.faults.strikes(Fault::SocketRequestDead) {
        return Err(Refusal::new(846_605));
    }
    let now = state.now_ms();
    let handle = session.handles.get(&heard.req_id).filter(|handle| handle.until_ms > now);
    let fits = |handle: &&Handle| {
        let command = match handle.about {
            About::Message => "aibot_respond_msg",
            About::Entered => "aibot_respond_welcome_msg",
            About::Card(_) => "aibot_respond_update_msg",
            About::Nothing => "",
        };
        heard.cmd == command
    };
    handle.filter(fits).cloned().ok_or_else(|| Refusal::new(846_605))
}
