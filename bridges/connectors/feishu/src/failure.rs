//! What failed calls are to the core.

use std::time::Duration;

use bridge_api::{Failure, FailureKind, Refusal, limits::PAUSE_MAX};

use crate::{
    client::{
        CallError,
        codes::{self, Meaning},
    },
    limits::{CHAT_LIMITED_PAUSE, LIMITED_PAUSE, POST_BYTES_MAX},
};

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let kind = kind(&error);
        let trace = match &error {
            CallError::Answered { trace, .. } | CallError::Unexpected { trace, .. } => trace.clone(),
            CallError::Unreachable(_) | CallError::NoTurn(_) => None,
        };
        Self { kind, code: error.code().map(|code| code.to_string()), trace }
    }
}

fn kind(error: &CallError) -> FailureKind {
    let limited = |otherwise: Duration, app: bool| {
        let asked = match error {
            CallError::Answered { wait, .. } => *wait,
            CallError::NoTurn(wait) => Some(*wait),
            CallError::Unexpected { .. } | CallError::Unreachable(_) => None,
        };
        FailureKind::Limited { after: asked.unwrap_or(otherwise).min(PAUSE_MAX), app }
    };
    match error.meaning() {
        Meaning::AppLimited => limited(LIMITED_PAUSE, true),
        Meaning::ChatLimited => limited(CHAT_LIMITED_PAUSE, false),
        Meaning::Later if matches!(error, CallError::Unexpected { status, .. } if *status < 400) => {
            FailureKind::Garbled(error.to_string())
        }
        Meaning::Later => FailureKind::Later(error.to_string()),
        // One missing right stops one kind of call, not the bridge.
        Meaning::Operator if error.code() == Some(99_991_672) => FailureKind::Refused(Refusal::NotPermitted),
        Meaning::Operator if error.code() == Some(99_991_403) => FailureKind::Refused(Refusal::QuotaUsedUp),
        Meaning::TokenStale | Meaning::Operator => FailureKind::NotSignedIn(advice(error)),
        Meaning::Gone => FailureKind::Refused(Refusal::Gone),
        Meaning::TooLarge => FailureKind::Refused(Refusal::TooLarge { bytes_max: POST_BYTES_MAX as u64 }),
        Meaning::Refused => FailureKind::Refused(refusal(error)),
    }
}

/// What an operator does about it, before the platform's own words.
fn advice(error: &CallError) -> String {
    let what = match error.code() {
        Some(10_014 | 99_991_662 | 99_991_673) => "enable the app for the company",
        Some(10_015) => "check the app's secret",
        Some(99_991_401) => "add this server's address to the app's list of allowed addresses",
        Some(230_006 | 190_007 | 232_025) => "switch the app's bot on and publish a version",
        _ => "check the app's credentials and rights",
    };
    format!("{what}: {error}")
}

fn refusal(error: &CallError) -> Refusal {
    match error.code() {
        Some(230_002 | 232_011 | 234_004) => Refusal::NotInConversation,
        Some(230_013 | 230_029 | 230_034 | 230_053 | 230_101 | 232_022 | 41_050) => Refusal::Unreachable,
        Some(230_018 | 230_027 | 230_035 | 231_002 | 231_203 | 230_026 | 230_038) => Refusal::NotPermitted,
        Some(232_002 | 232_010 | 232_014 | 232_016 | 232_017 | 234_038 | 40_004) => Refusal::NotPermitted,
        Some(1_470_403 | 1_390_009 | 191_002 | 193_002) => Refusal::NotPermitted,
        Some(195_100 | 1_390_004) => Refusal::Unreachable,
        Some(230_022 | 230_028) => Refusal::Censored,
        Some(230_009 | 230_031 | 230_033 | 230_072 | 230_075) => Refusal::TooLate,
        Some(230_054 | 231_001 | 231_017 | 234_043 | 1_390_013 | 1_390_018) => Refusal::Impossible,
        Some(234_003) => Refusal::Gone,
        _ => Refusal::Other(error.to_string()),
    }
}

/// Whether a call failed because what it is about is gone already.
pub fn is_gone(error: &CallError) -> bool {
    error.code().is_some_and(|code| codes::meaning(code) == Meaning::Gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(code: i64, wait: Option<u64>) -> CallError {
        let (message, trace) = ("words".to_owned(), Some("L1".to_owned()));
        CallError::Answered { code, message, trace, wait: wait.map(Duration::from_secs) }
    }

    #[test]
    fn codes_become_what_the_core_acts_on() {
        let after = |ms, app| FailureKind::Limited { after: Duration::from_millis(ms), app };
        let table = [
            (answered(99_991_400, Some(7)), after(7000, true)),
            (answered(99_991_400, None), after(5000, true)),
            (answered(230_020, None), after(750, false)),
            (answered(230_002, None), FailureKind::Refused(Refusal::NotInConversation)),
            (answered(230_013, None), FailureKind::Refused(Refusal::Unreachable)),
            (answered(230_101, None), FailureKind::Refused(Refusal::Unreachable)),
            (answered(230_022, None), FailureKind::Refused(Refusal::Censored)),
            (answered(230_027, None), FailureKind::Refused(Refusal::NotPermitted)),
            (answered(230_011, None), FailureKind::Refused(Refusal::Gone)),
            (answered(232_009, None), FailureKind::Refused(Refusal::Gone)),
            (answered(230_025, None), FailureKind::Refused(Refusal::TooLarge { bytes_max: 27_000 })),
            (answered(230_075, None), FailureKind::Refused(Refusal::TooLate)),
            (answered(99_991_672, None), FailureKind::Refused(Refusal::NotPermitted)),
            (answered(99_991_403, None), FailureKind::Refused(Refusal::QuotaUsedUp)),
            (answered(231_001, None), FailureKind::Refused(Refusal::Impossible)),
            (CallError::NoTurn(Duration::from_secs(30)), after(30_000, true)),
        ];
        for (error, expected) in table {
            let failure = Failure::from(error.clone());
            assert_eq!(failure.kind, expected, "{error}");
        }
    }

    #[test]
    fn a_failure_carries_code_and_log_id_and_says_what_to_do() {
        let failure = Failure::from(answered(10_015, None));
        assert_eq!((failure.code.as_deref(), failure.trace.as_deref()), (Some("10015"), Some("L1")));
        assert!(
            matches!(&failure.kind, FailureKind::NotSignedIn(words) if words.starts_with("check the app's secret"))
        );
        let page = CallError::Unexpected { status: 200, reason: "html".to_owned(), trace: None };
        assert!(matches!(Failure::from(page).kind, FailureKind::Garbled(_)));
        let down = CallError::Unexpected { status: 502, reason: "html".to_owned(), trace: None };
        assert!(matches!(Failure::from(down).kind, FailureKind::Later(_)));
    }
}
