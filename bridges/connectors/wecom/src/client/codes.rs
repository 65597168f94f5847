//! What the platform's codes mean, of its API and of the bot's connection. Pure.

use bridge_api::{Meaning, Refusal, words};

use crate::limits::{APP_TEXT_BYTES_MAX, FILE_BYTES_MAX, LIMITED_PAUSE, WORDS_CHARACTERS_MAX};

words! {
    SPEAK_FIRST = "请先有人在企业微信的该会话中 @ 机器人（单聊则给它发消息），机器人才能说话" | "somebody in that WeCom conversation has to mention the bot, or write to it alone, before it may speak there";
    ANSWERED = "客户来信后最多只能回复 5 条：其余的等客户再次来信后送出" | "five messages may answer what a customer wrote: what is said beyond them is sent when the customer writes again";
    LATE = "客户最后一次来信已超过 48 小时：等客户再次来信后送出" | "the customer wrote more than 48 hours ago: what is said is sent when the customer writes again";
    OVER = "与客户的会话已结束：等客户再次来信后送出" | "the session with the customer is over: what is said is sent when the customer writes again";
}

/// What a code means; `words` are the platform's.
pub fn meaning(code: i64, words: &str) -> Meaning {
    let refused = Meaning::Refused;
    match code {
        // System busy, concurrency, the approval engine's and the bot connection's moments.
        -1 | 45_033 | 45_035 | 301_026 | 301_057 | 846_601 | 846_602 => Meaning::Busy,
        // The subscription, or the handle of an answer, is gone: nothing was done.
        846_605 | 846_608 | 846_609 => Meaning::Busy,
        40_014 | 42_001 => Meaning::TokenStale,
        45_009 => Meaning::Limited { after: LIMITED_PAUSE, app: true },
        // Credentials, numbers of the app, trusted addresses, interfaces that were not granted.
        40_001
        | 40_013
        | 40_056
        | 40_057
        | 41_001
        | 41_002
        | 41_004
        | 41_011
        | 42_007
        | 42_009
        | 48_001..=48_005
        | 48_009
        | 50_001
        | 50_003
        | 60_020
        | 80_001
        | 85_005
        | 93_019
        | 95_011
        | 95_012
        | 95_017
        | 301_002
        | 853_000 => Meaning::SetUp,
        40_003 | 40_031 | 43_004 | 46_004 | 50_002 | 60_111 | 81_013 | 84_061 | 40_096 => {
            refused(Refusal::Unreachable)
        }
        60_011 | 86_216 | 86_217 | 86_220 | 301_055 => refused(Refusal::NotPermitted),
        // A group that another app made, a webhook that was removed.
        86_008 | 93_000 => refused(Refusal::NotInConversation),
        // A group that the bot never saw, or in which nobody addressed it for long: by day it works, and by the next morning it does not.
        93_006 => Meaning::Silenced(SPEAK_FIRST),
        // Customers are answered five times within two days of what they wrote, while the session lasts.
        95_001 => Meaning::Silenced(ANSWERED),
        95_002 => Meaning::Silenced(LATE),
        95_013 => Meaning::Silenced(OVER),
        // An account of customer service that is no more.
        95_000 | 95_004 => refused(Refusal::Gone),
        40_007 | 40_050 | 60_003 | 60_123 | 86_001 | 86_003 => refused(Refusal::Gone),
        45_001 => refused(Refusal::TooLarge { bytes_max: FILE_BYTES_MAX }),
        45_002 => refused(Refusal::TooLarge { bytes_max: APP_TEXT_BYTES_MAX as u64 }),
        40_004..=40_006 | 40_008 | 44_001 | 44_004 | 45_007 | 301_017 => refused(Refusal::Impossible),
        _ => refused(Refusal::Other(words.chars().take(WORDS_CHARACTERS_MAX).collect())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_say_what_can_be_done() {
        let table = [
            (-1, Meaning::Busy),
            (45_033, Meaning::Busy),
            (846_609, Meaning::Busy),
            (42_001, Meaning::TokenStale),
            (40_014, Meaning::TokenStale),
            (45_009, Meaning::Limited { after: LIMITED_PAUSE, app: true }),
            (40_001, Meaning::SetUp),
            (60_020, Meaning::SetUp),
            (48_002, Meaning::SetUp),
            (81_013, Meaning::Refused(Refusal::Unreachable)),
            (86_008, Meaning::Refused(Refusal::NotInConversation)),
            (93_000, Meaning::Refused(Refusal::NotInConversation)),
            (93_006, Meaning::Silenced(SPEAK_FIRST)),
            (95_002, Meaning::Silenced(LATE)),
            (95_004, Meaning::Refused(Refusal::Gone)),
            (40_050, Meaning::Refused(Refusal::Gone)),
            (40_058, Meaning::Refused(Refusal::Other("what".into()))),
        ];
        for (code, expected) in table {
            assert_eq!(meaning(code, "what"), expected, "{code}");
        }
    }
}
