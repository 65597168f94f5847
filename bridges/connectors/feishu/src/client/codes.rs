//! What the platform's error codes mean for the caller. The text beside a code is for people and decides nothing.

/// What can be done about a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The token is no longer taken: fetch another one, once.
    TokenStale,
    /// Too many calls of the app: stay away for a while.
    AppLimited,
    /// Too many messages in one chat, of all bots together: stay away from the chat for a moment.
    ChatLimited,
    /// A failure that passes, inside the platform or because the same call is under way.
    Later,
    /// Nothing works until an administrator changes something: the app's secret, its rights, its quota.
    Operator,
    /// What the call is about is gone: a message recalled, a chat dissolved.
    Gone,
    /// More than the platform takes.
    TooLarge,
    /// This call will never succeed.
    Refused,
}

/// The meaning of a code. What the platform's pages do not name is refused for good, as it mostly is.
pub fn meaning(code: i64) -> Meaning {
    use Meaning::{AppLimited, ChatLimited, Gone, Later, Operator, Refused, TokenStale, TooLarge};
    match code {
        99_991_663 | 99_991_664 | 99_991_665 | 20_013 | 20_014 => TokenStale,
        99_991_400 | 11_232 | 190_004 | 190_005 | 190_010 => AppLimited,
        230_020 | 232_019 => ChatLimited,
        2200 | 1500 | 5000 | 9499 | 10_003 | 10_012 | 10_013 => Later,
        230_049 | 231_015 | 232_068 | 1_395_001 | 1_470_422 | 1_470_500 | 190_003 => Later,
        40_003 | 121_001 => Later,
        99_991_672 | 99_991_673 | 99_991_662 | 99_991_401 | 99_991_403 => Operator,
        10_014 | 10_015 | 230_006 | 190_007 | 232_025 | 232_034 | 230_036 => Operator,
        230_011 | 230_019 | 230_110 | 230_111 | 231_003 | 232_009 => Gone,
        99_992_354 | 99_992_356 | 1_470_404 | 193_001 | 193_003 | 1_390_003 => Gone,
        230_025 | 234_006 | 234_037 | 100_000 => TooLarge,
        _ => Refused,
    }
}

/// Codes with a way out of their own.
pub mod named {
    /// The message replied to was recalled or deleted: send without replying.
    pub const REPLY_TARGET_GONE: [i64; 3] = [230_011, 230_110, 230_111];
    /// What cannot be replied to, or not in a topic.
    pub const REPLY_NOT_TAKEN: [i64; 5] = [230_019, 230_050, 230_054, 230_071, 230_072];
    /// The window of an edit is over, or the message had twenty of them.
    pub const EDIT_OVER: [i64; 3] = [230_071, 230_072, 230_075];
    /// A native definition that we are subscribed to already.
    pub const SUBSCRIBED: [i64; 1] = [1_390_007];
    /// The kind of our approvals is not known (any more).
    pub const KIND_UNKNOWN: [i64; 1] = [1_390_002];
    /// A task stands as it was asked to, or the request is wrong: its state tells which.
    pub const TASK_PARAMETER: [i64; 1] = [1_470_400];
    /// The calendar is not there, or not ours.
    pub const NO_CALENDAR: [i64; 5] = [191_000, 191_001, 191_002, 191_003, 191_004];
    /// Somebody of a request about calendars is gone.
    pub const PERSON_GONE: [i64; 1] = [195_100];
    /// The window of a recall is over, or the right to it is missing.
    pub const RECALL_REFUSED: [i64; 2] = [230_009, 230_026];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_the_meaning_of_the_platforms_pages() {
        let table = [
            (99_991_663, Meaning::TokenStale),
            (99_991_664, Meaning::TokenStale),
            (99_991_665, Meaning::TokenStale),
            (99_991_400, Meaning::AppLimited),
            (230_020, Meaning::ChatLimited),
            (230_049, Meaning::Later),
            (2200, Meaning::Later),
            (1500, Meaning::Later),
            (5000, Meaning::Later),
            (40_003, Meaning::Later),
            (190_007, Meaning::Operator),
            (99_991_672, Meaning::Operator),
            (99_991_403, Meaning::Operator),
            (10_014, Meaning::Operator),
            (10_015, Meaning::Operator),
            (230_006, Meaning::Operator),
            (230_011, Meaning::Gone),
            (232_009, Meaning::Gone),
            (1_470_404, Meaning::Gone),
            (193_003, Meaning::Gone),
            (1_390_003, Meaning::Gone),
            (1_470_422, Meaning::Later),
            (1_395_001, Meaning::Later),
            (190_010, Meaning::AppLimited),
            (1_390_009, Meaning::Refused),
            (230_025, Meaning::TooLarge),
            (230_002, Meaning::Refused),
            (230_013, Meaning::Refused),
            (230_035, Meaning::Refused),
            (99_992_402, Meaning::Refused),
            (123_456_789, Meaning::Refused),
        ];
        for (code, expected) in table {
            assert_eq!(meaning(code), expected, "{code}");
        }
    }
}
