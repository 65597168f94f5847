//! What an app is as a bot.

use serde_json::json;

use super::{Answer, Call, Outcome};
use crate::faults::Fault;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::people::open_id;

/// The `activate_status` of a bot whose app the company disabled.
const DISABLED: u64 = 1;

/// `GET bot/v3/info`; the answer has `bot` where others have `data`.
pub(crate) fn info(state: &mut State, call: &Call) -> Outcome {
    let app = state.app(&call.app)?;
    if !app.bot_enabled {
        return Err(Refusal::code(230_006));
    }
    let mut bot = json!({
        "activate_status": if app.published { 2 } else { 0 },
        "app_name": app.name,
        "avatar_url": format!("https://avatars.invalid/{}.png", app.app_id),
        "ip_white_list": [],
        "open_id": open_id(&app.app_id, &app.app_id),
    });
    if let Some(status) = state.stage.faults.take(Fault::BotStatus) {
        bot["activate_status"] = status.as_u64().unwrap_or(DISABLED).into();
    }
    Ok(Answer::Flat(json!({ "bot": bot })))
}
