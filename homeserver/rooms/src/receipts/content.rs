//! The `m.receipt` event that clients get.

use std::collections::BTreeMap;

use ruma::{OwnedEventId, OwnedUserId};
use serde_json::{
    Value, json,
    value::{RawValue, to_raw_value},
};

use super::ReceiptKind;

/// The content of an `m.receipt` event in the making: event, kind, user.
#[derive(Default)]
pub(super) struct ReceiptContent(
    BTreeMap<OwnedEventId, BTreeMap<&'static str, BTreeMap<OwnedUserId, Value>>>,
);

impl ReceiptContent {
    /// One user has one slot by event and kind: an unthreaded receipt wins it (MSC4102).
    pub fn add(
        &mut self,
        event: OwnedEventId,
        kind: ReceiptKind,
        user: OwnedUserId,
        thread: &str,
        time_ms: u64,
    ) {
        let slots = self.0.entry(event).or_default().entry(kind.name()).or_default();
        if thread.is_empty() {
            slots.insert(user, json!({"ts": time_ms}));
        } else {
            slots.entry(user).or_insert_with(|| json!({"ts": time_ms, "thread_id": thread}));
        }
    }

    pub fn into_json(self) -> Option<Box<RawValue>> {
        if self.0.is_empty() {
            return None;
        }
        to_raw_value(&self.0).ok()
    }
}

#[cfg(test)]
mod tests {
    use ruma::{event_id, user_id};

    use super::*;

    #[test]
    fn an_unthreaded_receipt_wins_a_clash_in_either_order() {
        for order in [["", "main"], ["main", ""]] {
            let mut content = ReceiptContent::default();
            for thread in order {
                content.add(
                    event_id!("$e").to_owned(),
                    ReceiptKind::Public,
                    user_id!("@a:b").to_owned(),
                    thread,
                    5,
                );
            }
            let json = content.into_json().expect("a receipt");
            assert_eq!(json.get(), r#"{"$e":{"m.read":{"@a:b":{"ts":5}}}}"#);
        }
    }
}
