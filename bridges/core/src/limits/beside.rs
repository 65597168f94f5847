//! Bounds of what goes beside the platforms: letters by e-mail, and links to files.

use std::time::Duration;

/// How often somebody looks what waits for platforms that are down.
pub const MAIL_LOOK: Duration = Duration::from_secs(30);
/// How long a message waits at least before it goes by e-mail, in milliseconds: one that is just being sent needs no letter.
pub const MAIL_WAIT_MS: u64 = 5_000;
/// Waiting messages of one platform that are looked at each time.
pub const MAIL_ROWS_MAX: usize = 5_000;
/// Mailboxes that refuse before a look at what waits ends.
pub const MAIL_FAILURES_MAX: usize = 8;
/// People who get a letter about one message.
pub const MAIL_PEOPLE_MAX: usize = 50;
/// Letters to one colleague in a day.
pub const MAILS_PER_DAY_MAX: u64 = 20;
/// Characters of a message that a letter has.
pub const MAIL_CHARACTERS_MAX: usize = 2_000;
/// How long it is known that a message went by e-mail, in milliseconds.
pub const MAIL_KEPT_MS: u64 = 14 * 24 * 60 * 60 * 1_000;
/// Days for which the link to a file is good that a platform does not take.
pub const LINK_DAYS: u64 = 7;
/// Messages with the same file that have links of their own although they came in the same millisecond.
pub const LINKS_ALIKE_MAX: usize = 1_000;
/// Links that are open at once.
pub const LINKS_AT_ONCE: usize = 16;
/// Pieces of a file that wait for whoever opened its link.
pub const LINK_PIECES_MAX: usize = 4;
/// Longest time in which whoever opened a link takes one more piece: a place is not kept for somebody who stopped reading.
pub const LINK_PIECE_TIME_MAX: Duration = Duration::from_secs(30);
/// Longest time in which the file behind a link is read to its end.
pub const LINK_TIME_MAX: Duration = Duration::from_secs(30 * 60);
