//! Approvals: forms, who decides in which order, and what apps are told.

use serde_json::{Value, json};

use super::State;
use super::people::folded;
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;

/// The app that approvals speak as.
const APPROVAL_AGENT: u64 = 3_010_040;

pub(crate) const PENDING: u64 = 1;
pub(crate) const AGREED: u64 = 2;
pub(crate) const REJECTED: u64 = 3;
pub(crate) const WITHDRAWN: u64 = 4;

/// A node where one of its people is enough.
const ANY: u64 = 2;
/// A node whose people decide one after the other.
const IN_ORDER: u64 = 3;

/// A form.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pub(crate) name: String,
    pub(crate) controls: Value,
    /// Who decides when a request names nobody, one after the other.
    pub(crate) approvers: Vec<String>,
}

/// Somebody who decides.
#[derive(Clone, Debug)]
pub(crate) struct Decider {
    pub(crate) person: String,
    pub(crate) status: u64,
    pub(crate) speech: String,
    pub(crate) at_s: u64,
}

/// A step of an approval.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// 1 decides, 2 gets a copy, 3 does something.
    pub(crate) kind: u64,
    /// 1 all, 2 any, 3 one after the other.
    pub(crate) relation: u64,
    pub(crate) people: Vec<Decider>,
}

impl Node {
    pub(crate) fn new(kind: u64, relation: u64, people: Vec<String>) -> Self {
        let decider = |person| Decider { person, status: PENDING, speech: String::new(), at_s: 0 };
        Self { kind, relation, people: people.into_iter().map(decider).collect() }
    }

    pub(crate) fn status(&self) -> u64 {
        let mut statuses = self.people.iter().map(|one| one.status);
        if statuses.clone().any(|status| status == REJECTED) {
            return REJECTED;
        }
        let agreed = match self.relation {
            ANY => statuses.any(|status| status == AGREED),
            _ => statuses.all(|status| status == AGREED),
        };
        if self.kind == 2 || agreed { AGREED } else { PENDING }
    }
}

/// An approval.
#[derive(Clone, Debug)]
pub(crate) struct Approval {
    pub(crate) number: String,
    pub(crate) template: String,
    pub(crate) name: String,
    pub(crate) applicant: String,
    pub(crate) applied_s: u64,
    pub(crate) status: u64,
    pub(crate) nodes: Vec<Node>,
    pub(crate) apply_data: Value,
}

impl Approval {
    /// The place of the step that waits for somebody, while it runs.
    pub(crate) fn asking(&self) -> Option<usize> {
        let waits = |node: &Node| node.status() == PENDING;
        self.nodes.iter().position(waits).filter(|_| self.status == PENDING)
    }
}

impl State {
    /// Begins one and tells of it; answers its number.
    pub(crate) fn apply(&mut self, approval: Approval) -> Result<String, Refusal> {
        if self.approvals.len() >= RECORDS_MAX {
            return Err(Refusal::new(301_057));
        }
        let number = format!("2026{:08}", 10_000_000 + self.stage.number());
        self.approvals.insert(number.clone(), Approval { number: number.clone(), ..approval });
        self.tell_of_approval(&number, 1);
        Ok(number)
    }

    /// Somebody decides what waits for them.
    pub(crate) fn decide(
        &mut self,
        number: &str,
        person: &str,
        agrees: bool,
        speech: &str,
    ) -> Result<(), Refusal> {
        let nothing = || Refusal::control("nothing waits for the person");
        let now = self.now_s();
        let approval =
            self.approvals.get_mut(number).filter(|one| one.status == PENDING).ok_or_else(nothing)?;
        let node = approval.nodes.iter_mut().find(|node| node.status() == PENDING).ok_or_else(nothing)?;
        let in_order = node.relation == IN_ORDER;
        let mut waiting = node.people.iter_mut().filter(|one| one.status == PENDING);
        let own = |one: &&mut Decider| folded(&one.person) == folded(person);
        let decider = if in_order { waiting.next().filter(own) } else { waiting.find(own) };
        let decider = decider.ok_or_else(nothing)?;
        decider.status = if agrees { AGREED } else { REJECTED };
        (decider.speech, decider.at_s) = (speech.to_owned(), now);
        if !agrees {
            approval.status = REJECTED;
        } else if approval.nodes.iter().all(|node| node.status() == AGREED) {
            approval.status = AGREED;
        }
        self.tell_of_approval(number, if agrees { 2 } else { 3 });
        Ok(())
    }

    /// Who applied takes it back.
    pub(crate) fn withdraw(&mut self, number: &str, person: &str) -> Result<(), Refusal> {
        let approval = self.approvals.get_mut(number);
        let own = approval.filter(|one| one.status == PENDING && folded(&one.applicant) == folded(person));
        own.ok_or_else(|| Refusal::control("it is not theirs, or decided"))?.status = WITHDRAWN;
        self.tell_of_approval(number, 6);
        Ok(())
    }

    fn tell_of_approval(&mut self, number: &str, change: u64) {
        let Some(approval) = self.approvals.get(number).cloned() else { return };
        let deciders = |node: &Node| -> Vec<Value> {
            let detail = |one: &Decider| {
                json!({
                    "Approver": { "UserId": one.person }, "Speech": one.speech, "SpStatus": one.status, "SpTime": one.at_s,
                })
            };
            node.people.iter().map(detail).collect()
        };
        let record = |node: &Node| {
            let attribute = if node.relation == ANY { 1 } else { 2 };
            json!({ "SpStatus": node.status(), "ApproverAttr": attribute, "Details": deciders(node) })
        };
        let records: Vec<Value> = approval.nodes.iter().filter(|node| node.kind != 2).map(record).collect();
        let step = |node: &Node| {
            let decider = |one: &Decider| json!({ "UserId": one.person, "Speech": one.speech, "SpYj": one.status, "Sptime": one.at_s });
            let people: Vec<Value> = node.people.iter().map(decider).collect();
            json!({
                "NodeType": node.kind, "SpStatus": node.status(), "ApvRel": node.relation, "SubNodeList": people,
            })
        };
        let steps: Vec<Value> = approval.nodes.iter().map(step).collect();
        let copies = approval.nodes.iter().filter(|node| node.kind == 2).flat_map(|node| &node.people);
        let copies: Vec<Value> = copies.map(|one| json!({ "UserId": one.person })).collect();
        let info = json!({
            "SpNo": approval.number.parse::<u64>().ok(), "SpNoStr": approval.number, "SpName": approval.name,
            "SpStatus": approval.status, "TemplateId": approval.template, "ApplyTime": approval.applied_s,
            "Applyer": { "UserId": approval.applicant, "Party": "1" }, "SpRecord": records,
            "ProcessList": { "NodeList": steps }, "Notifyer": copies, "StatuChangeEvent": change,
        });
        let fields = json!({ "ApprovalInfo": info, "AgentID": APPROVAL_AGENT });
        let granted = self.apps.values().filter(|app| app.granted.contains("approval"));
        for agent in granted.map(|app| app.agent_id).collect::<Vec<_>>() {
            self.emit(agent, "sys", "sys_approval_change", &fields);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_done_as_its_relation_says() {
        let people = || vec!["a".to_owned(), "b".to_owned()];
        let (mut all, mut any) = (Node::new(1, 1, people()), Node::new(1, ANY, people()));
        all.people[0].status = AGREED;
        any.people[0].status = AGREED;
        assert_eq!((all.status(), any.status()), (PENDING, AGREED));
        all.people[1].status = REJECTED;
        assert_eq!(all.status(), REJECTED);
        assert_eq!(Node::new(2, 1, people()).status(), AGREED, "a copy waits for nobody");
    }
}
