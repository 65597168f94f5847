//! What an event leaves behind for readers: relation rows and thread activity.
//!
//! Called by `append` inside the event's own batch. Pure and blind, it reads nothing, so appends
//! may be pipelined and a repeat writes the same rows. Never decides who may see a relation.

use model::{EventNum, Pdu, RoomNum, TimelinePos};
use ruma::OwnedEventId;
use store::Batch;

use crate::{
    Rooms,
    reading_tables::{RELATED, RELATION, THREAD_REPLY},
};

/// Relation types longer than this are not indexed; none of the specification comes near.
const REL_TYPE_BYTES_MAX: usize = 255;

/// An event that takes a place in the timeline.
#[derive(Clone, Copy)]
pub struct Indexed<'a> {
    /// The room.
    pub room: RoomNum,
    /// The event.
    pub event: EventNum,
    /// Its place, which the commit may still have to fill in.
    pub position: TimelinePos,
    /// The event as sent, not as redacted.
    pub pdu: &'a Pdu,
}

/// Classes of relation, each a range of its own in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelationClass {
    /// `m.annotation`: reactions.
    Annotation,
    /// `m.replace`: edits.
    Replace,
    /// `m.thread`.
    Thread,
    /// `m.reference`.
    Reference,
    /// Whatever else clients invent.
    Other,
}

impl RelationClass {
    /// All classes in the order of their codes.
    pub const ALL: [Self; 5] = [Self::Annotation, Self::Replace, Self::Thread, Self::Reference, Self::Other];

    /// The class of a relation type.
    #[must_use]
    pub fn of(rel_type: &str) -> Self {
        match rel_type {
            "m.annotation" => Self::Annotation,
            "m.replace" => Self::Replace,
            "m.thread" => Self::Thread,
            "m.reference" => Self::Reference,
            _ => Self::Other,
        }
    }

    /// The byte in the key.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Annotation => 1,
            Self::Replace => 2,
            Self::Thread => 3,
            Self::Reference => 4,
            Self::Other => 9,
        }
    }
}

/// Where an event points with `m.relates_to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelatesTo {
    /// The parent, in the same room.
    pub parent: OwnedEventId,
    /// How, as written.
    pub rel_type: String,
}

impl RelatesTo {
    /// The relation that an event declares, if it is one that this index can hold.
    #[must_use]
    pub fn of(pdu: &Pdu) -> Option<Self> {
        let relation = rules::relations::relation(pdu)?;
        let fits = relation.rel_type.len() <= REL_TYPE_BYTES_MAX;
        fits.then_some(Self { parent: relation.event_id, rel_type: relation.rel_type })
    }
}

/// Adds the rows of an event to the batch that commits it.
pub(crate) fn add(batch: &mut Batch, rooms: &Rooms, indexed: &Indexed<'_>) {
    let Some(relation) = RelatesTo::of(indexed.pdu) else { return };
    let class = RelationClass::of(&relation.rel_type);
    let sender = indexed.pdu.sender().to_owned();
    if class == RelationClass::Thread {
        batch.put(
            &THREAD_REPLY,
            &(indexed.room, indexed.position),
            &(sender.clone(), relation.parent.clone()),
        );
    }
    batch.put(&RELATED, &(indexed.room, relation.parent.clone()), &());
    let (rooms, parent) = (rooms.clone(), relation.parent.clone());
    batch.on_commit(move |_| rooms.reading.related.replace(parent.clone(), true));
    batch.put(
        &RELATION,
        &(indexed.room, relation.parent, class.code(), indexed.position),
        &(indexed.event, sender, indexed.pdu.kind().to_owned(), relation.rel_type),
    );
}

/// Takes the rows of an event away in the batch that redacts it.
pub(crate) fn redact(batch: &mut Batch, indexed: &Indexed<'_>) {
    let Some(relation) = RelatesTo::of(indexed.pdu) else { return };
    let class = RelationClass::of(&relation.rel_type);
    if class == RelationClass::Thread {
        batch.delete(&THREAD_REPLY, &(indexed.room, indexed.position));
    }
    batch.delete(&RELATION, &(indexed.room, relation.parent, class.code(), indexed.position));
}
