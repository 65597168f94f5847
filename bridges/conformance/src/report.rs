//! Runs every case on a platform of its own and says what passed.

use std::sync::Arc;

use bridge_api::{Ability, Capabilities};
use futures_util::{StreamExt as _, stream};

use crate::limits::CASES_AT_ONCE_MAX;
use crate::{Case, Direction, FaultKind, MemoryShelf, Stage, Start, abilities, troubles};

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Result {
    /// It did.
    Passed,
    /// It did not, and why.
    Failed(String),
    /// The connector says that it cannot.
    NotCarried,
}

/// One case that was run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The case, or the fault.
    pub name: String,
    /// What it proves, for cases of abilities.
    pub proves: Option<(Direction, Ability)>,
    /// How it ended.
    pub result: Result,
}

/// Everything that was run on one platform.
pub struct Report {
    /// Which platform.
    pub platform: &'static str,
    /// What the connector says that it can.
    pub capabilities: Capabilities,
    /// What came of it.
    pub outcomes: Vec<Outcome>,
}

impl Report {
    /// What failed, with its reason.
    pub fn failures(&self) -> Vec<String> {
        let failed = self.outcomes.iter().filter_map(|outcome| match &outcome.result {
            Result::Failed(reason) => Some(format!("{}: {reason}", outcome.name)),
            Result::Passed | Result::NotCarried => None,
        });
        failed.collect()
    }

    /// The cases that prove an ability, by name.
    pub fn proofs(&self, direction: Direction, ability: Ability) -> Vec<&str> {
        let passed = self.outcomes.iter().filter(|outcome| {
            outcome.proves == Some((direction, ability)) && outcome.result == Result::Passed
        });
        passed.map(|outcome| outcome.name.as_str()).collect()
    }
}

enum Task {
    Ability(Case),
    Fault(String, FaultKind),
    Own(usize),
}

/// Runs the cases whose name contains `filter`; all of them when it is empty.
pub async fn report(start: Arc<dyn Start>, filter: &str) -> Report {
    let platform = start.start(false).await;
    let capabilities = platform.connector(Arc::new(MemoryShelf::default())).capabilities().clone();
    let faults = platform.faults();
    drop(platform);
    let abilities = abilities::all().into_iter().map(Task::Ability);
    let faults = faults.into_iter().map(|fault| Task::Fault(fault.name.to_owned(), fault.kind));
    let tasks: Vec<Task> = abilities.chain(faults).chain((0..troubles::OWN.len()).map(Task::Own)).collect();
    let tasks = tasks.into_iter().filter(|task| name(task).contains(filter));
    // Whatever ends makes room for the next, because some take minutes; they are told in their order.
    let mut outcomes: Vec<(usize, Outcome)> = stream::iter(tasks.enumerate())
        .map(|(place, task)| {
            let running = one(start.clone(), capabilities.clone(), task);
            async move { (place, running.await) }
        })
        .buffer_unordered(CASES_AT_ONCE_MAX)
        .collect()
        .await;
    outcomes.sort_by_key(|(place, _)| *place);
    let outcomes = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
    Report { platform: start.name(), capabilities, outcomes }
}

fn name(task: &Task) -> String {
    match task {
        Task::Ability(case) => case.name.replace('_', " "),
        Task::Fault(fault, _) => fault.clone(),
        Task::Own(place) => troubles::OWN[*place].0.to_owned(),
    }
}

async fn one(start: Arc<dyn Start>, capabilities: Capabilities, task: Task) -> Outcome {
    let (name, mut proves) = (name(&task), None);
    if let Task::Ability(case) = &task {
        proves = Some((case.direction, case.ability));
        let carried = match case.direction {
            Direction::In => capabilities.brings(case.ability),
            Direction::Out => capabilities.sends(case.ability),
        };
        if !carried {
            return Outcome { name, proves, result: Result::NotCarried };
        }
    }
    // A task of its own, so that a panic ends this case alone.
    let ran = tokio::spawn(async move {
        let callbacks = matches!(&task, Task::Fault(fault, kind)
            if matches!(kind, FaultKind::Callback | FaultKind::Told) || fault.starts_with("callback."));
        let stage = Stage::new(start.start(callbacks).await, callbacks).await;
        match &task {
            Task::Ability(case) => (case.run)(&stage).await,
            Task::Fault(fault, kind) => troubles::script(*kind)(&stage, fault).await,
            Task::Own(place) => (troubles::OWN[*place].1)(&stage).await,
        }
    });
    let result = match ran.await {
        Ok(()) => Result::Passed,
        Err(error) => Result::Failed(reason(error)),
    };
    Outcome { name, proves, result }
}

fn reason(error: tokio::task::JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else { return "it was given up".to_owned() };
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}
