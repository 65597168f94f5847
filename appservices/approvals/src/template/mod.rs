//! Templates: what a form asks for, and through whose hands it goes.

mod brief;
mod check;
mod check_flow;
mod check_form;
mod check_secret;
mod choice;
mod condition;
mod days;
mod dead_ends;
mod department;
mod details;
mod facts;
mod form_file;
mod formula;
mod line;
mod node;
mod parse;
mod policy;
mod problem;
mod reply;
mod selector;
mod tokens;
mod unreadable;
mod values;

use serde::{Deserialize, Serialize};

pub use self::{
    brief::{brief, brief_in, readable, said_again},
    check::check,
    choice::{Chooses, chosen, read_choices, with_choices},
    condition::{Condition, ConditionError, Facts, Literal},
    dead_ends::dead_ends,
    department::{chosen_department, departments_to_start, for_starter},
    details::read_rows,
    facts::{facts, starter_facts},
    form_file::{form_file, form_view, is_sensitive},
    formula::calculate,
    line::read_line,
    node::{BranchCase, Mode, Node, OnTimeout, Step, Until, Who},
    parse::{Reader, parse_value},
    policy::{Announce, CaseRoomPolicy, Dedupe, Policy, RecallPolicy, ResubmitPolicy, SelfPolicy},
    problem::Problem,
    reply::read_reply,
    selector::{candidates, is_meant},
    unreadable::unreadable,
    values::{File, Form, FormError, Value, add_file, field_refused, missing, short_hash},
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
    /// Whether there are none in either language.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.zh.is_empty() && self.en.is_empty()
    }

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
    /// The class of what it decides: `work`, `finance`, `contract`, `permission`, `secret`.
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
    /// The columns of a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<Field>,
    /// How a formula is calculated: numbers, fields of numbers and amounts, `days` of a range, `sum(list.column)`,
    /// `+ - * /` and brackets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formula: Option<String>,
    /// For which step the starter chooses people by it, and among whom. No template says it: it follows from the flow.
    #[serde(skip)]
    pub chooses: Option<Chooses>,
}

impl Field {
    /// Whether it holds money: an amount, or a formula with a currency.
    #[must_use]
    pub fn is_money(&self) -> bool {
        self.kind == FieldKind::Amount || (self.kind == FieldKind::Formula && self.currency.is_some())
    }
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
    /// A day and a time.
    Datetime,
    /// A department.
    Department,
    /// Pictures.
    Image,
    /// Lines with columns of their own.
    List,
    /// Something that is calculated.
    Formula,
    /// People whom the starter chooses. No template has such a field: it follows from the flow.
    #[serde(skip)]
    People,
}

impl FieldKind {
    /// Whether it is filled in by a file.
    #[must_use]
    pub const fn is_file(self) -> bool {
        matches!(self, Self::Attachment | Self::Image)
    }

    /// Whether people type it: it is neither a file nor calculated.
    #[must_use]
    pub const fn is_typed(self) -> bool {
        !self.is_file() && !matches!(self, Self::Formula)
    }

    /// Whether it may stand in a form of one line.
    const fn is_one_word(self) -> bool {
        self.is_typed() && !matches!(self, Self::List | Self::People)
    }
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

    /// Whether what its cases say is read in encrypted rooms alone.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.class == SECRET
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

    /// The partners that its flow may ask.
    pub fn partners(&self) -> impl Iterator<Item = &ruma::OwnedServerName> {
        let known = self.flow.iter().filter(|_| !self.is_secret());
        known.filter_map(|node| match &node.step {
            Step::Approve { who: Who::Partner { server, .. }, .. } => Some(server),
            Step::Approve { .. } | Step::Branch { .. } | Step::Cc { .. } => None,
        })
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

/// The class of what is read in encrypted rooms alone.
const SECRET: &str = "secret";

/// The name of the end of a flow.
pub const END: &str = "end";
