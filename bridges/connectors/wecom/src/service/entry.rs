//! What a fetched entry means. Pure.

use bridge_api::Content;
use serde_json::Value;

use super::content;
use crate::lenient::{number, text};

/// What the platform says of itself, in numbers that its pages do not confirm: somebody attends to the customer in WeCom's own client.
const BY_SERVICER: u64 = 5;

/// Something that happened in the session of a customer.
#[derive(Debug, PartialEq)]
pub(super) struct Heard {
    /// Its id.
    pub id: String,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The customer, as the platform calls them.
    pub customer: String,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Debug, PartialEq)]
pub(super) enum What {
    /// Somebody said something: the member of this userid, or else the customer.
    Said { servicer: Option<String>, parts: Vec<Content> },
    /// The customer opened the conversation; by this they may be welcomed at once.
    Entered { welcome: Option<String> },
    /// What we said did not reach them, and the platform's number of why.
    Failed { message: String, reason: u64 },
    /// Members took them over, passed them on or ended it: the platform's number of which.
    Attended { change: u64 },
    /// The member of this userid, or else the customer, took something back.
    Recalled { message: String, servicer: Option<String> },
}

/// Reads an entry; why not, for what concerns no bridge.
pub(super) fn read(entry: &Value) -> Result<Heard, String> {
    let kind = text(entry, "msgtype").unwrap_or_default();
    let event = entry.get("event").unwrap_or(&Value::Null);
    // Of events the platform says within them who they are about.
    let customer = text(entry, "external_userid").or_else(|| text(event, "external_userid"));
    let (Some(id), Some(customer)) = (text(entry, "msgid"), customer) else {
        return Err(format!("an entry of kind {kind:?} without its id or customer"));
    };
    let what = if kind == "event" { happened(event)? } else { said(entry, &kind) };
    let at_ms = number(entry, "send_time").unwrap_or_default().saturating_mul(1_000);
    Ok(Heard { id, at_ms, customer, what })
}

fn said(entry: &Value, kind: &str) -> What {
    let is_of_servicer = number(entry, "origin").is_none_or(|origin| origin == BY_SERVICER);
    let servicer = text(entry, "servicer_userid").filter(|_| is_of_servicer);
    What::Said { servicer, parts: vec![content::read(entry, kind)] }
}

fn happened(event: &Value) -> Result<What, String> {
    let kind = text(event, "event_type").unwrap_or_default();
    let recalled = |servicer| -> Result<What, String> {
        let message = text(event, "recall_msgid").ok_or("a recall of nothing")?;
        Ok(What::Recalled { message, servicer })
    };
    match kind.as_str() {
        "enter_session" => Ok(What::Entered { welcome: text(event, "welcome_code") }),
        "msg_send_fail" => {
            let message = text(event, "fail_msgid").ok_or("a failure of nothing")?;
            Ok(What::Failed { message, reason: number(event, "fail_type").unwrap_or_default() })
        }
        "session_status_change" => {
            Ok(What::Attended { change: number(event, "change_type").unwrap_or_default() })
        }
        "user_recall_msg" => recalled(None),
        "servicer_recall_msg" => recalled(text(event, "servicer_userid")),
        _ => Err(format!("the event {kind:?}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn who_said_something_and_what_happened_is_read_wherever_it_stands() {
        let words = |more: Value| {
            let mut entry = json!({"msgid": "m1", "open_kfid": "wkA", "external_userid": "wmA", "send_time": 1_700_000_000,
                "origin": 3, "msgtype": "text", "text": {"content": "hi"}});
            entry.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            entry
        };
        let servicer = |entry: Value| match read(&entry).expect("read").what {
            What::Said { servicer, .. } => servicer,
            other => panic!("{other:?}"),
        };
        let heard = read(&words(json!({}))).expect("read");
        assert_eq!(
            (heard.id.as_str(), heard.customer.as_str(), heard.at_ms),
            ("m1", "wmA", 1_700_000_000_000)
        );
        assert_eq!(servicer(words(json!({"servicer_userid": ""}))), None);
        assert_eq!(servicer(words(json!({"servicer_userid": "lisi"}))), None, "who attends did not say it");
        assert_eq!(servicer(words(json!({"origin": 5, "servicer_userid": "lisi"}))).as_deref(), Some("lisi"));
        let event = |event: Value| {
            read(&json!({"msgid": "e1", "send_time": 1, "origin": 4, "msgtype": "event", "event": event}))
        };
        let of = |kind: &str, name: &str, value: Value| {
            event(json!({"event_type": kind, "external_userid": "wmA", name: value}))
        };
        let table = [
            (of("enter_session", "welcome_code", json!("C")), What::Entered { welcome: Some("C".into()) }),
            (
                of("user_recall_msg", "recall_msgid", json!("m1")),
                What::Recalled { message: "m1".into(), servicer: None },
            ),
            (
                of("msg_send_fail", "fail_msgid", json!("m2")),
                What::Failed { message: "m2".into(), reason: 0 },
            ),
            (of("session_status_change", "change_type", json!(3)), What::Attended { change: 3 }),
        ];
        for (heard, expected) in table {
            assert_eq!(heard.expect("read").what, expected);
        }
        for nothing in [
            json!({"event_type": "servicer_status_change"}),
            json!({"event_type": "user_recall_msg", "external_userid": "wmA"}),
        ] {
            assert!(event(nothing).is_err());
        }
    }
}
