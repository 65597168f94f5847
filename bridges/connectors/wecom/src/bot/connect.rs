//! Connects and subscribes. Every connection is a fresh one: a subscription is never renewed on an old one.

use bridge_api::{ConnectError, Socket};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::{
    client::{Client, Meaning, verdict},
    limits::{ANSWER_TIME_MAX, FRAME_BYTES_MAX},
    settings::BotMode,
};

/// Opens a connection and subscribes the bot on it. What came before the answer to the subscription is handed back with it.
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
    let subscribing = async {
        socket.send(Message::text(frame.to_string())).await.map_err(|error| error.to_string())?;
        let mut early = Vec::new();
        while let Some(message) = socket.next().await {
            let message = message.map_err(|error| error.to_string())?;
            if matches!(message, Message::Close(_)) {
                break;
            }
            let answer = message.to_text().ok().and_then(|text| serde_json::from_str::<Value>(text).ok());
            match answer
                .filter(|frame| frame.pointer("/headers/req_id").and_then(Value::as_str) == Some(request))
            {
                Some(answer) => return Ok((answer, early)),
                None => early.push(message),
            }
        }
        Err("the platform closed the connection".to_owned())
    };
    let outcome = timeout(ANSWER_TIME_MAX, subscribing).await;
    let outcome = outcome.unwrap_or_else(|_| Err("nobody answered the subscription in time".to_owned()));
    let (answer, early) = outcome.map_err(ConnectError::Passing)?;
    verdict(answer).map_err(|error| {
        let words = format!("the bot is refused: {error}");
        match error.meaning {
            Meaning::SetUp | Meaning::TokenStale | Meaning::Refused(_) => ConnectError::Misconfigured(words),
            Meaning::Limited { .. }
            | Meaning::QuotaUsedUp
            | Meaning::Busy
            | Meaning::Unreachable
            | Meaning::Unknown => ConnectError::Passing(words),
        }
    })?;
    Ok((socket, early))
}
