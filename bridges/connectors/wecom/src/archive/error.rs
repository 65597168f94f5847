//! Why the archive does not do something, and what can be done about it.

use bridge_api::{Failure, FailureKind, Refusal};

/// Why the archive does not do something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// The helper or the library is not there, or is another one than it should be: somebody has to install it.
    #[error("{0}")]
    Missing(String),
    /// The library's own code.
    #[error("the archive's library answers {0}: {meaning}", meaning = meaning(*.0))]
    Library(i32),
    /// The platform's code within an answer of the library.
    #[error("the archive answers {0}: {meaning}", meaning = refusal(*.0))]
    Platform(i64),
    /// A key is missing or is another one than the console's.
    #[error("{0}")]
    Key(String),
    /// A page is longer than the helper may answer.
    #[error("the answer is too large")]
    TooLarge,
    /// The helper ended, hangs, or says something without sense; it is started again.
    #[error("the archive's helper: {0}")]
    Helper(String),
}

impl ArchiveError {
    /// Whether only somebody who mends the settings can do something about it.
    pub const fn is_misconfigured(&self) -> bool {
        match self {
            Self::Missing(_) | Self::Key(_) => true,
            Self::Library(code) => matches!(*code, 10_000 | 10_007 | 10_009 | 10_011),
            Self::Platform(code) => matches!(*code, 40_001 | 40_013 | 41_001 | 41_004 | 301_042 | 60_020),
            Self::TooLarge | Self::Helper(_) => false,
        }
    }

    /// Whether it is about this one entry, whose key or text is broken, and about no other.
    pub const fn is_of_entry(&self) -> bool {
        matches!(self, Self::Library(10_004 | 10_006 | 10_008))
    }
}

/// What the library's codes mean.
const fn meaning(code: i32) -> &'static str {
    match code {
        10_000 => "a setting is wrong",
        10_001 => "the network is out of order",
        10_002 => "the platform's answer makes no sense",
        10_003 => "the platform is out of order",
        10_004 | 10_008 => "the key of the entry makes no sense",
        10_005 => "there is no such file",
        10_006 => "the entry cannot be decrypted",
        10_007 => "there is no private key of this version",
        10_009 => "add this server's address to the archive's trusted addresses (可信IP) in the console",
        10_010 => "the platform has it no more",
        10_011 => "the platform's certificate is not believed",
        _ => "no reason given",
    }
}

/// What the platform's codes mean that the library passes on.
const fn refusal(code: i64) -> &'static str {
    match code {
        301_042 | 60_020 => {
            "add this server's address to the archive's trusted addresses (可信IP) in the console"
        }
        40_001 | 40_013 | 41_001 | 41_004 => {
            "compare corp_id and the archive's secret with the console, and look at its trusted addresses (可信IP)"
        }
        _ => "no reason given",
    }
}

impl From<ArchiveError> for Failure {
    fn from(error: ArchiveError) -> Self {
        let words = error.to_string();
        let kind = match &error {
            error if error.is_misconfigured() => FailureKind::NotSignedIn(words),
            ArchiveError::Library(10_005 | 10_010) => FailureKind::Refused(Refusal::Gone),
            error if error.is_of_entry() => FailureKind::Refused(Refusal::Other(words)),
            _ => FailureKind::Later(words),
        };
        let failure = Self::new(kind);
        match error {
            ArchiveError::Library(code) => failure.with_code(code),
            ArchiveError::Platform(code) => failure.with_code(code),
            _ => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_say_what_can_be_done() {
        let kind = |code| Failure::from(ArchiveError::Library(code)).kind;
        assert!(matches!(kind(10_001), FailureKind::Later(_)));
        assert!(matches!(kind(10_009), FailureKind::NotSignedIn(words) if words.contains("可信IP")));
        assert_eq!(kind(10_010), FailureKind::Refused(Refusal::Gone));
        let wrong = Failure::from(ArchiveError::Platform(301_042));
        assert_eq!(wrong.code.as_deref(), Some("301042"));
        assert!(matches!(wrong.kind, FailureKind::NotSignedIn(_)));
    }
}
