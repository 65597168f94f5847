//! The rows of the index: children of one event by class, and questions that rows alone answer.

use std::collections::HashSet;

use model::{EventNum, RoomNum, TimelinePos};
use ruma::{EventId, OwnedUserId, UserId};
use store::{Reader, Scan};

use super::ROWS_MAX;
use crate::{Rooms, RoomsError, index::RelationClass, reading_tables::RELATION};

/// One row of the index.
#[derive(Clone, Debug)]
pub(crate) struct Child {
    pub position: TimelinePos,
    pub event: EventNum,
    pub sender: OwnedUserId,
    pub kind: String,
    pub rel_type: String,
}

/// A stretch of an index and the order in which it is read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bounds {
    pub after: Option<TimelinePos>,
    pub up_to: Option<TimelinePos>,
    pub newest_first: bool,
}

impl Bounds {
    pub(crate) fn newest_first() -> Self {
        Self { newest_first: true, ..Self::default() }
    }

    pub(super) fn contain(self, position: TimelinePos) -> bool {
        self.after.is_none_or(|after| position > after) && self.up_to.is_none_or(|up_to| position <= up_to)
    }
}

impl Rooms {
    /// Rows of one class in the order of the bounds' direction.
    pub(crate) async fn children(
        &self,
        reader: &Reader,
        room: RoomNum,
        parent: &EventId,
        class: RelationClass,
        bounds: Bounds,
        limit: usize,
    ) -> Result<Vec<Child>, RoomsError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let key = |position| (room, parent.to_owned(), class.code(), position);
        let mut scan = Scan::prefix(&(room, parent.to_owned(), class.code())).limit(limit);
        if let Some(after) = bounds.after {
            scan = scan.after(&key(after));
        }
        if let Some(up_to) = bounds.up_to {
            scan = scan.up_to(&key(up_to));
        }
        if bounds.newest_first {
            scan = scan.reverse();
        }
        let rows = reader.scan(&RELATION, scan).await?;
        let child = |((_, _, _, position), (event, sender, kind, rel_type))| Child {
            position,
            event,
            sender,
            kind,
            rel_type,
        };
        Ok(rows.into_iter().map(child).collect())
    }

    /// Whether `event_id` has a child by one of these senders and of one of these relation types.
    pub(crate) async fn is_related_by(
        &self,
        reader: &Reader,
        room: RoomNum,
        event_id: &EventId,
        senders: Option<&HashSet<OwnedUserId>>,
        rel_types: Option<&HashSet<String>>,
    ) -> Result<bool, RoomsError> {
        let wanted = |child: &Child| {
            senders.is_none_or(|senders| senders.contains(&child.sender))
                && rel_types.is_none_or(|rel_types| rel_types.contains(&child.rel_type))
        };
        for class in RelationClass::ALL {
            let asked = rel_types
                .is_none_or(|types| types.iter().any(|rel_type| RelationClass::of(rel_type) == class));
            if asked {
                let children =
                    self.children(reader, room, event_id, class, Bounds::default(), ROWS_MAX).await?;
                if children.iter().any(wanted) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Whether a user already sent this annotation: the specification forbids to react twice alike.
    pub async fn has_annotation(
        &self,
        reader: &Reader,
        room: RoomNum,
        parent: &EventId,
        sender: &UserId,
        kind: &str,
        key: &str,
    ) -> Result<bool, RoomsError> {
        let rows = self
            .children(reader, room, parent, RelationClass::Annotation, Bounds::default(), ROWS_MAX)
            .await?;
        for row in rows.into_iter().filter(|row| row.sender == sender && row.kind == kind) {
            let pdu = self.pdu(reader, row.event).await?;
            let content: serde_json::Value = pdu.content_as().unwrap_or_default();
            if content.pointer("/m.relates_to/key").and_then(|value| value.as_str()) == Some(key) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
