//! Actions on cases, without store or wire: a case on a table, and people who do something with it.

use cases::{Case, Refusal, Via};
use jiff::tz::TimeZone;
use people::{Chart, PersonId};
use ruma::OwnedUserId;
use serde_json::{Value as Json, json};

use super::chart;
use crate::{
    act::{Action, decide},
    desk::{Actor, Delegation, Effect, World},
    instance::Instance,
    template::{Form, Template, Value, check},
};

pub(super) const START_MS: u64 = 1_793_836_800_000;

/// Where all cases live.
static ZONE: TimeZone = TimeZone::UTC;

pub(super) struct Play {
    pub chart: Chart,
    pub template: Template,
    pub delegations: Vec<Delegation>,
    pub case: Case<Instance>,
    pub at_ms: u64,
    pub effects: Vec<Effect>,
    pub records: Vec<String>,
}

/// A template with these nodes and this policy, and an amount in its form.
pub(super) fn template(flow: Json, policy: Json) -> Template {
    let template: Template = serde_json::from_value(json!({
        "v": 1, "id": "x", "version": 1, "name": {"zh": "X"}, "aliases": ["x"],
        "form": [{"id": "amount", "type": "amount"}], "flow": flow, "policy": policy,
    }))
    .unwrap();
    assert_eq!(check(&template), [], "the template of a test can be published");
    template
}

pub(super) fn step(id: &str, mode: &str, who: Json) -> Json {
    json!({"id": id, "type": "approve", "mode": mode, "who": who})
}

impl Play {
    pub fn new(flow: Json, policy: Json) -> Self {
        Self::started_by("1", flow, policy)
    }

    pub fn started_by(starter: &str, flow: Json, policy: Json) -> Self {
        let chart = chart();
        let template = template(flow, policy);
        let starter = PersonId(starter.into());
        let department = chart.person(&starter).unwrap().departments[0].clone();
        let form = Form::from([("amount".into(), Value::Number(1_280_000))]);
        let data = Instance::begun(&template, starter, department, form);
        let case = Case {
            id: "c".into(),
            no: "AP-1".into(),
            kind: "approval".into(),
            state: "draft".into(),
            seq: 0,
            rev: 0,
            head: String::new(),
            created_ms: START_MS,
            lists: Default::default(),
            data,
        };
        let (delegations, effects, records) = Default::default();
        Self { chart, template, delegations, case, at_ms: START_MS, effects, records }
    }

    /// What is decided and shown with.
    pub fn world(&self) -> World<'_> {
        World {
            chart: &self.chart,
            template: &self.template,
            delegations: &self.delegations,
            zone: &ZONE,
            at_ms: self.at_ms,
        }
    }

    pub fn tries(&mut self, who: &str, action: Action) -> Result<(), Refusal> {
        let id = PersonId(who.into());
        let account: Option<OwnedUserId> = self.chart.person(&id).and_then(|person| person.account.clone());
        let actor = match who {
            "" => Actor::nobody(),
            _ => Actor { person: Some(id), account, via: Via::Matrix, source: None, link: None },
        };
        let decision = decide(&self.case, &action, &actor, self.world())?;
        self.case = decision.case;
        self.effects = decision.effects;
        self.records.extend(decision.entries.iter().map(|entry| entry.action.clone()));
        Ok(())
    }

    pub fn does(&mut self, who: &str, action: Action) {
        if let Err(refusal) = self.tries(who, action.clone()) {
            panic!("{who} {action:?}: {refusal:?}");
        }
    }

    pub fn refused(&mut self, who: &str, action: Action) -> &'static str {
        let before = self.case.clone();
        let code = self.tries(who, action).unwrap_err().code;
        assert_eq!(self.case, before, "what is refused changes nothing");
        code
    }

    pub fn submitted(mut self) -> Self {
        self.does("1", Action::Submit);
        self
    }

    /// Who is asked now.
    pub fn asked(&self) -> Vec<&str> {
        self.case.data.open().map(|task| task.owner.0.as_str()).collect()
    }

    pub fn state(&self) -> &str {
        &self.case.state
    }
}

pub(super) fn yes() -> Action {
    Action::Approve { task: None, comment: None, code: None, chance: 123_456 }
}

pub(super) fn no(reason: &str) -> Action {
    Action::Reject { task: None, reason: Some(reason.into()) }
}

pub(super) fn users(ids: &[&str]) -> Json {
    json!({ "users": ids })
}
