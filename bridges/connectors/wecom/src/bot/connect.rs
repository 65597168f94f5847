//! Connects and subscribes. Every connection is a fresh one: a subscription is never renewed on an old one.

use bridge_api::{ConnectError, Socket};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::{
    client::{CallError, Client, Meaning, verdict},
    lenient::text,
    limits::{ANSWER_TIME_MAX, ARRIVALS_WAITING_MAX, FRAME_BYTES_MAX},
    settings::BotMode,
};

/// Opens a connection and subscribes the bot on it. What came before the answer to the subscription is handed back with it, and
/// what the bot hears is not kept waiting for an answer that may be lost: the platform does not bring it again.
///
/// # Errors
/// See [`ConnectError`]. No text of it holds the secret.
pub async fn open(client: &Client, request: &str) -> Result<(Socket, Vec<Message>), ConnectError> {
    let bot = client.settings().bot.as_ref();
    let Some((bot, BotMode::Socket { url, secret })) = bot.map(|bot| (bot, &bot.mode)) else {
        return Err(ConnectError::Misconfigured("no AI bot with a connection is configured".to_owned()));
    };
    let opened = client.transport().socket(url, FRAME_BYTES_MAX).await;
    let mut socket = opened.map_err(|error| ConnectError::Passing(format!("no connection: {error}")))?;
    let frame = json!({
        "cmd": "aibot_subscribe",
        "headers": {"req_id": request},
        "body": {"bot_id": bot.id, "secret": secret.expose()},
    });
    let mut early = Vec::new();
    let subscribing = async {
        socket.send(Message::text(frame.to_string())).await.map_err(|error| error.to_string())?;
        while early.len() < ARRIVALS_WAITING_MAX {
            let Some(message) = socket.next().await else { break };
            let message = message.map_err(|error| error.to_string())?;
            if matches!(message, Message::Close(_)) {
                break;
            }
            match read(&message).filter(|frame| request_of(frame) == Some(request)) {
                Some(answer) => return Ok(Some(answer)),
                // Nobody but the subscribed one is brought what a bot hears.
                None if is_heard(&message) => {
                    early.push(message);
                    return Ok(None);
                }
                None => early.push(message),
            }
        }
        Err("the platform closed the connection".to_owned())
    };
    let outcome = timeout(ANSWER_TIME_MAX, subscribing).await;
    let outcome = outcome.unwrap_or_else(|_| Err("nobody answered the subscription in time".to_owned()));
    if let Some(answer) = outcome.map_err(ConnectError::Passing)? {
        verdict(answer).map_err(|error| refused(&error))?;
    }
    Ok((socket, early))
}

fn read(message: &Message) -> Option<Value> {
    serde_json::from_str(message.to_text().ok()?).ok()
}

fn request_of(frame: &Value) -> Option<&str> {
    frame.pointer("/headers/req_id")?.as_str()
}

/// Whether a message is something that the bot hears.
fn is_heard(message: &Message) -> bool {
    let command = read(message).and_then(|frame| text(&frame, "cmd"));
    matches!(command.as_deref(), Some("aibot_msg_callback" | "aibot_event_callback"))
}

/// Why the platform refuses the subscription.
fn refused(error: &CallError) -> ConnectError {
    let words = format!("the bot is refused: {error}");
    match error.meaning {
        Meaning::SetUp | Meaning::TokenStale | Meaning::Refused(_) => ConnectError::Misconfigured(words),
        Meaning::Limited { .. }
        | Meaning::QuotaUsedUp
        | Meaning::Busy
        | Meaning::Unreachable
        | Meaning::Silenced(_)
        | Meaning::Unknown => ConnectError::Passing(words),
    }
}
