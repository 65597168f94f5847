//! Named bounds of sliding sync.

/// Most lists of one request (MSC4186).
pub const LISTS_MAX: usize = 100;

/// Most room subscriptions of one request (MSC4186).
pub const SUBSCRIPTIONS_MAX: usize = 100;

/// Most ranges of one list.
pub const RANGES_MAX: usize = 100;

/// Most rooms, tags and types that the filter of one list names.
pub const FILTER_WORDS_MAX: usize = 1_000;

/// Most entries of one `required_state`.
pub const RULES_MAX: usize = 1_000;

/// Longest `conn_id`, in bytes.
pub const CONNECTION_ID_BYTES_MAX: usize = 255;

/// Longest name of a list, in bytes.
pub const LIST_NAME_BYTES_MAX: usize = 255;

/// Longest `pos` that is looked at, in bytes.
pub const POSITION_BYTES_MAX: usize = 128;

/// Most timeline events of a room, whatever the client asks for.
pub const TIMELINE_LIMIT_MAX: u64 = 1_000;

/// Most rooms in one answer; the others come with the next one, at once.
pub const ROOMS_IN_ANSWER_MAX: usize = 1_000;

/// An answer that is longer than this many bytes takes no further room; the others come with the next one.
pub const ROOMS_BYTES_MAX: usize = 8 << 20;

/// Most connections of one device; a further one ends the one that was silent longest.
pub const CONNECTIONS_OF_DEVICE_MAX: usize = 16;

/// Most devices whose connections are counted.
pub const DEVICES_MAX: u64 = 100_000;

/// Most bytes that all connections together may keep; those that were silent longest end first.
pub const CONNECTIONS_BYTES_MAX: u64 = 256 << 20;

/// How long a connection is kept without a request, in seconds.
pub const CONNECTION_IDLE_SECONDS: u64 = 3 * 24 * 60 * 60;

/// What one room of one connection costs, in bytes, lazily loaded members aside.
pub const SENT_ROOM_BYTES: usize = 160;

/// Most lazily loaded members remembered for one room of one connection; beyond it they are sent again.
pub const LAZY_MEMBERS_MAX: usize = 1_000;

/// Most combined configs that a connection keeps apart from the rooms that use them.
pub const CONFIGS_KEPT_MAX: usize = 64;

/// Most bytes of lists of rooms in order.
pub const ORDERS_BYTES_MAX: u64 = 128 << 20;

/// What one room costs in its user's order, in bytes.
pub const ORDER_ENTRY_BYTES: usize = 128;

/// What one room costs in a list of those that pass a filter, in bytes.
pub const ORDER_PLACE_BYTES: usize = 32;

/// Most filtered lists that are kept for one user; the one that was not asked for longest is made anew.
pub const FILTERED_LISTS_MAX: usize = 16;

/// Most rooms of which type, name and encryption are remembered.
pub const FACTS_KEPT_MAX: u64 = 200_000;

/// Most users whose direct chats are remembered.
pub const DIRECT_CHATS_KEPT_MAX: u64 = 20_000;

/// Most users whose tags are remembered.
pub const TAGS_KEPT_MAX: u64 = 5_000;

/// Most to-device messages in one answer, and as many when the client does not say.
pub const TO_DEVICE_MESSAGES_MAX: u64 = 100;

/// Most sticky events in one answer.
pub const STICKY_EVENTS_MAX: u64 = 1_000;

/// Sticky events in one answer when the client does not say.
pub const STICKY_EVENTS_DEFAULT: u64 = 100;

/// Most whole profiles of one room in one answer.
pub const PROFILES_OF_ROOM_MAX: usize = 500;

/// Most changes of profiles that one answer looks at.
pub const PROFILE_CHANGES_MAX: usize = 1_000;

/// Most names of profile fields that a client may ask for.
pub const PROFILE_FIELDS_MAX: usize = 100;

/// Most changes of thread subscriptions in one answer.
pub const THREAD_SUBSCRIPTIONS_MAX: u64 = 100;
