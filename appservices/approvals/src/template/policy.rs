//! How a template deals with what its nodes do not say.

use serde::{Deserialize, Serialize};

/// How a template deals with the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Until when the starter can take it back.
    pub recall: RecallPolicy,
    /// What a rejection does: `end`, `to_starter`, `to_node:id`; to the starter where that node was not passed.
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
    /// Whether a case has a room of its own.
    pub case_room: CaseRoomPolicy,
    /// Whether the room where it was started hears the outcome, and what was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announce: Option<Announce>,
}

/// Whether a case has a room of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseRoomPolicy {
    /// Every case has.
    Always,
    /// Those where a partner is asked.
    IfFederated,
}

/// Who hears of a case beside those who are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Announce {
    /// The room where it was started.
    Room,
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
            case_room: CaseRoomPolicy::IfFederated,
            announce: None,
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
