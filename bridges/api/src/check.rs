//! What an operator's settings prove to be worth on the platform: tried step by step, told in words.

use tokio::time::timeout;

use crate::{Failure, FailureKind, Words, limits::CHECK_TIME_MAX};

/// What to do where nothing is wrong with the settings.
const AGAIN: Words = Words {
    zh: "检查到平台的网络，稍后再试",
    en: "check the way to the platform and try again in a while",
};

/// One thing that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckStep {
    /// What was tried.
    pub what: Words,
    /// What came of it.
    pub outcome: CheckOutcome,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckOutcome {
    /// It works; what was found, which may be nothing.
    Works(String),
    /// It does not.
    Fails {
        /// Why, in the platform's words, with its code and its id of the request; nothing secret.
        reason: String,
        /// What somebody can do about it.
        advice: Words,
    },
    /// It was not tried, and why.
    Skipped(Words),
}

impl CheckStep {
    /// A step that was tried. `advice` is for what only the operator can mend; what passes by itself has its own.
    pub fn tried(what: Words, found: Result<String, Failure>, advice: Words) -> Self {
        let outcome = match found {
            Ok(found) => CheckOutcome::Works(found),
            Err(failure) => {
                let advice = match failure.kind {
                    FailureKind::Limited { .. } | FailureKind::Later(_) | FailureKind::Garbled(_) => AGAIN,
                    FailureKind::NotSignedIn(_) | FailureKind::Refused(_) => advice,
                };
                CheckOutcome::Fails { reason: failure.to_string(), advice }
            }
        };
        Self { what, outcome }
    }

    /// Tries a step, for some seconds at most; see [`Self::tried`].
    pub async fn trying(
        what: Words,
        advice: Words,
        trying: impl Future<Output = Result<String, Failure>>,
    ) -> Self {
        let found = timeout(CHECK_TIME_MAX, trying).await;
        Self::tried(what, found.unwrap_or_else(|_| Err(Failure::later("no answer in time"))), advice)
    }

    /// A step that was not tried.
    pub const fn skipped(what: Words, why: Words) -> Self {
        Self { what, outcome: CheckOutcome::Skipped(why) }
    }

    /// Whether it works.
    pub const fn works(&self) -> bool {
        matches!(self.outcome, CheckOutcome::Works(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Refusal;

    #[test]
    fn what_passes_by_itself_is_not_blamed_on_the_settings() {
        let (what, advice) = (Words { zh: "密钥", en: "secret" }, Words { zh: "改", en: "mend it" });
        let table = [
            (Failure::new(FailureKind::NotSignedIn("wrong".into())), advice),
            (Failure::refused(Refusal::NotPermitted), advice),
            (Failure::later("502"), AGAIN),
        ];
        for (failure, expected) in table {
            let reason = failure.to_string();
            let step = CheckStep::tried(what, Err(failure), advice);
            assert!(!step.works());
            assert_eq!(step.outcome, CheckOutcome::Fails { reason, advice: expected });
        }
        assert!(CheckStep::tried(what, Ok("app 7".into()), advice).works());
    }
}
