//! A page of a directory as it is sent, to clients and to other servers alike.

use rooms::PublicRoom;
use ruma::{
    UInt,
    directory::{PublicRoomsChunk, PublicRoomsChunkInit},
    room::JoinRuleKind,
};
use search::DirectoryPage;
use serde::Serialize;

/// A page of a directory.
#[derive(Serialize)]
pub struct Page {
    chunk: Vec<Listed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_batch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prev_batch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_room_count_estimate: Option<UInt>,
}

/// A room with its join rule in words also where it is `public`: that may be left out, and ruma does, but there are
/// readers who look for it.
#[derive(Serialize)]
struct Listed {
    join_rule: JoinRuleKind,
    #[serde(flatten)]
    room: PublicRoomsChunk,
}

impl Page {
    /// What another server answered.
    pub(super) fn of_another(
        rooms: Vec<PublicRoomsChunk>,
        next_batch: Option<String>,
        prev_batch: Option<String>,
        total_room_count_estimate: Option<UInt>,
    ) -> Self {
        let chunk = rooms.into_iter().map(Listed::from).collect();
        Self { chunk, next_batch, prev_batch, total_room_count_estimate }
    }
}

impl From<DirectoryPage> for Page {
    fn from(page: DirectoryPage) -> Self {
        Self {
            chunk: page.rooms.into_iter().map(|room| Listed::from(chunk(room))).collect(),
            next_batch: page.next,
            prev_batch: page.previous,
            total_room_count_estimate: Some(UInt::new_saturating(page.total)),
        }
    }
}

impl From<PublicRoomsChunk> for Listed {
    fn from(mut room: PublicRoomsChunk) -> Self {
        // Taken out, so that it is written once.
        Self { join_rule: std::mem::take(&mut room.join_rule), room }
    }
}

fn chunk(room: PublicRoom) -> PublicRoomsChunk {
    let init = PublicRoomsChunkInit {
        num_joined_members: UInt::new_saturating(room.joined_members),
        room_id: room.room_id,
        world_readable: room.world_readable,
        guest_can_join: room.guest_can_join,
    };
    let mut chunk = PublicRoomsChunk::from(init);
    chunk.canonical_alias = room.canonical_alias;
    chunk.name = room.name;
    chunk.topic = room.topic;
    chunk.avatar_url = room.avatar_url;
    chunk.join_rule = room.join_rule.into();
    chunk.room_type = room.room_type.map(Into::into);
    chunk
}

#[cfg(test)]
mod tests {
    use ruma::{owned_room_id, uint};

    use super::*;

    #[test]
    fn every_join_rule_is_written_and_once() {
        for rule in ["public", "knock", "restricted"] {
            let init = PublicRoomsChunkInit {
                num_joined_members: uint!(1),
                room_id: owned_room_id!("!r:example.org"),
                world_readable: false,
                guest_can_join: false,
            };
            let mut room = PublicRoomsChunk::from(init);
            room.join_rule = rule.into();
            let json = serde_json::to_string(&Page::of_another(vec![room], None, None, None)).unwrap();
            assert_eq!(json.matches("join_rule").count(), 1, "{json}");
            assert!(json.contains(&format!(r#""join_rule":"{rule}""#)), "{json}");
        }
    }
}
