//! The bounds of search and of the directories, units last.

use std::time::Duration;

/// Characters of a search term, of messages, people or rooms.
pub const SEARCH_TERM_CHARACTERS_MAX: usize = 512;
/// Words of a term that are looked for; later ones are left out.
pub const QUERY_WORDS_MAX: usize = 32;
/// Longest word that is indexed, in bytes; longer runs (keys, encoded data) are nothing to search for.
pub const WORD_BYTES_MAX: usize = 128;
/// Words that are indexed of one text, counted with those inside other words.
pub const WORDS_OF_TEXT_MAX: usize = 50_000;
/// Entries of any one list in a search filter. A user is in fewer rooms.
pub const FILTER_ENTRIES_MAX: usize = 10_000;
/// Results of one page of message search, and how many without a wish.
pub const SEARCH_PAGE_MAX: usize = 100;
/// Results of a page when the client does not say.
pub const SEARCH_PAGE_DEFAULT: usize = 10;
/// Events before or after a result.
pub const SEARCH_CONTEXT_MAX: usize = 20;
/// Rooms before an upgraded one whose messages are searched with it.
pub const PREDECESSORS_MAX: usize = 10;
/// Documents of the index that one search walks; the newest segments come first.
pub const MATCHES_EXAMINED_MAX: usize = 2_000_000;
/// Matches that one search judges for its user. So this is also the highest count that is told.
pub const MATCHES_JUDGED_MAX: usize = 500;
/// Matches judged between two looks whether the page is full.
pub const MATCHES_JUDGED_AT_ONCE: usize = 50;
/// Searches in the index at the same time; later ones wait.
pub const SEARCHES_AT_ONCE_MAX: usize = 4;
/// How long a search waits for the index to reach the moment of the request. A busy machine that unpacks
/// the dictionary meanwhile needs some seconds.
pub const INDEX_WAIT_MAX: Duration = Duration::from_secs(10);
/// How long a search waits for an index that is being made from all rooms.
pub const FILL_WAIT_MAX: Duration = Duration::from_secs(8);
/// Changed documents after which the index is committed without waiting for its interval.
pub const INDEX_BATCH_DOCUMENTS_MAX: usize = 2_000;
/// Longest time between a commit to the store and its appearance in the index, nobody searching.
pub const INDEX_INTERVAL: Duration = Duration::from_secs(5);
/// How long a reader of the stream waits for a sign before it looks by itself.
pub const READER_PAUSE_MAX: Duration = Duration::from_secs(60);
/// How long the directories gather changes before they write them down, nobody asking.
pub const DIRECTORY_INTERVAL: Duration = Duration::from_secs(1);
/// Memory of the index writer before it flushes a segment, in bytes; the library takes no less.
pub const INDEX_WRITER_BYTES: usize = 15_000_000;
/// How long the index writer stays open without a change. It looks no more often than [`READER_PAUSE_MAX`].
pub const INDEX_WRITER_IDLE_MAX: Duration = Duration::from_secs(60);
/// How often the dictionary of Chinese words is looked at; it is dropped when two looks in a row found it unused.
pub const DICTIONARY_CHECK_INTERVAL: Duration = Duration::from_secs(300);
/// Words by which one person or one room is found in a directory.
pub const NAME_WORDS_MAX: usize = 128;
/// Index rows that one directory search reads for one word.
pub const NAME_ROWS_MAX: usize = 10_000;
/// People whom one directory search looks at more closely.
pub const CANDIDATES_MAX: usize = 1_000;
/// Rooms that a user of another server shares with ours, by which they are found.
pub const ROOMS_OF_FOREIGN_USER_MAX: usize = 100;
/// Local members of a room that are looked at to tell whether it is new to this server.
pub const LOCALS_EXAMINED_MAX: usize = 100;
/// People in one answer of the user directory.
pub const USERS_PAGE_MAX: usize = 50;
/// Rooms in one answer of the room directory.
pub const PUBLIC_ROOMS_PAGE_MAX: usize = 500;
/// Published rooms that one filtered request without a term looks at.
pub const PUBLIC_ROOMS_EXAMINED_MAX: usize = 5_000;
/// Users or rooms whose entries are made in one batch while a directory is filled.
pub const FILL_ENTRIES_MAX: usize = 200;
/// Rooms in one answer about mutual rooms.
pub const MUTUAL_ROOMS_PAGE_MAX: usize = 100;
/// Rooms of one user that are compared with those of another.
pub const MUTUAL_ROOMS_COMPARED_MAX: usize = 20_000;
