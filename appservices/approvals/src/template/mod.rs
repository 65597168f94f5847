//! Templates: what a form asks for, and through whose hands it goes.

mod check;
mod condition;
mod values;

use serde::{Deserialize, Serialize};

pub use self::{
    check::{Problem, check, dead_ends},
    condition::{Condition, ConditionError, Facts, Literal},
    values::{
        File, Form, FormError, Value, add_file, brief, facts, field_refused, missing, parse_value, read_line,
        starter_facts,
    },
};

/// A text in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// Chinese.
    #[serde(default)]
    pub zh: String,
    /// English.
    #[serde(default)]
    pub en: String,
}

impl Words {
    /// The words in a language; in the other where there are none.
    #[must_use]
    pub fn in_language(&self, language: people::Language) -> &str {
        let (first, second) = match language {
            people::Language::Zh => (&self.zh, &self.en),
            people::Language::En => (&self.en, &self.zh),
        };
        if first.is_empty() { second } else { first }
    }
}

/// A template. A running case keeps to the version it was begun with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// The form of the template: 1.
    pub v: u32,
    /// Its id, `leave`.
    pub id: String,
    /// Rises with every publishing.
    #[serde(default)]
    pub version: u64,
    /// What people call it.
    pub name: Words,
    /// By what words it is started.
    pub aliases: Vec<String>,
    /// The class of what it decides: `work`, `finance`, `contract`, `permission`.
    #[serde(default = "work")]
    pub class: String,
    /// Who may start it: `role:…`, `dept:/…`; everybody where it is empty.
    #[serde(default)]
    pub starters: Vec<String>,
    /// The form.
    pub form: Vec<Field>,
    /// The steps.
    pub flow: Vec<Node>,
    /// How it deals with the rest.
    #[serde(default)]
    pub policy: Policy,
}

fn work() -> String {
    "work".to_owned()
}

/// A field of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its id, as conditions name it.
    pub id: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldKind,
    /// What people call it.
    #[serde(default)]
    pub label: Words,
    /// Whether it must be filled in.
    #[serde(default)]
    pub required: bool,
    /// The choices of `single` and `multi`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// The currency of an amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The least number or amount (in the minor unit).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// The greatest number or amount, or the most files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// Whether cards show its last characters only.
    #[serde(default)]
    pub sensitive: bool,
    /// Whether a date may lie in the past.
    #[serde(default)]
    pub allow_past: bool,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// A short text.
    Text,
    /// A long text.
    Textarea,
    /// A whole number.
    Number,
    /// Money, in the minor unit.
    Amount,
    /// A day.
    Date,
    /// Two days and how many days they are.
    DateRange,
    /// One of the choices.
    Single,
    /// Some of the choices.
    Multi,
    /// A person.
    Contact,
    /// Files.
    Attachment,
    /// A telephone number.
    Phone,
    /// An address in the web.
    Link,
}

/// A step of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its id.
    pub id: String,
    /// What happens there.
    #[serde(flatten)]
    pub step: Step,
    /// Where it goes on; the next one in the list where it does not say, `end` for the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
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
        /// The last level.
        until: u32,
    },
    /// The starter.
    Starter(bool),
    /// The person in this field.
    Field(String),
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

/// How a template deals with the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Until when the starter can take it back.
    pub recall: RecallPolicy,
    /// What a rejection does: `end`, `to_starter`, `to_node:id`.
    pub reject: String,
    /// Where a returned one goes on.
    pub resubmit: ResubmitPolicy,
    /// What becomes of a step without people: `pass`, `to_admin`, `user:number`, `refuse`.
    pub empty: String,
    /// What becomes of a step that falls to the starter.
    #[serde(rename = "self")]
    pub own: SelfPolicy,
    /// Who is not asked twice.
    pub dedupe: Dedupe,
    /// Whether a rejection needs a reason.
    pub reason_on_reject: bool,
    /// When an approval needs a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm_over: Option<String>,
    /// How long an urge is enough, `2h`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urge_cooldown: Option<String>,
    /// Whether what was approved can be undone by another approval.
    pub revert: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            recall: RecallPolicy::UntilDecided,
            reject: "end".to_owned(),
            resubmit: ResubmitPolicy::Restart,
            empty: "to_admin".to_owned(),
            own: SelfPolicy::ParentHead,
            dedupe: Dedupe::Adjacent,
            reason_on_reject: true,
            confirm_over: None,
            urge_cooldown: None,
            revert: false,
        }
    }
}

/// Until when the starter can take it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecallPolicy {
    /// Until the first decision.
    UntilDecided,
    /// While it is pending.
    Always,
}

/// Where a returned one goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResubmitPolicy {
    /// From the beginning.
    Restart,
    /// At the node that returned it.
    JumpBack,
}

/// What becomes of a step that falls to the starter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelfPolicy {
    /// They decide themselves.
    Allow,
    /// It is passed over if somebody decides later, else it goes to their head.
    SkipIfLater,
    /// It goes to their head.
    ParentHead,
}

/// Who is not asked twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dedupe {
    /// Nobody is passed over.
    None,
    /// Who approved at the node before.
    Adjacent,
    /// Who approved at any node before.
    All,
}

/// `48h`, `30m` or `2d` in milliseconds.
#[must_use]
pub fn duration_ms(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit_ms: u64 = match unit {
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let number: u64 = number.parse().ok().filter(|number| (1..=10_000).contains(number))?;
    Some(number * unit_ms)
}

impl Template {
    /// `leave@3`, as records name it.
    #[must_use]
    pub fn mark(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }

    /// A node by its id.
    #[must_use]
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.flow.iter().find(|node| node.id == id)
    }

    /// A field by its id.
    #[must_use]
    pub fn field(&self, id: &str) -> Option<&Field> {
        self.form.iter().find(|field| field.id == id)
    }

    /// Where the flow goes on behind a node that is no branch. Nothing for the end.
    #[must_use]
    pub fn after(&self, id: &str) -> Option<&str> {
        let place = self.flow.iter().position(|node| node.id == id)?;
        let next = match &self.flow.get(place)?.next {
            Some(next) => next.as_str(),
            None => self.flow.get(place + 1)?.id.as_str(),
        };
        (next != END).then_some(next)
    }
}

/// The name of the end of a flow.
pub const END: &str = "end";
