//! Walking a flow: from node to node until somebody is asked or the end is reached.

use people::PersonId;

use super::{
    ahead::{branch, decides_later},
    resolve::{Empty, Seat, empty, resolve, seats, why},
};
use crate::{
    desk::{About, Desk, Effect, Shown},
    instance::{Partner, Round, Running, Task, TaskState},
    limits::{NODES_MAX, PARTNER_QUIET_MS, TASKS_MAX},
    template::{Mode, Step, Who, duration_ms},
};

/// What came of walking on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Walked {
    /// Somebody is asked.
    Asked,
    /// The end.
    Ended,
    /// Nobody can be asked, and the policy knows nobody else.
    Stuck,
}

impl Desk<'_> {
    /// Walks on from a node, that one included.
    pub fn enter(&mut self, first: Option<String>) -> Walked {
        let template = self.world.template;
        let mut next = first;
        let mut condition = None;
        for _ in 0..=NODES_MAX {
            let Some(node) = next.as_deref().and_then(|id| template.node(id)) else {
                self.case.data.node = None;
                return Walked::Ended;
            };
            match &node.step {
                Step::Branch { cases, otherwise } => {
                    (next, condition) = branch(&self.world, &self.case.data, cases, otherwise.as_deref());
                }
                Step::Cc { who } => {
                    let people = resolve(who, &node.id, &self.case.data, self.world.chart).rounds.concat();
                    self.tell_readers(&people, Some(&node.id), true);
                    next = template.after(&node.id).map(str::to_owned);
                }
                Step::Approve { who, .. } => match self.ask(&node.id, who, condition.take().as_deref()) {
                    Some(walked) => return walked,
                    None => next = template.after(&node.id).map(str::to_owned),
                },
            }
        }
        Walked::Stuck
    }

    /// Asks the people of a node; nothing when it is passed at once.
    fn ask(&mut self, node: &str, who: &Who, condition: Option<&str>) -> Option<Walked> {
        let chart = self.world.chart;
        let mut resolved = resolve(who, node, &self.case.data, chart);
        let withheld = match who {
            Who::Partner { server, .. } if self.case.data.is_secret => Some(server),
            _ => None,
        };
        if resolved.rounds.is_empty() {
            // A step of a partner is not passed because nobody here may take it.
            if withheld.is_some() {
                return Some(Walked::Stuck);
            }
            match self.nobody(node)? {
                Ok(people) => resolved.rounds = vec![people],
                Err(stuck) => return Some(stuck),
            }
        }
        let reason = why(node, &resolved, condition, chart, self.world.at_ms);
        self.case.data.reasons.push(reason);
        let rounds = resolved.rounds.into_iter().map(|people| Round { people, is_added: false }).collect();
        self.case.data.node = Some(Running { id: node.to_owned(), round: 0, is_added: false, rounds });
        let walked = self.next_round();
        if let Some(server) = withheld {
            let open = self.case.data.open().filter(|task| task.node == node);
            let tasks: Vec<_> = open.map(|task| (task.id.clone(), task.owner.clone())).collect();
            self.tell_withheld(server, &tasks);
        }
        walked
    }

    /// Who is asked where the rule names nobody: nothing if the node is passed.
    fn nobody(&mut self, node: &str) -> Option<Result<Vec<PersonId>, Walked>> {
        match empty(self.world.template, self.world.chart) {
            Empty::Pass => {
                let from = self.case.state.clone();
                self.record(
                    "pass",
                    &from,
                    About { node: Some(node), is_automatic: true, ..About::default() },
                );
                None
            }
            Empty::Instead(people) => {
                let who = self.world.names(&people);
                self.tell_starter("E116", vec![("who", Shown::Plain(who))], false);
                Some(Ok(people))
            }
            Empty::Stuck => Some(Err(Walked::Stuck)),
        }
    }

    /// Begins the next round of the node; nothing when none is left, or everybody in them is passed over.
    pub fn next_round(&mut self) -> Option<Walked> {
        let world = self.world;
        for _ in 0..=NODES_MAX {
            let running = self.case.data.node.as_mut().filter(|running| !running.rounds.is_empty())?;
            let round = running.rounds.remove(0);
            let node = running.id.clone();
            self.case.data.rounds += 1;
            let number = self.case.data.rounds;
            if let Some(running) = &mut self.case.data.node {
                (running.round, running.is_added) = (number, round.is_added);
            }
            let later = decides_later(&world, &self.case.data, &node);
            let mut seats = seats(&round.people, world.template, &self.case.data, world.chart, later);
            if seats.is_empty() {
                match self.nobody(&node) {
                    None => continue,
                    Some(Err(stuck)) => return Some(stuck),
                    Some(Ok(people)) => seats = people.into_iter().map(Seat::Asked).collect(),
                }
            }
            if self.case.data.tasks.len() + seats.len() > TASKS_MAX {
                return Some(Walked::Stuck);
            }
            if self.seat(&node, number, seats) {
                return Some(Walked::Asked);
            }
        }
        Some(Walked::Stuck)
    }

    /// Makes the tasks of a round; whether somebody is asked.
    fn seat(&mut self, node: &str, round: u32, seats: Vec<Seat>) -> bool {
        let one_by_one = self.mode() == Mode::Seq;
        let mut is_asked = false;
        for seat in seats {
            match seat {
                Seat::Asked(owner) => {
                    let first = !(one_by_one && is_asked);
                    let state = if first { TaskState::Pending } else { TaskState::Waiting };
                    self.add_task(node, round, owner, state);
                    is_asked = true;
                }
                Seat::Skipped(owner, cause) => {
                    let id = self.add_task(node, round, owner, TaskState::Skipped);
                    let from = self.case.state.clone();
                    self.record(
                        "skip",
                        &from,
                        About {
                            node: Some(node),
                            task: Some(&id),
                            reason: Some(cause),
                            is_automatic: true,
                            ..About::default()
                        },
                    );
                }
            }
        }
        if is_asked && let Some(timeout_ms) = self.timeout_ms(node) {
            let at_ms = self.world.at_ms.saturating_add(timeout_ms);
            self.effects.push(Effect::Timer { name: format!("node/{round}"), at_ms });
        }
        is_asked
    }

    /// Adds a task; gives its id.
    pub fn add_task(&mut self, node: &str, round: u32, owner: PersonId, state: TaskState) -> String {
        let partner = self.partner_of(node, &owner);
        let data = &mut self.case.data;
        let id = format!("t{}", data.tasks.len() + 1);
        let delegate = self.world.delegate_of(&owner, &data.starter);
        if partner.is_some() {
            data.room.get_or_insert_default();
            self.effects.push(Effect::Ask { task: id.clone() });
            let at_ms = self.world.at_ms.saturating_add(PARTNER_QUIET_MS);
            self.effects.push(Effect::Timer { name: format!("partner/{id}"), at_ms });
        }
        data.tasks.push(Task {
            id: id.clone(),
            node: node.to_owned(),
            round,
            owner,
            delegate,
            state,
            decided: None,
            transfers: 0,
            added: None,
            awaiting: None,
            partner,
            instead: Default::default(),
        });
        id
    }

    /// The partner that the owner of a task of this node stands for.
    fn partner_of(&self, node: &str, owner: &PersonId) -> Option<Partner> {
        match &self.world.template.node(node)?.step {
            Step::Approve { who: Who::Partner { server, capability }, .. }
                if Partner::stand_in(server) == *owner =>
            {
                Some(Partner {
                    server: server.clone(),
                    capability: capability.clone(),
                    is_asked: false,
                    offline_since_ms: None,
                })
            }
            Step::Approve { .. } | Step::Branch { .. } | Step::Cc { .. } => None,
        }
    }

    fn timeout_ms(&self, node: &str) -> Option<u64> {
        match &self.world.template.node(node)?.step {
            Step::Approve { timeout, .. } => timeout.as_deref().and_then(duration_ms),
            Step::Branch { .. } | Step::Cc { .. } => None,
        }
    }
}
