//! The tables of the bridges; nobody else reads or writes them.

use bridge_api::{Arrival, ConversationKind, MessageId, ThreadId};
use model::StreamPos;
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};
use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo};

pub(crate) use crate::line_row::LineRow;

/// Rows that wait in lanes: network, conversation, and the place in the lane.
pub(crate) type Queue<V> = Table<(String, String, u64, StreamPos), V>;

/// The place in a lane.
pub(crate) type Place = (u64, StreamPos);

/// Of a row whose place is told by its position alone.
pub(crate) const IN_TURN: u64 = 0;
/// Of the row that says where more is to be read than a lane holds.
pub(crate) const AFTER_ALL: u64 = 1;
/// Of the row that counts how often more came since.
pub(crate) const STILL_MORE: u64 = 2;

/// Network and conversation → how it stands.
pub(crate) const PORTALS: Table<(String, String), PortalRow> =
    Table::new(3000, "bridges_portals", Profile::Point, "To which room is this conversation bound?");
/// Network, conversation, the platform's time and place → what waits for the room. What was missed goes before what came
/// live after it, whichever was taken first.
pub(crate) const INBOX: Queue<InboxRow> = Table::new(
    3020,
    "bridges_inbox",
    Profile::Queue,
    "What has this conversation still to bring into its room?",
);
/// Network and message that waits for its room → its conversation.
pub(crate) const COMING: Table<(String, String), String> =
    Table::new(3024, "bridges_coming", Profile::Point, "In which conversation does this message wait?");
/// Network, conversation, [`IN_TURN`], [`AFTER_ALL`] or [`STILL_MORE`], and place → what waits for the platform: the order of the room is
/// the order in which the homeserver told of it.
pub(crate) const OUTBOX: Queue<OutboxRow> =
    Table::new(3021, "bridges_outbox", Profile::Queue, "What is still to be said in this conversation?");
/// Network and key of an arrival that was taken → when.
pub(crate) const TAKEN: Table<(String, String), u64> =
    Table::new(3003, "bridges_taken", Profile::Point, "Was this arrival taken already?");
/// When an arrival was taken, its network and its key.
pub(crate) const TAKEN_ORDER: Table<(u64, String, String), ()> =
    Table::new(3004, "bridges_taken_order", Profile::Queue, "Which arrivals were taken long ago?");
/// Network and message of a platform → what it is in its room.
pub(crate) const MESSAGES: Table<(String, String), MessageRow> =
    Table::new(3005, "bridges_messages", Profile::Point, "Which events are this message?");
/// Event, network and conversation → what it is there.
pub(crate) const SIDES: Table<(OwnedEventId, String, String), SideRow> =
    Table::new(3006, "bridges_sides", Profile::Point, "Which messages are this event in this conversation?");
/// Network and person → their account here.
pub(crate) const GHOSTS: Table<(String, String), GhostRow> =
    Table::new(3007, "bridges_ghosts", Profile::Point, "Which name and picture does this person have here?");
/// Account and room: it is in there.
pub(crate) const GHOST_ROOMS: Table<(OwnedUserId, OwnedRoomId), ()> =
    Table::new(3008, "bridges_ghost_rooms", Profile::Point, "Is this account of ours in this room?");
/// Network and person → the account of a colleague who is that person.
pub(crate) const PEOPLE: Table<(String, String), OwnedUserId> =
    Table::new(3009, "bridges_people", Profile::Point, "Who is this person here?");
/// Account and network → who that is there.
pub(crate) const PEOPLE_OF: Table<(OwnedUserId, String), String> =
    Table::new(3010, "bridges_people_of", Profile::Point, "Who is this colleague there?");
/// Network, message, person and emoji → the reaction in the room.
pub(crate) const REACTIONS_IN: Table<(String, String, String, String), OwnedEventId> =
    Table::new(3011, "bridges_reactions_in", Profile::Point, "Which event is this reaction?");
/// Network, message, emoji and the reaction of somebody in the room.
pub(crate) const REACTIONS_OUT: Table<(String, String, String, OwnedEventId), ()> =
    Table::new(3012, "bridges_reactions_out", Profile::Point, "Who of the room reacted so to this message?");
/// A reaction in a room → to what, and how.
pub(crate) const REACTION_EVENTS: Table<OwnedEventId, ReactionRow> =
    Table::new(3013, "bridges_reaction_events", Profile::Point, "Which reaction was this event?");
/// Network and key → a row of the connector.
pub(crate) const SHELF: Table<(String, String), ShelfRow> =
    Table::new(3014, "bridges_shelf", Profile::Point, "What did the connector put there?");
/// When a row of a connector goes, its network and its key.
pub(crate) const SHELF_DUE: Table<(u64, String, String), ()> =
    Table::new(3015, "bridges_shelf_due", Profile::Queue, "Which rows of connectors are over?");
/// Network → how the line stands.
pub(crate) const LINES: Table<String, LineRow> =
    Table::new(3016, "bridges_lines", Profile::Counter, "Is the line to this platform up?");
/// Network and conversation → the time of the newest message from there that is known.
pub(crate) const NEWEST: Table<(String, String), u64> =
    Table::new(3017, "bridges_newest", Profile::Counter, "From when on may something have been missed?");
/// Network and conversation → up to which time its history was read, or it was bound.
pub(crate) const READ_UNTIL: Table<(String, String), u64> = Table::new(
    3040,
    "bridges_read_until",
    Profile::Counter,
    "From when on may something have changed of which no event tells?",
);
/// Network and person: it is another app's robot, which lists of members leave out.
pub(crate) const ROBOTS: Table<(String, String), ()> =
    Table::new(3041, "bridges_robots", Profile::Point, "Is this person a robot?");
/// Network and person who left the company lately → when, by the platform's clock. Goes after [`crate::limits::GONE_KEPT_MS`].
pub(crate) const GONE: Table<(String, String), u64> =
    Table::new(3049, "bridges_gone", Profile::Point, "Did this person leave the company, and when?");
/// For what → the key with which links are sealed.
pub(crate) const LINK_KEYS: Table<String, [u8; 32]> =
    Table::new(3042, "bridges_link_keys", Profile::Point, "Is this link one of ours?");
/// When a link to a file ends, and its seal → the message that it stands for.
pub(crate) const LINKS: Table<(u64, String), LinkRow> =
    Table::new(3044, "bridges_links", Profile::Point, "Whose file does this link open?");
/// A code that somebody says in a conversation to bind it → to which room.
pub(crate) const CODES: Table<String, CodeRow> =
    Table::new(3018, "bridges_codes", Profile::Point, "To which room does this code bind?");

/// The day on which a message was noted, in days since 1970, its network and its id.
pub(crate) const MESSAGE_DAYS: Table<(u64, String, String), ()> =
    Table::new(3019, "bridges_message_days", Profile::Queue, "Which messages were noted long ago?");

/// Network and the key of a bot's card → what it is there.
pub(crate) const CARDS: Table<(String, String), CardRow> =
    Table::new(3022, "bridges_cards", Profile::Point, "What is this card on this platform?");
/// Network and message → the key of the card that it shows.
pub(crate) const CARD_OF: Table<(String, String), String> =
    Table::new(3023, "bridges_card_of", Profile::Point, "Which card is this message?");

/// All tables of the bridges, for opening their store beside those of the kit.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    let own = vec![
        PORTALS.info(),
        INBOX.info(),
        COMING.info(),
        OUTBOX.info(),
        TAKEN.info(),
        TAKEN_ORDER.info(),
        MESSAGES.info(),
        SIDES.info(),
        GHOSTS.info(),
        GHOST_ROOMS.info(),
        PEOPLE.info(),
        PEOPLE_OF.info(),
        REACTIONS_IN.info(),
        REACTIONS_OUT.info(),
        REACTION_EVENTS.info(),
        SHELF.info(),
        SHELF_DUE.info(),
        LINES.info(),
        NEWEST.info(),
        READ_UNTIL.info(),
        ROBOTS.info(),
        GONE.info(),
        LINK_KEYS.info(),
        LINKS.info(),
        CODES.info(),
        MESSAGE_DAYS.info(),
        CARDS.info(),
        CARD_OF.info(),
    ];
    [own, crate::people_tables::tables(), crate::entries::tables()].concat()
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PortalRow {
    /// The room; none for a conversation that is only known.
    pub room: Option<OwnedRoomId>,
    /// Its name on the platform, harmless.
    pub name: String,
    pub kind: ConversationKind,
    /// Who bound it.
    #[serde(default)]
    pub bound_by: Option<String>,
    /// When. What was said before is brought only when somebody asks for it.
    #[serde(default)]
    pub bound_ms: u64,
    /// When our app was removed from it, by the platform's clock; none while it is in there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_ms: Option<u64>,
    /// When it came in last, by the platform's clock, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub let_in_ms: Option<u64>,
}

impl PortalRow {
    /// Of a conversation that is bound to no room.
    pub fn unbound(name: String, kind: ConversationKind) -> Self {
        Self { room: None, name, kind, bound_by: None, bound_ms: 0, removed_ms: None, let_in_ms: None }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct InboxRow {
    pub arrival: Arrival,
    /// Whether it was missed when it happened.
    #[serde(default)]
    pub from_history: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OutboxRow {
    /// The event as it came; where more came than the lane holds, where it is read.
    pub event: String,
    pub received_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MessageRow {
    pub conversation: String,
    pub room: OwnedRoomId,
    /// What it is in the room, part by part; empty when it was recalled before it came.
    pub events: Vec<OwnedEventId>,
    /// Who said it in the room.
    pub sender: OwnedUserId,
    /// Whether we sent it to the platform.
    pub is_ours: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SideRow {
    pub messages: Vec<MessageId>,
    #[serde(default)]
    pub thread: Option<ThreadId>,
    /// How many of the messages, the last ones, are the words that stand with a file.
    #[serde(default)]
    pub captions: usize,
}

impl SideRow {
    /// The messages of a file, and those of the words that stand with it.
    pub fn parted(&self) -> (&[MessageId], &[MessageId]) {
        self.messages.split_at(self.messages.len().saturating_sub(self.captions))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GhostRow {
    pub name: String,
    pub avatar: Option<String>,
    pub refreshed_ms: u64,
    /// Whether they are of another company, as what they do says it; none where the platform never said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReactionRow {
    pub target: OwnedEventId,
    pub emoji: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShelfRow {
    pub value: Vec<u8>,
    pub until_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CardRow {
    pub message: MessageId,
    /// Where the bot said it, and where it hears what is pressed.
    pub room: OwnedRoomId,
    pub revision: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LinkRow {
    pub room: OwnedRoomId,
    /// The event that holds the file, and the one in whose place it stands.
    pub events: Vec<OwnedEventId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CodeRow {
    pub network: String,
    pub room: OwnedRoomId,
    pub by: OwnedUserId,
    pub until_ms: u64,
}

store::record!(
    PortalRow,
    InboxRow,
    OutboxRow,
    MessageRow,
    SideRow,
    GhostRow,
    ReactionRow,
    ShelfRow,
    CardRow,
    LinkRow,
    CodeRow
);
