//! Every bound of what passes between core and connectors, by name.

use std::time::Duration;

/// Longest identifier of a platform in bytes. The longest that is known has 128.
pub const ID_BYTES_MAX: usize = 255;
/// Longest idempotency key in characters, with the suffix of a part: Feishu takes fifty, and nobody takes fewer.
pub const IDEMPOTENCY_KEY_CHARACTERS_MAX: usize = 50;
/// Digits that the suffix of a part may take, with its hyphen.
pub const PART_SUFFIX_CHARACTERS_MAX: usize = 4;
/// Longest cursor of a page in bytes.
pub const CURSOR_BYTES_MAX: usize = 4 * 1024;
/// Arrivals that a connector may hand over at once.
pub const ARRIVALS_AT_ONCE_MAX: usize = 200;
/// Parts of one message: each becomes an event of its own.
pub const PARTS_MAX: usize = 20;
/// People named by one arrival; a connector cuts longer lists into several arrivals.
pub const PEOPLE_AT_ONCE_MAX: usize = 500;
/// Bytes of all texts in one message. An event has 64 KiB with its envelope, and its text stands in it twice.
pub const TEXT_BYTES_MAX: usize = 24 * 1024;
/// Blocks within blocks.
pub const DEPTH_MAX: usize = 6;
/// Blocks and inlines of one text.
pub const NODES_MAX: usize = 2_000;
/// Longest name of a person, a conversation or a file, in characters.
pub const NAME_CHARACTERS_MAX: usize = 120;
/// Longest address of a link in bytes.
pub const LINK_BYTES_MAX: usize = 2_048;
/// Buttons of one card.
pub const BUTTONS_MAX: usize = 10;
/// Values that a form of a card may bring.
pub const FORM_VALUES_MAX: usize = 50;
/// Longest name or value of a form that is taken, in characters; what is longer is cut.
pub const FORM_VALUE_CHARACTERS_MAX: usize = 4_000;
/// Lines of a form that an approval shows elsewhere.
pub const ENTRY_LINES_MAX: usize = 30;
/// People of one approval, to-do or meeting.
pub const ENTRY_PEOPLE_MAX: usize = 200;
/// Single instances of one series that differ from it; of as many, earlier ones may be left out.
pub const ENTRY_EXCEPTIONS_MAX: usize = 60;
/// Single instances of one series that are told in words, where a platform shows no series.
pub const EXCEPTIONS_IN_WORDS_MAX: usize = 8;
/// People whose calendars are asked at once.
pub const BUSY_PEOPLE_MAX: usize = 50;
/// Longest time for which calendars are asked, in milliseconds.
pub const BUSY_MS_MAX: u64 = 14 * 24 * 3_600_000;
/// Items of one page of people, conversations or history.
pub const PAGE_ITEMS_MAX: usize = 200;
/// Largest body of a callback in bytes.
pub const CALLBACK_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Time within which a callback has to be answered; platforms hang up after three seconds.
pub const CALLBACK_TIME_MAX: Duration = Duration::from_millis(2_500);
/// Longest time that a connection to a platform may take, and its handshake.
pub const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// Idle connections kept to each host of a platform.
pub const IDLE_CONNECTIONS_MAX: usize = 8;
/// Longest key of a shelf in bytes.
pub const SHELF_KEY_BYTES_MAX: usize = 255;
/// Largest value of a shelf in bytes.
pub const SHELF_VALUE_BYTES_MAX: usize = 64 * 1024;
/// Rows of one connector's shelf.
pub const SHELF_ROWS_MAX: usize = 1_000_000;
/// Longest time for which a platform may ask us to wait.
pub const PAUSE_MAX: Duration = Duration::from_secs(60 * 60);
/// How long it is remembered what became of a sending.
pub const SENT_KEPT_MS: u64 = 7 * 24 * 3_600_000;
/// How long a group is remembered after it was last written down.
pub const GROUP_KEPT_MS: u64 = 400 * 24 * 3_600_000;
/// Rows that the known groups are spread over.
pub const GROUP_ROWS: u64 = 64;
/// Groups in one row.
pub const GROUPS_IN_ROW_MAX: usize = 120;
/// Rows that small values of one kind are spread over.
pub const SLOT_ROWS: u64 = 1_024;
/// Values in one of these rows.
pub const SLOTS_IN_ROW_MAX: usize = 8;
/// Rows of one kind that may change at once.
pub const SLOT_TURNS: usize = 16;
/// Longest such value in bytes.
pub const SLOT_BYTES_MAX: usize = 1_024;
/// How long such values are kept after their row was last written.
pub const SLOT_KEPT_MS: u64 = 30 * 24 * 3_600_000;
/// Longest time that one step of a check of the settings may take.
pub const CHECK_TIME_MAX: Duration = Duration::from_secs(10);
