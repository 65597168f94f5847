//! Why a platform did not do what it was asked, in the terms of what can be done about it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Words;

/// Why a request failed, with what the platform's support needs to find it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (code {}, trace {})", code.as_deref().unwrap_or("-"), trace.as_deref().unwrap_or("-"))]
pub struct Failure {
    /// What can be done about it.
    pub kind: FailureKind,
    /// The platform's code.
    pub code: Option<String>,
    /// The platform's id of the request.
    pub trace: Option<String>,
}

/// What can be done about a failure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FailureKind {
    /// Too many requests: the same one may be repeated after this time. Limits of the whole app say so.
    #[error("limited for {} ms", after.as_millis())]
    Limited {
        /// When to try again.
        after: Duration,
        /// Whether everything of the app has to wait, not this conversation alone.
        app: bool,
    },
    /// The platform or the way to it is out of order for a while: the same request may be repeated.
    #[error("out of order: {0}")]
    Later(String),
    /// The credentials do not count: nothing works until somebody mends the configuration.
    #[error("not signed in: {0}")]
    NotSignedIn(String),
    /// The platform lets us speak only after somebody there spoke to us: the same request is repeated when something arrives from that
    /// conversation, and people are told so in these words.
    #[error("nobody spoke to us there: {}", .0.en)]
    Silenced(Words),
    /// It will never be done: it is not repeated, and people are told why.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// The answer makes no sense. What was asked may have been done, so it is repeated with the same key.
    #[error("the answer makes no sense: {0}")]
    Garbled(String),
}

/// Why a platform will never do something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Our app is not in the conversation.
    #[error("not in the conversation")]
    NotInConversation,
    /// What it is about is gone: recalled, deleted, dissolved.
    #[error("gone")]
    Gone,
    /// The person cannot be reached by our app, or has left.
    #[error("the person cannot be reached")]
    Unreachable,
    /// Our app lacks a right, or is muted.
    #[error("no permission")]
    NotPermitted,
    /// The platform's own rules for words, or the company's.
    #[error("held back by the platform's rules")]
    Censored,
    /// Larger than this many bytes.
    #[error("larger than {bytes_max} bytes")]
    TooLarge {
        /// What would be taken.
        bytes_max: u64,
    },
    /// The time or the number of changes is over.
    #[error("too late")]
    TooLate,
    /// The platform has no such thing.
    #[error("not possible there")]
    Impossible,
    /// What it allows in a month, or a day, is used up.
    #[error("the quota is used up")]
    QuotaUsedUp,
    /// Another reason, in the platform's words.
    #[error("{0}")]
    Other(String),
}

impl Failure {
    /// A failure without code and trace.
    pub const fn new(kind: FailureKind) -> Self {
        Self { kind, code: None, trace: None }
    }

    /// A refusal without code and trace.
    pub const fn refused(refusal: Refusal) -> Self {
        Self::new(FailureKind::Refused(refusal))
    }

    /// A disturbance without code and trace.
    pub fn later(reason: impl Into<String>) -> Self {
        Self::new(FailureKind::Later(reason.into()))
    }

    /// The same failure with the platform's code.
    #[must_use]
    pub fn with_code(mut self, code: impl ToString) -> Self {
        self.code = Some(code.to_string());
        self
    }

    /// The same failure with the platform's id of the request.
    #[must_use]
    pub fn with_trace(mut self, trace: impl Into<String>) -> Self {
        self.trace = Some(trace.into());
        self
    }

    /// Whether the same request may succeed another time without anybody doing anything.
    pub const fn passes(&self) -> bool {
        match self.kind {
            FailureKind::Limited { .. }
            | FailureKind::Later(_)
            | FailureKind::Garbled(_)
            | FailureKind::NotSignedIn(_)
            | FailureKind::Silenced(_) => true,
            FailureKind::Refused(_) => false,
        }
    }
}

impl Refusal {
    /// The reason as people are told it.
    pub const fn words(&self) -> Words {
        match self {
            Self::NotInConversation => {
                Words { zh: "机器人不在该会话中", en: "our robot is not in the conversation" }
            }
            Self::Gone => Words { zh: "目标已撤回或不存在", en: "what it is about is gone" },
            Self::Unreachable => Words {
                zh: "对方不在应用可用范围内或已离职",
                en: "the person cannot be reached",
            },
            Self::NotPermitted => {
                Words { zh: "没有权限或被禁言", en: "our robot has no permission, or is muted" }
            }
            Self::Censored => {
                Words { zh: "被平台内容规则拦截", en: "held back by the platform's rules" }
            }
            Self::TooLarge { .. } => {
                Words { zh: "超出平台大小限制", en: "larger than the platform takes" }
            }
            Self::TooLate => Words {
                zh: "已超出平台允许的时间或次数",
                en: "too late, or too often, for the platform",
            },
            Self::Impossible => Words { zh: "平台不支持", en: "the platform has no such thing" },
            Self::QuotaUsedUp => Words { zh: "平台额度已用完", en: "the platform's quota is used up" },
            Self::Other(_) => Words { zh: "平台拒绝", en: "the platform refused" },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_refusals_are_final() {
        assert!(Failure::later("503").passes());
        assert!(Failure::new(FailureKind::Limited { after: Duration::from_secs(1), app: false }).passes());
        assert!(!Failure::refused(Refusal::Gone).passes());
    }

    #[test]
    fn a_failure_names_code_and_trace() {
        let failure = Failure::refused(Refusal::Censored).with_code(230_022).with_trace("log-7");
        assert_eq!(
            failure.to_string(),
            "refused: held back by the platform's rules (code 230022, trace log-7)"
        );
    }
}
