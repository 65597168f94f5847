//! Robots speak by webhooks: in a session, and custom robots in their group.

use serde_json::{Value, json};

use super::Outcome;
use super::reading::Call;
use super::robots::UNSAFE_LINK;
use crate::crypto;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::messages::{Author, Draft};

/// How far the time of a sign may be from now.
const SIGN_MS_MAX: u64 = 60 * 60_000;
/// How often a custom robot may speak in a minute, and for how long it is blocked when it spoke more often.
const CUSTOM_PER_MINUTE: usize = 20;
const MINUTE_MS: u64 = 60_000;
const BLOCKED_MS: u64 = 10 * MINUTE_MS;
const AT_MAX: usize = 50;
const UUIDS_MAX: usize = 10_000;

/// Kinds of messages with the fields that they need.
const KINDS: &[(&str, &[&str])] = &[
    ("text", &["content"]),
    ("markdown", &["title", "text"]),
    ("link", &["title", "text", "messageUrl"]),
    ("actionCard", &["title", "text"]),
    ("feedCard", &["links"]),
];

/// The kind, the content and who is mentioned; a mention counts where the words name whom it is for.
fn read(body: &Value) -> Result<(String, Value, Vec<String>), Refusal> {
    let kind = body.get("msgtype").and_then(Value::as_str).unwrap_or_default();
    let known = KINDS.iter().find(|(known, _)| *known == kind);
    let (_, needed) = known.ok_or_else(|| Refusal::old(400_105))?;
    let content = body.get(kind).cloned().unwrap_or_default();
    let filled = |name: &&str| match content.get(*name) {
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        _ => false,
    };
    if !needed.iter().all(filled) {
        return Err(Refusal::old(40_035));
    }
    if content.to_string().contains(UNSAFE_LINK) {
        return Err(Refusal::old(430_101));
    }
    let mut at = Vec::new();
    if matches!(kind, "text" | "markdown")
        && let Some(wanted) = body.get("at")
    {
        let words = content.get(if kind == "text" { "content" } else { "text" }).and_then(Value::as_str);
        let ids = wanted.get("atUserIds").and_then(Value::as_array);
        let ids = ids.into_iter().flatten().filter_map(Value::as_str).take(AT_MAX);
        at.extend(
            ids.filter(|id| words.is_some_and(|words| words.contains(&format!("@{id}")))).map(str::to_owned),
        );
        if wanted.get("isAtAll").is_some_and(|all| *all == true || *all == "true") {
            at.push("all".to_owned());
        }
    }
    Ok((kind.to_owned(), content, at))
}

/// `POST /robot/sendBySession?session=..`.
pub(super) fn send(state: &mut State, call: &Call) -> Outcome {
    let now = state.stage.now_ms();
    let session = state.sessions.get(call.query("session")).filter(|session| session.until_ms > now).cloned();
    let session = session.ok_or_else(|| Refusal::old(300_001))?;
    let (kind, content, at) = read(&call.body)?;
    if state.live_chat(&session.chat).is_none() {
        return Err(Refusal::old(400_013));
    }
    state.spend_push();
    let draft = Draft { chat: session.chat, kind, content, at, ..Draft::default() };
    state.say(Author::Robot(session.app), draft)?;
    Ok(json!({}))
}

/// The body that an app answered to a callback by HTTP, which is said in the chat.
pub(crate) fn take_answer(state: &mut State, app: &str, chat: &str, answer: &Value) {
    if let Ok((kind, content, at)) = read(answer) {
        let draft = Draft { chat: chat.to_owned(), kind, content, at, ..Draft::default() };
        if let Err(error) = state.say(Author::Robot(app.to_owned()), draft) {
            tracing::warn!(%error, "the answer to a callback was not said");
        }
    }
}

/// `POST /robot/send?access_token=..&timestamp=..&sign=..`.
pub(super) fn send_custom(state: &mut State, call: &Call) -> Outcome {
    let (now, token) = (state.stage.now_ms(), call.query("access_token"));
    if token.is_empty() {
        return Err(Refusal::old(400_101));
    }
    let robot = state.custom_robots.get(token).ok_or_else(|| Refusal::old(300_005))?;
    let chat = robot.chat.clone();
    if let Some(secret) = &robot.secret {
        let timestamp = call.query("timestamp");
        let near = timestamp.parse::<u64>().is_ok_and(|at_ms| at_ms.abs_diff(now) <= SIGN_MS_MAX);
        if !near || call.query("sign") != crypto::sign(secret, timestamp) {
            return Err(Refusal::old(310_000));
        }
    }
    let (kind, content, at) = read(&call.body)?;
    let words = content.to_string();
    if !robot.keywords.is_empty() && !robot.keywords.iter().any(|keyword| words.contains(keyword)) {
        let mut refusal = Refusal::old(310_000);
        refusal.message = "keywords not in content".to_owned();
        return Err(refusal);
    }
    if state.live_chat(&chat).is_none() {
        return Err(Refusal::old(400_013));
    }
    let Some(robot) = state.custom_robots.get_mut(token) else { return Err(Refusal::old(300_005)) };
    while robot.sent_ms.front().is_some_and(|sent_ms| sent_ms + MINUTE_MS <= now) {
        robot.sent_ms.pop_front();
    }
    if robot.blocked_until_ms > now {
        return Err(Refusal::old(130_101));
    }
    if robot.sent_ms.len() >= CUSTOM_PER_MINUTE {
        robot.blocked_until_ms = now + BLOCKED_MS;
        return Err(Refusal::old(130_101));
    }
    robot.sent_ms.push_back(now);
    let uuid = call.text("msgUuid").to_owned();
    if !uuid.is_empty() && (!robot.uuids.insert(uuid) || robot.uuids.len() > UUIDS_MAX) {
        return Ok(json!({}));
    }
    state.spend_push();
    state.say(Author::Custom(token.to_owned()), Draft { chat, kind, content, at, ..Draft::default() })?;
    Ok(json!({}))
}
