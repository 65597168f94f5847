//! What the platform's codes mean, of both generations. Pure.

use std::time::Duration;

use bridge_api::{Meaning, Refusal};

use crate::limits::{
    LIMITED_PAUSE, MESSAGE_PARAMETER_BYTES_MAX, MINUTE_PAUSE, WEBHOOK_BLOCKED_PAUSE, WORDS_CHARACTERS_MAX,
};

/// What a code of the new generation means; `words` are the platform's.
pub fn of_new(status: u16, code: &str, words: &str) -> Meaning {
    let limited = |after, app| Meaning::Limited { after, app };
    if let Some(limit) = code.strip_prefix("Forbidden.AccessDenied.") {
        return match limit {
            _ if limit.starts_with("Qps") => limited(LIMITED_PAUSE, true),
            _ if limit.starts_with("Qpm") => limited(MINUTE_PAUSE, true),
            _ if limit.starts_with("ApiCountLimit") => Meaning::QuotaUsedUp,
            "IpNotInWhiteList" => Meaning::SetUp,
            _ => Meaning::Refused(Refusal::NotPermitted),
        };
    }
    let refused = |refusal| Meaning::Refused(refusal);
    match code {
        "InvalidAuthentication" => Meaning::TokenStale,
        "invalidClientIdOrSecret"
        | "invalid.client"
        | "unauthorized.client"
        | "authFailed"
        | "ip.not.match"
        | "invalidParameter.robotCode.auth" => Meaning::SetUp,
        "send.too.fast" | "send.byToken.tooFast" | "too.many.group" | "too.many.people" => {
            limited(LIMITED_PAUSE, false)
        }
        // So many events or to-dos of one person in a day: another second changes nothing.
        "flowLimit" | "todo.taskCreate.flowControlError" => limited(MINUTE_PAUSE, false),
        "system.busy" | "idempotencyProcessing" | "todo.taskCreate.lockError" => Meaning::Busy,
        "unknown.send.result"
        | "system.err"
        | "system.error"
        | "systemError"
        | "unknownError"
        | "internalError" => Meaning::Unknown,
        _ if code.starts_with("todo.") && words.contains("task not exist") => refused(Refusal::Gone),
        _ if code.starts_with("todo.") && words.contains("bizTag") => refused(Refusal::NotPermitted),
        "group.disbanded"
        | "session.notExisted"
        | "session.expired"
        | "invalid.processQueryKey"
        | "param.cardNotExist"
        | "itemNotFound"
        | "instanceNotExist"
        | "processInstanceNotExist"
        | "processInstNotExist"
        | "aflowProcessInstNotExist"
        | "invalidParameter.robotCode.downloadCode" => refused(Refusal::Gone),
        "staffId.notExisted"
        | "robot.oto.notExist"
        | "chatbotId.notAllow.sendOTO"
        | "permissionDeny"
        | "userNotExist" => refused(Refusal::Unreachable),
        // So it answers when the robot is not in the group, too.
        "invalidParameter.robotCode.notExsit"
        | "conversation.org.notMatch"
        | "conversation.org.dismatch"
        | "resource.not.found"
        | "resource.unavailable"
        | "invalid.openConversationId" => refused(Refusal::NotInConversation),
        "robot.processQueryKey.expired"
        | "processQueryKey.expireTime"
        | "aflowProcessInstStatusException"
        | "aflowProcessInstCanNotBeExecuted" => refused(Refusal::TooLate),
        "invalidParameter.msgParam.tooLong" => {
            refused(Refusal::TooLarge { bytes_max: MESSAGE_PARAMETER_BYTES_MAX as u64 })
        }
        "bot.stopped"
        | "send.forbidden"
        | "bot.forbidden.sendMessage"
        | "only.groupAdmin.canAtAll"
        | "template.not.existed"
        | "template.stopped"
        | "unauthorized"
        | "auth.error"
        | "coolAppUninstalled"
        | "groupPermissionDenied"
        | "permession.checkFailed"
        | "not.allowed.robotCode"
        | "needAuth"
        | "param.templateNotExist"
        | "param.templateUnpublished" => refused(Refusal::NotPermitted),
        "param.contentUnsafe" => refused(Refusal::Censored),
        _ if code.starts_with("contain.") => refused(Refusal::Censored),
        _ if code.starts_with("groupTemplate.") => refused(Refusal::NotPermitted),
        _ => of_status(status, words),
    }
}

/// What a failure without a known code means.
pub fn of_status(status: u16, words: &str) -> Meaning {
    match status {
        401 => Meaning::TokenStale,
        429 => Meaning::Limited { after: LIMITED_PAUSE, app: true },
        503 => Meaning::Busy,
        500.. => Meaning::Unknown,
        413 => Meaning::Refused(Refusal::TooLarge { bytes_max: MESSAGE_PARAMETER_BYTES_MAX as u64 }),
        _ => Meaning::Refused(Refusal::Other(words.chars().take(WORDS_CHARACTERS_MAX).collect())),
    }
}

/// What a code of the old generation means; `sub_code` stands beside code 88.
pub fn of_old(code: i64, sub_code: &str, words: &str) -> Meaning {
    let limited = |after: Duration, app| Meaning::Limited { after, app };
    let refused = |refusal| Meaning::Refused(refusal);
    match code {
        40_001 | 40_014 | 42_001 => Meaning::TokenStale,
        40_089 | 60_020 => Meaning::SetUp,
        88 if sub_code.is_empty() => Meaning::Unknown,
        88 => of_sub_code(sub_code, words),
        60_011 | 50_002 | 50_004 | 310_000 | 400_102 | 400_106 | 43_007 => refused(Refusal::NotPermitted),
        90_018 | 90_002 => limited(LIMITED_PAUSE, true),
        90_020 => Meaning::QuotaUsedUp,
        130_101 | 410_100 => limited(WEBHOOK_BLOCKED_PAUSE, false),
        -1 => Meaning::Busy,
        15 => Meaning::Unknown,
        60_121 => refused(Refusal::Unreachable),
        33_012 | 60_003 | 300_001 | 300_005 | 400_013 => refused(Refusal::Gone),
        430_101..=430_104 => refused(Refusal::Censored),
        40_004 | 400_105 => refused(Refusal::Impossible),
        _ => refused(Refusal::Other(words.chars().take(WORDS_CHARACTERS_MAX).collect())),
    }
}

/// Code 88 says nothing by itself: the code beside it does, as a number or a word.
fn of_sub_code(sub_code: &str, words: &str) -> Meaning {
    match sub_code.parse::<i64>() {
        Ok(88) => Meaning::Unknown,
        Ok(number) => of_old(number, "", words),
        Err(_) if sub_code.contains("top-remote") => Meaning::Unknown,
        Err(_) if sub_code.to_lowercase().contains("auth") => Meaning::TokenStale,
        Err(_) => of_new(400, sub_code, words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_the_new_generation_mean_what_the_page_says() {
        let refused = Meaning::Refused;
        let limited = |seconds, app| Meaning::Limited { after: Duration::from_secs(seconds), app };
        let table = [
            (400, "InvalidAuthentication", Meaning::TokenStale),
            (401, "whatever", Meaning::TokenStale),
            (403, "Forbidden.AccessDenied.AccessTokenPermissionDenied", refused(Refusal::NotPermitted)),
            (403, "Forbidden.AccessDenied.IpNotInWhiteList", Meaning::SetUp),
            (403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", limited(1, true)),
            (403, "Forbidden.AccessDenied.QpmLimitForAppkeyAndApi", limited(60, true)),
            (403, "Forbidden.AccessDenied.QpsLimitForApi", limited(1, true)),
            (403, "Forbidden.AccessDenied.ApiCountLimitForOrg", Meaning::QuotaUsedUp),
            (504, "", Meaning::Unknown),
            (500, "system.error", Meaning::Unknown),
            (500, "system.busy", Meaning::Busy),
            (400, "group.disbanded", refused(Refusal::Gone)),
            (400, "staffId.notExisted", refused(Refusal::Unreachable)),
            (400, "contain.unsafe.url", refused(Refusal::Censored)),
            (400, "send.too.fast", limited(1, false)),
            (400, "robot.processQueryKey.expired", refused(Refusal::TooLate)),
            (400, "invalidParameter.robotCode.notExsit", refused(Refusal::NotInConversation)),
            (400, "something.new", refused(Refusal::Other("words".into()))),
            (400, "idempotencyProcessing", Meaning::Busy),
            (400, "flowLimit", limited(60, false)),
            (404, "itemNotFound", refused(Refusal::Gone)),
            (400, "aflowProcessInstCanNotBeExecuted", refused(Refusal::TooLate)),
            (500, "todo.taskUpdate.systemError", Meaning::Unknown),
        ];
        for (status, code, meaning) in table {
            assert_eq!(of_new(status, code, "words"), meaning, "{status} {code}");
        }
        let table = [
            ("task not exist", refused(Refusal::Gone)),
            ("task not belong to bizTag", refused(Refusal::NotPermitted)),
            ("task exist", refused(Refusal::Other("task exist".into()))),
        ];
        for (words, meaning) in table {
            assert_eq!(of_new(400, "todo.taskUpdate.paramError", words), meaning, "{words}");
        }
    }

    #[test]
    fn codes_of_the_old_generation_mean_what_the_page_says() {
        let table = [
            (40_014, "", Meaning::TokenStale),
            (42_001, "", Meaning::TokenStale),
            (88, "", Meaning::Unknown),
            (88, "40014", Meaning::TokenStale),
            (88, "isv.auth.failed", Meaning::TokenStale),
            (60_020, "", Meaning::SetUp),
            (90_018, "", Meaning::Limited { after: Duration::from_secs(1), app: true }),
            (90_020, "", Meaning::QuotaUsedUp),
            (130_101, "", Meaning::Limited { after: Duration::from_secs(600), app: false }),
            (15, "", Meaning::Unknown),
            (-1, "", Meaning::Busy),
            (50_002, "", Meaning::Refused(Refusal::NotPermitted)),
            (60_121, "", Meaning::Refused(Refusal::Unreachable)),
            (300_001, "", Meaning::Refused(Refusal::Gone)),
            (310_000, "", Meaning::Refused(Refusal::NotPermitted)),
            (430_101, "", Meaning::Refused(Refusal::Censored)),
        ];
        for (code, sub_code, meaning) in table {
            assert_eq!(of_old(code, sub_code, "words"), meaning, "{code} {sub_code}");
        }
    }
}
