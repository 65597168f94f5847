//! What an operator's settings prove to be worth on the platform: tried step by step, told in words.

use tokio::time::timeout;

use crate::{Failure, FailureKind, Refusal, Words, limits::CHECK_TIME_MAX};

/// What to do where nothing is wrong with the settings.
const AGAIN: Words = Words {
    zh: "检查到平台的网络，稍后再试",
    en: "check the way to the platform and try again in a while",
};

const PUTS_TODOS: Words =
    Words { zh: "把机器人的任务放入待办", en: "put tasks of the bots among people's to-dos" };
const PUTS_MEETINGS: Words =
    Words { zh: "把机器人的会议放入日历", en: "put meetings of the bots into calendars" };
const ASKS_BUSY: Words = Words { zh: "查询忙闲", en: "ask when people have no time" };
/// Approvals of ours: a step that platforms have alike.
pub const PUTS_APPROVALS: Words = Words {
    zh: "把机器人的审批放入审批中心",
    en: "put approvals of the bots into the approval centre",
};

/// Why no connection is tried where the app is called by HTTP.
pub const CALLED_BY_HTTP: Words = Words {
    zh: "应用使用 HTTP 回调模式，由平台来验证地址",
    en: "the app is called by HTTP; the console tests the address when it is saved there",
};
/// Why webhooks of groups are not tried.
pub const NOT_SPOKEN: Words = Words {
    zh: "webhook 只有发消息时才会验证，检查不发消息",
    en: "a webhook proves itself only by a message that people see",
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
    /// What was tried and what came of it, in a line, and in a second one what to do; `say` chooses the language.
    pub fn said(&self, say: impl Fn(Words) -> String) -> String {
        let what = say(self.what);
        match &self.outcome {
            CheckOutcome::Works(found) if found.is_empty() => format!("[ok] {what}"),
            CheckOutcome::Works(found) => format!("[ok] {what}: {found}"),
            CheckOutcome::Fails { reason, advice } => format!("[!!] {what}: {reason}\n     {}", say(*advice)),
            CheckOutcome::Skipped(why) => format!("[--] {what}: {}", say(*why)),
        }
    }

    /// A step that was tried. `advice` is for what only the operator can mend; what passes by itself has its own.
    pub fn tried(what: Words, found: Result<String, Failure>, advice: Words) -> Self {
        let outcome = match found {
            Ok(found) => CheckOutcome::Works(found),
            Err(failure) => {
                let advice = match failure.kind {
                    FailureKind::Limited { .. } | FailureKind::Later(_) | FailureKind::Garbled(_) => AGAIN,
                    FailureKind::NotSignedIn(_) | FailureKind::Silenced(_) | FailureKind::Refused(_) => {
                        advice
                    }
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

    /// Tries a right that companies need not give, by a call about nothing; see [`let_in`]. Where it is missing nothing fails: the
    /// step is skipped, and `missing` says what does not work then and where the right is given.
    pub async fn trying_right(
        what: Words,
        missing: Words,
        lacking: &[&str],
        trying: impl Future<Output = Result<(), Failure>>,
    ) -> Self {
        match timeout(CHECK_TIME_MAX, trying).await {
            Ok(Err(failure)) if is_lacking(&failure, lacking) => Self::skipped(what, missing),
            Ok(tried) => Self::tried(what, let_in(tried, lacking).map(|()| String::new()), missing),
            Err(_) => Self::tried(what, Err(Failure::later("no answer in time")), missing),
        }
    }

    /// Tries the rights for what the bots keep in the platform's own apps: to-dos, meetings, free/busy, each with what is said where it
    /// is missing. See [`Self::trying_right`].
    pub async fn trying_entries(
        lacking: &[&str],
        todos: (Words, impl Future<Output = Result<(), Failure>>),
        meetings: (Words, impl Future<Output = Result<(), Failure>>),
        busy: (Words, impl Future<Output = Result<(), Failure>>),
    ) -> Vec<Self> {
        vec![
            Self::trying_right(PUTS_TODOS, todos.0, lacking, todos.1).await,
            Self::trying_right(PUTS_MEETINGS, meetings.0, lacking, meetings.1).await,
            Self::trying_right(ASKS_BUSY, busy.0, lacking, busy.1).await,
        ]
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

/// What a call about nothing says of the rights of its app: it has them, unless the platform answers with one of the codes by which
/// it tells that they are lacking. What is refused for another reason was let in.
///
/// # Errors
/// The failure, where a right is lacking or the platform did not say.
pub fn let_in(tried: Result<(), Failure>, lacking: &[&str]) -> Result<(), Failure> {
    match tried {
        Err(failure) if failure.passes() || is_lacking(&failure, lacking) => Err(failure),
        Err(Failure { kind: FailureKind::Refused(Refusal::QuotaUsedUp), .. }) => tried,
        _ => Ok(()),
    }
}

fn is_lacking(failure: &Failure, lacking: &[&str]) -> bool {
    failure.code.as_deref().is_some_and(|code| lacking.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn each_step_says_what_was_tried_what_came_of_it_and_what_to_do() {
        let what = Words { zh: "凭证", en: "credentials" };
        let both = |words: Words| format!("{} / {}", words.zh, words.en);
        let said = |outcome| CheckStep { what, outcome }.said(both);
        assert_eq!(said(CheckOutcome::Works(String::new())), "[ok] 凭证 / credentials");
        assert_eq!(said(CheckOutcome::Works("app 7".to_owned())), "[ok] 凭证 / credentials: app 7");
        let advice = Words { zh: "改", en: "mend it" };
        let fails = CheckOutcome::Fails { reason: "code 10003".to_owned(), advice };
        assert_eq!(said(fails), "[!!] 凭证 / credentials: code 10003\n     改 / mend it");
        assert_eq!(said(CheckOutcome::Skipped(advice)), "[--] 凭证 / credentials: 改 / mend it");
    }

    #[tokio::test]
    async fn a_right_that_is_missing_is_named_and_what_is_refused_otherwise_was_let_in() {
        let (what, missing) = (Words { zh: "待办", en: "to-dos" }, Words { zh: "申请", en: "ask for it" });
        let refused = |code: i64| Err(Failure::refused(Refusal::NotPermitted).with_code(code));
        let works = || CheckOutcome::Works(String::new());
        let table =
            [(Ok(()), works()), (refused(404), works()), (refused(7), CheckOutcome::Skipped(missing))];
        for (tried, expected) in table {
            let step = CheckStep::trying_right(what, missing, &["7"], async { tried }).await;
            assert_eq!(step, CheckStep { what, outcome: expected });
        }
        let step = CheckStep::trying_right(what, missing, &["7"], async { Err(Failure::later("502")) }).await;
        assert!(matches!(step.outcome, CheckOutcome::Fails { advice, .. } if advice == AGAIN));
    }
}
