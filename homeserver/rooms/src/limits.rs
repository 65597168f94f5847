//! The bounds of this crate, units last.

use std::time::Duration;

/// Bytes of memory for decoded events and states, by default: half for either.
pub const CACHE_BYTES_DEFAULT: u64 = 128 << 20;
/// Bytes that a usual event takes in memory; only a guess that sizes tables.
pub const EVENT_USUAL_BYTES: u64 = 1_600;
/// Bytes counted for each cached event beside its JSON.
pub const EVENT_OVERHEAD_BYTES: usize = 400;
/// Event rows (position, flags) kept in memory, by count.
pub const EVENT_META_CACHE_ENTRIES: u64 = 200_000;
/// Id to number mappings kept in memory, by count for each kind.
pub const NUMBER_CACHE_ENTRIES: u64 = 100_000;
/// Rooms whose facts, latest position and local members are kept in memory.
pub const ROOM_CACHE_ENTRIES: u64 = 20_000;
/// Users whose room list is kept in memory.
pub const USER_CACHE_ENTRIES: u64 = 50_000;
/// Positions kept in memory of the last change of something (an event, a receipt, a membership), by count for each kind.
pub const HINT_ENTRIES_MAX: usize = 262_144;
/// Events read into memory by one read.
pub const WARM_EVENTS_MAX: usize = 500;
/// Newest events of a room whose places are kept in memory.
pub const RECENT_EVENTS_MAX: usize = 64;
/// Bytes of memory for these places, of all rooms.
pub const RECENT_EVENTS_BYTES: u64 = 8 << 20;
/// Rooms that the log of recent moves holds.
pub const RECENT_ROOMS_MAX: usize = 32_768;
/// Rooms of others that a question to the log of recent moves walks past, beyond as many as the user has.
pub const RECENT_ROOMS_WALK_SPARE: usize = 64;
/// Events that are looked through for the last activity of a room.
pub const BUMP_SCAN_EVENTS_MAX: usize = 50;
/// Current-state look-ups kept in memory, by count.
pub const CURRENT_STATE_CACHE_ENTRIES: u64 = 200_000;
/// Rows asked for at once when a long range is read page by page.
pub const PAGE_ROWS: usize = 5_000;
/// Most members of one room that a full listing returns.
pub const MEMBERS_MAX: usize = 1_000_000;
/// Forward extremities an own event refers to.
pub const PREV_EVENTS_MAX: usize = 20;
/// Forward extremities a room keeps; the oldest are dropped beyond it.
pub const EXTREMITIES_MAX: usize = 60;
/// Keys of an identity server that one invite by an address may name.
pub const THIRD_PARTY_KEYS_MAX: usize = 8;
/// How often an append is rebuilt when another writer was faster.
pub const APPEND_ATTEMPTS_MAX: usize = 12;
/// Message events of one room that may be queued and not yet durable.
pub const APPEND_IN_FLIGHT_MAX: usize = 256;
/// Events in the initial state of a new room.
pub const INITIAL_STATE_EVENTS_MAX: usize = 200;
/// Users invited while a room is created.
pub const CREATE_INVITES_MAX: usize = 100;
/// Aliases of one room that a listing returns.
pub const ALIASES_OF_ROOM_MAX: usize = 1_000;
/// How long a transaction id is remembered, in ms.
pub const TRANSACTION_AGE_MS_MAX: u64 = 24 * 60 * 60 * 1000;
/// Bytes of a transaction id.
pub const TRANSACTION_ID_BYTES_MAX: usize = 255;
/// Events related to a redacted one that are redacted with it.
pub const RELATED_REDACTIONS_MAX: usize = 500;
/// Sticky events of one room that one answer holds.
pub const STICKY_EVENTS_MAX: usize = 1_000;
/// How long what redacted events said is kept unless the operator says otherwise, in ms.
pub const REDACTED_KEPT_MS_DEFAULT: u64 = 7 * 24 * 60 * 60 * 1000;
/// Kept originals that one step forgets.
pub const REDACTED_FORGOTTEN_MAX: usize = 500;
/// Events of a removed user that one batch redacts.
pub const REDACTED_PER_BATCH_MAX: usize = 100;
/// Changes of thread subscriptions that one answer holds.
pub const THREAD_SUBSCRIPTIONS_PAGE_MAX: usize = 1_000;
/// Forward extremities from which on a room's ends are tied together.
pub const EXTREMITIES_TIED: usize = 10;
/// Events that one batch of outliers holds.
pub const OUTLIERS_PER_BATCH_MAX: usize = 1_000;
/// Entries of the state of a room that is taken over from another server.
pub const IMPORT_STATE_MAX: usize = 30_000;
/// Gaps of one room that are looked at for the place of an event that comes late.
pub const OPEN_GAPS_MAX: usize = 8;
/// Servers that are believed to be in a room that was entered with a part of its state.
pub const PARTIAL_SERVERS_MAX: usize = 20_000;
/// Events that one batch judges anew when the state of a room has become whole.
pub const RECHECKED_EVENTS_MAX: usize = 50;
/// Entries of the current state that one batch exchanges then.
pub const COMPLETED_ENTRIES_MAX: usize = 1_000;
/// How long somebody waits for the state of a room to become whole.
pub const COMPLETE_TIME_MAX: Duration = Duration::from_secs(300);
/// Events that are looked at to fill one gap.
pub const GAP_EVENTS_MAX: usize = 2_000;
/// Refused events that are passed on the way back from one event to what its timeline lacks.
pub const REFUSED_PASSED_MAX: usize = 100;
/// Missing events that one gap remembers.
pub const GAP_MISSING_MAX: usize = 500;
/// Places that a gap in a timeline keeps free for the events that are missing.
pub const GAP_POSITIONS: usize = 4_096;
/// Events of one auth chain that are read for an answer.
pub const AUTH_CHAIN_EVENTS_MAX: usize = 100_000;
/// Servers of one room that a listing returns.
pub const SERVERS_OF_ROOM_MAX: usize = 100_000;
/// Bytes of one stripped state event that another server sent.
pub const STRIPPED_EVENT_BYTES_MAX: usize = 65_536;
/// Events of one answer to a server that looks back in a room.
pub const PEER_EVENTS_MAX: usize = 100;
/// Events of one answer to a server that misses some.
pub const PEER_MISSING_EVENTS_MAX: usize = 20;
/// Events that are looked at for such an answer.
pub const EVENTS_WALKED_MAX: usize = 2_000;
/// Compiled server access lists kept in memory, by count.
pub const ACL_CACHE_ENTRIES: u64 = 2_000;
/// Stripped state events kept with one invite or knock.
pub const STRIPPED_EVENTS_MAX: usize = 20;
/// Random characters of a room id before version 12.
pub const ROOM_ID_CHARACTERS: usize = 18;
/// Rooms of one user in which a changed profile is written at the same time.
pub const PROFILE_UPDATES_AT_ONCE_MAX: usize = 16;
