//! Whether the app hears all that people say in groups, or only what mentions its robot. No call lists an app's rights; who lacks the
//! right to hear all may not read the history of a group either, so that is tried where the robot is in one.

use std::sync::atomic::Ordering;

use bridge_api::{Conversation, Conversations as _, Failure, Page};
use serde_json::Value;
use tokio::time::timeout;

use super::Feishu;
use crate::{client::Call, limits::HEARING_TRIED_WITHIN};

/// What the platform says to apps that lack the right; to groups of several companies it says so for other reasons as well.
pub(super) const LACKING: &str = "230027";

impl Feishu {
    /// Finds out what the app hears. Where nobody says it in time it stays as it was known.
    pub(super) async fn listen(&self) {
        let trying = async {
            match own_group(&self.list(None).await?) {
                Some(group) => self.reads(group).await.map(Some),
                None => Ok(None),
            }
        };
        let hears_all = match timeout(HEARING_TRIED_WITHIN, trying).await {
            Ok(Ok(Some(()))) => true,
            Ok(Err(failure)) if failure.code.as_deref() == Some(LACKING) => false,
            Ok(Ok(None) | Err(_)) | Err(_) => return,
        };
        if !hears_all {
            tracing::warn!(
                "the app hears in groups only what mentions its robot: the right im:message.group_msg is missing"
            );
        }
        self.hears_all.store(hears_all, Ordering::Relaxed);
    }

    /// Reads what was said last in a group.
    ///
    /// # Errors
    /// [`Failure`], with the code [`LACKING`] where the app may not.
    pub(super) async fn reads(&self, group: &Conversation) -> Result<(), Failure> {
        let call = Call::get(&["im", "v1", "messages"])
            .with("container_id_type", "chat")
            .with("container_id", group.id.as_str())
            .with("sort_type", "ByCreateTimeDesc")
            .with("page_size", "1");
        Ok(self.client.data::<Value>(call).await.map(drop)?)
    }
}

/// A group of our company alone that the robot is in.
pub(super) fn own_group(groups: &Page<Conversation>) -> Option<&Conversation> {
    groups.items.iter().find(|group| !group.external)
}
