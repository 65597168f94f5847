//! The `m.presence` event that clients get.

use ruma::{UserId, presence::PresenceState};
use serde::Serialize;

use super::PresenceStatus;

/// An `m.presence` event on its way out.
#[derive(Serialize)]
pub(super) struct PresenceEvent<'a> {
    content: PresenceContent<'a>,
    sender: &'a UserId,
    r#type: &'static str,
}

#[derive(Serialize)]
struct PresenceContent<'a> {
    currently_active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_active_ago: Option<u64>,
    presence: &'a PresenceState,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_msg: Option<&'a str>,
}

impl<'a> PresenceEvent<'a> {
    pub fn new(sender: &'a UserId, status: &'a PresenceStatus) -> Self {
        let content = PresenceContent {
            currently_active: status.currently_active,
            last_active_ago: status.last_active_ago_ms,
            presence: &status.state,
            status_msg: status.status_msg.as_deref(),
        };
        Self { content, sender, r#type: "m.presence" }
    }
}
