//! Backwards: refused, sent back, recalled, ended.

use cases::Refusal;
use people::Language;

use super::clock::IDLE;
use crate::{
    desk::{About, Desk, Effect, Shown},
    flow::walk::Walked,
    instance::{Decided, SENT_BACK, Task, TaskState, state},
    template::{Node, RecallPolicy, ResubmitPolicy, Step},
};

/// What the starter is called where something is sent back to them.
pub(crate) const STARTER: &str = "starter";

/// Whether somebody is asked, or has agreed.
fn counts(task: &Task) -> bool {
    task.state.is_open() || task.state == TaskState::Approved
}

impl Desk<'_> {
    /// A node did not agree: what follows is the template's policy.
    pub fn refused(&mut self, node: &str) -> Result<(), Refusal> {
        let policy = self.world.template.policy.reject.clone();
        match policy.split_once(':') {
            Some(("to_node", target)) if self.was_passed(target) => {
                self.refusals_send_back();
                self.back_to(target);
            }
            // A node that is still ahead, or was never on the way, is no way back: that leads to the starter.
            found if found.is_some() || policy == "to_starter" => {
                self.refusals_send_back();
                self.back_to_starter(node);
            }
            _ => {
                self.case.data.node = None;
                self.case.state = state::REJECTED.to_owned();
                self.tell_rejected("told.rejected");
            }
        }
        if let Some(last) = self.entries.last_mut() {
            last.to = self.case.state.clone();
        }
        Ok(())
    }

    /// Whether a node lies behind the one under way.
    fn was_passed(&self, node: &str) -> bool {
        self.case.data.passed.iter().any(|passed| passed == node)
    }

    /// Who did not agree in the round under way has sent the case back with that, and their cards say so ever after.
    fn refusals_send_back(&mut self) {
        let Some(round) = self.case.data.node.as_ref().map(|running| running.round) else { return };
        let refusals = self.case.data.tasks.iter_mut();
        for task in refusals.filter(|task| task.round == round && task.state == TaskState::Rejected) {
            task.state = TaskState::Returned;
            if let Some(decided) = &mut task.decided {
                decided.result = SENT_BACK.to_owned();
            }
        }
    }

    fn tell_rejected(&mut self, text: &'static str) {
        let (who, reason) = match &self.case.data.note {
            Some((who, reason)) => (self.world.name(who), reason.clone()),
            None => ("-".to_owned(), "-".to_owned()),
        };
        let mut values = self.named();
        values.extend([("who", Shown::Plain(who)), ("reason", Shown::Plain(reason))]);
        self.tell_starter(text, values, true);
    }

    /// The first round from which on something of a node counts; of one where everybody was passed over, the newest; else the
    /// round under way.
    fn first_round_of(&self, node: &str) -> u32 {
        let data = &self.case.data;
        let running = data.node.as_ref().map_or(data.rounds, |running| running.round);
        let of_node = || data.tasks.iter().filter(|task| task.node == node);
        let counting = of_node().filter(|task| counts(task)).map(|task| task.round).min();
        let skipped = of_node().filter(|task| task.state == TaskState::Skipped);
        let skipped = skipped.map(|task| task.round).max();
        counting.or(skipped).unwrap_or(running).min(running)
    }

    /// What lies behind the place where a case goes on counts no more: whoever is asked there, or has agreed there.
    fn returned_since(&mut self, round: u32) {
        for task in &mut self.case.data.tasks {
            if task.round >= round && counts(task) {
                task.state = TaskState::Returned;
                task.awaiting = None;
            }
        }
    }

    /// Why somebody was asked at a node, or behind it, is of an earlier round from now on; of the whole flow without a node.
    pub fn reasons_are_past(&mut self, since: Option<&str>) {
        let mut reasons = self.case.data.reasons.iter();
        let first = match since {
            Some(node) => reasons.position(|why| why.node == node && !why.is_past),
            None => Some(0),
        };
        let Some(first) = first else { return };
        self.case.data.reasons.iter_mut().skip(first).for_each(|why| why.is_past = true);
    }

    fn back_to_starter(&mut self, node: &str) {
        let since = match self.world.template.policy.resubmit {
            ResubmitPolicy::JumpBack => self.first_round_of(node),
            ResubmitPolicy::Restart => 0,
        };
        self.returned_since(since);
        self.case.data.node = None;
        self.case.state = state::RETURNED.to_owned();
        self.goes_on();
        self.case.data.returned_with = Some(self.case.data.form.clone());
        self.case.data.jump_back = match self.world.template.policy.resubmit {
            ResubmitPolicy::JumpBack => Some(node.to_owned()),
            ResubmitPolicy::Restart => None,
        };
        self.tell_rejected("told.returned");
    }

    fn back_to(&mut self, target: &str) {
        self.returned_since(self.first_round_of(target));
        self.reasons_are_past(Some(target));
        let passed = &mut self.case.data.passed;
        if let Some(place) = passed.iter().position(|node| node == target) {
            passed.truncate(place);
        }
        self.case.data.first_round = self.case.data.rounds + 1;
        let walked = self.enter(Some(target.to_owned()));
        if walked != Walked::Asked {
            self.arrive(walked);
        }
    }

    /// Sends it back to the starter, or to a node before.
    pub fn send_back(&mut self, node: Option<&str>, reason: &str) -> Result<(), Refusal> {
        let task = self.my_task(None)?;
        let reason = self.reason(reason)?.to_owned();
        let me = self.me()?;
        let target = match node {
            None | Some(STARTER) => None,
            Some(id) if self.ways_back().any(|node| node.id == id) => Some(id),
            Some(_) => return Err(self.no_such_way_back()),
        };
        let (at_ms, via) = (self.world.at_ms, self.actor.via);
        if let Some(mine) = self.case.data.task_mut(&task.id) {
            mine.state = TaskState::Returned;
            mine.awaiting = None;
            let result = SENT_BACK.to_owned();
            mine.decided = Some(Decided { by: me.clone(), at_ms, via, result, reason: Some(reason.clone()) });
        }
        let on_behalf_of = (me != task.owner).then_some(&task.owner);
        let about = About {
            node: Some(&task.node),
            task: Some(&task.id),
            reason: Some(&reason),
            on_behalf_of,
            is_automatic: false,
        };
        self.record("return", state::PENDING, about);
        self.case.data.note = Some((me, reason));
        self.leave(task.round);
        match target {
            Some(target) => self.back_to(target),
            None => self.back_to_starter(&task.node),
        }
        if let Some(record) = self.entries.iter_mut().find(|entry| entry.action == "return") {
            record.to = self.case.state.clone();
        }
        Ok(())
    }

    /// The nodes before the one under way that people decide at, in the order in which they were passed.
    fn ways_back(&self) -> impl Iterator<Item = &Node> {
        let template = self.world.template;
        let passed = self.case.data.passed.iter().filter_map(move |id| template.node(id));
        passed.filter(|node| matches!(node.step, Step::Approve { .. }))
    }

    /// E110, with everything that it can be sent back to.
    fn no_such_way_back(&self) -> Refusal {
        let possible = |starter: &str, language: Language| {
            let nodes = self.ways_back().map(|node| node.called(language));
            std::iter::once(starter).chain(nodes).collect::<Vec<_>>().join(" / ")
        };
        Refusal::new("E110")
            .with("field", "form.node")
            .with("problem", "form.choice")
            .with("example", possible("申请人", Language::Zh))
            .with("example_en", possible(STARTER, Language::En))
    }

    /// The starter takes it back.
    pub fn recall(&mut self) -> Result<(), Refusal> {
        self.only_starter()?;
        match self.case.state.as_str() {
            state::DRAFT | state::RETURNED | state::PENDING => {}
            _ => return Err(self.not_yours()),
        }
        let data = &self.case.data;
        // Who passed it on has not decided.
        let counts = |task: &&Task| matches!(task.state, TaskState::Approved | TaskState::Rejected);
        let decided = data.tasks.iter().filter(counts).find(|task| task.round >= data.first_round);
        if let (RecallPolicy::UntilDecided, Some(task), state::PENDING) =
            (self.world.template.policy.recall, decided, self.case.state.as_str())
        {
            let open: Vec<_> = data.open().map(|task| task.owner.clone()).collect();
            let who = if open.is_empty() { vec![task.owner.clone()] } else { open };
            return Err(Refusal::new("E113").with("who", self.world.names(&who)));
        }
        self.effects.push(Effect::Cancel { name: IDLE.to_owned() });
        self.end(state::RECALLED, "recall", None);
        Ok(())
    }

    /// An administrator ends it.
    pub fn terminate(&mut self, reason: &str) -> Result<(), Refusal> {
        let me = self.only_administrator()?;
        let reason = self.reason(reason)?.to_owned();
        match self.case.state.as_str() {
            state::PENDING | state::RETURNED => {}
            _ => return Err(self.not_yours()),
        }
        self.case.data.note = Some((me, reason.clone()));
        self.end(state::TERMINATED, "terminate", Some(&reason));
        self.as_administrator();
        self.tell_rejected("told.terminated");
        Ok(())
    }

    fn end(&mut self, to: &str, action: &str, reason: Option<&str>) {
        let round = self.case.data.node.take().map(|running| running.round);
        let from = std::mem::replace(&mut self.case.state, to.to_owned());
        if let Some(round) = round {
            self.close(round);
        }
        self.record(action, &from, About { reason, ..About::default() });
    }
}
