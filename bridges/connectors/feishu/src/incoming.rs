//! One event on its way in, over whichever transport it came: understood, made durable, answered.

use async_trait::async_trait;
use base64::Engine as _;
use bridge_api::{Arrival, Failure, Inbox, handed_over};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    events::{self, Became, Envelope, EventError, Ourselves},
    limits::ACKNOWLEDGED_WITHIN,
    office::looks::Look,
};

/// Where events go: what they bring is handed in, and what they tell of is read again later.
#[async_trait]
pub trait Desk: Inbox {
    /// Keeps, durably, what has to be read again.
    ///
    /// # Errors
    /// When it is not kept: the platform has to tell it again.
    async fn look(&self, looks: Vec<Look>) -> Result<(), Failure>;
}

/// What has to be durable before events are acknowledged.
#[derive(Debug, Default)]
pub struct Brought {
    /// What happened.
    pub arrivals: Vec<Arrival>,
    /// What has to be read again.
    pub looks: Vec<Look>,
}

/// An event that was understood, and what its sender is to be told.
#[derive(Debug, Default)]
pub struct Understood {
    /// What has to be durable before it is acknowledged.
    pub brought: Brought,
    /// Whether the platform waits for an answer of its own kind.
    pub callback: Option<Callback>,
}

/// What a callback is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callback {
    /// A button was pressed: the person sees a line.
    Pressed,
    /// Anything else: nothing is answered, in the form that the platform wants.
    Asked,
}

/// Understands an event whose envelope was read and believed. One that makes no sense is acknowledged all the same:
/// sent again, it would make no more.
pub fn understand(envelope: &Envelope, raw: &[u8], ours: &Ourselves) -> Understood {
    metrics::counter!("bridge_feishu_events_total", "kind" => known(&envelope.kind)).increment(1);
    match events::translate(envelope, raw, ours) {
        Ok(Became::Arrivals(arrivals)) => understood(arrivals, Vec::new(), None),
        Ok(Became::Pressed(arrival)) => understood(vec![*arrival], Vec::new(), Some(Callback::Pressed)),
        Ok(Became::Asked) => understood(Vec::new(), Vec::new(), Some(Callback::Asked)),
        Ok(Became::Looks(looks)) => understood(Vec::new(), looks, None),
        Err(EventError::Senseless(reason)) => {
            tracing::warn!(kind = %envelope.kind, event = %envelope.id, %reason, "leave out an event that makes no sense");
            Understood::default()
        }
    }
}

const fn understood(arrivals: Vec<Arrival>, looks: Vec<Look>, callback: Option<Callback>) -> Understood {
    Understood { brought: Brought { arrivals, looks }, callback }
}

/// Kinds are a closed list in metrics, because the platform's are not.
fn known(kind: &str) -> &'static str {
    match kind.split('.').next() {
        Some("im") => "im",
        Some("contact") => "contact",
        Some("card") => "card",
        Some("task") => "task",
        Some("approval_instance" | "approval_task") => "approval",
        _ => "other",
    }
}

/// Makes durable what events brought, within the time that the platform waits; whether it is.
pub async fn keep(desk: &dyn Desk, brought: Brought) -> bool {
    let Brought { arrivals, looks } = brought;
    if !looks.is_empty() {
        match timeout(ACKNOWLEDGED_WITHIN, desk.look(looks)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "what has to be read again is not kept, and has to be told again");
                return false;
            }
            Err(_) => return false,
        }
    }
    handed(desk, arrivals).await
}

/// Makes arrivals durable within the time that the platform waits; whether they are.
pub async fn handed(inbox: &dyn Inbox, arrivals: Vec<Arrival>) -> bool {
    handed_over(inbox, arrivals, ACKNOWLEDGED_WITHIN).await
}

/// What a callback is answered. The person is told at once whether the press came through; the card changes later.
pub fn answer(callback: Callback, kept: bool) -> Value {
    match (callback, kept) {
        (Callback::Asked, _) => json!({}),
        (Callback::Pressed, true) => toast("info", "已收到", "Received"),
        (Callback::Pressed, false) => {
            toast("error", "暂时无法处理，请重试", "Not possible right now, please try again")
        }
    }
}

fn toast(kind: &str, chinese: &str, english: &str) -> Value {
    json!({ "toast": { "type": kind, "content": chinese, "i18n": { "zh_cn": chinese, "en_us": english } } })
}

/// The payload that acknowledges a frame. Callbacks are told of a failure in words, because they never come again.
pub fn acknowledgement(callback: Option<Callback>, kept: bool) -> String {
    match callback {
        Some(callback) => {
            let data = base64::engine::general_purpose::STANDARD.encode(answer(callback, kept).to_string());
            json!({ "code": 200, "data": data }).to_string()
        }
        None if kept => json!({ "code": 200 }).to_string(),
        None => json!({ "code": 500 }).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acknowledgements_have_the_platforms_form() {
        assert_eq!(acknowledgement(None, true), r#"{"code":200}"#);
        assert_eq!(acknowledgement(None, false), r#"{"code":500}"#);
        assert_eq!(acknowledgement(Some(Callback::Asked), true), r#"{"code":200,"data":"e30="}"#);
        let pressed: Value =
            serde_json::from_str(&acknowledgement(Some(Callback::Pressed), true)).expect("JSON");
        let data = pressed["data"].as_str().expect("data");
        let data = base64::engine::general_purpose::STANDARD.decode(data).expect("base64");
        let data: Value = serde_json::from_slice(&data).expect("JSON");
        assert_eq!((&pressed["code"], &data["toast"]["type"]), (&json!(200), &json!("info")));
    }
}
