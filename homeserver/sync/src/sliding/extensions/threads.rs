//! Thread subscriptions (MSC4308): the newest changes; older ones are paged by an endpoint of their own.

use std::collections::BTreeMap;

use model::StreamPos;
use ruma::{EventId, RoomId};

use super::Extending;
use crate::{SyncError, json::JsonWriter, sliding::limits::THREAD_SUBSCRIPTIONS_MAX};

/// Writes the section, if anything changed.
pub(super) async fn write(extending: &mut Extending<'_>, json: &mut JsonWriter) -> Result<bool, SyncError> {
    let Some(limit) = extending.request.extensions.thread_subscriptions else { return Ok(false) };
    let context = extending.context;
    let rooms = &context.inner.parts.rooms;
    let (user, up_to) = (context.user(), context.view.position);
    let after = extending.progress.cursors.threads.unwrap_or(StreamPos::ZERO);
    extending.pending.cursors.threads = Some(up_to);
    if rooms.thread_subscriptions_latest(user).await? <= after {
        return Ok(false);
    }
    let limit = usize::try_from(limit.clamp(1, THREAD_SUBSCRIPTIONS_MAX)).unwrap_or(usize::MAX);
    let changes = rooms.thread_subscription_changes(context.reader(), user, after, up_to, limit).await?;
    let subscribed = changes.subscribed.iter().map(|(room, root, automatic, bump)| {
        let room: &RoomId = room;
        (room, &**root, Some(*automatic), *bump)
    });
    let unsubscribed = changes.unsubscribed.iter().map(|(room, root, bump)| {
        let room: &RoomId = room;
        (room, &**root, None, *bump)
    });
    if changes.subscribed.is_empty() && changes.unsubscribed.is_empty() && changes.more_up_to.is_none() {
        return Ok(false);
    }
    json.key("io.element.msc4308.thread_subscriptions").object(|json| {
        by_room(json, "subscribed", subscribed);
        by_room(json, "unsubscribed", unsubscribed);
        if let Some(more) = changes.more_up_to {
            json.key("prev_batch").string(&more.get().to_string());
        }
    });
    Ok(true)
}

/// A thread: room, root, whether it was subscribed to automatically, and a number that grows with each change.
type Thread<'a> = (&'a RoomId, &'a EventId, Option<bool>, u64);

fn by_room<'a>(json: &mut JsonWriter, key: &str, threads: impl Iterator<Item = Thread<'a>>) {
    let mut rooms: BTreeMap<&RoomId, Vec<Thread<'a>>> = BTreeMap::new();
    for thread in threads {
        rooms.entry(thread.0).or_default().push(thread);
    }
    if rooms.is_empty() {
        return;
    }
    json.key(key).object(|json| {
        for (room, threads) in rooms {
            json.key(room.as_str()).object(|json| {
                for (_, root, automatic, bump_stamp) in threads {
                    json.key(root.as_str()).object(|json| {
                        if let Some(automatic) = automatic {
                            json.key("automatic").boolean(automatic);
                        }
                        json.key("bump_stamp").number(bump_stamp);
                    });
                }
            });
        }
    });
}
