//! What happens by the clock.

use cases::Refusal;

use crate::{
    desk::{About, Desk, Effect},
    flow::ADMINISTRATORS,
    instance::{Task, TaskState, state},
    template::{OnTimeout, Step, duration_ms},
};

/// The name of the timer that ends a dialogue.
pub(super) const IDLE: &str = "idle";

/// A timer of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// A rejection got no reason, or an approval no code.
    Answer {
        /// The task.
        task: String,
    },
    /// The bot of a partner has been silent for a while.
    Partner {
        /// The task.
        task: String,
    },
    /// Nothing was said in the dialogue about a draft for a while.
    Idle,
    /// The time of a node is up.
    Node {
        /// The round.
        round: u32,
    },
}

impl Alarm {
    /// The alarm of a timer by its name in the case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if name == IDLE {
            return Some(Self::Idle);
        }
        match name.split_once('/')? {
            ("answer", task) => Some(Self::Answer { task: task.to_owned() }),
            ("partner", task) => Some(Self::Partner { task: task.to_owned() }),
            ("node", round) => round.parse().ok().map(|round| Self::Node { round }),
            _ => None,
        }
    }
}

impl Desk<'_> {
    /// A timer is due. One that nobody needs any more changes nothing.
    pub fn alarm(&mut self, alarm: &Alarm) -> Result<(), Refusal> {
        match alarm {
            Alarm::Answer { task } => {
                let at_ms = self.world.at_ms;
                if let Some(task) = self.case.data.task_mut(task)
                    && task.awaiting.as_ref().is_some_and(|awaiting| awaiting.until_ms <= at_ms)
                {
                    task.awaiting = None;
                }
                Ok(())
            }
            Alarm::Partner { task } => {
                self.partner_is_silent(task);
                Ok(())
            }
            Alarm::Idle => {
                self.dialogue_is_idle();
                Ok(())
            }
            Alarm::Node { round } => self.node_is_late(*round),
        }
    }

    fn node_is_late(&mut self, round: u32) -> Result<(), Refusal> {
        let Some(running) = self.case.data.node.clone().filter(|running| running.round == round) else {
            return Ok(());
        };
        if self.case.state != state::PENDING {
            return Ok(());
        }
        let Some(Step::Approve { on_timeout, timeout, .. }) =
            self.world.template.node(&running.id).map(|node| &node.step)
        else {
            return Ok(());
        };
        let open: Vec<Task> = self.case.data.open().filter(|task| task.round == round).cloned().collect();
        // Whom nobody could ask has not kept anybody waiting: nothing is decided over their head.
        let is_offline =
            open.iter().any(|task| task.partner.as_ref().is_some_and(|partner| !partner.is_asked));
        let what = on_timeout.filter(|_| !is_offline).unwrap_or(OnTimeout::Remind);
        match what {
            OnTimeout::Remind => {
                let values = self.named();
                self.tell_open("told.late", &values);
                if let Some(again_ms) = timeout.as_deref().and_then(duration_ms) {
                    let at_ms = self.world.at_ms.saturating_add(again_ms);
                    self.effects.push(Effect::Timer { name: format!("node/{round}"), at_ms });
                }
                Ok(())
            }
            OnTimeout::Escalate => {
                open.iter().for_each(|task| self.escalate(task));
                Ok(())
            }
            OnTimeout::AutoApprove => {
                self.decide_all(&open, TaskState::Approved, "auto_approve", "result.approved")
            }
            OnTimeout::AutoReject => {
                self.decide_all(&open, TaskState::Rejected, "auto_reject", "result.rejected")
            }
        }
    }

    fn decide_all(
        &mut self,
        open: &[Task],
        to: TaskState,
        action: &str,
        result: &str,
    ) -> Result<(), Refusal> {
        for task in open {
            // One decision may close the others.
            let is_open = self.case.data.task(&task.id).is_some_and(|task| task.state == TaskState::Pending);
            if is_open {
                self.decided(task, to, action, result, None)?;
            }
        }
        Ok(())
    }

    /// It goes to the owner's head; without one it stays, and its owner is reminded.
    fn escalate(&mut self, task: &Task) {
        let chart = self.world.chart;
        let data = &self.case.data;
        let is_asked = |id: &people::PersonId| {
            data.tasks.iter().any(|other| other.round == task.round && other.owner == *id)
        };
        let heads = match &task.partner {
            Some(_) => chart.in_role(ADMINISTRATORS).to_vec(),
            None => chart.person(&task.owner).map_or(Vec::new(), |owner| chart.heads_above(owner)),
        };
        let Some(head) = heads.into_iter().find(|head| *head != data.starter && !is_asked(head)) else {
            let values = self.named();
            self.tell_open("told.late", &values);
            return;
        };
        let new = self.put_in_place(task, &head);
        if let Some(old) = self.case.data.task_mut(&task.id) {
            old.state = TaskState::Expired;
        }
        let about =
            About { node: Some(&task.node), task: Some(&new), is_automatic: true, ..About::default() };
        self.record("escalate", state::PENDING, about);
    }
}
