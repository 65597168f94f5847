//! The nodes of a flow: who is asked, how words count, where it goes on.

use ruma::OwnedServerName;
use serde::{Deserialize, Serialize};

use super::Words;

/// A step of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its id.
    pub id: String,
    /// What people call it; its id where it has no name.
    #[serde(default, skip_serializing_if = "Words::is_empty")]
    pub name: Words,
    /// What happens there.
    #[serde(flatten)]
    pub step: Step,
    /// Where it goes on; the next one in the list where it does not say, `end` for the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Node {
    /// Its name in a language, or its id.
    #[must_use]
    pub fn called(&self, language: people::Language) -> &str {
        let name = self.name.in_language(language);
        if name.is_empty() { &self.id } else { name }
    }

    /// What people may type for it: its id, and its names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        [&self.id, &self.name.zh, &self.name.en]
            .into_iter()
            .map(String::as_str)
            .filter(|name| !name.is_empty())
    }
}

/// What happens at a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Step {
    /// People decide.
    Approve {
        /// Whose word counts how.
        #[serde(default)]
        mode: Mode,
        /// Who.
        who: Who,
        /// How long they have, `48h`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout: Option<String>,
        /// What happens then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on_timeout: Option<OnTimeout>,
    },
    /// A condition decides.
    Branch {
        /// Tried in order.
        cases: Vec<BranchCase>,
        /// Where it goes on when none holds.
        #[serde(default, rename = "else", skip_serializing_if = "Option::is_none")]
        otherwise: Option<String>,
    },
    /// People are told.
    Cc {
        /// Who.
        who: Who,
    },
}

/// A case of a branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchCase {
    /// The condition.
    #[serde(rename = "if")]
    pub condition: String,
    /// Where it goes on.
    pub next: String,
}

/// Whose word counts how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", into = "String", try_from = "String")]
pub enum Mode {
    /// All must agree; the first who does not decides.
    #[default]
    And,
    /// The first word, yes or no, decides.
    Or,
    /// All must agree, one after the other.
    Seq,
    /// So many must agree.
    Quorum(u32),
}

impl From<Mode> for String {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::And => "and".to_owned(),
            Mode::Or => "or".to_owned(),
            Mode::Seq => "seq".to_owned(),
            Mode::Quorum(n) => format!("quorum:{n}"),
        }
    }
}

impl TryFrom<String> for Mode {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "and" => Ok(Self::And),
            "or" => Ok(Self::Or),
            "seq" => Ok(Self::Seq),
            other => {
                let number = other.strip_prefix("quorum:").and_then(|number| number.parse().ok());
                let number = number.filter(|number| *number > 0);
                number
                    .map(Self::Quorum)
                    .ok_or_else(|| format!("`{other}` is no mode: and, or, seq, quorum:n"))
            }
        }
    }
}

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// These, by employee number.
    Users(Vec<String>),
    /// Everybody with this role.
    Role(String),
    /// The heads at this level above the starter, from 1.
    DeptHead(u32),
    /// The heads of every level up to one, each a step.
    DeptHeads {
        /// The last level, or the first where a head has a role.
        until: Until,
    },
    /// The starter.
    Starter(bool),
    /// The person in this field.
    Field(String),
    /// Whom the starter chooses when it is handed in.
    StarterChoice {
        /// Among whom: `role:…`, `dept:/…`, `user:` and an employee number; everybody where it is empty.
        #[serde(default)]
        from: Vec<String>,
        /// The fewest.
        #[serde(default = "one")]
        min: u32,
        /// The most; as many as the fewest where it does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
    },
    /// Somebody of a partner, whom the partner's bot finds.
    Partner {
        /// The partner's server.
        server: OwnedServerName,
        /// What they must be able to do, in the partner's words.
        capability: String,
    },
}

const fn one() -> u32 {
    1
}

/// How far heads are asked, one level after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Until {
    /// To this level.
    Level(u32),
    /// To the level whose head has this role, that one included.
    Role(String),
}

/// What happens when time is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnTimeout {
    /// They are reminded.
    Remind,
    /// It goes to their head.
    Escalate,
    /// It counts as agreed.
    AutoApprove,
    /// It counts as refused.
    AutoReject,
}
